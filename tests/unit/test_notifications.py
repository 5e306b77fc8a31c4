"""Notifications by rules, sent with apprise to a real receiver, by pulses that may die between any two steps."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission
from tests.kit.fakes.life import Death, Kind
from tests.kit.loopback import Loopback, Reply, loopback

from mission_cli._support.dataclass import replace
from mission_cli.adapters import channels
from mission_cli.adapters.channels import AppriseMessenger
from mission_cli.adapters.fs.runtime import FolderRuntime
from mission_cli.app.commands import gates, lifecycle
from mission_cli.app.queries.diagnosis.news import name_problems, news_findings
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.news.outbox import Failing, Message, Outbox, Parcel
from mission_cli.engine.loop import pulse
from mission_cli.engine.news.outbox import key_of
from mission_cli.ports.git.state import Write
from mission_cli.ports.notifier import Letter
from mission_cli.settings import NotificationSettings, check, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.people import Person

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""
SAID = Message("1", "m", "Ship\x1b[2J it", "mission.paused", "see @all, https://evil.example/ {{ 7 * 7 }}", "")


def works(spec: JobSpec) -> Outcome:
    """Make the file of the feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": name}, completes=name)


@pytest.fixture
def ear() -> Iterator[Loopback]:
    """A receiver that takes everything."""
    with loopback(lambda _: Reply(200)) as running:
        yield running


def address(ear: Loopback, path: str = "ops") -> str:
    """The apprise URL of a path of the receiver."""
    return f"{ear.url.replace('http:', 'json:')}/{path}"


def heard(ear: Loopback) -> list[tuple[str, str, str]]:
    """Path, kind and text of all that arrived."""
    commit = re.compile(r"\b[0-9a-f]{7}\b")
    return [(one.path, one.json["type"], commit.sub("COMMIT", one.json["message"])) for one in ear.asked]


def host_with(plan: str = PLAN, **rules: NotificationSettings) -> Host:
    """A host with these rules and a mission that was started after a first pulse."""
    host = make_host(works)
    host.settings = replace(SETTINGS, notify="", notifications=rules)
    pulse(host.context())
    make_mission(host, plan)
    pulse(host.context())
    lifecycle.start(host.context(), "m")
    return host


def go_on(host: Host, ticks: int = 12) -> None:
    """Let pulses and jobs go on for some minutes."""
    for _ in range(ticks):
        report = pulse(host.context())
        assert not report.bugs
        assert not report.troubles
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()


def test_events_of_the_history_and_of_the_state_reach_the_channels_that_want_them_once(ear: Loopback) -> None:
    host = host_with(
        ops=NotificationSettings((address(ear),), events=("milestone.passed", "mission.landed", "mission.completed")),
        all=NotificationSettings((address(ear, "a"), address(ear, "b")), events=("mission.started",)),
        errors=NotificationSettings((address(ear, "errors"),), events=("*",), severity="error"),
    )
    go_on(host)
    assert heard(ear) == snapshot(
        [
            ("/a", "info", "One (m): m is started (by Ada)"),
            ("/b", "info", "One (m): m is started (by Ada)"),
            ("/ops", "success", "One (m): milestone 1 passed: 1 criterion on COMMIT"),
            (
                "/ops",
                "success",
                "One (m): every milestone passed, the final validation passed, and the work has landed",
            ),
            ("/ops", "success", "One (m): COMMIT is on main"),
        ]
    )
    assert host.context().runtime.outbox().parcels == ()
    assert [one.path for one in ear.asked if json.loads(one.body)["title"] == "m: mission.landed"] == ["/ops"]


def test_without_rules_nothing_is_stored_and_the_command_still_runs() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host)
    assert host.context().runtime.outbox() == Outbox()
    assert "completed" in [news.event for news in host.news.told]


def dying_at(host: Host, step: str) -> None:
    """Let pulses go on, and let the first process that comes to a step die there."""
    fate = host.jobs.fate

    def watch(name: str) -> None:
        if name == step:
            fate.watch = None
            fate.deaths = {fate.steps - 1: Kind.KILL}

    fate.watch = watch
    for _ in range(3):
        try:
            go_on(host)
        except Death:
            continue
    assert fate.watch is None, f"no process came to {step}"


@pytest.mark.parametrize(
    ("step", "again"),
    [
        ("runtime.note_outbox:before", False),
        ("runtime.note_outbox:after", False),
        ("runtime.note_told:before", False),
        ("runtime.note_told:after", False),
        ("messenger.obstacle:before", False),
        ("messenger.send:before", True),
        ("messenger.send:after", True),
    ],
)
def test_a_pulse_that_dies_loses_nothing_and_repeats_only_what_it_was_sending(
    ear: Loopback, step: str, *, again: bool
) -> None:
    rule = NotificationSettings((address(ear),), events=("milestone.passed", "mission.landed", "mission.completed"))
    calm = host_with(ops=rule)
    go_on(calm)
    expected = [text for _, _, text in heard(ear)]
    ear.asked.clear()
    host = host_with(ops=rule)
    dying_at(host, step)
    found = [text for _, _, text in heard(ear)]
    repeated = "\nThis may be a repetition: the answer to the first try was lost."
    assert sum(repeated in text for text in found) == again
    lines = [text.replace(repeated, "") for text in found]
    assert sorted(set(lines)) == sorted(expected)
    assert len(lines) - len(expected) == (step == "messenger.send:after")


def test_a_failing_channel_stops_no_pulse_is_shown_and_takes_everything_later() -> None:
    status = [503]
    with loopback(lambda _: Reply(status[0])) as ear:
        secret = address(ear, "token-4711")
        host = host_with(ops=NotificationSettings((secret, address(ear, "b")), events=("milestone.*",)))
        go_on(host)
        [finding] = news_findings(host.context())[:1]
        assert (finding.level, finding.subject) == ("warning", "notifications")
        assert finding.words.startswith("rule `ops`, channel 1: the service answered HTTP 503 (")
        assert "token-4711" not in repr(host.context().runtime.outbox())
        assert not any("4711" in one.words for one in news_findings(host.context(), thorough=True))
        status[0] = 200
        ear.asked.clear()
        host.jobs.clock.time.pass_by(timedelta(days=1))
        pulse(host.context())
        assert heard(ear) == snapshot(
            [
                (
                    "/token-4711",
                    "success",
                    """\
One (m): milestone 1 starts at COMMIT
One (m): every feature of milestone 1 is done or skipped
One (m): milestone 1 passed: 1 criterion on COMMIT\
""",
                ),
                (
                    "/b",
                    "success",
                    """\
One (m): milestone 1 starts at COMMIT
One (m): every feature of milestone 1 is done or skipped
One (m): milestone 1 passed: 1 criterion on COMMIT\
""",
                ),
            ]
        )
        assert news_findings(host.context()) == []


def test_a_lost_answer_is_a_failure_that_is_tried_again() -> None:
    with loopback(lambda _: Reply(0)) as ear:
        letter = Letter("", (SAID,), "warning")
        assert AppriseMessenger({}).send(address(ear), letter) == "the service cannot be reached"
    assert AppriseMessenger({}).send(address(ear), letter) == "the service cannot be reached"


def test_the_wake_up_time_is_that_of_the_next_message(ear: Loopback) -> None:
    host = host_with(ops=NotificationSettings((address(ear),), events=("mission.*",), digest=timedelta(hours=3)))
    go_on(host, 30)
    assert ear.asked == []
    due = host.context().runtime.due()
    assert due is not None
    host.jobs.clock.time.now = due
    pulse(host.context())
    assert [one.json["title"] for one in ear.asked] == snapshot(["3 messages"])


def test_without_the_package_missions_go_on_and_the_messages_are_kept(
    ear: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = channels.PACKAGE
    monkeypatch.setattr(channels, "PACKAGE", "no_such_package")
    host = host_with(ops=NotificationSettings((address(ear),), events=("milestone.passed", "mission.completed")))
    go_on(host)
    [finding] = news_findings(host.context())
    assert (finding.level, finding.words, str(finding.todo)) == (
        "wrong",
        "nothing is sent: the Python package no_such_package is not installed (extra notify); 2 messages waiting",
        "pip install apprise",
    )
    monkeypatch.setattr(channels, "PACKAGE", usual)
    pulse(host.context())
    assert len(ear.asked) == 2


def test_names_in_the_mission_file_choose_the_rules(ear: Loopback) -> None:
    rules = {
        name: NotificationSettings((address(ear, name),), events=("milestone.passed",))
        for name in ("ops", "dev", "ann")
    }
    host = host_with("notify: [dev, bob]\n" + PLAN, **rules)
    go_on(host)
    assert [path for path, _, _ in heard(ear)] == ["/dev"]
    text = "---\nid: m\nnotify: [dev, bob]\n---\n# M\n## Gates\n| Gate | Kind | After | Notify |\n|---|---|---|---|\n| look | approval | 1.1 | ann, eve |\n"
    assert [(p.line, p.message, p.hint) for p in name_problems(host.context(), load(text, "m"))] == snapshot(
        [
            (
                3,
                "no one is notified as `bob`: no rule has this name, and the setting `notify` is empty",
                "rules are: ops, dev, ann",
            ),
            (
                9,
                "no one is notified as `eve`: no rule has this name, and the setting `notify` is empty",
                "rules are: ops, dev, ann",
            ),
        ]
    )
    host.settings = replace(host.settings, notify="true")
    assert [*name_problems(host.context(), load(text, "m"))] == []


def test_a_gate_adds_the_rule_that_it_names_while_it_waits(ear: Loopback) -> None:
    gate = 'gates: [{name: Look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], notify: "legal, bob"}]\n'
    two = PLAN.replace("}]\n", '}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}]\n')
    legal = NotificationSettings((address(ear, "legal"),), events=("mission.*",), missions=("-",))
    host = host_with(gate + two, legal=legal)
    go_on(host)
    assert [one.json["title"] for one in ear.asked] == ["m: mission.paused"]
    gates.decide_gate(host.context(), "m", "look", approved=True)
    go_on(host)
    assert [one.json["title"] for one in ear.asked] == ["m: mission.paused"]


def test_delays_quality_gates_and_features_tell_whom_they_name(ear: Loopback) -> None:
    plan = """\
gates:
  - {name: rest, kind: delay, after: ["1.1"], blocks: ["1.2"], rule: "PT4M: caches settle", notify: legal}
  - {name: good, kind: quality, after: ["1.2"], notify: quality}
"""
    features = '}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"], notify: [ann, inherit]}]\n'
    host = host_with(
        plan + PLAN.replace("}]\n", features),
        legal=NotificationSettings((address(ear, "legal"),), missions=("-",)),
        quality=NotificationSettings((address(ear, "quality"),), events=("gate.*",), missions=("-",)),
        ann=NotificationSettings((address(ear, "ann"),), missions=("-",)),
        all=NotificationSettings((address(ear, "all"),), events=("feature.dispatched",)),
    )
    go_on(host)
    assert sorted((path, text) for path, _, text in heard(ear)) == snapshot(
        [
            ("/all", "One (m): attempt 1 at 1.1 one: 1 h at most"),
            ("/all", "One (m): attempt 1 at 1.2 two: 1 h at most"),
            ("/ann", "One (m): 1.2-a1 is done"),
            ("/ann", "One (m): 1.2-a1 left 1 commit in 1 file"),
            ("/ann", "One (m): attempt 1 at 1.2 two: 1 h at most"),
            ("/legal", "One (m): gate rest has begun: it lasts PT4M: caches settle (for legal)"),
            ("/legal", "One (m): gate rest is open: the delay is over"),
            ("/quality", "One (m): gate good is open: its features are finished"),
        ]
    )


def test_a_condition_decides_and_files_of_the_mission_are_sent_along(ear: Loopback) -> None:
    when = '{"and": [{"field": "feature", "value": "1.1"}, {"field": "what", "value": "settled"}]}'
    host = host_with(
        ops=NotificationSettings((address(ear),), events=("*",), when=when, attach=("assets/*.png", "research/*")),
        never=NotificationSettings((address(ear, "never"),), when='{"field": "spent_usd", "op": ">", "value": 5}'),
    )
    ctx = host.context()
    head = ctx.state.head()
    assets = {"one.png": b"\x89PNG\r\n", "..%2Fevil;$(id).png": b"x", "note.txt": b"no", **{f"{n}.png": b"y" for n in range(9)}}  # fmt: skip
    writes = [Write(f"m/assets/{name}", content.decode("utf-8", "surrogateescape")) for name, content in assets.items()]
    ctx.state.commit(writes, message="pictures\n", expect=head)
    go_on(host)
    [one] = [one.json for one in ear.asked]
    assert one["message"] == "One (m): 1.1-a1 is done\nnot attached, too many or too large: 6 files"
    assert [(a["filename"], base64.b64decode(a["base64"])) for a in one["attachments"]] == snapshot(
        [("-2Fevil-id-.png", b"x"), ("0.png", b"y"), ("1.png", b"y"), ("2.png", b"y"), ("3.png", b"y")]
    )


def test_a_channel_that_was_down_for_long_gets_the_newest_messages_and_a_count(ear: Loopback) -> None:
    host = host_with(ops=NotificationSettings((address(ear),), events=("mission.*",)))
    runtime = host.context().runtime
    key = key_of(address(ear))
    waiting = tuple(Parcel("ops", key, replace(SAID, id=str(n)), "2026-11-20T10:00:00Z") for n in range(3))
    failing = Failing("ops", key, 2, "2026-11-20T10:00:00Z", "the service cannot be reached")
    runtime.note_outbox(replace(runtime.outbox(), parcels=waiting, failing=(failing,), dropped={f"ops {key}": 70}))
    [found] = news_findings(host.context())
    assert (
        found.words
        == "rule `ops`: the service cannot be reached (2 tries); the next try is at the next pulse; 70 older messages left out"
    )
    pulse(host.context())
    assert ear.asked[0].json["message"].splitlines()[0] == "70 earlier messages left out"
    assert host.context().runtime.outbox().dropped == {}


def test_values_are_plain_text_and_a_bad_template_is_replaced_by_the_sentence(ear: Loopback) -> None:
    messenger = AppriseMessenger({"OPS": address(ear)})
    templates = ("", "{{ mission }}|{{ event }}|{{ severity }}|{{ words | upper }}", "{{ nothing }}", "{{ ''.__class__ }}", "{% for")  # fmt: skip
    for template in templates:
        assert messenger.send("env:OPS", Letter(template, (SAID,), "warning")) == ""
    assert [one.json["message"] for one in ear.asked] == snapshot(
        [
            "Ship�[2J it (m): see @\u200ball, https:\u200b//evil.example/ {{ 7 * 7 }}",
            "m|mission.paused|warning|SEE @\u200bALL, HTTPS:\u200b//EVIL.EXAMPLE/ {{ 7 * 7 }}",
            "Ship�[2J it (m): see @\u200ball, https:\u200b//evil.example/ {{ 7 * 7 }}",
            "Ship�[2J it (m): see @\u200ball, https:\u200b//evil.example/ {{ 7 * 7 }}",
            "Ship�[2J it (m): see @\u200ball, https:\u200b//evil.example/ {{ 7 * 7 }}",
        ]
    )
    assert [messenger.bad_template(template) for template in templates] == snapshot(
        [
            "",
            "",
            "the template cannot be used: 'nothing' is undefined",
            "the template cannot be used: access to attribute '__class__' of 'str' object is unsafe.",
            "the template cannot be used: unexpected 'end of template'",
        ]
    )


def test_a_reference_that_leads_nowhere_and_an_unknown_kind_of_url_are_said_without_the_url(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    messenger, letter = AppriseMessenger({"BAD": "nonsense://secret-token"}), Letter("", (SAID,), "info")
    given = ("env:NONE", f"file:{tmp_path}/none", "env:BAD")
    told = [messenger.problem(channel).replace(str(tmp_path), "TMP") for channel in given]
    assert told == snapshot(
        ["$NONE is empty or missing", "file:TMP/none is empty or missing", "apprise does not know this kind of URL"]
    )
    assert [messenger.send(channel, letter).replace(str(tmp_path), "TMP") for channel in given] == told
    assert messenger.problem("json://127.0.0.1:9") == ""
    assert capfd.readouterr() == ("", "")


def test_the_outbox_survives_in_its_file_and_a_broken_one_is_empty(tmp_path: Path) -> None:
    runtime = FolderRuntime(tmp_path / "mission", version="1", full_look=timedelta(minutes=15))
    assert runtime.outbox() == Outbox()
    box = Outbox(
        "c0ffee",
        (Parcel("ops", "abc", SAID, "2026", "2027"),),
        {"k": "2026"},
        (Failing("ops", "abc", 2, "2026", "no"),),
    )
    runtime.note_outbox(box)
    assert runtime.outbox() == box
    assert (tmp_path / "mission/outbox.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "mission/outbox.json").write_text("{")
    assert runtime.outbox() == Outbox()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "channels = []",
        'channels = ["plain"]',
        'channels = ["json://ann:s3cret@host/"]',
        'channels = ["json://host"]\nevents = ["milestones.*"]',
        'channels = ["json://host"]\nseverity = "warn"',
        'channels = ["json://host"]\nquiet = "late"',
        'channels = ["json://host"]\nquiet = "00:00-12:00,12:00-24:00"',
        'channels = ["json://host"]\ncooldown = "1y"',
        'channels = ["json://host"]\ndigset = "1h"',
    ],
)
def test_a_mistake_in_a_rule_is_an_error_that_names_it_and_no_address(text: str) -> None:
    with pytest.raises((UsageError, DocumentError)) as found:
        check(parse(f"[notifications.ops]\n{text}\n", "s.toml"))
    words = f"{found.value.message} ({found.value.hint})"
    assert "ops" in words
    assert "host" not in words.replace("//HOST", "")
    assert "s3cret" not in words


def test_lint_reports_a_name_that_nothing_acts_on(person: Person) -> None:
    person.worker("sys.exit(0)\n")
    person.plan("notify: [bob]\n" + PLAN)
    found = person.mission("lint").out.splitlines()
    assert len([line for line in found if "warning: no one is notified as `bob`" in line]) == 1
    person.set('notify = "true"')
    assert "bob" not in person.mission("lint").out
