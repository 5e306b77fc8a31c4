"""The state of a scripted repository on a forge, and how it notices that branches have moved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.clock import BEGIN
from tests.kit.forge.records import (
    CheckRecord,
    CommentRecord,
    DeniedError,
    Did,
    Entry,
    IssueRecord,
    Member,
    Protection,
    PullRecord,
    Right,
)

from mission_cli._support.text import stamp
from mission_cli.adapters.forges import marks
from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import Mergeable, MergeMethod, PullState, ReviewState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.kit.forge.commits import Commits

    Ci = Callable[[CheckRecord], None] | None
    """What a check does when it starts: sets its state, log and annotations. None: it waits for an event."""

OURS = "mission-bot"
"""The account whose token the program uses, unless a test says otherwise."""
GOOD = frozenset({"success", "neutral", "skipped"})
RUNNING = frozenset({"queued", "in_progress", "waiting"})


@dataclass
class State:
    """Everything that is stored, and what happens by itself when branches move."""

    commits: Commits
    name: str = "acme/shop"
    old_names: list[str] = field(default_factory=list)
    """Names that lead to it since it was renamed."""
    default: str = "main"
    members: dict[str, Member] = field(default_factory=lambda: {OURS: Member(OURS)})
    archived: bool = False
    gone: bool = False
    """Whether the repository is deleted, or no longer visible to anybody."""
    methods: tuple[MergeMethod, ...] = (MergeMethod.MERGE, MergeMethod.SQUASH, MergeMethod.REBASE)
    auto_merge: bool = False
    deletes_branches: bool = False
    drafts: bool = True
    """Whether draft pull requests are supported."""
    lazy: bool = False
    """Whether the first look after a move finds the merge not computed yet."""
    protections: dict[str, Protection] = field(default_factory=dict)
    """By base; a base that is not here has no rules."""
    classic: set[str] = field(default_factory=set)
    """Bases whose rules are a classic branch protection, and not a ruleset."""
    owners: tuple[str, ...] = ()
    """Code owners of every file."""
    signed: set[str] = field(default_factory=set)
    """Commits with a verified signature."""
    ci: dict[str, Ci] = field(default_factory=dict)
    """Checks that start for each new head of an open pull request."""
    swallow: int = 0
    """How many of the next triggers start no checks, as if the forge had lost them."""
    approve_runs: bool = False
    """Whether a person has to approve the checks of pull requests from forks."""
    queue: list[int] = field(default_factory=list)
    queue_method: MergeMethod = MergeMethod.MERGE
    queue_ci: Callable[[str], str] = lambda _commit: ""
    """Judges a merge of the queue: why it is thrown out, or an empty text."""
    milestones: tuple[str, ...] = ()
    pulls: dict[int, PullRecord] = field(default_factory=dict)
    issues: dict[int, IssueRecord] = field(default_factory=dict)
    checks: list[CheckRecord] = field(default_factory=list)
    forks: dict[str, Commits] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    now: Callable[[], datetime] | None = None
    """The time; None: it passes by one second with each event."""
    pusher: str = OURS
    """To whom a move of a branch is attributed that nobody has announced."""
    watchers: list[Callable[[Entry], None]] = field(default_factory=list)
    """Told of each event before the next call: reviewers, bots and CI that react, and call methods of the site."""
    _told: int = 0
    _telling: bool = False
    _last: datetime = BEGIN
    _ids: int = 0
    _outcomes: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _tips: dict[str, str] | None = None
    """The branches as they were last seen; None: not yet."""

    # Small things

    def tick(self) -> str:
        """Return the time of an event; no two events have the same."""
        later = self._last + timedelta(seconds=1)
        self._last = max(later, self.now()) if self.now is not None else later
        return stamp(self._last)

    def new_id(self) -> int:
        """Return an id that nothing else has."""
        self._ids += 1
        return 1000 + self._ids

    def note(self, what: Did, by: str, pull: PullRecord | None = None, **more: str | int | tuple[str, ...]) -> None:
        """Append an event to the log."""
        entry = Entry(what, by)
        if pull is not None:
            entry = replace(entry, number=pull.number, branch=pull.place, commit=pull.head)
        self.log.append(replace(entry, **more))  # type: ignore[arg-type]  # the fields of an entry

    def touch(self, pull: PullRecord) -> None:
        """Give a pull request a new time of its last change."""
        pull.updated = self.tick()

    def protection(self, base: str) -> Protection:
        """Return the rules of a base."""
        return self.protections.get(base, Protection())

    def member(self, login: str) -> Member:
        """Return an account; strangers can read."""
        return self.members.get(login) or Member(login, Right.READ)

    def require(self, login: str, right: Right, *, write: bool = True) -> Member:
        """Check that somebody may do something. Raises DeniedError with the forge's words."""
        who = self.member(login)
        if who.expired:
            raise DeniedError(401, "Bad credentials", ForgeTrouble.UNAUTHORIZED)
        if self.gone or who.right is Right.NONE:
            raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
        if write and self.archived:
            raise DeniedError(403, "Repository was archived so is read-only.", ForgeTrouble.ARCHIVED)
        if who.right < right:
            raise DeniedError(403, "Resource not accessible by personal access token", ForgeTrouble.FORBIDDEN)
        return who

    def pull(self, number: int) -> PullRecord:
        """Return a pull request. Raises DeniedError if there is none."""
        if number not in self.pulls:
            raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
        return self.pulls[number]

    def open_pulls(self) -> list[PullRecord]:
        """Return the open pull requests, oldest first."""
        return [pull for pull in self.pulls.values() if pull.state is PullState.OPEN]

    def tip(self, pull: PullRecord) -> str | None:
        """Return the commit at the tip of its branch; None: the branch does not exist."""
        there = self.forks.get(pull.fork) if pull.fork else self.commits
        return there.branches().get(pull.branch) if there is not None else None

    def outcome(self, pull: PullRecord) -> tuple[str, ...]:
        """Return the paths in conflict with the base; the answer for two commits never changes."""
        base = self.commits.branches().get(pull.base, "")
        pair = (base, pull.head)
        if pair not in self._outcomes:
            self._outcomes[pair] = self.commits.merge(base, pull.head, MergeMethod.MERGE, "try")[1] if base else ()
        return self._outcomes[pair]

    def mergeable(self, pull: PullRecord) -> Mergeable:
        """Return what the forge has computed; if it is lazy, asking makes it compute."""
        if pull.state is not PullState.OPEN:
            return Mergeable.UNKNOWN
        pair = (pull.head, self.commits.branches().get(pull.base, ""))
        known, pull.computed = pull.computed == pair, pair
        if self.lazy and not known:
            return Mergeable.UNKNOWN
        return Mergeable.CONFLICTS if self.outcome(pull) else Mergeable.YES

    def behind(self, pull: PullRecord) -> bool:
        """Return whether the base has commits that the branch lacks."""
        base = self.commits.branches().get(pull.base)
        return base is not None and not self.commits.contains(pull.head, base)

    def newest(self, commit: str) -> dict[str, CheckRecord]:
        """Return the newest check of each name on a commit."""
        return {check.name: check for check in self.checks if check.commit == commit}

    # What happens by itself

    def update(self, by: str = "") -> None:
        """Take notice of branches that somebody moved or deleted, and merge what auto-merge may."""
        branches = self.commits.branches()
        self._note_moves(branches, by or self.pusher)
        for pull in self.open_pulls():
            tip = self.tip(pull)
            if tip is None:
                self._close(pull, by or self.pusher, "its branch was deleted")
            elif pull.base not in branches:
                self._close(pull, by or self.pusher, "its base was deleted")
            else:
                self._look_at(pull, tip, branches, by or self.pusher)

    def _note_moves(self, branches: Mapping[str, str], by: str) -> None:
        """Note what someone pushed; moves by the forge itself are known already."""
        before, self._tips = self._tips, dict(branches)
        if before is None or before == self._tips:
            return
        for name, commit in branches.items():
            was = before.get(name)
            if was != commit:
                how = "created" if was is None else "forward" if self.commits.contains(commit, was) else "forced"
                self.note(Did.MOVED, by, branch=name, commit=commit, detail=how)
        for name in before.keys() - branches.keys():
            self.note(Did.DELETED, by, branch=name, commit=before[name])

    def _own_move(self, branch: str, commit: str) -> None:
        """Move or delete a branch as the forge itself."""
        if commit:
            self.commits.set_branch(branch, commit)
        else:
            self.commits.delete_branch(branch)
        if self._tips is not None:
            self._tips = {name: tip for name, tip in {**self._tips, branch: commit}.items() if tip}

    def _look_at(self, pull: PullRecord, tip: str, branches: Mapping[str, str], by: str) -> None:
        moved = tip != pull.head
        if moved:
            self._moved(pull, tip, by)
        if self.commits.contains(branches[pull.base], pull.head):
            if moved:
                self._close(pull, by, "its branch has no commits that the base lacks")
            else:
                self._merged(pull, by, pull.head, "pushed")

    def _moved(self, pull: PullRecord, tip: str, by: str) -> None:
        if pull.fork:
            self.commits.take(self.forks[pull.fork], tip)
        changed: Sequence[str] = self.commits.changed(pull.head, tip) if pull.threads else ()
        pull.head, pull.pusher = tip, by
        self.touch(pull)
        self.note(Did.PUSHED, by, pull)
        for thread in pull.threads:
            thread.outdated = thread.outdated or thread.path in changed
        if self.protection(pull.base).dismiss_stale:
            for review in pull.reviews:
                if review.state is ReviewState.APPROVED:
                    review.state = ReviewState.DISMISSED
                    self.note(Did.DISMISSED, by, pull, key=str(review.id), detail="stale")
        self._dequeue(pull, by, "its head was pushed")
        if self.member(by).right < Right.WRITE:
            self._no_auto(pull, by)
        self.trigger(pull, by)

    def trigger(self, pull: PullRecord, by: str) -> None:
        """Start the checks on the head of a pull request."""
        if not self.member(by).starts_checks:
            return
        if self.swallow:
            self.swallow -= 1
            return
        for name, act in self.ci.items():
            check = self.add_check(pull.head, name)
            if self.approve_runs and pull.fork:
                check.state = "action_required"
            elif act is not None:
                act(check)

    def add_check(self, commit: str, name: str, *, status: bool = False) -> CheckRecord:
        """Start a check on a commit."""
        check = CheckRecord(self.new_id(), commit, name, status=status, at=self.tick())
        self.checks.append(check)
        return check

    def _close(self, pull: PullRecord, by: str, why: str = "") -> None:
        pull.state = PullState.CLOSED
        self.touch(pull)
        self._dequeue(pull, by, "it was closed")
        self._no_auto(pull, by)
        self.note(Did.CLOSED, by, pull, detail=why)

    def _merged(self, pull: PullRecord, by: str, commit: str, how: str) -> None:
        found = self.newest(pull.head)
        pull.state, pull.merged_as, pull.merged_by = PullState.MERGED, commit, by
        self._outcomes.clear()
        self.touch(pull)
        self.note(
            Did.MERGED,
            by,
            pull,
            detail=how,
            passed=tuple(name for name, check in found.items() if check.state in GOOD),
            required=self.protection(pull.base).rules.required,
            approved=tuple(self._approvers(pull)),
            approvals=self.protection(pull.base).rules.approvals,
        )
        pull.auto = None
        if pull.number in self.queue:
            self.queue.remove(pull.number)
        pull.queued = False
        if pull.base == self.default:
            for number in closed_by(pull.body):
                issue = self.issues.get(number)
                if issue is not None and issue.open:
                    issue.open = False
                    self.note(Did.ISSUE_CLOSED, by, number=number, key=marks.find(issue.body), detail="by a merge")

    def _approvers(self, pull: PullRecord) -> Iterator[str]:
        """Yield whose last opinion is an approval of the very head; GitHub counts those of older heads, too."""
        for login, review in {one.by: one for one in pull.reviews if one.state is not ReviewState.COMMENTED}.items():
            counts = self.member(login).right >= Right.WRITE and login != pull.by
            if counts and review.state is ReviewState.APPROVED and review.commit == pull.head:
                yield login

    def _dequeue(self, pull: PullRecord, by: str, why: str) -> None:
        if pull.queued:
            self.queue.remove(pull.number)
            pull.queued = False
            self.note(Did.DEQUEUED, by, pull, detail=why)

    def _no_auto(self, pull: PullRecord, by: str) -> None:
        if pull.auto is not None:
            pull.auto = None
            self.note(Did.AUTO_OFF, by, pull)

    def comment_record(self, by: str, body: str) -> CommentRecord:
        """Return a new comment."""
        return CommentRecord(self.new_id(), by, body, self.tick())


def closed_by(body: str) -> Iterator[int]:
    """Return the numbers of the issues that a description closes."""
    words = re.finditer(r"\b(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):?\s+#(\d+)\b", body, re.IGNORECASE)
    return (int(found[1]) for found in words)
