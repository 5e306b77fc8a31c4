"""A repository that has been opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.git.repo.checkout import Checkout, checked_out
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.ids import MissionId

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.adapters.executors.jobs.folder import Surroundings
    from mission_cli.adapters.git.state.store import GitStateStore
    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.domain.errors import MissionError
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import Executor


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository with everything that its engine needs."""

    checkout: Checkout
    context: Context
    executor: Executor
    state: GitStateStore
    rules: SecretRules
    """What must not be in a commit, a log or a report."""
    surroundings: Callable[[], Surroundings]
    """What a job that is submitted now gets besides its specification."""
    problems: tuple[MissionError, ...] = ()
    """Errors in settings and keys; only if the repository was opened in spite of them."""

    def head_of(self, branch: str) -> Sha | None:
        """Return the commit of a branch, or None if it does not exist."""
        return self.context.code.heads(MissionId(""), branch).base if branch else None

    def default_base(self) -> str:
        """Return the checked-out branch, otherwise the remote's HEAD; empty if there is neither."""
        git = Git(self.checkout.common_dir)
        here = checked_out(git)  # whole names: git's short ones are `heads/main` and so on where a tag is called alike
        if here.startswith("refs/heads/"):
            return here.removeprefix("refs/heads/")
        remote = git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", ok=(0, 1, 128)).out
        return remote.decode("utf-8", "surrogateescape").strip().removeprefix("refs/remotes/origin/")

    def usual_remote(self) -> str:
        """Return the remote to suggest for sharing: `origin` or the only one; otherwise empty."""
        names = Git(self.checkout.common_dir).text("remote").splitlines()
        return "origin" if "origin" in names else names[0] if len(names) == 1 else ""
