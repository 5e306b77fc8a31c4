"""The graph of a mission: its milestones from left to right, in each its features by their dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.surfaces.charts.layers import places_of
from mission_cli.surfaces.charts.states import class_of, icon, word_of
from mission_cli.surfaces.charts.svg import Chart, escaped, figure, label, path, plain, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.results.views import FeatureView, MilestoneView

_WIDE, _HIGH = 188, 44
"""Of a feature."""
_ACROSS, _BETWEEN = 34, 12
"""Between two columns, and between two rows."""
_PAD, _HEAD, _GAP = 14, 46, 26
"""Inside a milestone, above its features, and between milestones."""
_TITLE_CELLS, _WORD_CELLS, _NAME_CELLS = 26, 16, 60
_FINISHED = frozenset({"done", "skipped"})


@dataclass(frozen=True, slots=True)
class _Node:
    feature: FeatureView
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Band:
    milestone: MilestoneView
    x: float
    width: float
    nodes: Sequence[_Node]


def mission_graph(milestones: Sequence[MilestoneView], key: str = "graph") -> Chart:
    """Return the graph: a feature that several others depend on has one node, and an arrow to each of them."""
    bands = list(_bands(milestones))
    nodes = [node for band in bands for node in band.nodes]
    lowest = max((node.y + _HIGH for node in nodes), default=_HEAD)
    width = bands[-1].x + bands[-1].width if bands else _WIDE
    height = lowest + _PAD
    inner = "".join([*(_frame(band, height) for band in bands), *_edges(nodes), *map(_box, nodes)])
    head = ("Feature", "Title", "State", "After")
    rows = [(f.number, f.title, word_of(f.shown_as), ", ".join(f.depends)) for m in milestones for f in m.features]
    chart = Chart("", "Milestones and features", _in_words(milestones), head, rows)
    return figure(chart, key, "graph", (width, height), inner)


def _bands(milestones: Sequence[MilestoneView]) -> Iterator[_Band]:
    x = 0.0
    for milestone in milestones:
        index = {feature.number: at for at, feature in enumerate(milestone.features)}
        before = [[index[d] for d in f.depends if d in index] for f in milestone.features]
        places = places_of(before)
        left = x + _PAD
        nodes = [
            _Node(feature, left + column * (_WIDE + _ACROSS), _HEAD + row * (_HIGH + _BETWEEN))
            for feature, (column, row) in zip(milestone.features, places, strict=True)
        ]
        columns = max((column for column, _ in places), default=0) + 1
        width = 2 * _PAD + columns * _WIDE + (columns - 1) * _ACROSS
        yield _Band(milestone, x, width, nodes)
        x += width + _GAP


def _frame(band: _Band, height: float) -> str:
    milestone = band.milestone
    name = plain(f"{milestone.number} {milestone.name}", round((band.width - 2 * _PAD) / 7.4))
    told = plain(word_of(milestone.status), _WORD_CELLS)
    told += f" · {milestone.done} of {milestone.planned} done" if milestone.planned else ""
    inner = tag("title", escaped(plain(milestone.name)))
    inner += tag("rect", class_="band", x=0.5, y=0.5, width=band.width - 1, height=height - 1, rx=8)
    inner += label(name, _PAD, 18, "name") + icon(milestone.status, _PAD, 24) + label(told, _PAD + 20, 36, "state")
    place = {"x": band.x, "y": 0, "width": band.width, "height": height}
    return tag("svg", inner, class_=f"milestone {class_of(milestone.status)}", **place)


def _box(node: _Node) -> str:
    feature = node.feature
    inner = tag("title", escaped(plain(f"{feature.number} {feature.title}", 2 * _NAME_CELLS)))
    inner += tag("rect", class_="box", x=1, y=1, width=_WIDE - 2, height=_HIGH - 2, rx=6)
    inner += icon(feature.shown_as, 8, 6) + label(plain(feature.number, 10), 29, 17, "number")
    inner += label(plain(word_of(feature.shown_as), _WORD_CELLS), _WIDE - 8, 17, "state", "end")
    inner += label(plain(feature.title, _TITLE_CELLS), 8, 35, "name")
    place = {"x": node.x, "y": node.y, "width": _WIDE, "height": _HIGH}
    return tag("svg", inner, class_=f"feature {class_of(feature.shown_as)}", **place)


def _edges(nodes: Sequence[_Node]) -> Iterator[str]:
    """Yield an arrow from each dependency; what is not there, or is the feature itself, has none."""
    known = {node.feature.number: node for node in reversed(nodes)}
    for node in nodes:
        for number in dict.fromkeys(node.feature.depends):
            start = known.get(number)
            if start is not None and start is not node:
                open_ = start.feature.status not in _FINISHED
                yield tag("path", class_="edge open" if open_ else "edge", d=_arrow(start, node))


def _arrow(start: _Node, end: _Node) -> str:
    x1, y1, x2, y2 = start.x + _WIDE, start.y + _HIGH / 2, end.x, end.y + _HIGH / 2
    bend = max(_ACROSS * 0.6, abs(x2 - x1) * 0.25)
    tip = ("M", x2 - 7, y2 - 4, "L", x2 - 1, y2, "L", x2 - 7, y2 + 4)
    return path("M", x1, y1, "C", x1 + bend, y1, x2 - bend, y2, x2 - 2, y2, *tip)


def _in_words(milestones: Sequence[MilestoneView]) -> str:
    features = sum(len(m.features) for m in milestones)
    told = [f"{counted(features, 'feature')} in {counted(len(milestones), 'milestone')}."]
    for milestone in milestones:
        told.append(f"Milestone {milestone.number}, {plain(milestone.name, _NAME_CELLS)}: {word_of(milestone.status)}.")
        for f in milestone.features:
            after = f", after {', '.join(f.depends)}" if f.depends else ""
            told.append(f"{f.number} {plain(f.title, _NAME_CELLS)}: {word_of(f.shown_as)}{after}.")
    return " ".join(told)
