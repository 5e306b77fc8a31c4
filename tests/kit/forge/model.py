"""The port `Forge` over a scripted forge, without a network in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tests.kit.forge.gate import opinions
from tests.kit.forge.records import DeniedError, Right
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault, Troubles

from mission_cli._support.dataclass import replace
from mission_cli.adapters.forges import marks
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import (
    Account,
    Author,
    Check,
    CheckOutcome,
    Comment,
    Issue,
    Merged,
    MergeMethod,
    MergeOutcome,
    Pull,
    PullFacts,
    PullState,
    Repository,
    Review,
    ReviewState,
    Rules,
    Thread,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tests.kit.forge.records import CheckRecord, CommentRecord, IssueRecord, PullRecord
    from tests.kit.forge.site import Site

    from mission_cli.ports.git.forge import NewIssue, NewPull, PullChange

T = TypeVar("T")
CONVERSATION = "conversation"
"""The id of the thread of the comments below a pull request."""
LAST_LINES = 200
_OUTCOMES = {
    "queued": CheckOutcome.PENDING,
    "in_progress": CheckOutcome.PENDING,
    "waiting": CheckOutcome.ACTION,
    "success": CheckOutcome.PASSED,
    "neutral": CheckOutcome.PASSED,
    "skipped": CheckOutcome.PASSED,
    "failure": CheckOutcome.FAILED,
    "timed_out": CheckOutcome.FAILED,
    "cancelled": CheckOutcome.INFRASTRUCTURE,
    "stale": CheckOutcome.INFRASTRUCTURE,
    "startup_failure": CheckOutcome.INFRASTRUCTURE,
    "error": CheckOutcome.INFRASTRUCTURE,
    "action_required": CheckOutcome.ACTION,
}


class ModelForge:
    """One account's view of a scripted forge. Several may share a site."""

    kind = "model"

    def __init__(self, site: Site, login: str = OURS, troubles: Troubles | None = None) -> None:
        self.site, self.login = site, login
        self.troubles = Troubles() if troubles is None else troubles
        self.requests = 0

    # Reading

    def account(self) -> Account:
        """Return whose token is used."""
        return self._ask("account", self._account)

    def repository(self) -> Repository:
        """Return what the repository allows."""
        return self._ask("repository", self._repository)

    def rules(self, base: str) -> Rules:
        """Return the rules of a base."""
        return self._ask("rules", lambda: self._rules(base))

    def pulls(self, branches: Collection[str]) -> Sequence[Pull]:
        """Return the pull requests from these branches, newest first; without branches nothing is asked."""
        if not branches:
            return ()
        return self._ask("pulls", lambda: self._pulls(branches))

    def find(self, number: int) -> Pull:
        """Return one pull request."""
        return self._ask("find", lambda: self._look(number).pull)

    def children(self, branch: str) -> Sequence[Pull]:
        """Return the open pull requests into a branch."""
        return self._ask("children", lambda: self._children(branch))

    def look(self, pull: Pull, before: PullFacts | None = None) -> PullFacts:
        """Return everything about a pull request; only its checks are asked for if it has not changed."""
        facts = self._ask("look", lambda: self._look(pull.number))
        if before is None or before.pull != facts.pull:
            self.requests += 2
        return facts

    def log(self, check: Check) -> str:
        """Return annotations and log."""
        return self._ask("log", lambda: self._log(check))

    # Writing

    def open(self, new: NewPull) -> Pull:
        """Open a pull request, or return the one that is open."""
        return self._ask("open", lambda: self._open(new), 2)

    def change(self, number: int, change: PullChange) -> Pull:
        """Change a pull request."""
        return self._ask("change", lambda: self._change(number, change))

    def reply(self, number: int, thread: str, body: str, key: str) -> bool:
        """Answer once for each key."""
        return self._ask("reply", lambda: self._reply(number, thread, body, key), 2)

    def merge(self, number: int, head: str, method: MergeMethod, *, queue: bool = False, auto: bool = False) -> Merged:
        """Merge, if the rules allow it."""
        return self._ask("merge", lambda: self._merge(number, head, method, queue=queue, auto=auto), 2)

    def rerun(self, check: Check) -> bool:
        """Run a check again."""
        return self._ask("rerun", lambda: bool(check.id) and self.site.rerun(self.login, int(check.id)))

    def fork(self) -> str:
        """Return our fork."""
        return self._ask("fork", lambda: self.site.make_fork(self.login))

    def issues(self, most: int) -> Sequence[Issue]:
        """Return the open issues, newest first."""
        return self._ask("issues", lambda: self._issues(most))

    def open_issue(self, new: NewIssue) -> Issue:
        """Open an issue, or return the one with that key."""
        return self._ask("open_issue", lambda: self._open_issue(new), 2)

    def close_issue(self, number: int, comment: str) -> None:
        """Close an issue, if it is open."""
        self._ask("close_issue", lambda: self._close_issue(number, comment), 2)

    # How

    def _ask(self, verb: str, act: Callable[[], T], requests: int = 1) -> T:
        fault = self.troubles.next(verb)
        self.requests += 1
        if fault is not None and fault is not Fault.LOST:
            raise self.troubles.error(fault)
        self.requests += requests - 1
        try:
            done = act()
        except DeniedError as error:
            raise ForgeError(error.trouble, error.words) from error
        if fault is not None:
            raise self.troubles.error(fault)
        return done

    def _read(self) -> Site:
        self.site.require(self.login, Right.READ, write=False)
        self.site.update()
        return self.site

    def _account(self) -> Account:
        me = self.site.member(self.login)
        if me.expired:
            raise DeniedError(401, "Bad credentials", ForgeTrouble.UNAUTHORIZED)
        return Account(me.login, me.bot, me.kind, me.scopes, me.starts_checks)

    def _repository(self) -> Repository:
        site = self._read()
        return Repository(
            site.name,
            f"https://forge.example/{site.name}",
            site.default,
            archived=site.archived,
            may_push=site.member(self.login).right >= Right.WRITE,
            methods=site.methods,
            auto_merge=site.auto_merge,
            deletes_branches=site.deletes_branches,
        )

    def _rules(self, base: str) -> Rules:
        site = self._read()
        return site.protection(base).rules if base in site.commits.branches() else Rules()

    def _pulls(self, branches: Collection[str]) -> tuple[Pull, ...]:
        found = [pull for pull in self._read().pulls.values() if pull.branch in branches]
        return tuple(self._pull(pull) for pull in found[::-1])

    def _children(self, branch: str) -> tuple[Pull, ...]:
        self._read()
        return tuple(self._pull(pull) for pull in self.site.open_pulls() if pull.base == branch)

    def _look(self, number: int) -> PullFacts:
        site = self._read()
        pull = site.pull(number)
        said = [review for review in pull.reviews if review.state is ReviewState.COMMENTED and review.text]
        reviews = sorted([*opinions(pull).values(), *said], key=lambda review: review.id)
        return PullFacts(
            self._pull(pull),
            checks=tuple(self._check(check) for check in site.newest(pull.head).values()),
            reviews=tuple(
                Review(str(one.id), self._author(one.by), one.state, one.commit, one.text, one.at) for one in reviews
            ),
            threads=self._threads(pull),
            mergeable=site.mergeable(pull),
            behind=site.behind(pull),
            queued=pull.queued,
            auto_merge=pull.auto is not None,
        )

    def _threads(self, pull: PullRecord) -> tuple[Thread, ...]:
        found = [
            Thread(
                one.id, self._comments(one.comments), one.path, one.line, resolved=one.resolved, outdated=one.outdated
            )
            for one in pull.threads
        ]
        found.append(Thread(CONVERSATION, self._comments(pull.below)))
        return tuple(thread for thread in found if thread.comments)

    def _comments(self, records: Sequence[CommentRecord]) -> tuple[Comment, ...]:
        return tuple(self._comment(one) for one in records if not one.hidden)

    def _comment(self, one: CommentRecord) -> Comment:
        """Return a comment; without a marker the person whose token we use wrote it by hand."""
        key = self._our_key(one)
        author = replace(self._author(one.by), ours=bool(key))
        return Comment(str(one.id), author, marks.strip(one.body) if key else one.body, one.at, key)

    def _our_key(self, comment: CommentRecord) -> str:
        return marks.find(comment.body) if comment.by == self.login else ""

    def _author(self, login: str) -> Author:
        who = self.site.member(login)
        return Author(
            login.removesuffix("[bot]"), bot=who.bot, ours=login == self.login, trusted=who.right >= Right.WRITE
        )

    def _check(self, check: CheckRecord) -> Check:
        outcome = _OUTCOMES.get(check.state, CheckOutcome.FAILED)
        url = f"https://forge.example/{self.site.name}/checks/{check.id}"
        return Check(check.name, outcome, "" if check.status else str(check.id), url, check.summary)

    def _log(self, check: Check) -> str:
        self._read()
        found = next((one for one in self.site.checks if str(one.id) == check.id), None)
        if found is None:
            return ""
        return "\n".join([*found.annotations, *found.log.splitlines()[-LAST_LINES:]])

    def _pull(self, pull: PullRecord) -> Pull:
        return Pull(
            pull.number,
            f"https://forge.example/{self.site.name}/pull/{pull.number}",
            pull.title,
            pull.branch,
            pull.head,
            pull.base,
            pull.state,
            draft=pull.draft,
            locked=pull.locked,
            body=pull.body,
            updated=pull.updated,
            merged_as=pull.merged_as,
            fork=pull.fork,
        )

    def _open(self, new: NewPull) -> Pull:
        self._read()
        wanted = (new.branch, new.base, new.fork)
        there = next((one for one in self.site.open_pulls() if (one.branch, one.base, one.fork) == wanted), None)
        if there is None:
            there = self.site.open(
                self.login, new.branch, new.base, new.title, new.body, draft=new.draft, fork=new.fork
            )
        if self.site.member(self.login).right >= Right.WRITE:
            self._dress(there, new)
        return self._pull(there)

    def _dress(self, there: PullRecord, new: NewPull) -> None:
        """Add what is missing."""
        reviewers = [name for name in new.reviewers if "/" in name or name in self.site.members]
        for names, wanted in (
            (there.labels, new.labels),
            (there.assignees, new.assignees),
            (there.reviewers, reviewers),
        ):
            names += [name for name in wanted if name not in names]
        if new.milestone in self.site.milestones:
            there.milestone = new.milestone

    def _change(self, number: int, change: PullChange) -> Pull:
        site, me = self.site, self.login
        if change.title is not None or change.body is not None:
            site.edit(me, number, title=change.title, body=change.body)
        if change.state is PullState.OPEN:
            site.reopen(me, number)
        if change.base is not None:
            site.retarget(me, number, change.base)
        if change.draft is not None:
            site.set_draft(me, number, draft=change.draft)
        if change.state is PullState.CLOSED:
            site.close(me, number)
        return self._pull(site.pull(number))

    def _reply(self, number: int, thread: str, body: str, key: str) -> bool:
        pull = self._read().pull(number)
        there = [comment for one in pull.threads for comment in one.comments] + pull.below
        if any(self._our_key(comment) == key for comment in there):
            return False
        if any(one.id == thread for one in pull.threads):
            self.site.answer(self.login, number, thread, marks.write(body, key))
        else:
            self.site.comment(self.login, number, marks.write(body, key))
        return True

    def _merge(self, number: int, head: str, method: MergeMethod, *, queue: bool, auto: bool) -> Merged:
        pull = self._read().pull(number)
        if head != pull.head:
            return Merged(MergeOutcome.MOVED, f"the head is {pull.head}")
        if pull.state is PullState.MERGED:
            return Merged(MergeOutcome.MERGED, pull.merged_as)
        try:
            if queue:
                self.site.enqueue(self.login, number, head)
                return Merged(MergeOutcome.QUEUED)
            if auto:
                if pull.auto is None:
                    self.site.enable_auto_merge(self.login, number, head, method)
                return Merged(MergeOutcome.AUTO)
            return Merged(MergeOutcome.MERGED, self.site.merge(self.login, number, head, method))
        except DeniedError as error:
            if error.status in {401, 403, 404}:
                raise
            return Merged(MergeOutcome.MOVED if error.status == 409 else MergeOutcome.REFUSED, error.words)

    def _issues(self, most: int) -> tuple[Issue, ...]:
        self._read()
        found = sorted((one for one in self.site.issues.values() if one.open), key=lambda one: -one.number)
        return tuple(map(self._issue, found[:most]))

    def _open_issue(self, new: NewIssue) -> Issue:
        self._read()
        mine = [one for one in self.site.issues.values() if one.by == self.login]
        found = next((one for one in mine if marks.find(one.body) == new.key), None)
        if found is None:
            found = self.site.open_issue(self.login, new.title, marks.write(new.body, new.key), new.labels)
        return self._issue(found)

    def _issue(self, issue: IssueRecord) -> Issue:
        url = f"https://forge.example/{self.site.name}/issues/{issue.number}"
        return Issue(issue.number, url, issue.title, issue.open, marks.find(issue.body))

    def _close_issue(self, number: int, comment: str) -> None:
        self._read()
        if number not in self.site.issues or self.site.issues[number].open:
            self.site.close_issue(self.login, number)
            self.site.comment(self.login, number, comment)
