"""Changes that change nothing: every place of a file set to what it says already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import Change, SetCriterion, SetFeature, SetField, SetFront, SetMilestone
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.editing.field_meaning import item_facts
from mission_cli.document.reading.load import criteria_section, milestone_places
from mission_cli.document.syntax.spans import results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded


def same_changes(loaded: Loaded) -> Iterator[Change]:
    """Yield a change for every scalar, feature cell, field and criterion, each saying what stands there."""
    layout, mission = loaded.layout, loaded.mission
    for path, text in layout.front.scalars():
        value = layout.front.value(*path)
        if value is not None and value.text == text:
            yield SetFront(path, text)
    for feature in mission.features():
        yield SetFeature(feature.number, "Status", feature.raw_status)
        yield SetFeature(feature.number, "Worker", feature.worker)
    for place in milestone_places(layout):
        for field in (f for f in layout.fields if f.section == place.section):
            yield SetMilestone(place.number, field.name, field.text)
    for field in layout.fields:
        if layout.path(field.section):
            yield SetField(layout.path(field.section), field.name, field.text)
    for owner in [str(m.number) for m in mission.milestones] + [str(f.number) for f in mission.features()]:
        section = criteria_section(layout, owner)
        for index, item in enumerate(i for i in layout.items if i.section == section):
            comments = tuple(found[0].strip() for found in results(item_facts(layout, item)[1]))
            text = read_criterion(item.text, more=[layout.raw(line) for line in item.more]).text
            yield SetCriterion(owner, index, text, item.ticked, comments)
