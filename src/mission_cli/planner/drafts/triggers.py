"""What leads to a draft: said three times, failed twice on the same, rules found out, the same commands three times.

Everything here is counted from the file and the records, so the same mission has the same triggers in every pulse.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, digest, one_line
from mission_cli.domain.agents.drafts import DraftKind
from mission_cli.domain.ids import attempt_name, feature_order
from mission_cli.domain.status import Cause
from mission_cli.planner.core.phases import sender_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

SAID, FAILED, RAN = 3, 2, 3
"""How many features are told the same; how many attempts fail on the same; how many attempts run the same."""
_LEAST_WORDS = 3
_LONGEST_FACT, _LONGEST_EVIDENCE, _MOST_EXAMPLES = 2000, 1500, 5
_LEAST_RUN, _LONGEST_RUN = 2, 8
_OF_DOMAIN = frozenset({Cause.CRITERIA_FAILED, Cause.WRONG_OUTPUT})
"""Causes that say something about what the mission is about, and not about a worker, a runner or a limit."""
_TOLD_AGAIN = frozenset({Cause.NOOP, Cause.TAMPERED})
_WORD = pattern(r"\w+")
_DIGITS = pattern(r"\d+")
_COMMAND = pattern(r"(?:● (?:bash|shell|exec|run|command)|[+$])[ \t]+(?P<command>\S.*)")
_LOOKS = pattern(
    r"(?:cd|ls|pwd|cat|head|tail|less|echo|printf|grep|rg|find|wc|tree|which|sed -n|true|exit"
    r"|git (?:status|diff|log|show|add|commit|branch|checkout|stash|rev-parse))(?:\s|\Z)"
)
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason for a draft. `keys` recognize it for good: a mission makes one draft for them, at most."""

    keys: tuple[str, ...]
    kind: DraftKind
    source: str
    """Where it comes from, in a few words; the front matter of the draft has it."""
    facts: str
    """What the model is told; data, with the words of workers and people."""


def triggers(
    mission: Mission, records: Sequence[RunRecord], rules: Mapping[str, str], *, scripts: bool
) -> Iterator[Trigger]:
    """Yield every trigger of a mission in a fixed order.

    `rules`: the rules in which documents end, by path. `scripts`: whether workers can be given scripts here.
    """
    attempts = sorted(
        (r for r in records if not r.open and r.feature[:1].isdecimal()),
        key=lambda r: (r.intended, feature_order(r.feature), r.attempt),
    )
    yield from _said(mission, attempts)
    yield from _failed(attempts)
    yield from _ruled(rules)
    if scripts:
        yield from _ran(attempts)


def normalized(text: str) -> str:
    """Return an instruction without case, punctuation, white space and numbers."""
    return " ".join(_WORD.findall(_DIGITS.sub("0", text.casefold())))


def commands_in(transcript: str) -> tuple[str, ...]:
    """Return the commands that a transcript shows, without those that only look, and none twice in a row.

    One that the transcript cuts off is left out.
    """
    found: list[str] = []
    for line in transcript.splitlines():
        match = _COMMAND.match(line.strip())
        command = one_line(match["command"], 200) if match else ""
        if command and not command.endswith(_CUT) and not _LOOKS.match(command) and command not in found[-1:]:
            found.append(command)
    return tuple(found)


def _said(mission: Mission, attempts: Sequence[RunRecord]) -> Iterator[Trigger]:
    """Yield what three or more features are told: by messages, answers, or what went wrong before."""
    phases = {sender_of(phase) for phase in mission.phases}
    told: list[tuple[FeatureNumber, str]] = [
        (m.feature, m.text) for m in mission.messages if m.sender not in phases and m.feature[:1].isdecimal()
    ]
    numbers = {str(f.number): f.number for f in mission.features()}
    told += [
        (numbers[r.feature], r.response) for r in mission.requests if r.feature in numbers and r.response and not r.open
    ]
    told += [(r.feature, r.detail) for r in attempts if r.cause in _TOLD_AGAIN]
    groups: dict[str, list[tuple[FeatureNumber, str]]] = {}
    for feature, text in told:
        plain = normalized(text)
        if len(plain.split()) >= _LEAST_WORDS:
            groups.setdefault(plain, []).append((feature, text))
    for plain, found in groups.items():
        features = sorted({feature for feature, _ in found}, key=feature_order)
        if len(features) >= SAID:
            words = one_line(found[0][1], _LONGEST_FACT)
            source = f"said to {', '.join(features[:_MOST_EXAMPLES])}"
            facts = f"The same instruction was given to the workers of {', '.join(features)}:\n\n{words}"
            yield Trigger((f"said {digest(plain)}",), DraftKind.AGENT, source, facts)


def _failed(attempts: Sequence[RunRecord]) -> Iterator[Trigger]:
    """Yield what two attempts or more failed on in the same way."""
    groups: dict[str, list[RunRecord]] = {}
    for record in attempts:
        if record.cause in _OF_DOMAIN and record.signature and not record.by:
            groups.setdefault(record.signature, []).append(record)
    for name, found in groups.items():
        if len(found) >= FAILED:
            names = [attempt_name(r.run) for r in found[:_MOST_EXAMPLES]]
            detail, evidence = one_line(found[-1].detail, _LONGEST_FACT), found[-1].evidence[-_LONGEST_EVIDENCE:]
            facts = f"{counted(len(found), 'attempt')} failed in the same way ({', '.join(names)}):\n\n{detail}"
            yield Trigger(
                (f"failed {name}",),
                DraftKind.AGENT,
                f"failures of {', '.join(names)}",
                f"{facts}\n\nWhat was recorded of the last one:\n\n{evidence}",
            )


def _ruled(rules: Mapping[str, str]) -> Iterator[Trigger]:
    """Yield the documents that end in rules."""
    for path, text in sorted(rules.items()):
        facts = f"The document {path} of this mission ends in rules:\n\n{text[:_LONGEST_FACT]}"
        yield Trigger((f"rules {path}",), DraftKind.AGENT, f"rules in {path}", facts)


def _ran(attempts: Sequence[RunRecord]) -> Iterator[Trigger]:
    """Yield sequences of commands that three attempts ran; no command is in two of them."""
    runs = [(attempt_name(r.run), commands_in(r.transcript)) for r in attempts]
    by_pair: dict[tuple[str, str], set[str]] = {}
    for name, commands in runs:
        for pair in pairwise(commands):
            by_pair.setdefault(pair, set()).add(name)
    used: set[str] = set()
    for _, commands in runs:
        start = 0
        while start < len(commands) - 1:
            chain, who = _chain(commands[start:], by_pair)
            if len(chain) < _LEAST_RUN or used.intersection(chain):
                start += 1
                continue
            used.update(chain)
            start += len(chain)
            facts = f"{counted(len(who), 'attempt')} ran the same commands, one after the other:\n\n" + "\n".join(chain)
            source = f"commands of {', '.join(sorted(who)[:_MOST_EXAMPLES])}"
            yield Trigger(tuple(f"ran {digest(one)}" for one in chain), DraftKind.SCRIPT, source, facts)


def _chain(commands: Sequence[str], by_pair: Mapping[tuple[str, str], set[str]]) -> tuple[tuple[str, ...], set[str]]:
    """Return the longest beginning of some commands that enough attempts ran, and these attempts."""
    chain, who = [commands[0]], set[str]()
    for pair in pairwise(commands):
        now = by_pair[pair] & who if who else by_pair[pair]
        if len(now) < RAN or len(chain) >= _LONGEST_RUN:
            break
        chain.append(pair[1])
        who = set(now)
    return (tuple(chain), who) if len(chain) > 1 else ((), who)
