"""`skills.db`: what missions told about skills, and their words for full-text search. It may be lost at any time."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

from mission_cli import __version__
from mission_cli._support.records import from_plain, to_plain
from mission_cli._support.text import sha256_of
from mission_cli.adapters.fs.atomic import make_folder
from mission_cli.domain.skills.choosing import ranked
from mission_cli.domain.skills.skill import Skill, SkillKind, SkillStatus
from mission_cli.domain.skills.standing import Past
from mission_cli.ports.git.skills import Learnt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.state import StateStore

T = TypeVar("T")
_CLASSES = (Learnt, Past, Skill, SkillKind, SkillStatus)
_TABLES = """
create table if not exists meta (name text primary key, value text) without rowid;
create table if not exists learnt (place text primary key, plain text) without rowid;
"""
_TEXTS = "create virtual table texts using fts5(name unindexed, words, tokenize = 'unicode61')"
_FILE = "skills.db"
_WAIT_S = 1


class SqliteSkills:
    """The index of one repository. Another version of the program, or a file that cannot be read, begins anew."""

    def __init__(self, folder: Path, elsewhere: Callable[[], Iterable[tuple[str, StateStore]]] = lambda: ()) -> None:
        self._folder, self._elsewhere = folder, elsewhere

    def elsewhere(self) -> Iterable[tuple[str, StateStore]]:
        """Return the person's other repositories with their missions, by a name for people."""
        return self._elsewhere()

    def learnt(self, place: str) -> Mapping[MissionId, Learnt]:
        """Return what was noted of a repository; nothing if it cannot be read."""
        row = self._use(lambda db: db.execute("select plain from learnt where place = ?", (place,)).fetchone(), None)
        try:
            found = from_plain(json.loads(row[0]), _CLASSES) if row is not None else {}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}
        good = isinstance(found, dict) and all(isinstance(one, Learnt) for one in found.values())
        return found if good else {}

    def note(self, place: str, found: Mapping[MissionId, Learnt]) -> None:
        """Store it; without room for it, git is read again the next time."""
        text = json.dumps(to_plain(dict(found)), ensure_ascii=False)
        self._use(lambda db: db.execute("insert or replace into learnt values (?, ?)", (place, text)), None)

    def search(self, words: Sequence[str], texts: Mapping[str, str]) -> Sequence[tuple[str, float]]:
        """Return the texts by BM25; the index is made again if the texts are others than the last time."""
        if not words or not texts:
            return []
        query = " OR ".join(f'"{word}"' for word in words if '"' not in word)

        def ask(db: sqlite3.Connection) -> list[tuple[str, float]]:
            _fill(db, texts)
            found = db.execute("select name, bm25(texts) from texts where texts match ? order by 2, 1", (query,))
            return [(str(name), -float(rank)) for name, rank in found]

        return self._use(ask, None) or ranked(words, texts)

    def _use(self, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Return the answer; if the file is broken, remove it and ask once more. Without a file, `otherwise`."""
        import sqlite3

        for _ in range(2):
            try:
                make_folder(self._folder)
                with closing(sqlite3.connect(self._folder / _FILE, timeout=_WAIT_S)) as db, db:
                    _prepare(db)
                    return ask(db)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):  # it is locked, or there is no FTS5
                    return otherwise
                with suppress(OSError):
                    (self._folder / _FILE).unlink(missing_ok=True)
            except OSError:
                return otherwise
        return otherwise


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables, and empty them if another version of the program has filled them."""
    db.executescript(f"pragma journal_mode = memory; pragma synchronous = off; {_TABLES}")
    row = db.execute("select value from meta where name = 'version'").fetchone()
    if row != (__version__,):
        db.execute("delete from learnt")
        db.execute("delete from meta")
        db.execute("insert into meta values ('version', ?)", (__version__,))


def _fill(db: sqlite3.Connection, texts: Mapping[str, str]) -> None:
    """Bring the search up to date with the texts."""
    mark = sha256_of("\0".join(f"{name}\0{text}" for name, text in sorted(texts.items())))
    if db.execute("select value from meta where name = 'texts'").fetchone() == (mark,):
        return
    db.execute("drop table if exists texts")
    db.execute(_TEXTS)
    db.executemany("insert into texts values (?, ?)", sorted(texts.items()))
    db.execute("insert or replace into meta values ('texts', ?)", (mark,))
