"""What people, CI and bots do on a scripted forge: by name in tests, and as events that a seed makes in the simulator.

As in `tests/sim/events.py` an event picks whom it befalls by a number, whatever there is to choose from, so that a list
with some events left out is another world. An event that is not possible now does nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from tests.kit.forge.records import DeniedError, Did, Right
from tests.kit.forge.state import OURS, RUNNING

from mission_cli._support.dataclass import replace
from mission_cli.domain.forge.facts import MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.kit.forge.records import CheckRecord, PullRecord, ReviewRecord, ThreadRecord
    from tests.kit.forge.site import Site

T = TypeVar("T")
ADA, BEN, EVE, ROBOT = "ada", "ben", "eve", "review-bot[bot]"
"""Two people who may write, a stranger, and a bot."""


class People:
    """Everybody but the program. Ada does what nobody is named for."""

    def __init__(self, site: Site) -> None:
        self.site = site
        for login in (ADA, BEN):
            site.join(login)
        site.join(EVE, Right.READ)
        site.join(ROBOT, bot=True)

    # Git

    def commit(self, branch: str, by: str = ADA, *, start: str = "", message: str = "Change", **files: str) -> str:
        """Push a commit to a branch, which is created at `start` or at the default branch; `a_txt` is `a.txt`."""
        branches = self.site.commits.branches()
        parent = branches.get(branch) or branches[start or self.site.default]
        texts = {name.replace("_", "."): text for name, text in files.items()}
        made = self.site.commits.commit(parent, texts, message)
        self.site.push(by, branch, made)
        return made

    def rewrite(self, branch: str, by: str = ADA, **files: str) -> str:
        """Force-push a branch: one commit on the default branch."""
        texts = {name.replace("_", "."): text for name, text in files.items()}
        made = self.site.commits.commit(self.site.commits.branches()[self.site.default], texts, "Rewrite")
        self.site.push(by, branch, made)
        return made

    # CI

    def check(self, number: int, name: str, state: str = "success", **more: str | tuple[str, ...]) -> CheckRecord:
        """End the newest check of that name on the head; if there is none, or it has ended, another one."""
        self.site.update()
        head = self.site.pull(number).head
        found = self.site.newest(head).get(name)
        if found is None or found.state not in RUNNING:
            found = self.site.add_check(head, name)
        self.site.finish(found, state, **more)
        return found

    def fail(self, number: int, name: str, log: str = "AssertionError: 1 != 2\n", *places: str) -> CheckRecord:
        """Let a check fail with a log and annotations."""
        return self.check(number, name, "failure", summary="1 failed", log=log, annotations=places)

    # Review

    def approve(self, number: int, by: str = ADA, commit: str = "") -> ReviewRecord:
        """Approve the head, or an older commit."""
        return self.site.review(by, number, ReviewState.APPROVED, commit=commit)

    def demand(self, number: int, by: str = ADA, text: str = "Please change this.") -> ReviewRecord:
        """Request changes."""
        return self.site.review(by, number, ReviewState.CHANGES_REQUESTED, text)

    def remark(
        self, number: int, by: str = ADA, path: str = "", line: int = 1, text: str = "Why?"
    ) -> ThreadRecord | None:
        """Comment at a place of the diff, or below the pull request if there is no path."""
        if path:
            return self.site.start_thread(by, number, path, line, text)
        self.site.comment(by, number, text)
        return None

    # The repository

    def change(self, **values: object) -> None:
        """Change fields of the repository: `archived=True`, `name="acme/other"`, `methods=(…)` and the like."""
        if "name" in values and values["name"] != self.site.name:
            self.site.old_names.append(self.site.name)
        for name, value in values.items():
            setattr(self.site, name, value)
        self.site.note(Did.CHANGED, "admin", detail=", ".join(values))
        self.site.update()


class Happens(StrEnum):
    """What may happen."""

    SUCCEED = "a check passes"
    FAIL = "a check fails"
    CANCEL = "a check is canceled"
    GREEN = "all checks pass"
    APPROVE = "a person approves"
    OBJECT = "a person requests changes"
    DISMISS = "a person dismisses a review"
    THREAD = "a person comments at a place"
    BOT = "a bot comments"
    STRANGER = "a stranger comments"
    ANSWER = "a person answers in a thread"
    RESOLVE = "a person resolves a thread"
    PUSH = "a person pushes to our branch"
    BASE = "a person commits on the base"
    CLASH = "a person changes our files on the base"
    CLOSE = "a person closes"
    REOPEN = "a person reopens"
    DRAFT = "a person converts to draft"
    READY = "a person marks as ready"
    LOCK = "a person locks the conversation"
    UNLOCK = "a person unlocks the conversation"
    MERGE = "a person merges"
    RETARGET = "a person changes the base"
    DELETE = "a person deletes our branch"
    QUEUE = "the queue takes a step"
    THROW_OUT = "the queue throws one out"
    ARCHIVE = "the repository is archived"
    UNARCHIVE = "the repository is opened again"
    RENAME = "the repository is renamed"
    RULES = "the rules change"
    METHODS = "the allowed methods change"
    SWALLOW = "the forge loses the next triggers"
    EXPIRE = "our token expires"
    RENEW = "our token is renewed"
    NO_RIGHT = "our account loses its right"
    RIGHT = "our account gets its right"
    EDIT = "a person edits title and description"


_OFTEN = {
    Happens.SUCCEED: 20.0,
    Happens.GREEN: 20.0,
    Happens.APPROVE: 12.0,
    Happens.FAIL: 4.0,
    Happens.RESOLVE: 6.0,
    Happens.QUEUE: 8.0,
    Happens.UNARCHIVE: 6.0,
    Happens.RENEW: 6.0,
    Happens.RIGHT: 6.0,
    Happens.READY: 4.0,
    Happens.UNLOCK: 4.0,
    Happens.REOPEN: 3.0,
    Happens.DELETE: 0.3,
    Happens.CANCEL: 3.0,
}
"""Weights; what is not named has 1."""


@dataclass(frozen=True)
class ForgeEvent:
    """One thing that happens: `pick` says to whom, `more` how much or where."""

    what: Happens
    pick: int
    more: int


def forge_events_of(seed: int, number: int) -> list[ForgeEvent]:
    """Return what happens on the forge of a seed."""
    dice = random.Random(seed)  # noqa: S311 - dice
    kinds = dice.choices(list(Happens), [_OFTEN.get(what, 1.0) for what in Happens], k=number)
    return [ForgeEvent(what, dice.randrange(1 << 16), dice.randrange(1 << 16)) for what in kinds]


def happen(people: People, event: ForgeEvent) -> bool:
    """Let an event happen; False if it is not possible now."""
    people.site.update()
    try:
        return _DEEDS[event.what](people, event)
    except DeniedError:
        return False


def _one(choices: Sequence[T], pick: int) -> T | None:
    return choices[pick % len(choices)] if choices else None


def _pulls(people: People, state: PullState = PullState.OPEN) -> list[PullRecord]:
    return [pull for pull in people.site.pulls.values() if pull.state is state]


def _on_pull(
    act: Callable[[People, PullRecord, int], bool | None], state: PullState = PullState.OPEN
) -> Callable[[People, ForgeEvent], bool]:
    """Return the deed that acts on one pull request of a state; a deed that returns nothing has happened."""

    def deed(people: People, event: ForgeEvent) -> bool:
        pull = _one(_pulls(people, state), event.pick)
        return pull is not None and act(people, pull, event.more) is not False

    return deed


def _check(*states: str) -> Callable[[People, PullRecord, int], bool]:
    def act(people: People, pull: PullRecord, more: int) -> bool:
        waiting = [one for one in people.site.newest(pull.head).values() if one.state in RUNNING]
        found = _one(waiting, more)
        if found is None:
            return False
        log = f"{found.name}: step {more} of {found.commit[:7]}\n"
        people.site.finish(found, states[more % len(states)], log=log, summary=f"{found.name} has ended")
        return True

    return act


def _green(people: People, pull: PullRecord, more: int) -> bool:
    del more
    waiting = [one for one in people.site.newest(pull.head).values() if one.state in RUNNING]
    for one in waiting:
        people.site.finish(one, "success")
    return bool(waiting)


def _approve(people: People, pull: PullRecord, more: int) -> None:
    people.approve(pull.number, (ADA, BEN)[more % 2])


def _object(people: People, pull: PullRecord, more: int) -> None:
    people.demand(pull.number, (ADA, BEN)[more % 2], f"Please change line {more % 50}.")


def _dismiss(people: People, pull: PullRecord, more: int) -> bool:
    found = _one([one.by for one in pull.reviews], more)
    if found is None:
        return False
    people.site.dismiss(BEN, pull.number, found)
    return True


def _remark(*who: str) -> Callable[[People, PullRecord, int], None]:
    def act(people: People, pull: PullRecord, more: int) -> None:
        base = people.site.commits.branches()[pull.base]
        path = _one(["", *people.site.commits.changed(base, pull.head)], more) or ""
        people.remark(pull.number, who[more % len(who)], path, more % 9 + 1, f"Why {more}?")

    return act


def _answer(people: People, pull: PullRecord, more: int) -> bool:
    thread = _one(pull.threads, more)
    if thread is not None:
        people.site.answer((ADA, BEN)[more % 2], pull.number, thread.id, f"Still {more}?")
    return thread is not None


def _resolve(people: People, pull: PullRecord, more: int) -> bool:
    thread = _one([one for one in pull.threads if not one.resolved], more)
    if thread is not None:
        people.site.resolve(ADA, pull.number, thread.id)
    return thread is not None


def _push(people: People, pull: PullRecord, more: int) -> bool:
    if pull.fork:
        return False
    people.commit(pull.branch, (ADA, BEN)[more % 2], **{f"theirs{more % 5}_txt": f"{more}\n"})
    return True


def _base(people: People, event: ForgeEvent) -> bool:
    people.commit(people.site.default, BEN, **{f"base{event.more % 5}_txt": f"{event.more}\n"})
    return True


def _clash(people: People, pull: PullRecord, more: int) -> bool:
    base = people.site.commits.branches()[pull.base]
    path = _one(people.site.commits.changed(base, pull.head), more)
    if path is None:
        return False
    made = people.site.commits.commit(base, {path: f"clash {more}\n"}, "Clash")
    people.site.push(BEN, pull.base, made)
    return True


def _merge(people: People, pull: PullRecord, more: int) -> None:
    people.site.merge(ADA, pull.number, pull.head, people.site.methods[more % len(people.site.methods)])


def _retarget(people: People, pull: PullRecord, more: int) -> bool:
    others = [name for name in people.site.commits.branches() if name not in {pull.base, pull.branch}]
    base = _one(others, more)
    if base is not None:
        people.site.retarget(ADA, pull.number, base)
    return base is not None


def _delete(people: People, pull: PullRecord, more: int) -> bool:
    del more
    if pull.fork:
        return False
    people.site.delete_branch(ADA, pull.branch)
    return True


def _throw_out(people: People, event: ForgeEvent) -> bool:
    site = people.site
    if not site.queue:
        return False
    held, site.queue_ci = site.queue_ci, lambda _commit: f"check {event.more % 3} failed in the queue"
    try:
        site.queue_step()
    finally:
        site.queue_ci = held
    return True


def _queue(people: People, event: ForgeEvent) -> bool:
    del event
    there = bool(people.site.queue)
    people.site.queue_step()
    return there


def _repository(**values: object) -> Callable[[People, ForgeEvent], bool]:
    def deed(people: People, event: ForgeEvent) -> bool:
        del event
        people.change(**values)
        return True

    return deed


def _rename(people: People, event: ForgeEvent) -> bool:
    people.change(name=f"acme/shop{event.more % 4}")
    return True


def _rules(people: People, event: ForgeEvent) -> bool:
    """Switch one rule of the default branch on or off."""
    site, rules = people.site, people.site.protection(people.site.default).rules
    switches = ("strict", "conversations", "linear", "queue", "locked", "last_push")
    if event.more % 8 < len(switches):
        name = switches[event.more % 8]
        rules = replace(rules, **{name: not getattr(rules, name)})  # type: ignore[arg-type]  # all are switches
    elif event.more % 8 == len(switches):
        rules = replace(rules, approvals=event.pick % 3)
    else:
        rules = replace(rules, required=tuple(site.ci)[: event.pick % (len(site.ci) + 1)])
    site.set_rules(site.default, rules, dismiss_stale=event.pick % 2 == 0)
    return True


def _methods(people: People, event: ForgeEvent) -> bool:
    methods = tuple(one for number, one in enumerate(MergeMethod) if (event.more % 7 + 1) >> number & 1)
    people.change(methods=methods, auto_merge=event.pick % 2 == 0)
    return True


def _account(**values: object) -> Callable[[People, ForgeEvent], bool]:
    def deed(people: People, event: ForgeEvent) -> bool:
        del event
        for name, value in values.items():
            setattr(people.site.members[OURS], name, value)
        return True

    return deed


def _as(name: str, **values: bool) -> Callable[[People, PullRecord, int], None]:
    """Return the act of a person that is one method of the site."""

    def act(people: People, pull: PullRecord, more: int) -> None:
        del more
        getattr(people.site, name)(ADA, pull.number, **values)

    return act


def _edit(people: People, pull: PullRecord, more: int) -> None:
    people.site.edit(ADA, pull.number, title=f"{pull.title.split(' (')[0]} ({more % 10})")


_DEEDS: Mapping[Happens, Callable[[People, ForgeEvent], bool]] = {
    Happens.SUCCEED: _on_pull(_check("success", "success", "neutral", "skipped")),
    Happens.FAIL: _on_pull(_check("failure", "failure", "timed_out")),
    Happens.CANCEL: _on_pull(_check("cancelled", "startup_failure", "stale")),
    Happens.GREEN: _on_pull(_green),
    Happens.APPROVE: _on_pull(_approve),
    Happens.OBJECT: _on_pull(_object),
    Happens.DISMISS: _on_pull(_dismiss),
    Happens.THREAD: _on_pull(_remark(ADA, BEN)),
    Happens.BOT: _on_pull(_remark(ROBOT)),
    Happens.STRANGER: _on_pull(_remark(EVE)),
    Happens.ANSWER: _on_pull(_answer),
    Happens.RESOLVE: _on_pull(_resolve),
    Happens.PUSH: _on_pull(_push),
    Happens.BASE: _base,
    Happens.CLASH: _on_pull(_clash),
    Happens.CLOSE: _on_pull(_as("close")),
    Happens.REOPEN: _on_pull(_as("reopen"), PullState.CLOSED),
    Happens.DRAFT: _on_pull(_as("set_draft", draft=True)),
    Happens.READY: _on_pull(_as("set_draft", draft=False)),
    Happens.LOCK: _on_pull(_as("set_lock", locked=True)),
    Happens.UNLOCK: _on_pull(_as("set_lock", locked=False)),
    Happens.MERGE: _on_pull(_merge),
    Happens.RETARGET: _on_pull(_retarget),
    Happens.DELETE: _on_pull(_delete),
    Happens.QUEUE: _queue,
    Happens.THROW_OUT: _throw_out,
    Happens.ARCHIVE: _repository(archived=True),
    Happens.UNARCHIVE: _repository(archived=False),
    Happens.RENAME: _rename,
    Happens.RULES: _rules,
    Happens.METHODS: _methods,
    Happens.SWALLOW: _repository(swallow=2),
    Happens.EXPIRE: _account(expired=True),
    Happens.RENEW: _account(expired=False),
    Happens.NO_RIGHT: _account(right=Right.READ),
    Happens.RIGHT: _account(right=Right.WRITE),
    Happens.EDIT: _on_pull(_edit),
}
