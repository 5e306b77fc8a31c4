"""Shorten the account of a mission to a number of tokens: the least important part first, and never without saying so.

A token is estimated as 4 characters of what is printed. Models count differently; the estimate needs no model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted, one_line
from mission_cli.app.results.briefing import LeftOut
from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import Advice, do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mission_cli.app.results.briefing import Briefing

MAX_TOKENS = 2_000
LEAST_TOKENS = 500
"""Fewer cannot hold the goal, the state, and what was left out."""
PER_TOKEN = 4
"""Characters of a token."""
_WIDTH = 400
_GOAL = 1_000
_ENDLESS = 2**31
_TEXTS = "texts"
_STEPS = (
    *(("words", 3), ("events", 8), ("decisions", 8), ("messages", 8), ("features", 40), ("research", 20)),
    *(("words", 1), ("events", 3), (_TEXTS, 160), ("decisions", 3), ("messages", 3), ("features", 15), ("research", 8)),
    *(("pulls", 5), ("milestones", 12), ("waits", 8), ("current", 4), ("questions", 8), ("success_criteria", 8)),
    *(("words", 0), ("events", 0), ("messages", 1), (_TEXTS, 80), ("decisions", 0), ("features", 5), ("pulls", 2)),
    ("research", 2),
    *(("milestones", 4), ("current", 2), ("waits", 3), ("success_criteria", 3), ("questions", 4)),
    ("research", 0),
    *(("messages", 0), ("features", 0), ("pulls", 0), ("milestones", 1), ("current", 1), ("waits", 1)),
    *(("success_criteria", 0), ("questions", 1), (_TEXTS, 40)),
    *(("milestones", 0), ("current", 0), ("waits", 0), ("questions", 0)),
    (_TEXTS, 20),
)
"""What is shortened in turn, and to how many rows, or characters of each text."""
_NAMES = {
    "events": ("event", "events", ("history",)),
    "decisions": ("decision", "decisions", ("show",)),
    "research": ("topic", "topics", ("show",)),
    "messages": ("message", "messages", ("show", "--json")),
    "words": ("message of an agent", "messages of agents", ("history", "--json")),
    "features": ("feature", "features", ("status", "--all")),
    "milestones": ("milestone", "milestones", ("status", "--all")),
    "current": ("feature in detail", "features in detail", ("status", "--all")),
    "success_criteria": ("success criterion", "success criteria", ("show", "--json")),
    "pulls": ("pull request", "pull requests", ("pr",)),
    "waits": ("thing that waits", "things that wait", ("why",)),
    "questions": ("open question", "open questions", ("inbox",)),
    "criteria": ("criterion", "criteria", ("status", "--all")),
}
_CRITERIA = 8
_OPTIONS = 8
_WHOLE = frozenset({"at", "asked", "expires", "started", "deadline", "number", "feature", "subject", "about"})
"""Short texts without which a row cannot be read; cut only where they are absurdly long."""
_LONGEST_WHOLE = 40
_FINISHED = frozenset({"done", "skipped", "passed"})


def fitted(found: Briefing, size: Callable[[Briefing], int]) -> Briefing:
    """Return the account with at most `max_tokens`, as `size` counts the characters of what is printed.

    Raises UsageError for a limit below LEAST_TOKENS.
    """
    if found.max_tokens < LEAST_TOKENS:
        words = f"{counted(found.max_tokens, 'token')} cannot hold the account of a mission"
        raise UsageError(words, hint=f"--max-tokens {LEAST_TOKENS} is the least")
    short, most = found.max_tokens * PER_TOKEN, len(_STEPS)
    if size(result := _after(found, 0)) <= short:
        return result
    result, least = _after(found, most), 0
    while most - least > 1:  # each step makes it shorter, so the first one that is enough is found by halving
        middle = (least + most) // 2
        tried = _after(found, middle)
        if size(tried) <= short:
            result, most = tried, middle
        else:
            least = middle
    if size(result) > short:  # the id is long, and in each command
        return replace(result, left_out=[LeftOut("almost everything", do("show", found.id, "--json"))])
    return result


def _after(found: Briefing, steps: int) -> Briefing:
    """Return the account after so many of the steps."""
    kept, width = dict.fromkeys(_NAMES, -1), _WIDTH
    for part, most in _STEPS[:steps]:
        if part == _TEXTS:
            width = most
        else:
            kept[part] = most
    return _cut(found, kept, width)


def _cut(found: Briefing, kept: dict[str, int], width: int) -> Briefing:
    """Return the account with so many rows of each part (-1: all), its texts not longer than so many characters."""
    rows: dict[str, Any] = {name: _first(name, getattr(found, name), kept[name]) for name in _parts(found)}
    out = {name: len(getattr(found, name)) - len(rows[name]) for name in rows}
    out["criteria"] = sum(max(0, len(one.criteria) - _CRITERIA) for one in rows["current"])
    rows["current"] = [replace(one, criteria=one.criteria[:_CRITERIA]) for one in rows["current"]]
    some = replace(found, **rows, goal="")
    short: Briefing = replace(_texts(some, width), goal=one_line(found.goal, min(_GOAL, width * 5 // 2)))
    shortened = short != replace(_texts(some, _ENDLESS), goal=one_line(found.goal, _ENDLESS))
    return replace(short, left_out=[*_left_out(found, out, shortened=shortened)])


def _parts(found: Briefing) -> list[str]:
    return [name for name in _NAMES if hasattr(found, name)]


def _first(part: str, rows: Sequence[Any], most: int) -> list[Any]:
    """Return the most important rows in their order: of features and milestones the unfinished ones."""
    if most < 0 or len(rows) <= most:
        return list(rows)
    if part not in {"features", "milestones"}:
        return list(rows[:most])
    ranked = sorted(range(len(rows)), key=lambda at: (rows[at].status in _FINISHED, at))
    return [rows[at] for at in sorted(ranked[:most])]


def _texts(value: Any, width: int, name: str = "") -> Any:
    """Return a value with each text in it on one line, and not longer than that; commands stay as they are."""
    if isinstance(value, Advice) or name == "id":
        return value
    if type(value) is str:
        return one_line(value, _LONGEST_WHOLE if name in _WHOLE and width < _ENDLESS else width)
    if isinstance(value, list | tuple):
        most = _OPTIONS if name == "options" and width < _ENDLESS else None
        return [_texts(one, width, name) for one in value[:most]]
    names = getattr(value, "__match_args__", ())
    return replace(value, **{one: _texts(getattr(value, one), width, one) for one in names}) if names else value


def _left_out(found: Briefing, out: dict[str, int], *, shortened: bool) -> Iterator[LeftOut]:
    """Yield what is missing, one row for each command that shows it."""
    by_command: dict[tuple[str, ...], list[str]] = {}
    for part, (one, many, command) in _NAMES.items():
        if out[part]:
            by_command.setdefault(command, []).append(counted(out[part], one, many))
    if shortened:
        by_command.setdefault(("show", "--json"), []).append("the rest of long texts")
    for words, what in by_command.items():
        about = () if words[0] == "inbox" else (found.id,)
        yield LeftOut(", ".join(what), do(words[0], *about, *words[1:]))
