"""Read which files of a repository a file imports, line by line: Python, JavaScript, TypeScript, Go and Rust."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_MOST_LINES = 400
_LONGEST_LINE = 400
_PYTHON = pattern(r"\s*(?:from\s+(\.*[\w.]*)\s+import\s+(.+)|import\s+([\w.]+))")
_SCRIPT = pattern(
    r"""\s*(?:import|export|\}\s*from)\b.*?["'](\.{1,2}/[^"']+)["']|.*\brequire\(\s*["'](\.{1,2}/[^"']+)["']"""
)
_GO = pattern(r'\s*(?:import\s+)?(?:[\w.]+\s+)?"([\w./-]+)"\s*$')
_RUST = pattern(r"\s*(?:pub(?:\([^)]*\))?\s+)?(?:mod\s+(\w+)\s*;|use\s+(?:crate|super|self)::([\w:]+))")
_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs")
SCANNED = (".py", *_SCRIPTS, ".go", ".rs")
"""The ends of the names of files whose imports are read."""


def imports_of(texts: Mapping[str, str], paths: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the files that each text imports, of those in `paths`; files without such imports are left out."""
    known, folders = set(paths), _by_folder(paths)
    found: dict[str, tuple[str, ...]] = {}
    for path, text in texts.items():
        names = dict.fromkeys(name for name in _imported(path, text, known, folders) if name != path)
        if names:
            found[path] = tuple(names)
    return found


def _by_folder(paths: Collection[str]) -> dict[str, list[str]]:
    """Return the Go files of each folder."""
    folders: dict[str, list[str]] = {}
    for path in sorted(paths):
        if path.endswith(".go"):
            folders.setdefault(posixpath.dirname(path), []).append(path)
    return folders


def _imported(path: str, text: str, known: set[str], folders: Mapping[str, list[str]]) -> Iterator[str]:
    for whole in text.splitlines()[:_MOST_LINES]:
        line = whole[:_LONGEST_LINE]
        if path.endswith(".py"):
            yield from _python(path, line, known)
        elif path.endswith(_SCRIPTS):
            yield from _script(path, line, known)
        elif path.endswith(".go"):
            yield from _go(line, folders)
        elif path.endswith(".rs"):
            yield from _rust(path, line, known)


def _python(path: str, line: str, known: set[str]) -> Iterator[str]:
    found = _PYTHON.match(line)
    if not found:
        return
    module, names, plain = found[1], found[2] or "", found[3]
    module = plain if module is None else module
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.lstrip(".").split(".") if part]
    here = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    roots = [here[: len(here) - dots + 1]] if dots else [here[:depth] for depth in range(len(here) + 1)]
    words = [word.split()[0].strip("(),") for word in names.split(",") if word.split()]
    for root in roots:
        base = "/".join([*root, *parts])
        nested = [f"{base}/{word}.py" for word in words if word.isidentifier()]
        hits = [name for name in (*nested, f"{base}.py", f"{base}/__init__.py") if name.lstrip("/") in known]
        if hits:
            yield hits[0].lstrip("/")
            return


def _script(path: str, line: str, known: set[str]) -> Iterator[str]:
    found = _SCRIPT.match(line)
    if found:
        base = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[1] or found[2]))
        stem = base.removesuffix(".js")
        names = (base, *(f"{stem}{end}" for end in _SCRIPTS), *(f"{base}/index{end}" for end in _SCRIPTS))
        yield from [name for name in names if name in known][:1]


def _go(line: str, folders: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the files of the imported package: the longest end of the import path that is a folder."""
    found = _GO.match(line)
    parts = found[1].split("/") if found else []
    for start in range(len(parts)):
        folder = "/".join(parts[start:])
        if folder in folders:
            yield from folders[folder]
            return


def _rust(path: str, line: str, known: set[str]) -> Iterator[str]:
    found = _RUST.match(line)
    if not found:
        return
    here, stem = posixpath.dirname(path), posixpath.basename(path).removesuffix(".rs")
    own = here if stem in {"mod", "lib", "main"} else posixpath.join(here, stem)
    parts = [found[1]] if found[1] else [part for part in found[2].split("::") if part]
    top = path[: path.index("src/") + 3] if "src/" in path else here
    roots = (own,) if found[1] else (top, here, own)
    for root in roots:
        for depth in range(len(parts), 0, -1):
            base = posixpath.join(root, *parts[:depth])
            hits = [name for name in (f"{base}.rs", f"{base}/mod.rs") if name in known]
            if hits:
                yield hits[0]
                return
