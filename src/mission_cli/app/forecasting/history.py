"""What the ended missions of a repository used, read once for each state of their folders."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.forecast.figures import Past
from mission_cli.domain.forecast.memory import Read
from mission_cli.domain.status import FeatureStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

MOST_MISSIONS = 50
"""The latest ones by id, so that a forecast stays quick in a large repository."""


def pasts_of(ctx: Context, snapshot: Snapshot, but: MissionId) -> list[Past]:
    """Return what the latest completed missions used, without one of them; what was read is noted."""
    kept = ctx.runtime.forecasts()
    read = read_missions(ctx, snapshot, kept.read)
    if read != kept.read:
        ctx.runtime.note_forecasts(replace(kept, read=read))
    return [one.past for name, one in read.items() if one.past is not None and name != but]


def read_missions(ctx: Context, snapshot: Snapshot, known: Mapping[str, Read]) -> dict[str, Read]:
    """Return what the latest missions used, by id: as known if nothing in their folder has changed since."""
    found: dict[str, Read] = {}
    for name in sorted(snapshot.missions)[-MOST_MISSIONS:]:
        stored, before = snapshot.missions[name], known.get(name)
        if before is not None and stored.content and before.content == stored.content:
            found[name] = before
            continue
        mission, past = load_placed(stored.text, stored.id).mission, None
        if mission.status is MissionStatus.COMPLETED and snapshot.head is not None:
            past = past_of(mission, records_in(ctx.state.runs(stored, snapshot.head)))
        found[name] = Read(stored.content, past)
    return found


def records_in(texts: Mapping[str, str]) -> list[RunRecord]:
    """Return the records that can be read."""
    return [record for text in texts.values() if (record := read_run(text)) is not None]


def past_of(mission: Mission, records: Iterable[RunRecord], *, planning: bool = True) -> Past | None:
    """Return what a mission has used so far, perhaps with its planning; None if no attempt has ended."""
    settled = [record for record in records if not record.open and (planning or not record.planning)]
    attempts = [r for r in settled if not (r.planning or r.answering or r.by) and r.started]
    done = [feature for feature in mission.features() if feature.status is FeatureStatus.DONE]
    if not attempts:
        return None
    costs = [record.usage.usd for record in settled]
    waits = [wait for record in attempts if (wait := _judged_after(record)) is not None]
    return Past(
        planned=sum(1 for feature in done if not feature.fixes),
        fixes=sum(1 for feature in done if feature.fixes),
        attempts=len(attempts),
        tokens=sum(record.usage.total_tokens for record in settled),
        minutes=float(sum(record.usage.hours for record in attempts) * 60),
        usd=0 if None in costs else float(sum(cost for cost in costs if cost is not None)),
        judging=sum(waits) / len(waits) if waits else 0,
        kind=mission.kind,
        model=_usual_model(attempts),
    )


def _judged_after(record: RunRecord) -> float | None:
    """Return how many minutes after its end an attempt got its last verdict; None if it was not judged."""
    ended = parse_stamp(record.ended)
    at = max((found for verdict in record.judged if (found := parse_stamp(verdict.at)) is not None), default=None)
    return None if ended is None or at is None or at < ended else (at - ended).total_seconds() / 60


def _usual_model(attempts: Sequence[RunRecord]) -> str:
    names = Counter(sort_of(record.runner, record.model) for record in attempts)
    return names.most_common(1)[0][0]


def sort_of(runner: str, model: str) -> str:
    """Return what attempts of the same runner and model have in common, as text."""
    return f"{runner} {model}".strip()
