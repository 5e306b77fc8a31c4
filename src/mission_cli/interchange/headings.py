"""What the headings of requirements documents mean."""

from __future__ import annotations

import re

from mission_cli._support.text import one_line
from mission_cli.interchange.outline import plain
from mission_cli.interchange.stories import is_acceptance

_LONGEST = 300
"""The longest heading that is looked at, in characters."""
_NUMBER = re.compile(r"\A(?:\d+(?:\.\d+)*[.):]?|[IVX]+[.)])\s+")
_STAGE = re.compile(
    r"(?:(?:milestone|phase|stage|sprint|iteration|release|step|part)\s*#?\s*(?:\d+|[a-z]|[ivx]+)\b|m\d+\b|v\d+(?:\.\d+)*\b)"
    r"\s*[:.)\]–—-]*\s*(?P<name>.*)\Z",
    re.IGNORECASE,
)
_GOAL = frozenset({
    "goal", "goals", "objective", "objectives", "overview", "summary", "executive summary", "introduction", "purpose",
    "vision", "background", "context", "problem", "problem statement", "the problem", "description", "about",
    "product overview", "project overview", "goals and objectives", "solution", "proposed solution", "motivation",
})  # fmt: skip
_NOT = frozenset({
    "non-goals", "non goals", "nongoals", "out of scope", "not in scope", "won't have", "won’t have", "wont have",
    "won't do", "exclusions", "future work", "later", "not included", "anti-goals", "won't have (this time)",
})  # fmt: skip
_CONSTRAINTS = frozenset({
    "constraints", "constraint", "technical constraints", "assumptions", "assumptions and constraints",
    "constraints and assumptions", "non-functional requirements", "non functional requirements", "non-functional",
    "nonfunctional requirements", "quality attributes", "technical requirements", "tech stack", "technology",
    "technology stack", "technical stack", "dependencies", "security", "performance", "guidelines", "nfrs",
})  # fmt: skip
_SUCCESS = frozenset({
    "success criteria", "success metrics", "metrics", "kpis", "acceptance criteria", "definition of done", "acceptance",
    "success", "measures of success", "success measures", "exit criteria", "key metrics",
})  # fmt: skip
_FEATURES = frozenset({
    "requirements", "functional requirements", "features", "feature list", "key features", "core features",
    "functional", "user stories", "stories", "scope", "in scope", "tasks", "todo", "to do", "to-do", "todos",
    "deliverables",
    "use cases", "functionality", "must have", "must-have", "should have", "could have", "nice to have", "checklist",
    "product requirements", "epics", "backlog", "work items", "must haves", "p0", "p1", "p2", "mvp", "mvp features",
    "user requirements", "functional specification", "specification", "task list", "work breakdown",
})  # fmt: skip
_STAGES = frozenset({
    "milestones", "phases", "roadmap", "plan", "implementation plan", "releases", "sprints", "delivery plan", "stages",
    "project plan", "timeline", "milestones and timeline", "timeline and milestones", "release plan", "rollout",
    "rollout plan", "phasing", "development phases", "schedule", "implementation phases", "implementation",
})  # fmt: skip


def kind_of(title: str) -> str:
    """Return what a section holds by its heading; empty if that is not known."""
    if len(title) > _LONGEST:
        return ""
    name = without_number(title).strip().rstrip(":").casefold()
    if is_acceptance(name):
        return "success"
    short = re.sub(r"\s*\(.*?\)\s*\Z", "", name)
    for kind, names in (
        ("goal", _GOAL),
        ("not", _NOT),
        ("constraints", _CONSTRAINTS),
        ("success", _SUCCESS),
        ("features", _FEATURES),
        ("stages", _STAGES),
    ):
        if name in names or short in names:
            return kind
    return "stage" if _STAGE.match(without_number(title)) else ""


def stage_name(text: str) -> str:
    """Return the name of a milestone without `Milestone 1:` and the like in front of it."""
    name = without_number(plain(text))
    found = _STAGE.match(name)
    return one_line((found["name"] if found else name).strip(" :–—-") or name, 120)


def document_title(text: str) -> str:
    """Return a title without the name of the kind of document."""
    if len(text) > _LONGEST:
        return plain(text)
    kinds = r"(?:prd|product requirements?(?: document)?|requirements?(?: document)?|spec(?:ification)?|project)"
    short = re.sub(rf"\A{kinds}\s*[:–—-]\s*|\s*(?:[:–—-]|\()\s*{kinds}\)?\Z", "", plain(text), flags=re.IGNORECASE)
    return short.strip() or plain(text)


def lead_of(text: str) -> str:
    """Return the bold beginning of an item, or what is before its colon; a whole item that names a milestone."""
    bold = re.match(r"(?:\*\*|__)([^*_]+)(?:\*\*|__)", text)
    if bold:
        return bold[1].rstrip(":")
    return text if _STAGE.match(plain(text)) else re.split(r":\s|\s[–—-]\s", text, maxsplit=1)[0]


def without_number(title: str) -> str:
    """Return a heading without its number."""
    return _NUMBER.sub("", title, count=1)
