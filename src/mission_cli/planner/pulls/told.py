"""What a worker is told of a pull request, as plain text. It is written by strangers: who shows it must quote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.forge.facts import PullState, ReviewState, Rules
from mission_cli.domain.forge.gate import opinions
from mission_cli.planner.pulls.news import failures, remarks, requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.forge.facts import Comment
    from mission_cli.domain.forge.look import PullLook
    from mission_cli.planner.core.observation import Observation

_LONGEST_LINE, _LONGEST_TEXT, _LONGEST_LOG = 200, 2000, 3000
_MOST = 20


def told(look: PullLook, rules: Rules, base: str) -> str:
    """Return failed checks with the ends of their logs, conflicts, requests of reviewers, and remarks."""
    return "\n\n".join(_told(look, rules, base))


def told_of(observation: Observation, feature: str) -> str:
    """Return what the next attempt at a feature is told of its pull request; nothing without one that is open."""
    look = observation.pulls.get(feature)
    if look is None or look.facts is None or look.facts.pull.state is not PullState.OPEN:
        return ""
    return told(look, observation.forge.rules or Rules(), observation.base or "")


def _told(look: PullLook, rules: Rules, base: str) -> Iterator[str]:
    if look.facts is None:
        return
    if look.update is not None and look.update.conflicts:
        files = "\n".join(f"- {one_line(path, _LONGEST_LINE)}" for path in look.update.conflicts[:_MOST])
        yield f"Its branch conflicts with the base, commit {base}, in these files:\n{files}"
    for check in failures(look.facts, rules)[:_MOST]:
        log = look.logs.get(check.name, "") or check.detail or "(the forge has no log of it)"
        yield f"The check {one_line(check.name, _LONGEST_LINE)} failed:\n{log[-_LONGEST_LOG:]}"
    for review in opinions(look.facts):
        if review.state is ReviewState.CHANGES_REQUESTED and review.text.strip():
            yield f"{one_line(review.author.login)} requested changes:\n{review.text.strip()[:_LONGEST_TEXT]}"
    for thread in requests(look.facts)[:_MOST]:
        place = f"{one_line(thread.path, _LONGEST_LINE)}:{thread.line}" if thread.path else "the conversation"
        said = "\n".join(_line(comment) for comment in thread.comments[-_MOST:])
        yield f"Open thread at {place}:\n{said}"
    found = remarks(look.facts)[:_MOST]
    if found:
        yield "Remarks that ask for nothing:\n" + "\n".join(_line(comment) for comment in found)


def _line(comment: Comment) -> str:
    who = f"{one_line(comment.author.login)}{' (a program)' if comment.author.bot else ''}"
    return f"{who}: {comment.text.strip()[:_LONGEST_TEXT]}"
