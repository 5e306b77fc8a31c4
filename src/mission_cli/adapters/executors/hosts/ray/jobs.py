"""What Ray says about a job, as the state of a launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.launcher import LaunchLook, LaunchState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_STATES = {
    "PENDING": LaunchState.PENDING,
    "RUNNING": LaunchState.RUNNING,
    "SUCCEEDED": LaunchState.ENDED,
    "STOPPED": LaunchState.ENDED,
}
_WAITED_TOO_LONG = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
"""No node had what it needs for `RAY_JOB_START_TIMEOUT_SECONDS`, a variable of the head, 900 s by default."""
_NO_FOLDER = "RUNTIME_ENV_SETUP_FAILURE"
_NO_COMMAND = "Entrypoint not found."
"""What Ray makes up if a job is deleted while it watches the job's end: a job that failed, without metadata."""
_COMMAND_FAILED = "JOB_ENTRYPOINT_COMMAND_ERROR"


@dataclass(frozen=True, slots=True)
class RayJob:
    """One job as Ray keeps it."""

    id: str
    key: str
    """The key of the job, from the metadata that we send."""
    status: str
    trouble: str
    """Ray's kind of a failure."""
    message: str
    command: str
    node: str
    """Ray's id of the node; empty before it runs."""
    exit_code: int | None

    @property
    def ended(self) -> bool:
        """Whether Ray will not change its state any more."""
        return self.status not in {"PENDING", "RUNNING"}

    @property
    def never_started(self) -> bool:
        """Whether Ray gave it up while it waited for a node: it may be submitted again under the same id."""
        return self.status == "FAILED" and self.trouble == _WAITED_TOO_LONG

    @property
    def waits(self) -> bool:
        """Whether its command has not been started yet."""
        return self.status == "PENDING"

    @property
    def running(self) -> bool:
        """Whether Ray says that its command runs."""
        return self.status == "RUNNING"

    @property
    def had_no_program(self) -> bool:
        """Whether its working folder could not be made, such as from a package that is not there."""
        return self.trouble == _NO_FOLDER

    def look(self, *, lost: Collection[str] = ()) -> LaunchLook:
        """Return its state; `lost` are nodes that Ray knows to be lost.

        A failed command is an ended job, and one that waited too long is as one that was never submitted; every other
        failure means that Ray has lost it.
        """
        if self.never_started:
            return LaunchLook(LaunchState.UNKNOWN, "it waited too long for a node, so that Ray gave it up")
        if self.running and self.node in lost:
            return LaunchLook(LaunchState.GONE, "its node is lost", self.node)
        state = _STATES.get(self.status)
        if state is None:
            ended = self.trouble == _COMMAND_FAILED or self.exit_code is not None
            state = LaunchState.ENDED if ended else LaunchState.GONE
        return LaunchLook(state, self._detail(state), self.node)

    def _detail(self, state: LaunchState) -> str:
        if state is LaunchState.ENDED:
            return f"exit code {self.exit_code}" if self.exit_code else ""
        if state is LaunchState.RUNNING:
            return ""
        return one_line(self.message, 300)


def is_leftover(said: Any) -> bool:
    """Whether this is what Ray made up after a job was deleted: it is as if there were none."""
    return isinstance(said, dict) and said.get("entrypoint") == _NO_COMMAND and not said.get("metadata")


def job_of(said: Any) -> RayJob | None:
    """Return a job of an answer; None for what is not a submitted job, such as a program that called `ray.init`."""
    if not isinstance(said, dict) or said.get("type", "SUBMISSION") != "SUBMISSION" or is_leftover(said):
        return None
    job, status = said.get("submission_id"), said.get("status")
    if not isinstance(job, str) or not isinstance(status, str):
        return None
    code = said.get("driver_exit_code")
    metadata = said.get("metadata")
    return RayJob(
        id=job,
        key=_text(metadata if isinstance(metadata, dict) else {}, "key"),
        status=status,
        trouble=_text(said, "error_type"),
        message=_text(said, "message"),
        command=_text(said, "entrypoint"),
        node=_text(said, "driver_node_id"),
        exit_code=code if isinstance(code, int) else None,
    )


def lost_nodes(said: Any) -> frozenset[str]:
    """Return the ids of lost nodes from the answer of the state interface."""
    for name in ("data", "result", "result"):
        said = said.get(name) if isinstance(said, dict) else None
    nodes = [node for node in said if isinstance(node, dict)] if isinstance(said, list) else []
    return frozenset(_text(node, "node_id") for node in nodes if node.get("state") == "DEAD")


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
