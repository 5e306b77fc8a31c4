"""What a host is asked to run: the specification of a job, and the terms on which it runs there.

A request is a commit whose tree has the file `spec.json` and whose parents are the commits that the job needs. It has
no values of secrets, only references, and nothing of the environment of this machine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import asdict, dataclass, field
from mission_cli.adapters.executors.jobs.folder import spec_of
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.ports.executor import JobSpec

_FILE = "spec.json"
_ALWAYS = "2000-01-01T00:00:00Z"
"""The date of all these commits: the same request is the same object, so that it can be pushed again."""
_LISTS = ("sandbox_read", "sandbox_write", "secret_exceptions", "kept_back", "withheld")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings of the machine that drives say about jobs."""

    sandbox: str = "auto"
    """`auto`, `required` or `off`."""
    contained: bool = False
    """The host runs each job in a container of its own, which confines it."""
    network: str = "on"
    sandbox_read: tuple[str, ...] = ()
    sandbox_write: tuple[str, ...] = ()
    secret_exceptions: tuple[str, ...] = ()
    largest: int = 0
    kept_back: tuple[str, ...] = ()
    """Names of variables that only jobs get whose runner names them."""
    withheld: tuple[str, ...] = ()
    """Names of variables that no job gets by these names."""
    workers: int = 1
    """How many jobs of this clone may run at once on one machine there."""
    port_base: int = 41000
    grace_s: float = 5.0
    git: Mapping[str, str] = field(default_factory=dict)
    """Settings of git: the identity of the person, and how files are written."""
    base: str = ""
    """The commit of the branch to compare with; empty: there is none."""


def make_request(git: Git, spec: JobSpec, terms: Terms, rules: SecretRules) -> str:
    """Write a request to a repository; return its commit. The same request is always the same commit.

    Raises ToolError if it contains the value of a secret that this machine knows.
    """
    text = json.dumps({"spec": asdict(spec), "terms": asdict(terms)}, ensure_ascii=False, sort_keys=True)
    content = text.encode("utf-8", "surrogatepass")
    told = next((found.kind for found in rules.find(content) if found.known), "")
    if told:
        raise ToolError(f"the request contains the value of {told}, which must not leave this machine")
    blob = git.store(content)
    tree = git.text("mktree", stdin=f"100644 blob {blob}\t{_FILE}\n".encode())
    parents = [spec.tree.commit, *([terms.base] if terms.base and terms.base != spec.tree.commit else [])]
    return git.commit_tree(tree, parents, f"Run {spec.key}\n", author=PROGRAM, committer=PROGRAM, at=_ALWAYS)


def read_request(git: Git, name: str) -> tuple[JobSpec, Terms]:
    """Read a request. Raises ToolError if it is missing or invalid."""
    content = git.blobs([f"{name}:{_FILE}"]).get(f"{name}:{_FILE}")
    try:
        raw: Any = json.loads((content or b"").decode("utf-8", "surrogatepass"))
        terms = dict(raw["terms"])
        terms.update({name: tuple(terms[name]) for name in _LISTS})
        return spec_of(raw["spec"]), Terms(**terms)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"the request {name} cannot be read") from error
