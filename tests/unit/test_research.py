"""Research before the work: topics of a plan, documents with four parts, and who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.crash.lives import committed
from tests.kit.browsing import at_home
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import feature, mission
from tests.kit.research import BANKS, DOCUMENT, FOLDER, GATE, PLAN, SEARCH, works
from tests.unit.test_keys_act import go_on
from tests.unit.test_mail import edit

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.commands.phases.decide import at_gate
from mission_cli.app.queries.proposals import topic_shown
from mission_cli.app.report.briefing import briefing
from mission_cli.app.report.fitting import fitted
from mission_cli.app.report.report import mission_report
from mission_cli.app.results.proposals import TopicShown
from mission_cli.document.changes import AddFeature
from mission_cli.document.checking.lint import lint
from mission_cli.document.plans.additions import added_plan
from mission_cli.document.plans.answer import read_answer
from mission_cli.document.plans.plan import read_plan, write_plan
from mission_cli.document.plans.researched import with_research
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import ConflictError, NotFoundError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.research.documents import lacking, parts_of, summary_of
from mission_cli.domain.research.topics import may_keep, needed, readable, topic_of
from mission_cli.engine.phases.documents import blob_id
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.reporting.context import context_values
from mission_cli.surfaces.reporting.shown import values_of
from mission_cli.surfaces.views.planning.plan import plan_lines
from mission_cli.surfaces.views.proposals import topic_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PROMPTS = dict[str, str]


def host_of(script: Callable[[JobSpec], Outcome] = works, plan: str = PLAN) -> tuple[Host, PROMPTS, dict[str, JobSpec]]:
    """A started mission, and the prompts and jobs that its workers get."""
    prompts: PROMPTS = {}
    jobs: dict[str, JobSpec] = {}

    def kept(spec: JobSpec) -> Outcome:
        prompts[spec.key], jobs[spec.key] = spec.program.stdin, spec
        return script(spec)

    host = make_host(kept)
    make_mission(host, plan)
    lifecycle.start(host.context(), "m")
    return host, prompts, jobs


def statuses(host: Host) -> dict[str, str]:
    return {f.number: str(f.status) for f in now(host).features()}


def now(host: Host) -> Mission:
    return load(committed(host)["m/mission.md"], "m").mission


def test_it_is_found_out_first_a_person_looks_and_those_who_need_it_read_it() -> None:
    host, prompts, jobs = host_of()
    go_on(host, 40)
    assert statuses(host) == {"1.1": "pending", "1.2": "pending", "1.3": "done", "1.4": "done", "2.1": "pending"}
    assert [(g.name, str(g.kind), g.status, g.rule) for g in now(host).gates] == [
        (GATE, "approval", "waiting", f"read research/{SEARCH}.md")
    ]
    gates.decide_gate(host.context(), "m", GATE, approved=True)
    go_on(host, 40)
    assert str(now(host).status) == "completed"
    assert list(prompts) == [f"m/{name}" for name in ("1.3-a1", "1.4-a1", "1.3-a2", "1.1-a1", "1.2-a1", "2.1-a1")]
    assert f"research/{SEARCH}.md has no text under a heading for: pitfalls" in prompts["m/1.3-a2"]
    assert "Research only." in prompts["m/1.3-a1"]
    read = {run: [t for t in (SEARCH, BANKS) if f"{t}.md:\n" in prompts[f"m/{run}"]] for run in ("1.2-a1", "2.1-a1")}
    assert read == {"1.2-a1": [SEARCH, BANKS], "2.1-a1": [BANKS]}
    assert f"- {SEARCH}: Use {SEARCH} first. (`research/{SEARCH}.md`)" in prompts["m/2.1-a1"], "what all may know"
    assert {run: (job.sandbox.only, job.program.env["MISSION_MODEL"]) for run, job in jobs.items()} == {
        **dict.fromkeys(("m/1.3-a1", "m/1.4-a1", "m/1.3-a2"), (FOLDER, "small")),
        **dict.fromkeys(("m/1.1-a1", "m/1.2-a1", "m/2.1-a1"), ("", "big")),
    }


def test_the_program_writes_a_row_for_each_topic_and_changes_it_when_it_is_found_out_again() -> None:
    host, _, _ = host_of()
    go_on(host, 40)
    rows = [dict(row.cells) for row in now(host).kept if row.section == "Research"]
    day = f"{host.jobs.clock.now():%Y-%m-%d}"
    assert rows == [
        {"topic": t, "summary": f"Use {t} first.", "source": f"`research/{t}.md`", "date": day} for t in (BANKS, SEARCH)
    ]
    host.jobs.script = lambda _: Outcome(
        60.0, {f"{FOLDER}/{SEARCH}.md": DOCUMENT.format(topic="something else")}, completes="1.3"
    )
    gates.decide_gate(host.context(), "m", GATE, approved=False, comment="look further")
    go_on(host, 20)
    rows = [dict(row.cells) for row in now(host).kept if row.section == "Research"]
    assert [(r["topic"], r["summary"]) for r in rows] == [
        (BANKS, f"Use {BANKS} first."),
        (SEARCH, "Use something else first."),
    ]
    assert [g.status for g in now(host).gates] == ["waiting"], "a new document is looked at again"
    assert statuses(host)["1.1"] == "pending"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "1.3-a1 ended with noop"),
        ({f"{FOLDER}/other.md": "x"}, f"it did not write research/{SEARCH}.md"),
        (
            {f"{FOLDER}/{SEARCH}.md": DOCUMENT, "app.py": "x"},
            "research changes no code, and it changed app.py",
        ),
        (
            {f"{FOLDER}/{SEARCH}.md": "# Decision\n\nyes\n"},
            f"research/{SEARCH}.md has no text under a heading for: options, sources, pitfalls",
        ),
    ],
)
def test_without_its_whole_document_and_nothing_else_research_is_not_done(files: dict[str, str], words: str) -> None:
    host, _, _ = host_of(lambda _: Outcome(60.0, files))
    go_on(host, 8)
    told = [row.details for row in now(host).progress if row.event == "attempt.settled" and "1.3-a1" in row.details]
    assert len(told) == 1
    assert words in told[0]
    assert statuses(host)["1.3"] != "done"
    assert not [path for path in committed(host) if "/research/" in path]


def test_when_its_attempts_are_used_up_the_feature_fails_and_what_needs_it_stays() -> None:
    host, _, _ = host_of(lambda spec: works(spec) if spec.program.env["MISSION_FEATURE"] == "1.4" else Outcome(60.0))
    go_on(host, 120)
    assert statuses(host) == {"1.1": "pending", "1.2": "pending", "1.3": "failed", "1.4": "done", "2.1": "pending"}
    features.skip(host.context(), "m/1.3", reason="we know")
    gates.decide_gate(host.context(), "m", GATE, approved=True)
    host.jobs.script = works
    go_on(host, 60)
    assert str(now(host).status) == "completed"


def test_another_feature_does_not_change_what_was_found_out() -> None:
    def meddles(spec: JobSpec) -> Outcome:
        done = works(spec)
        if spec.program.env["MISSION_FEATURE"] == "1.1":
            return Outcome(60.0, {"1.1.txt": "good\n", f"{FOLDER}/{SEARCH}.md": "mine", f"{FOLDER}/notes.md": "kept"})
        return done

    host, _, _ = host_of(meddles)
    go_on(host, 40)
    gates.decide_gate(host.context(), "m", GATE, approved=True)
    go_on(host, 40)
    found = {path: text for path, text in committed(host).items() if "/research/" in path}
    assert found == {
        f"m/research/{BANKS}.md": DOCUMENT.format(topic=BANKS),
        f"m/research/{SEARCH}.md": DOCUMENT.format(topic=SEARCH),
        "m/research/notes.md": "kept",
    }


def test_a_topic_is_a_feature_at_the_end_of_the_first_milestone_that_needs_it() -> None:
    told = read_plan(PLAN).plan
    assert told is not None
    assert read_plan(write_plan(told)).plan == told
    plan = with_research(told)
    features = [f for m in plan.milestones for f in m.features]
    assert [(f.title, f.topic, f.depends, f.limits) for f in features] == [
        ("one", "", ["1.3", "1.4"], ""),
        ("two", "", ["1.1", "1.3"], ""),
        ("Research: Full-text search?", SEARCH, [], "usd 2"),
        ("Research: banks", BANKS, [], ""),
        ("three", "", ["1.4"], ""),
    ]
    assert features[2].description == "Which engine?\n\nLook here first:\n\n- notes.txt"
    assert [(g.name, g.after, g.blocks) for g in plan.gates] == [(GATE, ["1.3"], ["1.1", "1.2"])]
    assert (plan.research, with_research(plan)) == ([], plan)
    assert [one.number for one in added_plan(told, 2) if isinstance(one, AddFeature)] == [
        *("3.1", "3.2", "3.3", "3.4", "4.1")
    ]


def test_who_approves_a_plan_sees_what_is_found_out_first() -> None:
    plan = read_plan(PLAN).plan
    assert plan is not None
    shown = plain(plan_lines(plan, 120))
    assert (
        "└── found out first\n"
        "    ├── Full-text search?: Which engine? (for 1.1, two, at most $2, you look at it before they start)\n"
        "    └── banks (for all features)\n"
    ) in shown


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("topic: banks", 'topic: "full text, search"', "the topic `full-text-search` appears twice"),
        ("topic: banks", 'topic: ""', "`research.2.topic` is empty"),
        ('["1.1", two]', '["7.1"]', "the topic `full-text-search` is needed by `7.1`, which does not exist"),
        ("max_usd: 2", "max_usd: -2", "`research.1.max_usd`: `-2` is not a number (it cannot be below 0)"),
        (
            "\nmilestones:",
            f"\ngates: [{{name: {GATE}, kind: checkpoint}}]\nmilestones:",
            f"the gate `{GATE}` exists, and `review` of the topic `{SEARCH}` makes one of that name",
        ),
        ("title: one,", "title: one, topic: banks,", "the topic `banks` appears twice"),
    ],
)
def test_mistakes_in_the_research_of_a_plan(old: str, new: str, found: str) -> None:
    read = read_plan(PLAN.replace(old, new, 1))
    assert read.plan is None
    errors = [p.at("p") for p in read.problems if p.severity == "error"]
    assert found in errors[0], errors


def test_a_model_may_ask_for_research_but_not_decide_who_looks_and_what_it_costs() -> None:
    more = "".join(
        f'  - name: M{n}\n    validation: ["file: `{n}`"]\n    features:\n'
        + "".join(f'      - {{title: f{n}{k}, criteria: ["file: `{n}{k}`"]}}\n' for k in (1, 2))
        for n in (1, 2, 3)
    )
    text = f"```yaml\ntitle: t\nresearch:\n  - {{topic: banks, question: which, review: true, max_usd: 9}}\nmilestones:\n{more}```\n"
    read = read_answer(text)
    assert read.notes == (
        "dropped, because a model may not decide it: research 1: review: true",
        "dropped, because a model may not decide it: research 1: max_usd: 9",
    )
    assert read.plan is not None
    assert [(one.topic, one.question, one.review, one.max_usd) for one in read.plan.research] == [
        ("banks", "which", False, 0)
    ]
    many = text.replace(
        "  - {topic: banks", "".join(f"  - {{topic: t{n}}}\n" for n in range(5)) + "  - {topic: banks", 1
    )
    assert [p.message for p in read_answer(many).errors] == ["there are 6 topics of research"]


def test_lint_names_research_that_no_worker_reads_and_a_topic_that_two_have() -> None:
    host, _, _ = host_of()
    text = committed(host)["m/mission.md"]
    assert [p.message for p in lint(load(text, "m")) if "research" in p.message] == []
    without = text.replace("`[depends:1.3,1.4]`", "`[depends:1.4]`").replace("`[depends:1.1,1.3]`", "")
    assert [(p.message, p.hint) for p in lint(load(without, "m")) if "research" in p.message] == [
        (
            f"no feature depends on 1.3, so `research/{SEARCH}.md` is in no prompt",
            "write `[depends:1.3]` at the features that need it",
        )
    ]
    report = without.replace('type: "development"', 'type: "research"')
    assert report != without
    assert [p.message for p in lint(load(report, "m")) if "no prompt" in p.message] == []
    twice = load(text.replace("`[research:banks]`", f"`[research:{SEARCH}]`"), "m")
    assert [p.message for p in twice.errors()] == [f"1.4 has the topic `{SEARCH}` of 1.3"]
    assert [f.number for f in twice.mission.features() if f.broken] == ["1.4"]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("", ""),
        ("  ", ""),
        ("SQLite", "sqlite"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("Größe & Maß", "grosse-and-mass"),
        ("analysis", "topic-analysis"),
        ("mail", "topic-mail"),
        ("検索", "topic-1b6b1a6f"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_topic_is_a_safe_path(text: str, topic: str) -> None:
    assert topic_of(text) == topic
    assert topic_of(topic) == topic


def test_who_needs_a_topic_and_who_may_change_what_belongs_to_it() -> None:
    some = mission(
        feature("1.1", research=True, topic="a"),
        feature("1.2", research=True, topic="b"),
        feature("1.3", depends=("1.1",)),
        feature("1.4", depends=("1.3",)),
        feature("1.5", fixes="12345678", research=True, topic="c"),
    )
    assert {f.number: needed(some, f) for f in some.features()} == {
        "1.1": (), "1.2": (), "1.3": ("a",), "1.4": ("a",), "1.5": ()
    }  # fmt: skip
    names = ["a.md", "a/table.md", "b.md", "c.md", "notes.md"]
    assert [list(readable(some, f, names)) for f in some.features()][1:4] == [
        ["b.md", "c.md", "notes.md"],
        ["a.md", "a/table.md", "c.md", "notes.md"],
        ["a.md", "a/table.md", "c.md", "notes.md"],
    ]
    one, two = list(some.features())[:2]
    assert [may_keep(some, one.number, name) for name in names] == [True, True, False, True, True]
    assert [may_keep(some, two.number, name) for name in names] == [False, False, True, True, True]


def test_the_parts_of_a_document() -> None:
    text = """\
# Options for a search

## 1. Decision

Use `fts5`. It
is enough.

Later more.

### Why

Speed.

## Options considered
- fts5

## Source
```md
## Pitfalls
none
```
## Common pitfalls

## Other

x
"""
    assert parts_of(text) == snapshot(
        {
            "options": "- fts5",
            "decision": "Use `fts5`. It\nis enough.\n\nLater more.\n\n\nSpeed.",
            "sources": "```md\n## Pitfalls\nnone\n```",
        }
    )
    assert lacking(text) == ("pitfalls",)
    assert summary_of(text) == "Use `fts5`. It is enough."
    assert lacking("") == ("decision", "options", "sources", "pitfalls")
    assert summary_of("no headings") == ""


# What people see


def test_a_decision_is_about_the_document_and_every_view_has_what_was_found_out() -> None:
    host, _, _ = host_of()
    go_on(host, 40)
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, "m")
    shown = topic_shown(ctx, snapshot, address, "Full-text search?")
    text = DOCUMENT.format(topic=SEARCH)
    assert shown == TopicShown(MissionId("m"), SEARCH, f"research/{SEARCH}.md", blob_id(text), text)
    assert plain(topic_lines(replace(shown, text="# One\n\n\x1b[31mtwo three\n"), 60)) == (
        f"m: research/{SEARCH}.md ({shown.blob[:7]})\n\n# One\n\n\ufffd[31mtwo three\n"
    )
    with pytest.raises(NotFoundError, match="m has no topic `x`"):
        topic_shown(ctx, snapshot, address, "x")
    gate = at_gate(ctx, address, GATE)
    assert (gate.saw, gate.document) == (shown.blob, f"{SEARCH}.md")
    with pytest.raises(ConflictError) as other:
        gates.decide_gate(ctx, "m", GATE, approved=True, saw="1234567")
    assert str(other.value.hint) == f"look at it again: mission show m --research {SEARCH}"
    gates.decide_gate(ctx, "m", GATE, approved=True, saw=shown.blob[:7])
    assert [(a.gate, a.decision, a.commit) for a in now(host).approvals] == [(GATE, "approved", shown.blob)]
    rows = [(t, f"Use {t} first.", f"research/{t}.md") for t in (BANKS, SEARCH)]
    assert [(t.topic, t.summary, t.source) for t in mission_report(ctx, address).research] == rows
    assert [(t.topic, t.summary, t.source) for t in briefing(ctx, snapshot, address, 2000).research] == rows


def test_pages_and_accounts_show_the_text_of_a_model_as_text() -> None:
    host, _, _ = host_of()
    go_on(host, 40)
    edit(host, f"Use {BANKS} first.", "<script>alert(1)</script> [x](javascript:y) first.")
    ctx = host.context()
    address = resolve(ctx.state.snapshot(), "m")
    web = at_home(host)
    page = web.open("/missions/m")
    assert f"Research {BANKS} <script>alert(1)</script> [x](javascript:y) first. research/{BANKS}.md" in page.text
    assert web.last is not None
    assert "<script>alert" not in web.last.text
    page = web.open(f"/missions/m/do/approve?gate={GATE}")
    assert f"shows {SEARCH}.md" in page.text
    assert "Because it is there." in page.text
    values = values_of(mission_report(ctx, address), {})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in ctx.templates.render("report.html.j2", values)
    brief = context_values(fitted(briefing(ctx, ctx.state.snapshot(), address, 2000), lambda _: 0))
    for name, told in (("report.md.j2", values), ("context.md.j2", brief)):
        text = ctx.templates.render(name, told)
        assert f"- {SEARCH}: Use {SEARCH} first. (research/{SEARCH}.md)" in text.replace("\\", "")
        assert "<script>" not in text.replace("\\<", "")
