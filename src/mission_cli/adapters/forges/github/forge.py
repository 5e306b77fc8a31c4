"""The port `Forge` for one repository on GitHub or GitHub Enterprise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mission_cli.adapters.forges.github import account, checks, issues, look, merging, pulls, rules, talk
from mission_cli.adapters.forges.github.session import DIALECT, Session
from mission_cli.adapters.forges.http import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.forges.remotes import Place
    from mission_cli.domain.forge.facts import (
        Account,
        Check,
        Issue,
        Merged,
        MergeMethod,
        Pull,
        PullFacts,
        Repository,
        Rules,
    )
    from mission_cli.ports.git.forge import NewIssue, NewPull, PullChange


class GitHub:
    """One repository on GitHub, with one token."""

    kind = "github"

    def __init__(
        self,
        place: Place,
        token: str,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the repository and a token. `folder` keeps known answers, the last write and limits.

        `environment` names proxies, certificates, and whether this is a job of GitHub Actions.
        """
        around = environment or {}
        client = Client(place.api, token, folder, DIALECT, environment=around, clock=clock, sleep=sleep)
        self._session = Session(client, place.name, place.graphql)
        self._token_kind = account.token_kind(token, around)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._session.client.requests

    @property
    def moved(self) -> str:
        """Where the last redirected read went; empty: none was. `repository().name` is the name now."""
        return self._session.client.moved

    def account(self) -> Account:
        """Return whose token is used."""
        return account.account_of(self._session, self._token_kind)

    def repository(self) -> Repository:
        """Return what the repository allows."""
        return account.repository_of(self._session)

    def rules(self, base: str) -> Rules:
        """Return the rules for merging into a branch; no rules for a branch that does not exist."""
        return rules.rules_of(self._session, base)

    def pulls(self, branches: Collection[str]) -> Sequence[Pull]:
        """Return all pull requests from these branches of the repository or our fork, newest first."""
        return pulls.pulls_from(self._session, branches)

    def find(self, number: int) -> Pull:
        """Return the pull request with a number. Raises ForgeError (NOT_FOUND) if there is none."""
        return pulls.pull_of(pulls.pull_json(self._session, number))

    def children(self, branch: str) -> Sequence[Pull]:
        """Return the open pull requests whose base is a branch."""
        return pulls.children_of(self._session, branch)

    def look(self, pull: Pull, before: PullFacts | None = None) -> PullFacts:
        """Return everything about a pull request with at most three requests, more only beyond 100 checks."""
        return look.look_at(self._session, pull, before)

    def open(self, new: NewPull) -> Pull:
        """Open a pull request, or return the open one from that branch to that base."""
        return pulls.open_pull(self._session, new)

    def change(self, number: int, change: PullChange) -> Pull:
        """Change what is different of a pull request, and return it."""
        return pulls.change_pull(self._session, number, change)

    def reply(self, number: int, thread: str, body: str, key: str) -> bool:
        """Answer in a thread, unless a comment of ours with the key's marker is there; False then."""
        return talk.reply_in(self._session, number, thread, body, key)

    def merge(self, number: int, head: str, method: MergeMethod, *, queue: bool = False, auto: bool = False) -> Merged:
        """Merge if the head is the expected one and the rules are met."""
        return merging.merge_pull(self._session, number, head, method, queue=queue, auto=auto)

    def log(self, check: Check) -> str:
        """Return annotations and the last lines of a check's log, as far as GitHub has them."""
        return checks.log_of(self._session, check)

    def rerun(self, check: Check) -> bool:
        """Run a check again; False if GitHub does not do that for this check."""
        return checks.run_again(self._session, check)

    def fork(self) -> str:
        """Return `owner/name` of the account's fork, which is made if there is none."""
        return account.fork_of(self._session)

    def issues(self, most: int) -> Sequence[Issue]:
        """Return the open issues, newest first."""
        return issues.open_issues(self._session, most)

    def open_issue(self, new: NewIssue) -> Issue:
        """Open an issue, or return the one of ours with that key."""
        return issues.issue_for(self._session, new)

    def close_issue(self, number: int, comment: str) -> None:
        """Close an issue with a comment, unless it is closed."""
        issues.close(self._session, number, comment)
