"""Settings of improvement feedback: the projects in which drafts become issues."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import UsageError

_PLACE = pattern(r"(?:https://[\w.-]+(?::\d{1,5})?/)?[\w.-]+(?:/[\w.-]+){1,8}")
PROJECTS = ("repository", "agents", "mission")


@dataclass(frozen=True, slots=True)
class FeedbackSettings:
    """The `[feedback]` table: where a person files drafts of issues; an empty one stays a draft."""

    repository: str = ""
    """project for what the repository can fix: `owner/name`, or its https address"""
    agents: str = ""
    """the same for what instructions of agents can fix"""
    mission: str = ""
    """the same for what this program can fix"""
    labels: tuple[str, ...] = ()
    """labels of the issues; an account that may not set them opens the issue without"""

    def project(self, target: str) -> str:
        """Return the project for a target: `repository`, `mission`, or `agent:NAME`; empty: none is set."""
        if target.startswith("agent:"):
            return self.agents
        return {"repository": self.repository, "mission": self.mission}.get(target, "")


def check_feedback(told: FeedbackSettings) -> None:
    """Raise UsageError for a project that is not the name or the address of one."""
    for name in PROJECTS:
        value = getattr(told, name)
        if value and not _PLACE.fullmatch(value):
            hint = 'write "owner/name", or "https://HOST/owner/name" without a login'
            raise UsageError(f"the setting `feedback.{name}` is {value!r}", hint=hint)
