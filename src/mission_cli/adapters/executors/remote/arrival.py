"""A result that arrives from a host: read, screened like local work, and written as the exit file of its job.

What it contains is data. Its commits are fetched to a repository of their own first, and only what passes the scan for
secrets, sizes and odd objects gets refs here.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.exchange.names import Names
from mission_cli.adapters.executors.remote.exchange.result import read_result
from mission_cli.adapters.executors.remote.followed import open_marks, to_clean
from mission_cli.adapters.git.code.collect import take_in
from mission_cli.adapters.git.code.trees import alternate, object_format
from mission_cli.adapters.git.repo.command import Git, plain_git
from mission_cli.domain.errors import MissionError, ToolError
from mission_cli.domain.runs.jobs import AgentReport, Exit, Left
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.executors.remote.followed import Followed
    from mission_cli.adapters.git.code.collect import Screen
    from mission_cli.adapters.git.remote.far_refs import FarRefs
    from mission_cli.adapters.secrets.screen import SecretRules

_OID = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SETTLED = b"settled\n"
"""What stands in the place of a result that was taken."""
_DETAIL = 2000
_WORDS = 300


def make_store(code: Path, place: Path) -> Path:
    """Return an empty bare repository that borrows the objects of `code`; what was there before is removed."""
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    plain_git(place.parent, "init", "--quiet", "--bare", *object_format(code), "--template=", os.fspath(place))
    info = place / "objects/info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_bytes(alternate(code / "objects") + b"\n")
    return place


def arrived(one: Followed, ref: str, *, code: Path, store: Path, screen: Screen) -> tuple[Exit, bytes]:
    """Return how a job ended by the result that a ref of the store holds, and the end of its log.

    A result that cannot be read makes the attempt lost.
    """
    try:
        found = read_result(Git(store), ref)
        end = found.exit
        left = end.left
        for oid in (left.tip if left else "", end.saved):
            if oid and not _OID.fullmatch(oid):
                raise ToolError("it names a commit that is none")
    except MissionError as error:
        words = f"the result from the host cannot be used: {error.message}"
        return Exit(EndReason.LOST, detail=words, report=AgentReport(usage=Usage(usd=None))), b""
    try:
        kept, saved = take_in(
            code, store, one.key, start=one.spec.tree.commit, left=left, saved=end.saved, screen=screen
        )
    except MissionError as error:
        kept, saved = Left(trouble=one_line(error.message, _WORDS)), ""
    return _clean(replace(end, left=kept, saved=saved), screen.rules), found.log


def _clean(end: Exit, rules: SecretRules) -> Exit:
    """Return an end without secrets of this machine in its texts."""

    def scrub(text: object) -> str:
        return rules.scrub(str(text))

    said = end.report
    report = replace(
        said,
        last_words=scrub(said.last_words),
        answer=scrub(said.answer),
        detail=scrub(said.detail),
        transcript=scrub(said.transcript),
        asked=scrub(said.asked),
        told=scrub(said.told),
        session=scrub(said.session),
        reset_at=str(said.reset_at),
        children=tuple(map(str, said.children)),
    )
    return replace(end, detail=scrub(end.detail)[:_DETAIL], report=report)


def clean(folder: Path, clone: str, far: FarRefs, git: Git) -> dict[str, list[str]]:
    """Remove ended jobs from the exchange; return their ids at the host, by key. `folder`: that of the host.

    What says that a job was started stays, until a job is to be forgotten.
    """
    waiting = {*open_marks(folder)}  # a follower died before it wrote how they ended
    told = {key: facts for key, facts in to_clean(folder).items() if key not in waiting}
    if not told:
        return {}
    wanted: dict[str, tuple[str, str]] = {}
    settled = git.store(SETTLED)
    there = far.listed([ref for key in told for ref in refs_of(Names(clone, key))])
    for key, facts in told.items():
        names, purge = Names(clone, key), facts.get("purge") is True
        for ref in refs_of(names):
            if ref in there and (purge or ref == names.request):
                wanted[ref] = ("", there[ref])
        if not purge and there.get(names.result, settled) != settled:
            wanted[names.result] = (settled, there[names.result])
    far.replace(wanted)
    ids = {key: facts.get("ids") for key, facts in told.items()}
    return {key: [str(one) for one in found] if isinstance(found, list) else [] for key, found in ids.items()}


def refs_of(names: Names) -> tuple[str, str, str]:
    """Return every ref of a job at the exchange."""
    return names.request, names.claim, names.result
