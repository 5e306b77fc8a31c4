"""What the program itself knows of a repository, for the prompts of an analysis and of requirements.

All of it is data from elsewhere: one line each, without control characters, and quoted in the prompt.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, one_line
from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_MOST_COMMITS, _MOST_ISSUES, _MOST_PLACES, _MOST_COMMANDS = 20, 20, 80, 20
_LONGEST = 200
_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("py", "pyi"), "Python"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "JavaScript"),
    **dict.fromkeys(("ts", "tsx"), "TypeScript"),
    **dict.fromkeys(("c", "h"), "C"),
    **dict.fromkeys(("cc", "cpp", "hpp"), "C++"),
    **dict.fromkeys(("kt", "kts"), "Kotlin"),
    **dict.fromkeys(("ex", "exs"), "Elixir"),
    **dict.fromkeys(("sh", "bash"), "shell"),
    "rs": "Rust",
    "go": "Go",
    "java": "Java",
    "cs": "C#",
    "rb": "Ruby",
    "php": "PHP",
    "swift": "Swift",
    "zig": "Zig",
    "ml": "OCaml",
    "scala": "Scala",
    "sql": "SQL",
    "html": "HTML",
    "css": "CSS",
    "vue": "Vue",
}
"""Names of languages by the ends of file names."""


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What is known of a repository at one commit; each line is plain text."""

    stack: tuple[str, ...] = ()
    """Languages, manifests, and the commands that test and build it."""
    structure: tuple[str, ...] = ()
    """The files and folders of the two top levels."""
    commits: tuple[str, ...] = ()
    """The subjects of the last commits, newest first."""
    issues: tuple[str, ...] = ()
    """The open issues at the forge, newest first."""
    without_issues: str = ""
    """Why the issues are not known; empty if they are, or if there is no forge."""


def facts_of(ctx: Context, commit: Sha) -> RepositoryFacts:
    """Return what is known of the repository at a commit. A forge that cannot be asked is named, not an error."""
    seen = ctx.code.glance(commit, ctx.checks.manifest_names)
    issues, why = _issues(ctx)
    return RepositoryFacts(
        stack=tuple(_stack(ctx, seen)),
        structure=tuple(_structure(seen)),
        commits=tuple(_lines(ctx.code.recent(commit, _MOST_COMMITS))),
        issues=issues,
        without_issues=why,
    )


def languages_of(paths: Iterable[str]) -> list[str]:
    """Return the languages of files by the ends of their names, the most frequent first."""
    ends = Counter(_LANGUAGES.get(path.rpartition(".")[2].casefold(), "") for path in paths if "." in path)
    return [name for name, _ in ends.most_common() if name]


def _stack(ctx: Context, seen: Mapping[str, str]) -> Iterable[str]:
    languages = languages_of(seen)
    if languages:
        yield f"languages, by the number of files in the top folders: {', '.join(languages[:8])}"
    manifests = [path for path in seen if path.rpartition("/")[2] in ctx.checks.manifest_names]
    if manifests:
        yield one_line(f"manifests: {', '.join(manifests[:20])}", _LONGEST)
    for criterion in ctx.checks.detect(seen)[:_MOST_COMMANDS]:
        yield one_line(criterion.text, _LONGEST)


def _structure(seen: Mapping[str, str]) -> Iterable[str]:
    """Yield the files at the top, and each folder with the names in it."""
    inside: dict[str, list[str]] = {}
    for path in seen:
        folder, _, name = path.partition("/")
        if name.count("/") - name.endswith("/") <= 0:
            inside.setdefault(f"{folder}/" if name else "", []).append(name or folder)
    lines = [f"{folder or 'top folder'}: {', '.join(sorted(names)[:20])}" for folder, names in sorted(inside.items())]
    yield from _lines(lines[:_MOST_PLACES])
    if len(lines) > _MOST_PLACES:
        yield f"and {counted(len(lines) - _MOST_PLACES, 'more folder')}"


def _issues(ctx: Context) -> tuple[tuple[str, ...], str]:
    """Return the open issues of the forge, and why they are not known."""
    try:
        if ctx.forge.place() is None:
            return (), ""
        found = ctx.forge.connect().issues(_MOST_ISSUES)
    except MissionError as error:
        return (), one_line(error.message, _LONGEST)
    return tuple(_lines(f"#{one.number} {one.title}" for one in found)), ""


def _lines(texts: Iterable[str]) -> Iterable[str]:
    return (line for text in texts if (line := one_line(text, _LONGEST)))
