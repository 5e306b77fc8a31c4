"""Names of branches and refs of missions: made and parsed here, and nowhere else.

Branches: `mission/<id>/work` collects finished features, `mission/<id>/poc` is where a POC lands,
`mission/<id>/<N.M>-a<k>` shows the commits of an attempt, and `mission/<id>/<N.M>` is that of a pull request.
Everything else is in `refs/mission/`, one `Area` for each purpose.
"""

from __future__ import annotations

from enum import StrEnum

from mission_cli.domain.ids import MissionId, RunId, split_run_id

HEADS = "refs/heads/"
ROOT = "mission"
"""The first part of the name of every branch; a branch that is called like this prevents all of them."""
_WORK = "work"


class Area(StrEnum):
    """Where refs of one purpose are: the beginning of their names."""

    BRANCHES = f"{HEADS}{ROOT}/"
    """Branches of attempts, and those of finished work."""
    WIP = "refs/mission/wip/"
    """Saved uncommitted work, by run."""
    TIPS = "refs/mission/tips/"
    """The commits of an attempt that are judged, by run."""
    PINS = "refs/mission/pins/"
    CLAIMS = "refs/mission/claims/"
    """Created only once, so that an attempt starts only once; by run."""
    REQUESTS = "refs/mission/requests/"
    """At an exchange: what hosts are asked to run, by clone and run."""
    RESULTS = "refs/mission/results/"
    """At an exchange: what came of it, created only once; by clone and run."""
    BASES = "refs/mission/bases/"
    """The base at the forge as it was last fetched, by mission."""
    PROPOSED = "refs/mission/proposed/"
    """The branches of pull requests at the forge as they were last fetched or pushed, by mission."""
    KNOWN = "refs/mission/known/"
    """The last commit of each mission's base that was not moved by a worker."""
    OURS = "refs/mission/ours/"
    """Where the program last put the branch of finished work, by mission."""
    HOSTS = "refs/mission/hosts/"
    """Heartbeats, by clone."""
    REMOTE = "refs/mission/remote/"
    """The last known refs of the remote, by their names without `refs/`."""

    def of(self, name: str) -> str:
        """Return the ref of a mission, a run or a clone in this area."""
        return f"{self.value}{name}"

    def within(self, ref: str) -> str:
        """Return the name of a ref inside this area."""
        return ref.removeprefix(self.value)


ONLY_OURS = ("refs/mission/", str(Area.BRANCHES))
"""How refs begin that only this program writes."""
PUSHED = (Area.BRANCHES, Area.WIP)
"""What is pushed to a remote, besides the state branch, claims and heartbeats."""


def work_branch(mission: str) -> str:
    """Return the branch of a mission that collects finished features."""
    return f"{ROOT}/{mission}/{_WORK}"


def poc_branch(mission: MissionId) -> str:
    """Return the branch that a POC lands on if the repository had code before."""
    return f"{ROOT}/{mission}/poc"


def run_branch(run: str) -> str:
    """Return the branch that shows the commits of an attempt, and on which its worker works."""
    return f"{ROOT}/{run}"


def pull_branch(mission: str, subject: str) -> str:
    """Return the branch of a pull request: `mission/<id>/1.2`, `mission/<id>/m1`, `…/mission` or `…/todo`."""
    return f"{ROOT}/{mission}/{f'm{subject}' if subject.isdecimal() else subject}"


def agents_branch(mission: str) -> str:
    """Return the branch with the drafts that a person promotes to the repository."""
    return f"{ROOT}/{mission}/agents"


def obstacles_to(mission: MissionId) -> tuple[str, str]:
    """Return the names of branches that would prevent git from creating the mission's branches."""
    return ROOT, f"{ROOT}/{mission}"


def head_of(branch: str) -> str:
    """Return the ref of a branch."""
    return f"{HEADS}{branch}"


def branch_of(ref: str) -> str:
    """Return the branch of a ref; any other ref stays as it is."""
    return ref.removeprefix(HEADS)


def is_work(ref: str) -> bool:
    """Whether a ref is the branch of finished work of some mission."""
    return ref.startswith(Area.BRANCHES) and ref.endswith(f"/{_WORK}")


def run_of(ref: str, *areas: Area) -> RunId | None:
    """Return the run that a ref of one of these areas belongs to, or None."""
    name = next((area.within(ref) for area in areas if ref.startswith(area)), "")
    return RunId(name) if split_run_id(name) else None


def mission_of(ref: str, *areas: Area) -> MissionId:
    """Return the mission that a ref of one of these areas belongs to; empty for any other ref."""
    return MissionId(next((area.within(ref).partition("/")[0] for area in areas if ref.startswith(area)), ""))
