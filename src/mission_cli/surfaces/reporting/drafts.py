"""What `mission agents` prints, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, show_bytes
from mission_cli.surfaces.lines import columns, line, plain, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.agents.shown import DraftShown, DraftsShown


def drafts_text(found: DraftsShown) -> str:
    """Return the drafts of a mission, each with what it changed, and what was promoted before."""
    lines = [text for one in found.drafts for text in _draft(one)] or [f"{found.id} has no drafts"]
    if found.promoted:
        rows = [(line(f"  {one.name}"), line(one.kind), line(said(one.description))) for one in found.promoted]
        lines += ["", "Promoted before:", *plain(columns(rows)).splitlines()]
    return "\n".join(lines)


def _draft(one: DraftShown) -> Iterator[str]:
    about = f" ({said(one.promote)})" if one.promote else ""
    yield f"{said(one.name)}: {one.kind}, {show_bytes(one.size)}{about}"
    yield f"  {said(one.purpose)}"
    if one.wrong:
        yield f"  not used: {said(one.wrong)}"
    if one.source:
        yield f"  from: {said(one.source)}{f', {said(one.created)}' if one.created else ''}"
    before, after = one.before, one.after
    if not after.attempts:
        yield "  no attempt had it"
        return
    yield f"  with it: {_figures(after.attempts, after.features, after.failures, after.tokens)}"
    if before.attempts:
        yield f"  before:  {_figures(before.attempts, before.features, before.failures, before.tokens)}"


def _figures(attempts: int, features: int, failures: int, tokens: int) -> str:
    each = f"{attempts / features:.1f} attempts and {tokens // features:,} tokens per feature" if features else ""
    return f"{counted(attempts, 'attempt')} at {counted(features, 'feature')}, {failures} failed; {each}"
