"""The part of a person's git configuration that the clones of workers and checks need.

A clone has none of the repository's own configuration. Identity, line ends, filters, merge drivers and attributes are
copied, including those from `includeIf`. Nothing is copied that would run a program from a worker's tree.
"""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from shutil import rmtree
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import random_hex, read_bytes
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.host import Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WHO = r"(user|author|committer)\.(name|email)"
_CORE = (
    r"core\.(autocrlf|eol|safecrlf|filemode|symlinks|ignorecase|precomposeunicode|longpaths|protecthfs|protectntfs"
    r"|checkstat|trustctime|whitespace|bigfilethreshold)"
)
_COMMANDS = r"filter\..+\.(clean|smudge|process|required)|merge\..+\.(driver|name|recursive)"
_CARRIED = rf"^({_WHO}|{_CORE}|{_COMMANDS}|lfs\.(storage|url))$"
_CONVERTS = r"^(core\.(autocrlf|eol|safecrlf|filemode|symlinks)|filter\..+\.(clean|smudge|process|required))$"
_SIGNS = r"^(commit\.gpgsign|user\.(signingkey|name|email)|gpg\.(format|program|ssh\.program|openpgp\.program))$"
_RUNS = pattern(r"(?:filter\..+\.(?:clean|smudge|process)|merge\..+\.driver)\Z", re.DOTALL)
_NO_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
_SHELL = frozenset("|&;<>()$`\n*?[]~{}")


def configuration(code: Path) -> dict[str, str]:
    """Return the settings for the repository's clones by name, with the values that git has in the repository.

    Merge drivers and filters whose command names a file by a relative path are left out or switched off: in a clone
    that file belongs to the worker.
    """
    return _read(code, _CARRIED)


def conversions(code: Path) -> dict[str, str]:
    """Return the settings that affect how a file becomes an object: line ends, file modes, filters (LFS)."""
    return _read(code, _CONVERTS)


def identities(code: Path) -> tuple[Person, Person] | None:
    """Return author and committer as git has them in the repository; None if they are not configured."""
    said = _read(code, rf"^{_WHO}$")

    def person(role: str) -> Person:
        return Person(*(said.get(f"{role}.{part}") or said.get(f"user.{part}", "") for part in ("name", "email")))

    author, committer = person("author"), person("committer")
    return (author, committer) if all((author.name, author.email, committer.name, committer.email)) else None


def signing_settings(code: Path) -> dict[str, str]:
    """Return the settings by which git signs in the repository; programs in a relative place are left out."""
    found = _read(code, _SIGNS)
    return {name: v for name, v in found.items() if not name.endswith(".program") or "/" not in v or v.startswith("/")}


def as_file(settings: dict[str, str]) -> str:
    """Return settings as the text of a configuration file."""
    lines = []
    for name, value in settings.items():
        section, _, key = name.rpartition(".")
        kind, _, rest = section.partition(".")
        head = f"[{kind} {_quoted(rest)}]" if rest else f"[{kind}]"
        lines += [head, f"\t{key} = {_quoted(value)}"]
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def as_checked_out(git: Git, folder: Path, commit: str) -> Iterator[Git]:
    """Yield the git with the attributes of a commit in effect, and the person's merge drivers.

    Only the files with attributes are written, so that a driver finds no file of a worker.
    """
    paths = git.words("ls-tree", "-r", "-z", "--name-only", commit)
    names = [path for path in paths if path.rpartition("/")[2] == ".gitattributes"]
    place = folder / f"attributes-{random_hex(4)}"
    try:
        place.mkdir(parents=True)
        for name, content in git.blobs([f"{commit}:{name}" for name in names]).items():
            path = place / name.partition(":")[2]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield replace(git, work_tree=place, own_config=True)
    finally:
        rmtree(place, ignore_errors=True)


def attributes(code: Path) -> str:
    """Return the attributes of the repository itself (`info/attributes`), not those in its files."""
    raw = read_bytes(code / "info/attributes") or b""
    return raw.decode("utf-8", "surrogateescape")


def _read(code: Path, names: str) -> dict[str, str]:
    out = Git(code, own_config=True).run("config", "-z", "--includes", "--get-regexp", names, ok=(0, 1)).out
    found: dict[str, str] = {}
    for entry in out.decode("utf-8", "surrogateescape").split("\0"):
        name, is_set, value = entry.partition("\n")
        if name:
            found[name] = value if is_set else "true"
    refused = {name.rpartition(".")[0] for name, value in found.items() if _RUNS.match(name) and not _is_own(value)}
    kept = {name: value for name, value in found.items() if name.rpartition(".")[0] not in refused}
    filters = sorted(name for name in refused if name.startswith("filter."))
    return {**kept, **{f"{name}.{part}": value for name in filters for part, value in _NO_FILTER.items()}}


def _is_own(command: str) -> bool:
    """Whether a command runs only installed programs, by name or absolute path, and no file of a tree."""
    if _SHELL & set(command):
        return False
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return all(word.startswith("/") or "/" not in word for word in words) and not any(map(_is_a_file, words[1:]))


def _is_a_file(word: str) -> bool:
    """Whether an argument may be a file in the current folder, such as `clean.py` in `python3 clean.py`."""
    return "." in word and not word.startswith(("-", "/"))


def _quoted(value: str) -> str:
    for char, word in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        value = value.replace(char, word)
    return f'"{value}"'
