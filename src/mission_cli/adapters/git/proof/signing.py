"""Sign commits with the person's key, if that needs no question: without a terminal and pinentry, in limited time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import make_folder, random_hex, read_json, write_json
from mission_cli.adapters.git.repo.carried_config import signing_settings
from mission_cli.adapters.proc.run import outside_of_git, run
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.proc.run import Completed

AUTO, ALWAYS, NEVER = "auto", "always", "never"
_PATIENCE = 5.0
_PAUSE = 600.0
"""Seconds after a failure in which signing is not tried again."""
_TRIAL = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
_LITERAL = ("ssh-", "ecdsa-", "sk-", "key::")
_TRUE = frozenset({"true", "yes", "on", "1", ""})
_HINTED = ("gpgsign", "include", "signingkey")
_LONGEST = 200
_HEADER = b"gpgsig"


class Signer:
    """Signs for one repository. `code` is its common dir, whose settings count; `place` is a file for failures."""

    def __init__(self, code: Path, place: Path, mode: str, environment: Mapping[str, str]) -> None:
        self._code, self._place, self._mode, self._environment = code, place, mode, environment
        self._known: dict[str, str] | None = None

    def signed(self, content: bytes) -> bytes:
        """Return the content of a commit with a signature; unchanged if none is wanted, or none can be made now."""
        settings = self._wanted()
        if not settings or self._paused():
            return content
        try:
            signature = self._sign(settings, content)
        except ToolError as error:
            self._failed(error.message)
            return content
        self._place.unlink(missing_ok=True)
        return with_signature(content, signature)

    def why_not(self) -> str | None:
        """Try to sign. Return why that fails, empty if it does not; None if commits are not to be signed."""
        settings = self._wanted()
        if not settings:
            return None
        try:
            self._sign(settings, _TRIAL)
        except ToolError as error:
            return error.message
        self._place.unlink(missing_ok=True)
        return ""

    def _wanted(self) -> dict[str, str]:
        """Return the settings of git about signing; empty if commits are not to be signed."""
        if self._known is None:
            self._known = self._found() if self._mode != NEVER and self._hinted() else {}
        return self._known

    def _found(self) -> dict[str, str]:
        settings = signing_settings(self._code)
        signs = settings.get("commit.gpgsign", "false").casefold() in _TRUE
        return settings if signs or (self._mode == ALWAYS and settings.get("user.signingkey")) else {}

    def _hinted(self) -> bool:
        """Whether a file of git's settings may say something about signing; without that no git is started."""
        home = Path(self._environment.get("HOME") or Path.home())
        wide = Path(self._environment.get("XDG_CONFIG_HOME") or home / ".config") / "git/config"
        named = self._environment.get("GIT_CONFIG_GLOBAL")
        own = [Path(named)] if named else [home / ".gitconfig", wide]
        places = [self._code / "config", *own, Path("/etc/gitconfig")]
        return any(word in _text(place) for place in places for word in _HINTED)

    def _sign(self, settings: Mapping[str, str], content: bytes) -> str:
        kind = settings.get("gpg.format", "openpgp").casefold()
        if kind == "ssh":
            return self._by_ssh(settings, content)
        if kind == "openpgp":
            return self._by_gpg(settings, content)
        raise ToolError(f"gpg.format is `{one_line(kind, 40)}`: only ssh and openpgp can sign without a question")

    def _by_ssh(self, settings: Mapping[str, str], content: bytes) -> str:
        key, program = settings.get("user.signingkey", ""), settings.get("gpg.ssh.program") or "ssh-keygen"
        if not key:
            raise ToolError("user.signingkey names no key")
        literal = key.removeprefix("key::") if key.startswith(_LITERAL) else ""
        place = Path(os.path.expanduser(key)) if not literal else self._place.with_name(f"key-{random_hex(4)}.pub")  # noqa: PTH111 - git's rule
        if literal:
            make_folder(place.parent)
            place.write_text(f"{literal}\n", encoding="utf-8")
        elif not place.is_file():
            raise ToolError(f"the key {key} of user.signingkey does not exist")
        try:
            done = self._run([program, "-Y", "sign", "-n", "git", "-f", os.fspath(place)], content)
        finally:
            if literal:
                place.unlink(missing_ok=True)
        return _armored(done, "ssh-keygen", "-----BEGIN SSH SIGNATURE-----")

    def _by_gpg(self, settings: Mapping[str, str], content: bytes) -> str:
        program = settings.get("gpg.openpgp.program") or settings.get("gpg.program") or "gpg"
        usual = f"{settings.get('user.name', '')} <{settings.get('user.email', '')}>"
        quiet = ["--batch", "--no-tty", "--pinentry-mode", "error"]
        done = self._run([program, *quiet, "-bsau", settings.get("user.signingkey") or usual], content)
        return _armored(done, "gpg", "-----BEGIN PGP SIGNATURE-----")

    def _run(self, argv: list[str], content: bytes) -> Completed:
        asks = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "GPG_TTY")
        env = {name: value for name, value in outside_of_git(self._environment).items() if name not in asks}
        env |= {"SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
        return run(argv, cwd=self._code, env=env, stdin=content, timeout=_PATIENCE, alone=True)

    def _paused(self) -> bool:
        raw: Any = read_json(self._place)
        try:
            return 0 <= time.time() - float(raw["at"]) < _PAUSE
        except (KeyError, TypeError, ValueError):
            return False

    def _failed(self, words: str) -> None:
        make_folder(self._place.parent)
        write_json(self._place, {"at": time.time(), "why": words}, durable=False)


def with_signature(content: bytes, signature: str) -> bytes:
    """Return the content of a commit with its signature as the last header."""
    head, _, message = content.partition(b"\n\n")
    lines = signature.strip().encode("ascii", "replace").split(b"\n")
    return b"%s\n%s %s\n\n%s" % (head, _HEADER, b"\n ".join(lines), message)


def _armored(done: Completed, program: str, begin: str) -> str:
    said = done.out.decode("ascii", "replace")
    if done.code or begin not in said:
        lines = done.err.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(f"{program} cannot sign: {one_line(lines[-1] if lines else f'exit {done.code}', _LONGEST)}")
    return said[said.index(begin) :].replace("\r\n", "\n")


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8", errors="replace").casefold()
    except OSError:
        return ""
