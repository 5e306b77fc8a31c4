"""What there is already before anything is built: documents, skills, agents, servers of tools, playbooks."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TOPIC = "capabilities"
"""The topic of the row in `## Research`."""
DOCUMENTS = ("AGENTS.md", "CONTRIBUTING.md", "README.md", "README.rst", "docs")
"""Files and folders of a repository that tell people and agents how to work in it."""
PLAYBOOKS = "playbooks"
OWN_AGENTS = ".mission/agents"
"""The folder of a repository with agents that missions drafted and a person promoted."""
LEARNED = "missions"
"""The place of skills that missions learned."""
_USUAL = frozenset({"README.md", "README.rst", "CONTRIBUTING.md"})
"""Documents that every repository has: alone they are not worth a row."""
_MOST, _LONGEST = 12, 60
_PAGES = (".md", ".rst", ".txt", ".adoc")
_PLANS = (".yaml", ".yml", ".json")
_SKILL = "SKILL.md"


class CapabilityKind(StrEnum):
    """What is there."""

    DOCUMENT = "document"
    SKILL = "skill"
    AGENT = "agent"
    SERVER = "server"
    """A server of tools (MCP) that the runner is configured with."""
    PLAYBOOK = "playbook"


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that is there already."""

    kind: CapabilityKind
    name: str
    place: str
    """Its path in the repository; else whose it is: `person`, `runner` or `missions`."""


def in_repository(
    paths: Iterable[str], documents: Sequence[str], skills: Sequence[str], agents: Sequence[str]
) -> Iterator[Capability]:
    """Yield what the paths of a tree are, by documents and the folders of skills and agents. Nothing is read."""
    pages = 0
    for path in sorted(paths):
        folder, _, file = path.rpartition("/")
        if path in documents:
            yield Capability(CapabilityKind.DOCUMENT, one_line(path, _LONGEST), path)
        elif path.startswith("docs/"):
            pages += path.endswith(_PAGES)
        elif file == _SKILL and folder.rpartition("/")[0] in skills:
            yield Capability(CapabilityKind.SKILL, one_line(folder.rpartition("/")[2], _LONGEST), path)
        elif folder in agents and file.endswith(".md"):
            yield Capability(CapabilityKind.AGENT, one_line(file.removesuffix(".md"), _LONGEST), path)
        elif folder == PLAYBOOKS and file.endswith(_PLANS):
            yield Capability(CapabilityKind.PLAYBOOK, one_line(file.rpartition(".")[0], _LONGEST), path)
    if pages:
        yield Capability(CapabilityKind.DOCUMENT, f"docs ({counted(pages, 'page')})", "docs")


def told(found: Iterable[Capability]) -> list[str]:
    """Return a line for each kind: the names, each once, and how many more there are."""
    everything = list(found)
    lines = []
    for kind in CapabilityKind:
        names = [*dict.fromkeys(one.name for one in everything if one.kind is kind and one.name)]
        more = [f"{len(names) - _MOST} more"] if len(names) > _MOST else []
        if names:
            lines.append(f"{kind}s: {', '.join([*names[:_MOST], *more])}")
    return lines


def summary(found: Sequence[Capability]) -> str:
    """Return them in one line for the mission file; empty if there is nothing but what every repository has.

    What missions learned is left out: prompts have it where it fits.
    """
    lasting = [one for one in found if one.place != LEARNED]
    telling = any(one.kind is not CapabilityKind.DOCUMENT or one.place not in _USUAL for one in lasting)
    return "; ".join(told(lasting)) if telling else ""
