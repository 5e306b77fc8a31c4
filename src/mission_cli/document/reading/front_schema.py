"""The keys of the front matter: one table that reading, `mission lint` and `mission schema` share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_duration, why_no_duration, why_no_moment
from mission_cli.document.syntax.vocabulary import (
    MISSION_WORDS,
    mission_status,
    number,
)
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.timing.schedule import why_no_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.front import Front
    from mission_cli.domain.values_in_force import InForce


class Kind(StrEnum):
    """The kinds of values."""

    TEXT = "text"
    WORD = "word"
    STATUS = "status"
    NUMBER = "number"
    COUNT = "count"
    CAP = "cap"
    """A number, or the word unlimited."""
    YESNO = "yesno"
    MOMENT = "moment"
    """An ISO 8601 date or time."""
    DURATION = "duration"
    """Such as 90m or 7d, or one of the words of the key."""
    SCHEDULE = "schedule"
    """A time, or five fields of cron."""
    LIST = "list"
    MAP = "map"
    """A mapping from any names to texts."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key by its dotted path; `also` are names that are read if it is missing."""

    path: str
    kind: Kind
    about: str
    words: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    most: int | None = None
    """The greatest number that is possible; None: any."""
    least: int = 0
    """The least number that is possible; of numbers with `unset_by_0`, 0 is possible, too."""
    unset_by_0: bool = False
    above_0: bool = False
    """Whether 0 is not possible."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The path as keys."""
        return tuple(self.path.split("."))


KEYS: dict[str, Key] = {
    key.path: key
    for key in (
        Key("id", Kind.TEXT, "Name of the mission; default: the name of its folder."),
        Key("title", Kind.TEXT, "Title of the mission; default: the first heading."),
        Key("status", Kind.STATUS, "Status of the mission."),
        Key("type", Kind.TEXT, "development, research, operations, or any other name."),
        Key("mode", Kind.WORD, "full, or poc: a proof of concept.", ("poc", "full", "subagent")),
        Key("priority", Kind.WORD, "Which mission gets a free slot first.", ("low", "normal", "high", "urgent")),
        Key("repo", Kind.TEXT, "Path, URL or slug of its repository; empty: none yet."),
        Key("created", Kind.MOMENT, "When the file was created."),
        Key("started", Kind.MOMENT, "When the mission was first started."),
        Key("completed", Kind.MOMENT, "When it was completed."),
        Key("deadline", Kind.MOMENT, "When it has to be done; otherwise it pauses.", also=("due", "due_at")),
        Key("pause_at", Kind.MOMENT, "When it pauses by itself, as `mission start --until` sets it."),
        Key("schedule", Kind.SCHEDULE, "Five-field cron, or one ISO 8601 time."),
        Key("end_date", Kind.MOMENT, "When a recurring mission ends."),
        Key("executions", Kind.COUNT, "Number of executions."),
        Key("managed", Kind.TEXT, "The word mission, if `mission pulse` serves it."),
        Key("host", Kind.TEXT, "Machine and clone that drive it."),
        Key("base", Kind.TEXT, "Branch that the work starts from and lands on."),
        Key(
            "quality_threshold",
            Kind.NUMBER,
            "Minimum score, 1 to 5; 0: 3 for reviews, any for gates.",
            most=5,
            least=1,
            unset_by_0=True,
        ),
        Key("autonomous", Kind.YESNO, "false: it pauses for a person after each milestone."),
        Key(
            "lifetime",
            Kind.DURATION,
            "How long it lives without engagement: 7d, none, or type (24h, 7d, 14d, 30d for quick, meeting, project, "
            "research); then it is archived.",
            ("type", "none"),
        ),
        Key("check_every", Kind.DURATION, "How often it is checked, even if nothing is reported to have changed."),
        Key("archived", Kind.MOMENT, "When it was archived; empty: it is not."),
        Key("notify", Kind.LIST, "Whom to notify: rules of the settings; other names go to the command `notify`."),
        Key(
            "mail_recipients",
            Kind.LIST,
            "Addresses, or patterns (*@example.org), that get mail without approval.",
        ),
        Key("owner", Kind.TEXT, "Who owns the mission."),
        Key("origin.agent", Kind.TEXT, "Agent that created it."),
        Key("origin.conversation", Kind.TEXT, "Conversation in which it was created."),
        Key("budget.time_hours", Kind.CAP, "Hours of work; 0: no cap."),
        Key("budget.money_usd", Kind.CAP, "Dollars; 0: no cap."),
        Key("budget.token_limit", Kind.CAP, "Tokens; 0: no cap."),
        Key("budget.alert_threshold_pct", Kind.NUMBER, "Percent of a cap at which the mission pauses."),
        Key(
            "budget.when_short",
            Kind.WORD,
            "What happens when it probably does not pay for everything: a pause with choices, or a request that "
            "proposes a smaller scope.",
            ("pause", "propose"),
        ),
        Key("budget.per_feature_usd", Kind.CAP, "Cap of one attempt in dollars; 0: by its share of the budget."),
        Key(
            "model_routing",
            Kind.MAP,
            "Model tier by role: orchestrator, workers, research, validation; economy when the budget runs low, "
            "escalate (TIER, RUNNER:, RUNNER:TIER, @AGENT, orchestrator; several with commas) after the last attempt; "
            "patterns: on, to choose tiers by how often they succeeded.",
        ),
        Key(
            "in_force",
            Kind.MAP,
            "The last valid values of the keys that limit the mission, written by the program; "
            "`mission set` changes them.",
        ),
        Key("noted", Kind.MAP, "What later decisions need to know of events, written by the program."),
        Key("reviews.reviewers", Kind.LIST, "Who judges `review:` criteria: RUNNER:TIER, RUNNER:, TIER, or @AGENT."),
        Key("reviews.per_feature", Kind.COUNT, "Reviews of a feature; default: 1.", most=9, least=1),
        Key("reviews.per_milestone", Kind.COUNT, "Reviews of a milestone; default: 3.", most=9, least=1),
        Key(
            "reviews.budget_pct",
            Kind.NUMBER,
            "Percent of what the work reserved that reviews may cost: 10.",
            most=100,
            above_0=True,
        ),
        Key("reviews.at_gates", Kind.YESNO, "Also review features before a quality gate that needs a score."),
        Key("reviews.dimensions", Kind.MAP, "What is scored: a name, and its weight with what to look at."),
        Key(
            "orchestrator.judgments",
            Kind.WORD,
            "Whether a model judges failures and the plan: off (default), propose to a person, or act within limits.",
            ("off", "propose", "act"),
        ),
        Key("orchestrator.drafts", Kind.YESNO, "true: a model may draft agents and scripts for the mission."),
        Key("orchestrator.narrative", Kind.YESNO, "true: a model writes a short narrative for the retrospective."),
        Key(
            "orchestrator.budget_pct",
            Kind.NUMBER,
            "Percent of each cap that all judgments together may reserve: 5.",
            most=100,
        ),
        Key("preferences.tech_stack", Kind.LIST, "Languages, frameworks and libraries."),
        Key(
            "preferences.deploy_target",
            Kind.TEXT,
            "Targets to which it deploys: names of `[deploy.NAME]`.",
        ),
        Key("preferences.test_framework", Kind.TEXT, "Test framework."),
        Key("preferences.ci_provider", Kind.TEXT, "CI provider."),
        Key("preferences.coding_style", Kind.TEXT, "Coding style."),
        Key("preferences.max_parallel_workers", Kind.COUNT, "The most workers at the same time."),
        Key(
            "preferences.auto_resume",
            Kind.YESNO,
            "false: after a usage limit or a budget across missions it waits for a person.",
        ),
        Key("preferences.runner", Kind.TEXT, "Name of a [runners.…] table of the settings."),
        Key(
            "preferences.runners",
            Kind.LIST,
            "RUNNER or RUNNER:TIER, the preferred one first: when one is at a usage limit or out of service, the next "
            "one takes over.",
        ),
        Key(
            "preferences.land",
            Kind.WORD,
            "How finished work lands: when a person asks, or automatically.",
            ("ask", "auto"),
        ),
        Key(
            "preferences.pull_requests",
            Kind.WORD,
            "What gets a pull request; `mission start` sets it where a forge and a token are found.",
            ("none", "feature", "milestone", "mission"),
        ),
        Key(
            "preferences.shared_files",
            Kind.WORD,
            "Whether features that change the same files run at the same time (default) or wait, or if that is likely.",
            ("run", "wait", "predict"),
        ),
        Key(
            "preferences.hosts",
            Kind.LIST,
            "Hosts on which workers may run; `local` is this machine. Empty: here, and on all that are configured.",
        ),
        Key("preferences.worker_command", Kind.TEXT, "Command of the agent; the prompt is its last argument."),
    )
}
GROUPS = tuple(dict.fromkeys(path.split(".")[0] for path in KEYS if "." in path))
_BY_PATH: dict[tuple[str, ...], Key] = {key.steps: key for key in KEYS.values()}
_BY_PATH |= {(name,): key for key in KEYS.values() for name in key.also}
_KNOWN: dict[str, set[str]] = {"": {path[0] for path in _BY_PATH}}
_KNOWN |= {group: {path[1] for path in _BY_PATH if path[0] == group and len(path) > 1} for group in GROUPS}
MOMENT_HINT = "write it as 2026-11-20 or 2026-11-20T10:00:00Z"
SCHEDULE_HINT = "write a time such as 2026-11-20T10:00, or five cron fields such as 0 3 * * 1"
_CLOSE = 0.8
_LONGEST_KEY = 60
_YESNO = frozenset({"true", "false", "yes", "no", "on", "off"})
_EMPTY = frozenset({"", "null", "~"})
TRUE = frozenset({"true", "yes", "on"})
YES = TRUE | _EMPTY
"""The texts that mean true, in lower case; an empty value means the default, true."""


def front_problems(front: Front, bounds: InForce | None = None, mission: str = "ID") -> Iterator[Problem]:
    """Yield warnings for values of the front matter that are probably not read as they were meant.

    A value that limits a managed mission but does not count is an error; `bounds` contains those.
    """
    overruled = {found.key for found in bounds.overruled} if bounds else set()
    for found in bounds.overruled if bounds else ():
        by_set = found.counts or found.key != "in_force"
        hint = f"{do('set', mission, found.key, found.counts or 'VALUE') if by_set else do('edit', mission)}"
        yield Problem(found.line, found.column, found.words, hint)
    for path, node in front.nodes.items():
        key = _BY_PATH.get(path)
        if key is not None and key.path in overruled:
            continue
        words = _why_wrong(key, ".".join(path), node) if key else None
        if words:
            yield _at(node, *words)
    for group in GROUPS:
        held = front.node(group)
        if isinstance(held, yaml.SequenceNode) or (isinstance(held, yaml.ScalarNode) and held.value not in _EMPTY):
            yield _at(held, f"`{group}` is not a mapping", "write its keys below it, indented by two spaces")
    yield from _misspelt(front)


def unknown_keys(front: Front) -> set[str]:
    """Return the dotted names of keys that nothing reads; those below a mapping with any names are all known."""
    found = set()
    for path, _ in front.scalars():
        top = KEYS.get(path[0])
        if (top is not None and top.kind in {Kind.MAP, Kind.LIST}) or path[:1] in _BY_PATH or path[:2] in _BY_PATH:
            continue
        found.add(".".join(path[:2] if path[0] in GROUPS else path[:1]))
    return found


def front_schema() -> dict[str, Any]:
    """Return the JSON schema of the front matter."""
    top: dict[str, Any] = {}
    for key in KEYS.values():
        below = top
        for step in key.steps[:-1]:
            below = below.setdefault(step, {"type": ["object", "null"], "properties": {}})["properties"]
        for name in (key.steps[-1], *key.also):
            below[name] = {"description": key.about, **_schema_of(key)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Front matter of a mission file",
        "type": "object",
        "properties": top,
        "additionalProperties": True,
    }


def _why_wrong(key: Key, name: str, node: yaml.Node) -> tuple[str, str] | None:
    if key.kind in {Kind.LIST, Kind.MAP}:
        empty = isinstance(node, yaml.ScalarNode) and node.value in _EMPTY
        wrong = key.kind is Kind.MAP and not (empty or isinstance(node, yaml.MappingNode))
        return (f"`{name}` is not a mapping", "write `role: tier` lines below it") if wrong else None
    if not isinstance(node, yaml.ScalarNode):
        return f"`{name}` holds more than one value", "it is read as unset; write one value"
    if key.kind is Kind.TEXT or node.value in _EMPTY:
        return None
    text = str(node.value).strip()
    return None if text.casefold() in _EMPTY else why_wrong_text(key, name, text)


def why_wrong_text(key: Key, name: str, text: str) -> tuple[str, str] | None:
    """Return what is wrong with the text of a scalar and a hint, or None."""
    amount = number(text) if key.most is not None else None
    if key.most is not None and amount is not None and not (key.unset_by_0 and amount == 0):
        if not key.least <= amount <= key.most:
            return (
                f"`{name}` is `{text}`, which is not between {key.least} and {key.most}",
                "the default counts instead",
            )
        if key.above_0 and amount == 0:
            return f"`{name}` is `{text}`, which is not above 0", "the default counts instead"
    return _why_wrong_kind(key, name, text)


def _why_wrong_kind(key: Key, name: str, text: str) -> tuple[str, str] | None:  # noqa: PLR0911 - one case per kind
    match key.kind:
        case Kind.WORD if text not in key.words:
            return f"`{name}` is `{text}`, which is not known", f"use one of {', '.join(key.words)}"
        case Kind.STATUS if mission_status(text) is None:
            return f"the status `{text}` is not known", "it is kept, but the mission does not run"
        case Kind.CAP if number(text) is None and text.casefold() != "unlimited":
            return f"`{name}` is not a number: `{text}`", "it is read as unset; write a number, or unlimited"
        case Kind.NUMBER | Kind.COUNT if number(text) is None:
            return f"`{name}` is not a number: `{text}`", "it is read as unset; write a number"
        case Kind.YESNO if text.casefold() not in _YESNO:
            return f"`{name}` is neither true nor false: `{text}`", "it is read as false; write true or false"
        case Kind.SCHEDULE if words := why_no_schedule(text):
            return f"`{name}` is `{text}`: {words}", SCHEDULE_HINT
        case Kind.DURATION if text.casefold() not in key.words and not parse_duration(text):
            words = why_no_duration(text) or "is not a length of time"
            return f"`{name}` is `{text}`, which {words}", f"write {', '.join(['7d', *key.words])}"
        case Kind.MOMENT if words := why_no_moment(text):
            return f"`{name}` {words}: `{text}`", MOMENT_HINT
    return None


def _at(node: yaml.Node, message: str, hint: str) -> Problem:
    mark = node.start_mark
    return Problem(mark.line + 2, mark.column + 1, message, hint, Severity.WARNING)


def _misspelt(front: Front) -> Iterator[Problem]:
    for group in ("", *GROUPS):
        node = front.node(*([group] if group else []))
        if not isinstance(node, yaml.MappingNode):
            continue
        named = {str(key.value): key for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
        absent = _KNOWN[group].difference(named)
        for name in named.keys() - _KNOWN[group]:
            from difflib import get_close_matches

            close = get_close_matches(name, absent, n=1, cutoff=_CLOSE) if len(name) <= _LONGEST_KEY else []
            if close:
                yield _at(named[name], f"the key `{name}` is not known here", f"did you mean `{close[0]}`?")


def _any_way_of_writing() -> str:
    """Return a pattern for the known statuses in any case, with emphasis, and followed by a remark in parentheses."""
    words = []
    for word in MISSION_WORDS:
        letters = (f"[{c.lower()}{c.upper()}]" if c.isalpha() else "[ _-]+" for c in word)
        words.append("".join(letters))
    return rf"^\s*[*_`]*({'|'.join(words)})[*_`]*\s*(\(.*\))?\s*$"


def _schema_of(key: Key) -> dict[str, Any]:  # noqa: PLR0911 - one case per kind
    numeric = {"type": "string", "pattern": r"^\s*[-+]?[$]?[0-9][0-9,_]*(\.[0-9]*)?\s*$|^$"}
    match key.kind:
        case Kind.TEXT | Kind.SCHEDULE | Kind.DURATION:
            return {"type": ["string", "number", "boolean", "null"]}
        case Kind.WORD:
            no = [False] if "off" in key.words else []  # YAML reads `off` as false
            return {"enum": [*key.words, *no, "", None]}
        case Kind.STATUS:
            return {
                "anyOf": [{"enum": [*MISSION_WORDS, "", None]}, {"type": "string", "pattern": _any_way_of_writing()}]
            }
        case Kind.NUMBER | Kind.COUNT:
            return {"anyOf": [{"type": ["number", "null"]}, numeric]}
        case Kind.CAP:
            return {"anyOf": [{"type": ["number", "null"]}, numeric, {"enum": ["unlimited"]}]}
        case Kind.YESNO:
            return {"anyOf": [{"type": ["boolean", "null"]}, {"enum": [*sorted(_YESNO), ""]}]}
        case Kind.MOMENT:
            return {"anyOf": [{"type": "null"}, {"type": "string", "pattern": r"^$|^\d{4}-?\d{2}-?\d{2}"}]}
        case Kind.LIST:
            return {"anyOf": [{"type": "array"}, {"type": ["string", "null"]}]}
        case Kind.MAP:
            return {"type": ["object", "null"]}
