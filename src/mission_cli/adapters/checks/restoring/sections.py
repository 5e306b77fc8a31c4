"""Files in sections, such as `pytest.ini` and `pyproject.toml`: restore options that choose tests, files or rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Collection

_NARROW = pattern(
    r"(?:^|[\s\"'\[,=])(?:-k|-m|--deselect|--ignore(?:-glob)?|--maxfail|-x|--exitfirst|--co|--collect-only|--lf|--ff|--sw"
    r"|--last-failed|--stepwise|--noconftest|-c|--rootdir|--setup-only|--setup-plan|-p)(?=$|[\s\"'\],=])"
)
"""Flags of pytest that leave tests out or keep them from running."""
_PYTEST_KEYS = frozenset(
    {
        "addopts", "testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "xfail_strict",
        "required_plugins", "usefixtures", "collect_imported_tests", "confcutdir", "timeout", "fail_under", "omit",
        "exclude_lines", "exclude_also", "run_tests", "commands", "test", "tests", "check",
    }
)  # fmt: skip
_LINT_KEYS = pattern(
    r"(?:extend-)?(?:exclude|include|ignore|select|per-file-ignores)|force-exclude|exclude_dirs|skips|files|packages|modules"
    r"|ignore[_-](?:errors|paths|patterns)|(?:en|dis)able(?:_error_code)?|follow_imports|strict\w*|max-[\w-]+|fail-\w+"
    r"|(?:disallow|check|warn|no_implicit)_\w+"
)
"""Options of linters and type checkers that choose files and rules; those that relax go with those that tighten."""
_LINTED = frozenset({"files", "packages", "modules"})
"""What a linter cannot run without, where only its new configuration names it."""
_LINTERS = pattern(
    r"(?:tool[.:])?(?:ruff|mypy|flake8|pylint|(?:based)?pyright|bandit|black|isort|pycodestyle)(?:[.:-].*)?"
)
_PER_FILE = "per-file-ignores"
_SECTIONS = pattern(r"(?:tool[.:])?(?:pytest|coverage|nosetests|testenv|tox|nox|aliases|poe|taskipy|unittest)\b.*")
_HEADER = pattern(r"^\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:[#;].*)?$")
_OPTION = pattern(r"^\s*[\"']?([\w.-]+)[\"']?\s*[=:]")


def merged_sections(old: str | None, new: str, called: Collection[str], *, everywhere: bool = False) -> str | None:
    """Restore options that choose tests, or what linters look at, in their sections; other options stay as they are.

    `everywhere`: the file belongs to a linter, and so do all its sections.
    """
    del called
    before, after = _sections(old or ""), _sections(new)
    lints = {n: everywhere or bool(_LINTERS.fullmatch(n)) for n in {**before, **after}}
    changed = False
    for name, lint in lints.items():
        if not lint and not _SECTIONS.fullmatch(name):
            continue
        was, now = _options(before.get(name, [])), _options(after.get(name, []))
        steering = partial(_is_lint_option, name, known=name in before) if lint else _PYTEST_KEYS.__contains__
        kept = {k: v for k, v in now.items() if not steering(k) or _harmless(k, v, was.get(k))}
        put_back = {k: v for k, v in was.items() if steering(k) and k not in kept}
        if kept.keys() | put_back.keys() == now.keys() and not put_back:
            continue
        head = after.get(name, before.get(name, [""]))[:1]
        if sum(line.startswith("[[") for line in (*before.get(name, []), *after.get(name, []))) > 1:
            return old if old is not None else new  # tables of one name, which cannot be told from each other
        changed = True
        after[name] = [*head, *(x for v in (*kept.values(), *put_back.values()) for x in v)]
    if not changed:
        return new
    return "\n".join(line for lines in after.values() for line in lines).lstrip("\n") + "\n"


def _is_lint_option(section: str, key: str, *, known: bool) -> bool:
    last = key.rpartition(".")[2]
    return section.endswith(_PER_FILE) or (bool(_LINT_KEYS.fullmatch(last)) and (known or last not in _LINTED))


def _harmless(key: str, now: list[str], was: list[str] | None) -> bool:
    """Whether an option does not choose tests anew: it is unchanged, or only adds flags that leave no test out."""
    words = " ".join(now).split()
    if was is not None and words == " ".join(was).split():
        return True
    if key != "addopts":
        return False
    narrow = sorted(_NARROW.findall(" ".join(words)))
    return narrow == sorted(_NARROW.findall(" ".join(" ".join(was or []).split())))


def _sections(text: str) -> dict[str, list[str]]:
    """Return the lines by section, each with its header; lines before the first header have an empty name."""
    found: dict[str, list[str]] = {"": [""]}
    name = ""
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            name = header[1].replace('"', "").replace(" ", "")
        found.setdefault(name, []).append(line)
    return found


def _options(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines by option, including continuation lines; comments and blank lines go with the option before."""
    found: dict[str, list[str]] = {}
    name, depth = "", 0
    for line in lines[1:]:
        option = _OPTION.match(line) if depth == 0 and line[:1] not in {" ", "\t"} else None
        if option:
            name = option[1]
        if name:
            found.setdefault(name, []).append(line)
            depth = max(0, depth + line.count("[") - line.count("]"))
    return found
