"""Commands that help as operations of the API: what a button of a page calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mission_cli.app.results.waiting import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mission_cli.domain.notice import Advice

_PLACEHOLDERS = frozenset({"USD", "HOURS", "TOKENS", "TEXT", "ANSWER", "N", "BRANCH", "VALUE"})
"""Words in a command for which a person writes something."""
_Given = Mapping[str, str | int | bool]


def actions_of(advice: Advice) -> tuple[Action, ...]:
    """Return the operations that do what advice says, in its order; commands that have none are left out."""
    return tuple(a for remedy in advice.remedies if (of := _OF.get(remedy.command)) for a in of(remedy.args))


def _approve(args: Sequence[str]) -> Iterator[Action]:
    mission, *gates = args
    if not gates:
        return
    gate: _Given = {"id": mission, "gate": gates[0]}
    yield Action("approve_gate", "Approve", gate, ("choose",) if "--choose" in args else ())
    yield Action("reject_gate", "Reject", gate, ("comment",))


def _answer(args: Sequence[str]) -> Iterator[Action]:
    yield Action("answer_request", "Answer", {"id": args[0], "number": int(args[1])}, ("response",))


def _resume(args: Sequence[str]) -> Iterator[Action]:
    if args[0] == "--all":
        yield Action("lift_stop", "Lift STOP")
    else:
        yield Action("resume_mission", "Resume", {"id": args[0]})


def _one(operation: str, label: str) -> Callable[[Sequence[str]], Iterator[Action]]:
    def of(args: Sequence[str]) -> Iterator[Action]:
        yield Action(operation, label, {"id": args[0]})

    return of


def _retry(args: Sequence[str]) -> Iterator[Action]:
    if "--phase" in args:
        yield Action("retry_phase", "Try again", {"id": args[0]})
    elif feature := _feature(args[0]):
        yield Action("retry_feature", "Try again", feature)
        yield Action("skip_feature", "Skip", feature, ("reason",))


def _skip(args: Sequence[str]) -> Iterator[Action]:
    if "--phase" in args:
        yield Action("skip_phase", "Skip", {"id": args[0], "phase": args[args.index("--phase") + 1]}, ("reason",))
    elif feature := _feature(args[0]):
        yield Action("skip_feature", "Skip", feature, ("reason",))


def _signal(args: Sequence[str]) -> Iterator[Action]:
    if feature := _feature(args[0]):
        yield Action("signal_wait", "It has happened", feature)


def _mail(args: Sequence[str]) -> Iterator[Action]:
    labels = {"approve": "Send it", "again": "Send it again", "sent": "It was sent"}
    mission, number, *options = args
    word = options[0].removeprefix("--") if options else ""
    if word in labels:
        mail: _Given = {"id": mission, "number": int(number)}
        yield Action("decide_mail", labels[word], {**mail, "decision": word})
        if word != "sent":
            yield Action("decide_mail", "Do not send it", {**mail, "decision": "reject"})


def _set(args: Sequence[str]) -> Iterator[Action]:
    match args:
        case [mission, name, value] if value in _PLACEHOLDERS:
            yield Action("change_mission", f"Set {name}", {"id": mission, "key": name, "confirm": True}, ("value",))
        case [mission, name, value]:
            key: _Given = {"id": mission, "key": name, "value": value, "confirm": True}
            yield Action("change_mission", f"Set {name} to {value}", key)


def _preview(args: Sequence[str]) -> Iterator[Action]:
    yield Action("start_preview", "Show it again", {"id": args[0], "restart": True})


def _deploy(args: Sequence[str]) -> Iterator[Action]:
    given = {"id": args[0], **({"target": args[1]} if len(args) > 1 and not args[1].startswith("-") else {})}
    if "--drop" in args:
        yield Action("drop_deployment", "Drop it", given)
    else:
        yield Action("deploy_mission", "Deploy again", given)


def _archive(args: Sequence[str]) -> Iterator[Action]:
    if "--restore" in args:
        yield Action("restore_mission", "Take it out of the archive", {"id": args[0]})
    else:
        yield Action("archive_mission", "Archive it", {"id": args[0]})


def _note(args: Sequence[str]) -> Iterator[Action]:
    yield Action("note_event", "Still wanted", {"id": args[0], "text": args[1]})


def _advance(args: Sequence[str]) -> Iterator[Action]:
    phase = args[args.index("--expected-phase") + 1]
    yield Action("advance_phase", "It is finished", {"id": args[0], "expected_phase": phase})


def _add(args: Sequence[str]) -> Iterator[Action]:
    yield Action("add_feature", "Add a feature", {"id": args[0]}, ("title",))


def _feature(address: str) -> _Given:
    """Return the parameters of a feature's address; empty for another one, such as `m/N.M` in a text."""
    mission, _, number = address.partition("/")
    return {"id": mission, "feature": number} if number[:1].isdecimal() else {}


_OF: Mapping[str, Callable[[Sequence[str]], Iterator[Action]]] = {
    "approve": _approve,
    "answer": _answer,
    "resume": _resume,
    "start": _one("start_mission", "Start"),
    "land": _one("land_mission", "Land"),
    "retry": _retry,
    "skip": _skip,
    "signal": _signal,
    "mail": _mail,
    "set": _set,
    "preview": _preview,
    "deploy": _deploy,
    "archive": _archive,
    "note": _note,
    "advance": _advance,
    "add": _add,
}
"""By command. What needs this machine, an editor or another program (`edit`, `takeover`, `handback`) is none."""
