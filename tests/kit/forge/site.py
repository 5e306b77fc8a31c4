"""A scripted forge: one repository with pull requests, that enforces its rules as GitHub does. No network, no time.

Every method takes the login of who does it, appends to the log, and raises DeniedError if that is not allowed. Git
content comes from `Commits`: a branch that somebody pushes there is noticed before the next call.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.kit.forge.gate import obstacles
from tests.kit.forge.records import (
    CommentRecord,
    DeniedError,
    Did,
    IssueRecord,
    Member,
    Protection,
    PullRecord,
    ReviewRecord,
    Right,
    ThreadRecord,
)
from tests.kit.forge.state import RUNNING, State

from mission_cli.adapters.forges import marks
from mission_cli.domain.errors import ForgeTrouble
from mission_cli.domain.forge.facts import MergeMethod, PullState, ReviewState, Rules

if TYPE_CHECKING:
    from tests.kit.forge.commits import Commits
    from tests.kit.forge.records import CheckRecord


class Site(State):
    """The forge's side: what its users and programs can do."""

    # Pull requests

    def open(
        self, by: str, branch: str, base: str, title: str, body: str = "", *, draft: bool = False, fork: str = ""
    ) -> PullRecord:
        """Open a pull request."""
        self.require(by, Right.READ if fork else Right.WRITE)
        self.update()
        branches = self.commits.branches()
        pull = PullRecord(0, by, title, body, branch, "", base, fork, draft=draft, pusher=by)
        tip = self.tip(pull)
        if tip is None:
            raise DeniedError(422, "Validation Failed: PullRequest.head is invalid")
        if base not in branches:
            raise DeniedError(422, "Validation Failed: PullRequest.base is invalid")
        self._one_each(pull)
        if draft and not self.drafts:
            raise DeniedError(422, "Draft pull requests are not supported in this repository.")
        if fork:
            self.commits.take(self.forks[fork], tip)
        if self.commits.contains(branches[base], tip):
            raise DeniedError(422, f"No commits between {base} and {branch}")
        pull.number, pull.head, pull.created = self._number(), tip, self.tick()
        pull.updated = pull.created
        self.pulls[pull.number] = pull
        self.note(Did.OPENED, by, pull)
        self.trigger(pull, by)
        return pull

    def edit(self, by: str, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Change title or description."""
        pull = self._own(by, number)
        pull.title = pull.title if title is None else title
        pull.body = pull.body if body is None else body
        self.touch(pull)
        self.note(Did.EDITED, by, pull)

    def retarget(self, by: str, number: int, base: str) -> None:
        """Change the base."""
        pull = self._own(by, number)
        branches = self.commits.branches()
        if base == pull.base:
            return
        if pull.state is not PullState.OPEN:
            raise DeniedError(422, "Cannot change the base branch of a closed pull request.")
        if base not in branches:
            raise DeniedError(422, f"Proposed base branch '{base}' was not found")
        if self.commits.contains(branches[base], pull.head):
            raise DeniedError(422, f"There are no new commits between base branch '{base}' and head '{pull.branch}'")
        self._one_each(pull, base)
        pull.base = base
        self.touch(pull)
        self._dequeue(pull, by, "its base was changed")
        self._no_auto(pull, by)
        self.note(Did.RETARGETED, by, pull, detail=base)

    def set_draft(self, by: str, number: int, *, draft: bool) -> None:
        """Convert to a draft, or mark as ready."""
        pull = self._own(by, number)
        if pull.state is not PullState.OPEN:
            raise DeniedError(422, "The pull request is closed.")
        if draft and not self.drafts:
            raise DeniedError(422, "Draft pull requests are not supported in this repository.")
        if pull.draft != draft:
            pull.draft = draft
            self.touch(pull)
            if draft:
                self._dequeue(pull, by, "it was converted to draft")
                self._no_auto(pull, by)
            self.note(Did.DRAFTED if draft else Did.READIED, by, pull)

    def close(self, by: str, number: int) -> None:
        """Close without a merge."""
        pull = self._own(by, number)
        if pull.state is PullState.OPEN:
            self._close(pull, by)

    def reopen(self, by: str, number: int) -> None:
        """Open again."""
        pull = self._own(by, number)
        if pull.state is PullState.OPEN:
            return
        tip = self.tip(pull)
        if pull.state is PullState.MERGED:
            raise DeniedError(422, "Validation Failed: state cannot be changed. The pull request is merged.")
        if tip is None or pull.base not in self.commits.branches():
            missing = pull.branch if tip is None else pull.base
            raise DeniedError(422, f"state cannot be changed. The {missing} branch has been deleted.")
        if not self.commits.contains(tip, pull.head):
            raise DeniedError(422, f"state cannot be changed. The {pull.branch} branch was force-pushed or recreated.")
        if self.commits.contains(self.commits.branches()[pull.base], tip):
            raise DeniedError(422, "state cannot be changed. There are no new commits on the branch.")
        self._one_each(pull)
        pull.state, pull.head = PullState.OPEN, tip
        self.touch(pull)
        self.note(Did.REOPENED, by, pull)
        self.trigger(pull, by)

    def set_lock(self, by: str, number: int, *, locked: bool) -> None:
        """Lock or unlock the conversation."""
        self.require(by, Right.WRITE)
        pull = self.pull(number)
        pull.locked = locked
        self.touch(pull)
        self.note(Did.LOCKED if locked else Did.UNLOCKED, by, pull)

    # Branches

    def push(self, by: str, branch: str, commit: str, fork: str = "") -> None:
        """Move a branch, as a git push does. Rules for direct pushes are not modeled."""
        self.require(by, Right.READ if fork else Right.WRITE)
        self.update()
        (self.forks[fork] if fork else self.commits).set_branch(branch, commit)
        self.update(by)

    def delete_branch(self, by: str, branch: str) -> None:
        """Delete a branch, as a git push does: pull requests from it, and those whose base it is, are closed."""
        self.require(by, Right.WRITE)
        self.update()
        if branch not in self.commits.branches():
            raise DeniedError(422, "Reference does not exist")
        if branch == self.default:
            raise DeniedError(422, "Cannot delete the default branch")
        self.commits.delete_branch(branch)
        self.update(by)

    # Merging

    def merge(self, by: str, number: int, head: str, method: MergeMethod) -> str:
        """Merge now; return the commit on the base."""
        pull = self._ready_to_merge(by, number, head)
        found = obstacles(self, pull, method)
        if found:
            self.note(Did.REFUSED, by, pull, detail=found[0])
            raise DeniedError(405, "\n".join(found))
        return self._merge(pull, by, method, "merge")

    def enqueue(self, by: str, number: int, head: str) -> None:
        """Add to the merge queue."""
        pull = self._ready_to_merge(by, number, head)
        rules = self.protection(pull.base).rules
        found = ["No merge queue found for the base"] if not rules.queue else obstacles(self, pull, None, by_queue=True)
        if found:
            self.note(Did.REFUSED, by, pull, detail=found[0])
            raise DeniedError(405, "\n".join(found))
        if not pull.queued:
            pull.queued = True
            self.queue.append(number)
            self.touch(pull)
            self.note(Did.QUEUED, by, pull)

    def enable_auto_merge(self, by: str, number: int, head: str, method: MergeMethod) -> None:
        """Let the forge merge as soon as the rules allow it. Refused if they do already."""
        pull = self._ready_to_merge(by, number, head)
        words = ""
        if not self.auto_merge:
            words = "Auto merge is not allowed for this repository"
        elif pull.draft:
            words = "Pull request is in draft status"
        elif method not in self.methods:
            words = obstacles(self, pull, method)[0]
        elif not obstacles(self, pull, method):
            words = "Pull request is in clean status"
        if words:
            self.note(Did.REFUSED, by, pull, detail=words)
            raise DeniedError(422, words)
        pull.auto = (by, method)
        self.touch(pull)
        self.note(Did.AUTO_ON, by, pull)

    def queue_step(self) -> None:
        """Let the merge queue take its first pull request: it merges it or throws it out."""
        self.update()
        if not self.queue:
            return
        pull = self.pulls[self.queue[0]]
        why = next(iter(obstacles(self, pull, None, by_queue=True)), "")
        if not why:
            base = self.commits.branches()[pull.base]
            made, conflicts = self.commits.merge(base, pull.head, self.queue_method, "queue")
            why = "it conflicts" if conflicts else self.queue_ci(made)
        if why:
            self._dequeue(pull, "merge-queue", why)
            self.touch(pull)
        else:
            self._merge(pull, next(e.by for e in self.log[::-1] if e.what is Did.QUEUED), self.queue_method, "queue")

    def update(self, by: str = "") -> None:
        """Also merge what auto-merge may."""
        super().update(by)
        for pull in self.open_pulls():
            if pull.auto is None:
                continue
            who, method = pull.auto
            if self.protection(pull.base).rules.queue:
                if not obstacles(self, pull, None, by_queue=True) and not pull.queued:
                    self.enqueue(who, pull.number, pull.head)
            elif not obstacles(self, pull, method):
                self._merge(pull, who, method, "auto-merge")
        self._tell()

    def _tell(self) -> None:
        """Tell the watchers what happened; what they do is told to them, too."""
        if self._telling or not self.watchers:
            return
        self._telling = True
        try:
            while self._told < len(self.log):
                entry = self.log[self._told]
                self._told += 1
                for watcher in self.watchers:
                    with suppress(DeniedError):
                        watcher(entry)
        finally:
            self._telling = False

    # Conversations

    def comment(self, by: str, number: int, body: str) -> CommentRecord:
        """Comment below a pull request or an issue."""
        self.require(by, Right.READ)
        self.update()
        if number in self.issues:
            return self._add_comment(self.issues[number].comments, by, body, number)
        pull = self.pull(number)
        self._unlocked(by, pull)
        self.touch(pull)
        return self._add_comment(pull.below, by, body, number)

    def start_thread(self, by: str, number: int, path: str, line: int, body: str) -> ThreadRecord:
        """Begin a conversation at a place of the diff."""
        self.require(by, Right.READ)
        self.update()
        pull = self.pull(number)
        self._unlocked(by, pull)
        thread = ThreadRecord(f"PRRT_{self.new_id()}", path, line, pull.head)
        pull.threads.append(thread)
        self.touch(pull)
        self._add_comment(thread.comments, by, body, number)
        return thread

    def answer(self, by: str, number: int, thread: str, body: str) -> CommentRecord:
        """Comment in a thread."""
        self.require(by, Right.READ)
        self.update()
        pull = self.pull(number)
        self._unlocked(by, pull)
        found = self.thread(number, thread)
        self.touch(pull)
        return self._add_comment(found.comments, by, body, number)

    def resolve(self, by: str, number: int, thread: str, *, resolved: bool = True) -> None:
        """Resolve a thread, or undo that."""
        self.require(by, Right.READ)
        self.thread(number, thread).resolved = resolved
        self.touch(self.pull(number))
        self.note(Did.RESOLVED, by, self.pull(number), detail=thread)

    def review(self, by: str, number: int, state: ReviewState, text: str = "", commit: str = "") -> ReviewRecord:
        """Submit a review of the head, or of an older commit."""
        self.require(by, Right.READ)
        self.update()
        pull = self.pull(number)
        self._unlocked(by, pull)
        if by == pull.by and state is not ReviewState.COMMENTED:
            raise DeniedError(422, "Can not approve your own pull request")
        review = ReviewRecord(self.new_id(), by, state, commit or pull.head, text, self.tick())
        pull.reviews.append(review)
        self.touch(pull)
        self.note(Did.REVIEWED, by, pull, commit=review.commit, detail=state.value)
        self.update()
        return review

    def dismiss(self, by: str, number: int, reviewer: str) -> PullRecord:
        """Dismiss somebody's reviews."""
        self.require(by, Right.WRITE)
        pull = self.pull(number)
        for review in pull.reviews:
            if review.by == reviewer and review.state is not ReviewState.COMMENTED:
                review.state = ReviewState.DISMISSED
        self.touch(pull)
        self.note(Did.DISMISSED, by, pull, detail=reviewer)
        return pull

    def thread(self, number: int, thread: str) -> ThreadRecord:
        """Return a thread. Raises DeniedError if there is none."""
        found = next((one for one in self.pull(number).threads if one.id == thread), None)
        if found is None:
            raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
        return found

    # Checks

    def check(self, check_id: int) -> CheckRecord:
        """Return a check run. Raises DeniedError if there is none."""
        found = next((one for one in self.checks if one.id == check_id), None)
        if found is None:
            raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
        return found

    def finish(self, check: CheckRecord, state: str, **more: str | tuple[str, ...]) -> None:
        """End a check: `success`, `failure`, `cancelled` and the like, with summary, log, and annotations."""
        check.state = state
        for name, value in more.items():
            setattr(check, name, value)
        self.note(Did.CHECKED, "ci", commit=check.commit, key=check.name, detail=state)
        self.update()

    def rerun(self, by: str, check_id: int) -> bool:
        """Run a check again; False if it is a commit status or has not ended."""
        self.require(by, Right.WRITE)
        check = self.check(check_id)
        if check.status or check.state in RUNNING:
            return False
        again = self.add_check(check.commit, check.name)
        self.note(Did.RERAN, by, commit=check.commit, key=check.name)
        act = self.ci.get(check.name)
        if act is not None:
            act(again)
        return True

    # Issues, forks, labels

    def open_issue(self, by: str, title: str, body: str, labels: tuple[str, ...] = ()) -> IssueRecord:
        """Open an issue."""
        self.require(by, Right.READ)
        issue = IssueRecord(self._number(), by, title, body, list(labels), at=self.tick())
        self.issues[issue.number] = issue
        self.note(Did.ISSUE_OPENED, by, number=issue.number, key=marks.find(body))
        return issue

    def close_issue(self, by: str, number: int) -> None:
        """Close an issue, if it is open."""
        self.require(by, Right.READ)
        if number not in self.issues:
            raise DeniedError(404, "Not Found", ForgeTrouble.NOT_FOUND)
        if self.issues[number].open:
            self.issues[number].open = False
            self.note(Did.ISSUE_CLOSED, by, number=number, key=marks.find(self.issues[number].body))

    def make_fork(self, by: str) -> str:
        """Return the name of somebody's fork, which is made if there is none."""
        self.require(by, Right.READ, write=False)
        name = f"{by}/{self.name.partition('/')[2]}"
        if name not in self.forks:
            self.forks[name] = self.commits.fork(name)
            self.note(Did.FORKED, by, detail=name)
        return name

    def set_rules(self, base: str, rules: Rules, *, dismiss_stale: bool = False, others_met: bool = False) -> None:
        """Give a base other rules."""
        self.protections[base] = Protection(rules, dismiss_stale, others_met)
        self.note(Did.CHANGED, "admin", detail=f"rules of {base}")

    def join(self, login: str, right: Right = Right.WRITE, *, bot: bool = False) -> str:
        """Add an account; return its login."""
        self.members[login] = Member(login, right, bot)
        return login

    def copy(self, commits: Commits) -> Site:
        """Return another forge with the same state over another store of commits; nobody watches it."""
        held = (self.commits, self.forks, self.watchers)
        self.commits, self.forks, self.watchers = commits, dict(self.forks), []
        try:
            kept = {id(one): one for one in (commits, *self.forks.values())}
            return copy.deepcopy(self, {**kept, id(self.log): list(self.log)})  # entries never change
        finally:
            self.commits, self.forks, self.watchers = held

    # What they have in common

    def _number(self) -> int:
        return len(self.pulls) + len(self.issues) + 1

    def _own(self, by: str, number: int) -> PullRecord:
        """Return a pull request that somebody may change: they opened it, or may write."""
        pull = self.pulls.get(number)
        self.require(by, Right.READ if pull is not None and pull.by == by else Right.WRITE)
        self.update()
        return self.pull(number)

    def _one_each(self, pull: PullRecord, base: str = "") -> None:
        wanted = (pull.place, base or pull.base)
        if any((one.place, one.base) == wanted and one is not pull for one in self.open_pulls()):
            owner = (pull.fork or self.name).partition("/")[0]
            raise DeniedError(422, f"Validation Failed: A pull request already exists for {owner}:{pull.branch}.")

    def _ready_to_merge(self, by: str, number: int, head: str) -> PullRecord:
        self.require(by, Right.WRITE)
        self.update()
        pull = self.pull(number)
        if pull.state is PullState.OPEN and head and head != pull.head:
            self.note(Did.REFUSED, by, pull, detail="moved")
            raise DeniedError(409, "Head branch was modified. Review and try the merge again.")
        return pull

    def _merge(self, pull: PullRecord, by: str, method: MergeMethod, how: str) -> str:
        base = self.commits.branches()[pull.base]
        words = f"Merge pull request #{pull.number} from {pull.place}\n\n{pull.title}\n"
        if method is MergeMethod.SQUASH:
            words = f"{pull.title} (#{pull.number})\n\n{pull.body}\n"
        made, conflicts = self.commits.merge(base, pull.head, method, words)
        if conflicts:
            raise DeniedError(405, f"Pull Request is not mergeable: {', '.join(conflicts)}")
        self._own_move(pull.base, made)
        self._merged(pull, by, made, how)
        if self.deletes_branches and not pull.fork:
            for child in self.open_pulls():
                if child.base == pull.branch:
                    child.base = pull.base
                    self.touch(child)
                    self.note(Did.RETARGETED, by, child, detail=pull.base)
            self._own_move(pull.branch, "")
            self.note(Did.DELETED, "forge", branch=pull.branch, commit=pull.head)
        self.update()
        return made

    def _unlocked(self, by: str, pull: PullRecord) -> None:
        if pull.locked and self.member(by).right < Right.WRITE:
            raise DeniedError(403, "Unable to create comment because issue is locked.", ForgeTrouble.LOCKED)

    def _add_comment(self, there: list[CommentRecord], by: str, body: str, number: int) -> CommentRecord:
        made = self.comment_record(by, body)
        there.append(made)
        self.note(Did.COMMENTED, by, number=number, key=marks.find(body), detail=str(made.id))
        return made
