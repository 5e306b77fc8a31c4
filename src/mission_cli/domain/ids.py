"""Ids and numbers as types, validated on input."""

from __future__ import annotations

from functools import lru_cache
from typing import NewType

from mission_cli._support.lazy_re import pattern
from mission_cli._support.slug import slug

MissionId = NewType("MissionId", str)
FeatureNumber = NewType("FeatureNumber", str)
"""`N.M`: number of the milestone, and place in it."""
RunId = NewType("RunId", str)
"""`<mission id>/<N.M>-a<k>`: one string for branch, claim, record and environment."""
Sha = NewType("Sha", str)

PLANNING = FeatureNumber("plan")
"""Takes the place of the feature in ids of planning rounds: `<mission id>/plan-a<k>`."""
REVIEWING = FeatureNumber("review")
"""Takes the place of the feature in ids of reviews: `<mission id>/review-a<k>`."""
JUDGING = FeatureNumber("judge")
"""Takes the place of the feature in ids of judgments of the orchestrator: `<mission id>/judge-a<k>`."""

_APART = (PLANNING, REVIEWING, JUDGING)
_ID = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_NUMBER_LIKE = pattern(r"[-+]?[0-9_]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?\Z")
_FEATURE = pattern(r"[Ff]?([0-9]{1,9})\.([0-9]{1,9})\Z")
_RUN = pattern(r"(?P<mission>[^/]+)/(?P<feature>[0-9]{1,9}\.[0-9]{1,9}|plan|review|judge)-a(?P<attempt>[0-9]{1,9})\Z")
_LONGEST_ID = 100
_LONGEST_NAME = 40
_RESERVED = """
access account add add-milestone advance agents all answer approve archive ask attach base budget cancel commands
completion con context cron dashboard deploy diff doctor edit error export feedback fmt gc handback help history
hold-out hosts import inbox init inspect land lint list logs mail main man mcp merge-driver mission missions move new
note nul open overview pause plan playbook playbooks poc pr preview prn pulse purchase reject replan replay report
resource resume retry run schema serve set settings show signal skills skip start status stop sync takeover tell top
undo validate verify version what-if why work
"""
RESERVED = frozenset(_RESERVED.split())
"""Names that no mission gets by itself, because commands, branches or files are called so."""


def why_bad_id(text: str) -> str:
    """Return the reason why `text` cannot name a mission, or the empty string if it can."""
    if not text:
        return "it is empty"
    if len(text) > _LONGEST_ID:
        return f"it is longer than {_LONGEST_ID} characters"
    if not _ID.match(text):
        return "only letters, digits, '.', '_' and '-' are allowed, and the first is a letter or digit"
    if ".." in text or text.lower().endswith((".lock", ".")):
        return "git does not allow it in a ref"
    if _NUMBER_LIKE.match(text):
        return "it looks like a number"
    return ""


def mission_id(text: str) -> MissionId:
    """Return `text` as an id. Raises ValueError with the reason."""
    reason = why_bad_id(text)
    if reason:
        raise ValueError(f"{text!r} cannot be a mission id: {reason}")
    return MissionId(text)


def spoken_id(title: str, suffix: str = "") -> MissionId:
    """Return an id that is made of the words of a title, at most 40 characters with the suffix, and is not reserved.

    It begins with a letter, so that no beginning of it looks like the number of a milestone.
    """
    end = f"-{suffix}" if suffix else ""
    name = slug(title, _LONGEST_NAME) or "m-1"
    if name in RESERVED or name[0].isdigit() or why_bad_id(name) or why_bad_id(name + end):
        name = f"m-{name}"
    return MissionId(name[: _LONGEST_NAME - len(end)].rstrip("-") + end)


def feature_number(text: str) -> FeatureNumber | None:
    """Return `N.M` without a legacy `F` in front and without leading zeros; None for any other text."""
    found = _FEATURE.match(text.strip())
    return FeatureNumber(f"{int(found[1])}.{int(found[2])}") if found else None


def milestone_of(number: FeatureNumber) -> int:
    """Return the number of the milestone that the feature belongs to; 0 for planning, reviews and judgments."""
    if number in _APART:
        return 0
    return int(number.split(".", 1)[0])


def feature_order(number: FeatureNumber) -> tuple[int, int]:
    """Return a sort key: planning, reviews, judgments, 1.2, 1.10."""
    if number in _APART:
        return 0, _APART.index(number)
    first, second = number.split(".", 1)
    return int(first), int(second)


def run_id(mission: MissionId, feature: FeatureNumber, attempt: int) -> RunId:
    """Return the id of attempt `attempt` (from 1) at a feature."""
    return RunId(f"{mission}/{feature}-a{attempt}")


@lru_cache(maxsize=4096)
def split_run_id(run: str) -> tuple[MissionId, FeatureNumber, int] | None:
    """Return mission, feature and attempt of a run id, or None if it is not one."""
    found = _RUN.match(run)
    if not found:
        return None
    return MissionId(found["mission"]), FeatureNumber(found["feature"]), int(found["attempt"])


def attempt_name(run: RunId) -> str:
    """Return `<N.M>-a<k>`, `plan-a<k>`, `review-a<k>` or `judge-a<k>`, the name of the record's file."""
    return run.split("/", 1)[1]
