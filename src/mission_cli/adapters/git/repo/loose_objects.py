"""Write loose objects as git writes them, without a process for each. Unusual repositories are left to git."""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.adapters.git.repo.plain_files import read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.domain.host import Person

TREE = "40000"
_SPECIAL = ("objectformat", "sharedrepository", "commitencoding", "worktreeconfig", "include", "loosecompression")
"""With one of these words in its configuration, git may write another object, or another file."""
_CRUD = r"[\x00-\x20.,:;<>\"\\']"
_PLAIN_NAME = pattern(rf"(?!{_CRUD})[^<>\n\0]+(?<!{_CRUD})")
_FASTEST = 1
_UNFINISHED = "tmp_obj_"
"""How git calls files of which it removes old ones."""


class LooseObjects:
    """Writes the objects of one repository. Every method may return an empty text: then git has to be asked."""

    def __init__(self, git_dir: str, *, durable: bool) -> None:
        self._git_dir, self._durable = git_dir, durable
        self._written: dict[str, bytes] = {}

    def blob(self, content: bytes) -> str:
        """Write a file; return its id."""
        return self._write("blob", content)

    def tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Write a folder of (mode, id) by name; return its id."""
        named = [(os.fsencode(name), mode, oid) for name, (mode, oid) in entries.items()]
        if any(not name or b"/" in name or b"\0" in name for name, _, _ in named):
            return ""
        named.sort(key=lambda one: one[0] + b"/" if one[1] == TREE else one[0])
        return self._write("tree", b"".join(b"%s %s\0%s" % (m.encode(), n, bytes.fromhex(oid)) for n, m, oid in named))

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: Person,
        committer: Person,
        signed: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """Write a commit of this moment, with what `signed` makes of its content; return its id."""
        people = (author.name, author.email, committer.name, committer.email)
        if not all(map(_PLAIN_NAME.fullmatch, people)) or not "".join(people).isprintable() or "\0" in message:
            return ""
        now = time.localtime()
        zone = time.strftime("%z", now)
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        for word, who in (("author", author), ("committer", committer)):
            lines.append(f"{word} {who.name} <{who.email}> {int(time.mktime(now))} {zone}")
        if not self._is_usual():
            return ""
        content = ("\n".join(lines) + f"\n\n{message}").encode("utf-8", "replace")
        return self._write("commit", signed(content) if signed is not None else content)

    def keep(self) -> None:
        """Write again what was written since the last call and is gone."""
        written, self._written = self._written, {}
        for place, packed in written.items():
            if not os.path.lexists(place):
                self._place(place, packed)

    def _write(self, kind: str, content: bytes) -> str:
        if not self._is_usual():
            return ""
        whole = b"%s %d\0%s" % (kind.encode(), len(content), content)
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        place, packed = f"{self._git_dir}/objects/{oid[:2]}/{oid[2:]}", zlib.compress(whole, _FASTEST)
        self._written[place] = packed
        if os.path.lexists(place) or self._place(place, packed):
            return oid
        return ""  # git says what is wrong

    def _place(self, place: str, packed: bytes) -> bool:
        """Write the file of an object; False if that is not possible."""
        folder = place.rpartition("/")[0]
        temp = f"{folder}/{_UNFINISHED}{random_hex(4)}"
        try:
            with suppress(FileExistsError):
                os.mkdir(folder)  # noqa: PTH102 - of a text, as all here
            self._fill(temp, packed)
            os.rename(temp, place)  # noqa: PTH104 - as above
        except OSError:
            with suppress(OSError):
                os.unlink(temp)  # noqa: PTH108 - as above
            return False
        return True

    def _fill(self, place: str, content: bytes) -> None:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            if self._durable:
                out.flush()
                os.fsync(out.fileno())

    def _is_usual(self) -> bool:
        try:
            config = read_whole(f"{self._git_dir}/config").decode("utf-8", "replace").casefold()
        except OSError:
            return False
        return not any(word in config for word in _SPECIAL) and not os.path.lexists(f"{self._git_dir}/commondir")


def parsed_tree(raw: bytes, size: int) -> dict[str, tuple[str, str]]:
    """Return the entries of a tree in git's format: mode, blank, name, NUL, id, repeated."""
    found: dict[str, tuple[str, str]] = {}
    at = 0
    while at < len(raw):
        end = raw.index(b"\0", at)
        mode, _, name = raw[at:end].partition(b" ")
        at = end + 1 + size
        found[name.decode("utf-8", "surrogateescape")] = (mode.decode(), raw[end + 1 : at].hex())
    return found
