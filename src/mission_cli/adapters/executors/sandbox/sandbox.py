"""The sandbox: bubblewrap with the tree writable, the home hidden except an allow-list, and no other process visible.

Of the person's repository only `.git/objects` is visible, read-only, because the tree borrows from it. The network
stays on unless it is switched off: an agent needs its model.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.ports.executor import GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix")
_KERNEL = tuple(f"/proc/{name}" for name in ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"))
"""Owned by root: bubblewrap leaves them writable even for a root without capabilities."""
_OURSELVES = Path(__file__).resolve().parents[3]
"""Checks of files and texts run programs of this package."""
_PACKAGES = frozenset({"site-packages", "dist-packages"})
"""Folders in which our dependencies are, which judges import."""
_RESOLVER = ("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager")
_HOME_READ = (".config/git/ignore", ".npmrc.ci")
GIT_SETTINGS = ".gitconfig"
_TOOLS = (
    ".pyenv",
    ".nvm",
    ".volta",
    ".asdf",
    ".rbenv",
    ".rustup",
    ".cargo/bin",
    ".local/bin",
    ".local/share/mise/installs",
    ".local/share/uv/python",
    ".local/pipx/venvs",
    ".deno/bin",
    ".bun/bin",
    "go/bin",
)
_USUAL = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "TZ", "HTTP_PROXY", "HTTPS_PROXY",
        "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "PIP_INDEX_URL", "npm_config_registry", "PWD",
        "GIT_CONFIG_NOSYSTEM", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Room:
    """What one job may read and write."""

    tree: Path
    """Writable, unless `only` names a folder in it."""
    objects: Path
    """The object store that the tree borrows from; read-only."""
    home: Path
    """Hidden, except `read` and `write` below it."""
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    """Below the home: existing files in these folders can be read, new ones vanish; single files are copies."""
    copies: Path = Path(os.devnull)
    """Where copies of scratch files are made."""
    more_read: tuple[str, ...] = ()
    """Absolute paths, or paths relative to the home."""
    more_write: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    """More writable folders."""
    path: str = ""
    git_settings: Path | None = None
    """The file that git finds as the person's settings."""
    repository: tuple[Path, ...] = ()
    """The person's checkout and git dir: never shown just because a program is inside them."""
    private: Path | None = None
    """Hidden even if a folder around it is shown."""
    network: bool = True
    given: Path | None = None
    """A folder that is shown, read-only, as `GIVEN`."""
    only: Path | None = None
    """The only folder of the tree that is writable, besides its `.git`."""
    before: tuple[str, ...] = ()
    """A command in the sandbox that runs `argv` in the end."""
    status: int | None = None
    """A descriptor to which the sandbox writes how its command ended; nothing if the command could not start."""


def wrap(bwrap: Sequence[str], argv: Sequence[str], room: Room) -> list[str]:
    """Return the command that runs `argv` in the sandbox; `bwrap` is the program with the options that confine it."""
    words = [*bwrap, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    words += [] if room.network else ["--unshare-net"]
    words += ["--json-status-fd", str(room.status)] if room.status is not None else []
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/var/tmp", "--dir", "/run"]  # noqa: S108 - inside
    for place in (*_KERNEL, *_SYSTEM, *_RESOLVER):
        words += ["--ro-bind-try", place, place]
    words += _home(argv, room)
    words += ["--ro-bind", os.fspath(room.given), GIVEN] if room.given is not None else []
    words += ["--ro-bind", os.fspath(room.objects), os.fspath(room.objects)]
    tree = [room.tree] if room.only is None else [room.tree / ".git", room.only]
    words += [] if room.only is None else ["--ro-bind", os.fspath(room.tree), os.fspath(room.tree)]
    for folder in (*tree, *room.folders):
        words += ["--bind", os.fspath(folder), os.fspath(folder)]
    return [*words, "--chdir", os.fspath(room.tree), "--", *room.before, *argv]


def _home(argv: Sequence[str], room: Room) -> list[str]:
    """Return options that hide the home, and show the allowed parts of it and of the machine."""
    words = [] if room.home == Path("/") else ["--tmpfs", os.fspath(room.home)]  # a home at `/` cannot be hidden
    shown, kept = _readable(argv, room), _writable(room)
    for place in shown:
        words += ["--ro-bind-try", place, place]
    if room.git_settings is not None:
        words += ["--ro-bind", os.fspath(room.git_settings), os.fspath(room.home / GIT_SETTINGS)]
    for name in room.scratch:
        words += _scratch(room.home / name, room.copies)
    for place in kept:
        words += ["--bind", place, place]
    if room.private is not None and any(Path(place) in (room.private, *room.private.parents) for place in shown + kept):
        words += ["--tmpfs", os.fspath(room.private)]
    return words


def is_usual(name: str) -> bool:
    """Whether every job gets a variable of that name, because it is not a key."""
    return name in _USUAL or name.startswith("LC_")


def room_environment(environment: Mapping[str, str], prefixes: Iterable[str]) -> dict[str, str]:
    """Return the environment for a job in the sandbox: the usual variables and those of its agent."""
    wanted = ("LC_", "MISSION_", *prefixes)
    kept = {k: v for k, v in environment.items() if k in _USUAL or k.startswith(wanted)}
    return {**kept, "TMPDIR": "/tmp"}  # noqa: S108 - a folder of the sandbox's own


def _scratch(place: Path, copies: Path) -> list[str]:
    if place.is_file():
        from shutil import copyfile

        copies.mkdir(mode=0o700, exist_ok=True)
        copy = copies / place.name
        copyfile(place, copy)
        return ["--bind", os.fspath(copy), os.fspath(place)]
    if not place.is_dir():
        return []  # the agent creates it, as a file or a folder, in the temporary home
    words = ["--tmpfs", os.fspath(place)]
    for entry in sorted(place.iterdir()):
        words += ["--ro-bind", os.fspath(entry), os.fspath(entry)] if entry.exists() else []
    return words


def _writable(room: Room) -> list[str]:
    """Return the writable paths in and outside the home; an agent's folders are created if they are missing."""
    for folder in (room.home / name for name in room.write if name.endswith("/")):
        folder.mkdir(parents=True, exist_ok=True)
    places = (*(room.home / name for name in room.write), *map(Path, _absolute(room.more_write, room.home)))
    return [os.fspath(place) for place in places if place.exists()]


def _readable(argv: Sequence[str], room: Room) -> list[str]:
    """Return existing paths to mount read-only; none below another one, where a mount is impossible."""
    places = [room.home / name for name in (*_HOME_READ, *_TOOLS, *room.read)]
    for folder in (Path(p) for p in room.path.split(os.pathsep) if p.startswith("/")):
        places += [folder.parent if folder.name == "shims" else folder]  # what shims start is beside them
    places += [place for program in _programs(argv) for place in _homes_of(program, room)]
    places += [Path(word) for word in argv if word.startswith("/") and os.path.isfile(word)]  # noqa: PTH113 - of text, never raises
    places += [_OURSELVES, Path(sys.prefix), Path(sys.base_prefix)]
    places += [p for p in map(Path, sys.path) if p.is_absolute() and p.name in _PACKAGES]
    places = [p for p in places if not any(p == own or p in own.parents for own in room.repository)]
    places += [Path(p) for p in _absolute(room.more_read, room.home)]
    found = {p for p in places if p.exists() and not _is_system(p) and p not in {room.home, Path("/")}}
    return sorted(os.fspath(p) for p in found if not found.intersection(p.parents))


def _programs(argv: Sequence[str]) -> Sequence[str]:
    """Return the program of a command, and the one that it runs behind two dashes."""
    behind = argv.index("--") + 1 if "--" in argv else len(argv)
    return [argv[0], *argv[behind : behind + 1]]


def _homes_of(program: str, room: Room) -> list[Path]:
    """Return the folders that a program needs: its prefix, or the node_modules folder in which it is installed."""
    from shutil import which

    found = which(program, path=room.path)
    if found is None:
        return []
    places: list[Path] = []
    for place in (Path(found), Path(found).resolve()):
        modules = next((p for p in reversed(place.parents) if p.name == "node_modules"), None)
        prefix = place.parent.parent if place.parent.name == "bin" else place.parent
        if modules is None and any(own in place.parents for own in room.repository):
            places.append(prefix if (prefix / "pyvenv.cfg").is_file() else place)
            continue
        places.append(modules or (place.parent if prefix in {room.home, Path("/"), room.home / ".local"} else prefix))
    return places


def _absolute(names: Iterable[str], home: Path) -> list[str]:
    return [os.fspath(home / name.removeprefix("~/")) if not name.startswith("/") else name for name in names]


def _is_system(place: Path) -> bool:
    return any(place == Path(s) or Path(s) in place.parents for s in _SYSTEM)
