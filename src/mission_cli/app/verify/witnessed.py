"""Compare the history with its signatures, and with what was seen of it before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.results.verification import Misfit, SignatureLook
from mission_cli.domain.evidence.witnesses import Signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.engine.context import Context

_SHORT = 7
_MOST, _MOST_NAMED = 20, 3


def signatures_in(ctx: Context) -> tuple[SignatureLook, list[Misfit]]:
    """Return the states of signatures, and the commits whose signature is wrong."""
    found = [*ctx.state.signatures().items()]
    counts = Counter(state for _, state in found)
    first = max((n for n, (_, state) in enumerate(found) if state is not Signature.NONE), default=-1)
    unsigned = [commit for commit, state in found[: first + 1] if state is Signature.NONE]
    bad = [commit for commit, state in found if state is Signature.BAD]
    look = SignatureLook(
        good=counts[Signature.GOOD],
        none=counts[Signature.NONE],
        bad=counts[Signature.BAD],
        unknown=counts[Signature.UNKNOWN],
        unsigned=unsigned[:_MOST],
    )
    return look, [
        Misfit(f"commit {commit[:_SHORT]}", "its signature is wrong, or its key is revoked") for commit in bad
    ]


def rewritten(ctx: Context) -> Iterator[Misfit]:
    """Yield what this clone or the remote has seen of the history, and it does not contain any more."""
    for one in ctx.state.witnesses():
        named = "; ".join(one.gone[:_MOST_NAMED])
        more = f"; and {counted(len(one.gone) - _MOST_NAMED, 'other')}" if len(one.gone) > _MOST_NAMED else ""
        lost = f": without {named}{more}" if named else ", and git has removed it"
        words = f"{one.by} this commit, and the history does not contain it: it was rewritten, or is not merged{lost}"
        yield Misfit(f"commit {one.commit[:_SHORT]}", words)
