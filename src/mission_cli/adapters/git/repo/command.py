"""Run git: without hooks, with a clean environment and explicit directories; output is bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.adapters.fs.atomic import sync_folder
from mission_cli.adapters.git.repo.ref_lock import free_dead_lock, only_ours
from mission_cli.adapters.proc.run import Completed, run, start_detached
from mission_cli.adapters.proc.scan import OURS
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.proc.dialogue import Dialogue
    from mission_cli.domain.host import Person

ZERO = "0" * 40
_SAFE = (
    "-c",
    OURS,
    "-c",
    "core.fsmonitor=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "safe.directory=*",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.showSignature=false",
)
_KILLED = tuple(range(-64, 0))
_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_NEVER_ASK = "-oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=10"
_NEVER_HANG = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "30"}
_OWN = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
"""Variables that say where the person's configuration is; a surrounding git sets none of them."""
_ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one repository. `own_config`: the person's global and system settings apply (filters)."""

    git_dir: Path
    work_tree: Path | None = None
    durable: bool = False
    own_config: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    beside: Path | None = None
    """A configuration file that is read before the repository's own, for its remotes and credentials."""
    main_tree: Path | None = None
    """The main work tree if known; `worktrees` returns it where git does not report it."""

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        ok: tuple[int, ...] = (0,),
        timeout: float = 300,
    ) -> Completed:
        """Run a git command. Raises ToolError with git's message if its exit code is not in `ok`."""
        done = run([*self._argv, *args], cwd=self._cwd, env=self._env(env), stdin=stdin, timeout=timeout)
        if done.code not in ok:
            from mission_cli.adapters.git.repo.damage import index_hint

            raise refusal(args[0], done, hint=index_hint(self.git_dir, self.work_tree, done.err))
        return done

    def dialogue(self, *args: str) -> Dialogue:
        """Start a git command that answers one request after another."""
        from mission_cli.adapters.proc.dialogue import Dialogue

        return Dialogue([*self._argv, *args], cwd=self._cwd, env=self._env(None))

    def start(self, *args: str, keep: Sequence[int] = ()) -> None:
        """Start a command without waiting for it; it inherits the file descriptors in `keep`."""
        start_detached([*self._argv, *args], cwd=self._cwd, env=self._env(None), log=Path(os.devnull), keep=keep)

    def text(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Return standard output without its last line ending."""
        return self.run(*args, stdin=stdin, env=env).out.decode("utf-8", "surrogateescape").rstrip("\n")

    def words(self, *args: str) -> list[str]:
        """Return standard output of a `-z` command as a list."""
        out = self.run(*args).out.decode("utf-8", "surrogateescape")
        return [word for word in out.split("\0") if word]

    def succeeds(self, *args: str) -> bool:
        """Whether a command that answers by its exit code exits with 0."""
        return self.run(*args, ok=tuple(range(256))).code == 0

    def commit_of(self, name: str) -> Sha | None:
        """Return the commit that a name stands for, or None."""
        done = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", ok=(0, 1, 128))
        text = done.out.decode().strip()
        return Sha(text) if done.code == 0 and text else None

    def ask(self, *args: str, ok: tuple[int, ...] = (0,), timeout: float = 60) -> Completed:
        """Run a command that contacts a remote, without password prompts. Raises ToolError as `run` does."""
        ssh = self.run("config", "core.sshCommand", ok=(0, 1)).out.decode("utf-8", "surrogateescape").strip() or "ssh"
        env = {"GIT_SSH_COMMAND": f"{ssh} {_NEVER_ASK}", "GIT_ASKPASS": "true", **_NEVER_HANG}
        return self.run(*args, env=env, ok=ok, timeout=timeout)

    def swap_ref(self, ref: str, new: str, old: str) -> bool:
        """Move a ref from `old` to `new`; the zero id as `old`: it must not exist. False if it had another value.

        Raises ToolError with git's message if the ref had the expected value but cannot be changed.
        """
        before = "" if old == ZERO else old  # the length of ids differs between repositories
        words = ("update-ref", "--no-deref", "-m", "mission", ref, new, before)
        done = self.run(*words, ok=(0, 1, 128, *(_KILLED if only_ours(ref) else ())))
        if done.code != 0 and free_dead_lock(self.git_dir, ref):
            done = self.run(*words, ok=(0, 1, 128))
        if done.code == 0:
            self.sync_ref(ref)
            return True
        there = self.run("rev-parse", "--verify", "--quiet", ref, ok=(0, 1, 128)).out.decode().strip()
        if there == before:
            raise refusal("update-ref", done)
        return False

    def sync_ref(self, ref: str) -> None:
        """In durable mode, sync the folders of a ref: git syncs only the content of the file."""
        folder = (self.git_dir / ref).parent
        while self.durable and folder not in {self.git_dir, folder.parent}:
            if folder.is_dir():
                sync_folder(folder)
            folder = folder.parent

    def store(self, content: bytes) -> str:
        """Write a blob. Returns its id."""
        return self.run("hash-object", "-w", "--stdin", stdin=content).out.decode().strip()

    def blobs(self, names: list[str]) -> dict[str, bytes]:
        """Return contents of objects by the name they were requested by; missing ones are left out."""
        names = [name for name in names if "\n" not in name]
        if not names:
            return {}
        out = self.run(
            "cat-file", "--batch", stdin="".join(f"{n}\n" for n in names).encode("utf-8", "surrogateescape")
        ).out
        found: dict[str, bytes] = {}
        at = 0
        for name in names:
            end = out.index(b"\n", at)
            header = out[at:end].split(b" ")
            at = end + 1
            if header[-1] == b"missing" or len(header) < 3:  # noqa: PLR2004 - `<oid> <type> <size>`
                continue
            size = int(header[2])
            found[name] = out[at : at + size]
            at += size + 1
        return found

    def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, *, author: Person, committer: Person, at: str = ""
    ) -> Sha:
        """Make a commit object; with `at` (a git date) its id is reproducible."""
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
        }
        if at:
            env.update(GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)
        flags = [word for parent in parents for word in ("-p", parent)]
        data = message.encode("utf-8", "replace")
        return Sha(self.text("commit-tree", "--no-gpg-sign", tree, *flags, stdin=data, env=env))

    @property
    def _argv(self) -> list[str]:
        beside = () if self.beside is None else ("-c", f"include.path={self.beside}")
        argv = ["git", *beside, *_SAFE, *(_DURABLE if self.durable else ()), f"--git-dir={self.git_dir}"]
        return [*argv, f"--work-tree={self.work_tree}"] if self.work_tree is not None else argv

    @property
    def _cwd(self) -> Path:
        return self.work_tree if self.work_tree is not None and self.work_tree.is_dir() else self.git_dir

    def _env(self, more: Mapping[str, str] | None) -> dict[str, str]:
        env = scrubbed(os.environ)
        if not self.own_config:
            env.update(_ISOLATED)
        env.update(self.extra)
        env.update(more or {})
        return env


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without GIT_ variables of a surrounding git, prompts and pagers."""
    env = {k: v for k, v in environment.items() if not k.startswith("GIT_") or k in _OWN}
    env.update(GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0", GIT_PAGER="cat", GIT_EDITOR="true", LC_ALL="C")
    return env


def plain_git(cwd: Path, *args: str, ok: tuple[int, ...] = (0,)) -> str:
    """Run git as the person would, with their configuration. Returns its output without the last line ending."""
    done = run(["git", *_SAFE, *args], cwd=cwd, env=scrubbed(os.environ))
    if done.code not in ok:
        raise refusal(args[0], done)
    return done.out.decode("utf-8", "surrogateescape").rstrip("\n") if done.code == 0 else ""


def refusal(command: str, done: Completed, *, hint: str = "") -> ToolError:
    """Return the error for a failed command, with git's message."""
    from mission_cli._support.text import one_line

    words = one_line(done.err.decode("utf-8", "replace") or f"exit {done.code}", 400)
    return ToolError(f"git {command}: {words}", hint=hint)
