"""Facts about the files of a commit: which there are, which changed together, which import which."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import write_json
from mission_cli.domain.touch.facts import Changed, CodeFacts
from mission_cli.domain.touch.imports import SCANNED, imports_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git

FILE = "touch.json"
"""Keeps the answer for one commit in the runtime folder."""
_MOST_COMMITS, _MOST_PATHS, _MOST_IN_COMMIT = 400, 20_000, 40
_LONGEST_SUBJECT = 100
_MOST_SCANNED, _LARGEST = 800, 60_000
_SUBJECT, _PATHS = "\x02", "\x03"


def code_facts(git: Git, runtime: Path, commit: str) -> CodeFacts:
    """Return the facts about a commit; one `git log`, one `git ls-tree` and the blobs of code, unless they are kept."""
    kept = _kept(runtime / FILE, commit)
    if kept is not None:
        return kept
    blobs = {path: (oid, size) for path, oid, size in _files(git, commit)}
    scanned = [path for path, (_, size) in blobs.items() if path.endswith(SCANNED) and size <= _LARGEST][:_MOST_SCANNED]
    texts = git.blobs([blobs[path][0] for path in scanned]) if scanned else {}
    sources = {path: texts.get(blobs[path][0], b"").decode("utf-8", "replace") for path in scanned}
    facts = CodeFacts(tuple(blobs), tuple(_commits(git, commit)), imports_of(sources, blobs))
    commits = [[one.subject, *one.paths] for one in facts.commits]
    plain = {"commit": commit, "paths": facts.paths, "commits": commits, "imports": facts.imports}
    with suppress(OSError):  # a view of a repository that cannot be written
        write_json(runtime / FILE, plain, durable=False)
    return facts


def _kept(place: Path, commit: str) -> CodeFacts | None:
    """Return the kept facts if they are about this commit."""
    try:
        plain: dict[str, Any] = json.loads(place.read_bytes())
        if plain["commit"] != commit:
            return None
        commits = tuple(Changed(str(subject), tuple(map(str, paths))) for subject, *paths in plain["commits"])
        imports = {str(path): tuple(map(str, names)) for path, names in plain["imports"].items()}
        return CodeFacts(tuple(map(str, plain["paths"])), commits, imports)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _files(git: Git, commit: str) -> Iterator[tuple[str, str, int]]:
    """Yield path, object id and size of the files of a commit."""
    for line in git.words("ls-tree", "-r", "-z", "--long", "--full-tree", commit)[:_MOST_PATHS]:
        facts, _, path = line.partition("\t")
        _, kind, oid, size = facts.split()
        if kind == "blob" and path.isprintable():
            yield path, oid, int(size)


def _commits(git: Git, commit: str) -> Iterator[Changed]:
    """Yield the latest commits; one that changes more files than a feature does has none."""
    form = f"--format={_SUBJECT}%s{_PATHS}"
    options = ("-z", "--name-only", "--no-renames", "--diff-merges=first-parent", f"--max-count={_MOST_COMMITS}", form)
    for chunk in git.text("log", *options, commit).split(_SUBJECT)[1:]:
        subject, _, rest = chunk.partition(_PATHS)
        paths = [path for word in rest.split("\0") if (path := word.strip("\n")) and path.isprintable()]
        yield Changed(one_line(subject, _LONGEST_SUBJECT), tuple(paths) if len(paths) <= _MOST_IN_COMMIT else ())
