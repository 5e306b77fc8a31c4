"""Charts: the same picture for the same figures, the figures in words, and nothing in it that runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.nightly import NIGHTLY

from mission_cli.app.results.views import FeatureView, MilestoneView
from mission_cli.surfaces.charts.curve import Band, Curve, budget_curve
from mission_cli.surfaces.charts.graph import mission_graph
from mission_cli.surfaces.charts.layers import layers_of, places_of
from mission_cli.surfaces.charts.small import spark_line
from mission_cli.surfaces.charts.states import STATES
from mission_cli.surfaces.charts.svg import Chart, style
from mission_cli.surfaces.lines import said

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
TAGS = {f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "path", "text", "circle")}
ATTRIBUTES = {
    *("class", "viewBox", "width", "height", "x", "y", "rx", "cx", "cy", "r", "d", "id", "role", "transform"),
    *("text-anchor", "aria-labelledby"),
}


def feature(number: str, title: str, state: str = "pending", depends: tuple[str, ...] = ()) -> FeatureView:
    return FeatureView(number, title, state, state, state, depends, 0, "", "", "", "", "", "", "", None, ())


def milestone(number: int, name: str, state: str, *features: FeatureView) -> MilestoneView:
    done = sum(one.status == "done" for one in features)
    return MilestoneView(number, name, state, 0, (), features, done, len(features))


def inert(chart: Chart) -> ET.Element:
    """Return the parsed picture: well-formed, with names and attributes of drawings alone."""
    assert "<!" not in chart.svg
    root = ET.fromstring(chart.svg)  # noqa: S314 - our own output, and without a document type
    for element in root.iter():
        assert element.tag in TAGS
        assert set(element.attrib) <= ATTRIBUTES
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == " ".join(map(str, ids))
    assert [element.text for element in root[:2]] == [chart.title, chart.summary]
    return root


def test_the_graph_of_a_small_mission() -> None:
    one = milestone(1, "Core", "passed", feature("1.1", "Parse <words>", "done"))
    two = milestone(2, "Server", "active", feature("2.1", "HTTP", "waiting_human", ("1.1", "9.9", "2.1")))
    chart = mission_graph([one, two])
    inert(chart)
    assert chart.svg.replace("><", ">\n<") == snapshot("""\
<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-graph" viewBox="0 0 458 104" width="458" height="104" role="img" aria-labelledby="graph-title graph-desc">
<title id="graph-title">Milestones and features</title>
<desc id="graph-desc">2 features in 2 milestones. Milestone 1, Core: passed. 1.1 Parse &lt;words&gt;: done. Milestone 2, Server: active. 2.1 HTTP: waiting human, after 1.1, 9.9, 2.1.</desc>
<svg class="milestone s-passed" x="0" y="0" width="216" height="104">
<title>Core</title>
<rect class="band" x="0.5" y="0.5" width="215" height="103" rx="8"/>
<text x="14" y="18" class="name">1 Core</text>
<path class="icon" d="M1.5 7.5L5.5 11.5L12.5 2.5" transform="translate(14 24)"/>
<text x="34" y="36" class="state">passed · 1 of 1 done</text>
</svg>
<svg class="milestone s-active" x="242" y="0" width="216" height="104">
<title>Server</title>
<rect class="band" x="0.5" y="0.5" width="215" height="103" rx="8"/>
<text x="14" y="18" class="name">2 Server</text>
<path class="icon" d="M3 1.5L12.5 7L3 12.5z" transform="translate(14 24)"/>
<text x="34" y="36" class="state">active · 0 of 1 done</text>
</svg>
<path class="edge" d="M 202 68 C 222.4 68 235.6 68 254 68 M 249 64 L 255 68 L 249 72"/>
<svg class="feature s-done" x="14" y="46" width="188" height="44">
<title>1.1 Parse &lt;words&gt;</title>
<rect class="box" x="1" y="1" width="186" height="42" rx="6"/>
<path class="icon" d="M1.5 7.5L5.5 11.5L12.5 2.5" transform="translate(8 6)"/>
<text x="29" y="17" class="number">1.1</text>
<text x="180" y="17" class="state" text-anchor="end">done</text>
<text x="8" y="35" class="name">Parse &lt;words&gt;</text>
</svg>
<svg class="feature s-waiting-human" x="256" y="46" width="188" height="44">
<title>2.1 HTTP</title>
<rect class="box" x="1" y="1" width="186" height="42" rx="6"/>
<path class="icon" d="M7 1.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5zM1.5 12.5c0-6 11-6 11 0" transform="translate(8 6)"/>
<text x="29" y="17" class="number">2.1</text>
<text x="180" y="17" class="state" text-anchor="end">waiting human</text>
<text x="8" y="35" class="name">HTTP</text>
</svg>
</svg>\
""")
    assert chart.summary == snapshot(
        "2 features in 2 milestones. Milestone 1, Core: passed. 1.1 Parse <words>: done. Milestone 2, Server: active. 2.1 HTTP: waiting human, after 1.1, 9.9, 2.1."
    )
    assert (chart.head, chart.rows) == snapshot(
        (
            ("Feature", "Title", "State", "After"),
            [("1.1", "Parse <words>", "done", ""), ("2.1", "HTTP", "waiting human", "1.1, 9.9, 2.1")],
        )
    )
    assert mission_graph([one, two]) == chart


def test_the_curve_of_a_budget() -> None:
    points = [(START + timedelta(hours=n), Decimal(usd)) for n, usd in ((0, 0), (1, "1.50"), (3, 4))]
    band = Band(Decimal(6), Decimal(7), Decimal(9))
    chart = budget_curve(Curve(points, START + timedelta(hours=4), Decimal(10), Decimal(8), band))
    assert chart is not None
    inert(chart)
    assert chart.svg.replace("><", ">\n<") == snapshot("""\
<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-curve" viewBox="0 0 640 220" width="640" height="220" role="img" aria-labelledby="budget-title budget-desc">
<title id="budget-title">Spend over time</title>
<desc id="budget-desc">$4 spent since 10:00. The cap is $10. The mission pauses at $8. It is likely to cost $7 at its end; between $6 and $9 in eight of ten cases.</desc>
<path class="band" d="M 476 133.9 L 632 56.2 V 102.8 Z"/>
<path class="likely" d="M 476 133.9 L 632 87.2"/>
<path class="area" d="M 8 196 V 196 H 125 V 172.7 H 359 V 133.9 H 476 V 196 Z"/>
<path class="spent" d="M 8 196 H 125 V 172.7 H 359 V 133.9 H 476"/>
<path class="level warning" d="M 8 71.7 H 632"/>
<text x="8" y="67.7" class="words warning">pauses at $8</text>
<path class="level cap" d="M 8 40.6 H 632"/>
<text x="632" y="36.6" class="words cap" text-anchor="end">cap $10</text>
<path class="axis" d="M 8 196 H 632"/>
<text x="8" y="212" class="words">10:00</text>
<text x="632" y="212" class="words" text-anchor="end">at the end</text>
<circle class="now" cx="476" cy="133.9" r="3.5"/>
<text x="468" y="125.9" class="words here" text-anchor="end">$4</text>
</svg>\
""")
    assert chart.summary == snapshot(
        "$4 spent since 10:00. The cap is $10. The mission pauses at $8. It is likely to cost $7 at its end; between $6 and $9 in eight of ten cases."
    )
    assert chart.rows == snapshot([("10:00", "$0"), ("11:00", "$1.50"), ("13:00", "$4")])


def test_a_cap_far_above_everything_is_not_drawn_to_scale() -> None:
    points = [(START, Decimal(0)), (START + timedelta(hours=1), Decimal(1))]
    chart = budget_curve(Curve(points, START + timedelta(hours=2), Decimal(1000)))
    assert chart is not None
    assert "cap $1,000 (not to scale)" in chart.svg
    known = budget_curve(Curve(points, START + timedelta(hours=2), Decimal(3)))
    assert known is not None
    assert "cap $3<" in known.svg


def test_the_forecast_ends_where_time_allows_and_else_at_the_edge() -> None:
    points = [(START, Decimal(0)), (START + timedelta(hours=4), Decimal(2))]
    for hours, end, label in ((6, 632, "16:00"), (4000, 632, "2027-05-06 02:00")):
        band = Band(Decimal(3), Decimal(4), Decimal(5), START + timedelta(hours=hours))
        chart = budget_curve(Curve(points, START + timedelta(hours=5), None, None, band))
        assert chart is not None
        [path] = re.findall('class="band" d="M [^"]*"', chart.svg)
        assert f"L {end} " in path
        assert float(path.split("M ")[1].split(" ")[0]) in {476.0, 528.0}, "the present is not squeezed"
        assert f">{label}</text>" in chart.svg


def test_without_spending_and_expectations_there_is_no_curve() -> None:
    assert budget_curve(Curve([], START, Decimal(10))) is None
    assert budget_curve(Curve([(START, Decimal(0))], START, Decimal(10))) is None
    expected = Band(Decimal(1), Decimal(2), Decimal(3), START + timedelta(days=1))
    chart = budget_curve(Curve([(START, Decimal(0))], START, None, None, expected))
    assert chart is not None
    assert chart.summary == snapshot(
        "$0 spent since 10:00. There is no cap. It is likely to cost $2 at its end, Sat 10:00; between $1 and $3 in eight of ten cases."
    )


def test_a_line_without_axes() -> None:
    spark = spark_line([1, 3, 2], "Spend a day", "2 to 3 dollars", "spark-1")
    inert(spark)
    assert spark.svg == snapshot(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-spark" viewBox="0 0 120 24" width="120" height="24" role="img" aria-labelledby="spark-1-title spark-1-desc"><title id="spark-1-title">Spend a day</title><desc id="spark-1-desc">2 to 3 dollars</desc><path class="spent" d="M 2 21 60 3 118 12"/><circle class="now" cx="118" cy="12" r="2"/></svg>'
    )


def test_every_state_has_a_shape_and_a_color_class_of_its_own() -> None:
    charts = [mission_graph([milestone(1, "M", "odd", feature("1.1", "F", state))]) for state in (*STATES, "odd")]
    boxes = [next(e for e in inert(c).iter(f"{SVG}svg") if "feature" in e.get("class", "")) for c in charts]
    looks = [(box.get("class"), next(p.get("d") for p in box.iter(f"{SVG}path"))) for box in boxes]
    assert len({kind for kind, _ in looks}) == len(looks)
    assert len({d for _, d in looks}) == len(looks) - 3, "active, validating and passed are those of milestones"


def test_the_style_sheet_loads_nothing_and_knows_every_class() -> None:
    sheet = style()
    assert "url(" not in sheet
    assert "@import" not in sheet
    named = set(re.findall(r"\.(s-[a-z-]+)", sheet))
    assert named <= {f"s-{state.replace('_', '-')}" for state in STATES}


TEXTS = st.text(max_size=40) | st.sampled_from(["<script>alert(1)</script>", "]]>&amp;\x1b[31m", "\u202ex", "\ud800"])
AMOUNTS = st.decimals() | st.decimals(min_value=0, max_value=100, places=2)
TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@st.composite
def missions(draw: st.DrawFn) -> list[MilestoneView]:
    numbers = [
        [f"{m}.{n}" for n in range(1, draw(st.integers(0, 12)) + 1)] for m in range(1, draw(st.integers(0, 3)) + 1)
    ]
    known = st.lists(st.sampled_from([n for some in numbers for n in some] or ["1.1"]) | TEXTS, max_size=4).map(tuple)
    states = st.sampled_from(STATES) | TEXTS
    return [
        milestone(at, draw(TEXTS), draw(states), *(feature(n, draw(TEXTS), draw(states), draw(known)) for n in some))
        for at, some in enumerate(numbers, 1)
    ]


@settings(max_examples=100 if NIGHTLY else 8)
@given(missions())
def test_any_graph_is_inert_and_has_every_feature_once(milestones: list[MilestoneView]) -> None:
    chart = mission_graph(milestones)
    root = inert(chart)
    boxes = [e for e in root.iter(f"{SVG}svg") if e.get("class", "").startswith("feature ")]
    titles = [box[0].text or "" for box in boxes]
    planned = [one for some in milestones for one in some.features]
    assert [title.split(" ")[0] for title in titles] == [one.number for one in planned]
    assert [row[0] for row in chart.rows] == [one.number for one in planned]
    assert all(said(one.title)[:20] in title for one, title in zip(planned, titles, strict=True))
    assert len({(box.get("x"), box.get("y")) for box in boxes}) == len(boxes)


@settings(max_examples=100 if NIGHTLY else 12)
@given(st.lists(st.tuples(TIMES, AMOUNTS), max_size=6), TIMES, st.none() | AMOUNTS, st.none() | AMOUNTS, st.data())
def test_any_curve_is_inert_and_inside_its_box(
    points: list[tuple[datetime, Decimal]],
    now: datetime,
    cap: Decimal | None,
    warning: Decimal | None,
    data: st.DataObject,
) -> None:
    bands = st.builds(Band, AMOUNTS, AMOUNTS, AMOUNTS, st.none() | TIMES)
    chart = budget_curve(Curve(points, now, cap, warning, data.draw(st.none() | bands)))
    if chart is None:
        return
    for path in inert(chart).iter(f"{SVG}path"):
        assert all(0 <= float(n) <= 640 for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", "")))


@given(st.lists(st.lists(st.integers(0, 14), max_size=4), max_size=15))
def test_no_two_features_stand_at_one_place_and_dependencies_stand_to_the_left(before: list[list[int]]) -> None:
    known = [[b for b in some if b < len(before)] for some in before]
    places = places_of(known)
    assert len(set(places)) == len(places) == len(before)
    earlier = [[b for b in some if b < at] for at, some in enumerate(known)]
    layers = layers_of(earlier)
    assert all(layers[b] < layers[at] for at, some in enumerate(earlier) for b in some)
