"""Deciding from outside: a token takes one decision of one person about what was shown, once, and nothing else."""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.host import base_of
from tests.kit.fakes.life import Death, Kind
from tests.kit.loopback import Loopback, Reply, loopback
from tests.kit.served import LINK, go_on, links, mission_of, said, waiting

from mission_cli.adapters.fs.ledgers import held_book
from mission_cli.app.commands import features, gates
from mission_cli.app.deciding.redeem import LONGEST_TEXT, DecisionRefusedError, Said, look, note_stranger, redeem
from mission_cli.domain.deciding import access, grants, signatures
from mission_cli.domain.deciding.grants import Choice, Grant, Ledger, Seen, Standing, Trace
from mission_cli.domain.errors import ConflictError, MissionError, UsageError
from mission_cli.settings import DeciderSettings, ServeSettings, Settings, check, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.fakes.host import Host

PLAN = """\
title: By link
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], rule: "Is this it, @all?"}]
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`", "manual: Is it pretty?"]}
"""
ADA = DeciderSettings("ada@example.org", may=("*",))
BOB = DeciderSettings("bob@example.org", may=("m/request:*",))


@pytest.fixture(scope="module")
def ear() -> Iterator[Loopback]:
    with loopback(lambda _: Reply()) as running:
        yield running


def begun(ear: Loopback, **deciders: DeciderSettings) -> Host:
    """A host whose mission waits at its gate; each decider got a message."""
    return waiting(ear, PLAN, deciders)


def facts(host: Host) -> tuple[str, list[tuple[str, ...]]]:
    """The status of the gate, and all approvals and answers."""
    now = mission_of(host)
    rows: list[tuple[str, ...]] = [(a.gate, a.decision, a.by, a.comment) for a in now.approvals]
    return "".join(gate.status for gate in now.gates), rows + [
        (str(r.number), r.status, r.response) for r in now.requests
    ]


def refused(host: Host, token: str, *, by: str = "", door: str = "link") -> Standing:
    """Why a token is refused; nothing changes."""
    before = facts(host), host.context().state.head()
    with pytest.raises(DecisionRefusedError) as error:
        redeem(host.context(), token, by=by, door=door)
    assert (facts(host), host.context().state.head()) == before
    return error.value.standing


def traces(host: Host) -> list[tuple[str, str, str, str]]:
    with host.context().runtime.deciding() as book:
        return [(t.door, t.person, t.subject, t.why) for t in book.ledger.traces]


def test_a_message_has_a_link_for_each_decision_and_the_link_decides_as_its_person(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    assert LINK.sub(r"\1: LINK", said(ear, "ada")) == snapshot(
        """\
By link (m): gate look is waiting: the features before it are finished

By link (m), gate look: Is this it, @\u200ball?
approve: LINK
reject: LINK\
"""
    )
    done = redeem(host.context(), links(ear)["approve"], Said(comment="as discussed"))
    assert done.words == "gate look is approved: as discussed"
    assert facts(host) == ("approved", [("look", "approved", "ada", "as discussed")])
    assert str(host.context().state.history()[0].author) == "ada <ada@example.org>"
    go_on(host)
    assert sorted(links(ear)) == ["fail", "pass"], "the next message is about the question"
    assert redeem(host.context(), links(ear)["pass"]).words == "request 1 is answered: pass"
    assert facts(host)[1][-1] == ("1", "answered", "pass")


def test_a_token_decides_once_and_its_twin_not_at_all(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    yes, no = links(ear)["approve"], links(ear)["reject"]
    redeem(host.context(), yes)
    assert (refused(host, yes), refused(host, no)) == (Standing.USED, Standing.CLOSED)
    assert traces(host) == [
        ("link", "ada", "m/gate:look", "this link was used before"),
        ("link", "ada", "m/gate:look", "this was decided or withdrawn meanwhile"),
    ]


def test_looking_changes_nothing(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    before, disk = facts(host), host.jobs.disk.fingerprint()
    for _ in range(3):
        offered = look(host.context(), links(ear)["approve"])
        assert offered.standing is Standing.USABLE
    assert (facts(host), host.jobs.disk.fingerprint()) == (before, disk)


def test_what_was_decided_elsewhere_revokes_the_token(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    token = links(ear)["approve"]
    gates.decide_gate(host.context(), "m", "look", approved=False)
    assert refused(host, token) is Standing.CLOSED
    asked = begun(ear, ada=ADA)
    redeem(asked.context(), links(ear)["approve"])
    go_on(asked)
    features.answer(asked.context(), "m", 1, "fail")
    assert refused(asked, links(ear)["pass"]) is Standing.CLOSED


def test_another_commit_of_the_work_voids_the_token(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    token, work = links(ear)["approve"], host.context().code.heads(mission_of(host).id, "main").work
    assert work is not None
    other = host.context().code.overlay(work, {"1.1.txt": "evil\n"})
    assert host.context().code.move_work(mission_of(host).id, other, work)
    assert refused(host, token) is Standing.STALE
    assert host.context().code.move_work(mission_of(host).id, work, other)
    assert look(host.context(), token).standing is Standing.USABLE


def test_a_gate_with_another_text_voids_the_token(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    gate, subject = mission_of(host).gates[0], grants.subject_of(mission_of(host), "gate:look")
    assert subject is not None
    changed = replace(subject, gate=replace(gate, rule="Is it not?"))
    assert changed.digest != subject.digest
    assert replace(subject, gate=replace(gate, blocks=())).digest != subject.digest


def test_a_question_at_a_feature_does_not_depend_on_the_work_of_others(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    redeem(host.context(), links(ear)["approve"])
    go_on(host)
    subject = grants.subject_of(mission_of(host), "request:1")
    assert subject is not None
    assert subject.request is not None
    assert (subject.request.feature, subject.of_work) == ("1.2", False)
    assert replace(subject, request=replace(subject.request, feature="1")).of_work
    assert replace(subject, request=replace(subject.request, prompt="Is it?")).digest != subject.digest


def test_a_token_expires(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    token = links(ear)["approve"]
    host.jobs.clock.time.pass_by(timedelta(hours=24))
    assert refused(host, token) is Standing.EXPIRED


def test_another_person_may_not_use_it_and_a_guess_is_not_known(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    token = links(ear)["approve"]
    assert refused(host, token, by="bob", door="slack") is Standing.FORBIDDEN
    assert traces(host) == [("slack", "bob", "m/gate:look", "this person may not decide this")]
    for guess in ("", token[:-1], token + "A", token.swapcase(), "\udcff", "\ud800", "é"):
        assert refused(host, guess) is Standing.UNKNOWN
    assert len(traces(host)) == 1, "a guess leaves no trace: anybody could fill the file"


def test_nobody_decides_who_is_not_listed_for_it(ear: Loopback) -> None:
    host = begun(ear, ada=ADA, bob=BOB, eve=DeciderSettings("eve@example.org"))
    assert [sorted(links(ear, who)) for who in ("ada", "bob", "eve")] == [["approve", "reject"], [], []]
    token = links(ear)["approve"]
    host.settings = replace(host.settings, deciders={"ada": replace(ADA, may=("other/*",))})
    assert refused(host, token) is Standing.FORBIDDEN
    host.settings = replace(host.settings, deciders={})
    assert refused(host, token) is Standing.FORBIDDEN


def test_without_an_address_there_are_no_links_and_no_tokens(ear: Loopback) -> None:
    host = waiting(ear, PLAN, {"ada": ADA}, serve=ServeSettings())
    assert said(ear, "ada") == "By link (m): gate look is waiting: the features before it are finished"
    with host.context().runtime.deciding() as book:
        assert book.ledger == Ledger()


def test_the_token_is_kept_as_a_hash_only_and_in_no_message_of_the_program(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    tokens = [*links(ear).values()]
    redeem(host.context(), tokens[0])
    go_on(host)
    everything = repr(host.jobs.disk.below("")) + repr(host.context().state.history())
    everything += "".join(stored.text for stored in host.context().state.snapshot().missions.values())
    assert [token for token in tokens if token in everything] == []
    with host.context().runtime.deciding() as book:
        assert {grants.hash_of(token) for token in tokens} <= {grant.digest for grant in book.ledger.grants}


def test_an_answer_in_words_is_data_and_not_without_end(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    token = links(ear)["approve"]
    with pytest.raises(UsageError, match="4001 characters"):
        redeem(host.context(), token, Said(comment="x" * (LONGEST_TEXT + 1)))
    redeem(host.context(), token, Said(comment="| a | b |\n\n## Gates\n<script>\x1b[2J"))
    assert mission_of(host).approvals[0].comment == "| a | b | ## Gates <script>\ufffd[2J"
    assert [gate.name for gate in mission_of(host).gates] == ["look"]


def deaths(host: Host, token: str) -> int:
    """Return how many steps it takes to use a token."""
    before = host.jobs.fate.steps
    redeem(host.context(), token)
    return host.jobs.fate.steps - before


def test_a_server_that_dies_at_any_step_decides_once_or_not_at_all(ear: Loopback) -> None:
    calm = begun(ear, ada=ADA)
    token = links(ear)["approve"]
    start = calm.copy(replace(calm.jobs.fate))
    steps = deaths(calm.copy(replace(calm.jobs.fate)), token)
    assert steps > 20
    decided = []
    for at in range(steps):
        host = start.copy(replace(start.jobs.fate, deaths={start.jobs.fate.steps + at: Kind.POWER_CUT}))
        with pytest.raises(Death):
            redeem(host.context(), token)
        host.power_cut()
        was = facts(host)
        decided.append(was[0] == "approved")
        with_again(host, token)
        assert facts(host) == ("approved", [("look", "approved", "ada", "")]), at
        assert refused(host, links(ear)["reject"]) is Standing.CLOSED
    assert not decided[0]
    assert decided[-1], "a death after the commit has decided"


def with_again(host: Host, token: str) -> None:
    """Click once more, as a person does who saw an error."""
    with suppress(DecisionRefusedError):
        redeem(host.context(), token)


def test_a_signed_message_is_taken_once() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    ledger = grants.taken(Ledger(), "v0=1", now, remember=timedelta(minutes=10))
    assert (grants.is_replay(ledger, "v0=1"), grants.is_replay(ledger, "v0=2")) == (True, False)
    later = grants.taken(ledger, "v0=2", now + timedelta(minutes=11), remember=timedelta(minutes=10))
    assert len(later.taken) == 1, "what could not be accepted any more is forgotten"


def test_old_tokens_and_traces_are_forgotten() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    grant = Grant("d", "m", "request:1", Choice.ANSWER, "yes", "ada", Seen("", ""), "", "2026-11-12T23:00:00Z")
    young = replace(grant, expires="2026-11-13T01:00:00Z")
    assert grants.issued(Ledger((grant, young)), [], now).grants == (young,)
    ledger = Ledger()
    for number in range(300):
        ledger = grants.traced(ledger, Trace("", "link", str(number), "", ""))
    assert (len(ledger.traces), ledger.traces[-1].person) == (200, "299")


def test_a_stranger_with_a_genuine_signature_leaves_a_trace(ear: Loopback) -> None:
    host = begun(ear, ada=ADA)
    note_stranger(host.context(), "slack", "U0EVIL", "nobody has this id")
    assert traces(host) == [("slack", "U0EVIL", "", "nobody has this id")]


def test_a_damaged_ledger_knows_no_token(tmp_path: Path) -> None:
    with held_book(tmp_path / "mission") as book:
        book.note(Ledger((Grant("d", "m", "gate:x", Choice.APPROVE, "", "a", Seen("", ""), "", ""),)))
    place = tmp_path / "mission/deciding.json"
    assert place.stat().st_mode & 0o777 == 0o600
    for text in ("", "{", "[]", '{"class": "Ledger", "grants": [{"class": "Grant"}]}', '{"class": "Popen"}'):
        place.write_text(text)
        with held_book(tmp_path / "mission") as book:
            assert book.ledger == Ledger()


SECRETS = [Path(str(module.__file__)) for module in (access, grants, signatures)]


@pytest.mark.parametrize("place", SECRETS, ids=lambda one: one.stem)
def test_secrets_are_compared_in_constant_time_by_construction(place: Path) -> None:
    """No comparison with an operator has a secret on a side; `used` and `taken` compare hashes of what is known."""
    tree = ast.parse(place.read_text("utf-8"))
    secret = {"token", "given", "secret", "signature", "body", "key", "other"}
    found = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} & secret
    ]
    assert found == []
    assert "hmac.compare_digest" in place.read_text("utf-8")


def test_signatures() -> None:
    """The example of https://docs.slack.dev/authentication/verifying-requests-from-slack, and those of GitHub."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015"
        b".47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    secret, sent = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
    given = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    now = datetime.fromtimestamp(1531420618, UTC)

    def genuine(**other: Any) -> bool:
        facts: dict[str, Any] = {"secret": secret, "body": body, "given": given, "sent": sent, "now": now} | other
        return signatures.is_from_slack(facts.pop("secret"), facts.pop("body"), **facts)

    assert genuine()
    assert genuine(now=now + timedelta(minutes=5))
    wrong: list[dict[str, Any]] = [
        *({"now": now + timedelta(minutes=5, seconds=1)}, {"now": now - timedelta(minutes=5, seconds=1)}),
        *({"secret": ""}, {"secret": "x"}, {"body": body + b"&"}, {"given": ""}, {"given": given[3:]}),
        *({"sent": "²"}, {"sent": ""}, {"sent": "-1531420618"}, {"sent": "1531420619"}, {"sent": "9" * 400}),
    ]
    assert [genuine(**one) for one in wrong] == [False] * len(wrong)
    signed = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signatures.is_signed("It's a Secret to Everybody", b"Hello, World!", f"sha256={signed}")
    assert signatures.is_signed("It's a Secret to Everybody", b"Hello, World!", signed.upper())
    assert not signatures.is_signed("It's a Secret to Everybody", b"Hello, World?", signed)
    assert not signatures.is_signed("", b"", signatures.signature("", b""))
    assert not signatures.is_same("", "")
    assert signatures.is_same("é\udcff", "é\udcff")
    one, two = signatures.wait_secret("key", "m", "webhook:a"), signatures.wait_secret("key", "m", "webhook:b")
    assert len({one, two, signatures.wait_secret("other", "m", "webhook:a")}) == 3
    assert signatures.wait_secret("", "m", "webhook:a") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[serve]\nurl = "http://missions.example.org"', "the setting `serve.url` is 'http://missions.example.org'"),
        ('[serve]\nurl = "https://a.example/path"', "the setting `serve.url` is 'https://a.example/path'"),
        ('[serve]\nslack_secret = "shh"', "the setting `serve.slack_secret` is not a reference"),
        ('[serve]\nlink_lifetime = "0s"', "the setting `serve.link_lifetime` is 0"),
        ('[deciders."a b"]', "'a b' is not a valid name of a decider"),
        ('[deciders.ada]\nmay = ["words"]', "`deciders.ada.may` has 'words'"),
        ('[deciders.a]\nslack = "U1"\n[deciders.b]\nslack = "U1"', "two deciders have the same `slack`: 'U1'"),
        (
            '[notifications.x]\nchannels = ["json://h"]\ndecider = "ada"',
            "`notifications.x.decider` names 'ada', which is not a decider",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str, words: str) -> None:
    with pytest.raises(MissionError) as error:
        check(parse(text, "here"))
    assert error.value.message == words
    assert str(error.value.hint)


def test_settings_that_make_sense() -> None:
    text = '[serve]\nurl = "https://m.example.org:8443"\n[deciders.ada]\nmay = ["*", "words/request:*"]'
    found = parse(text, "here")
    check(found)
    assert found.deciders["ada"].may == ("*", "words/request:*")
    assert parse('[serve]\nurl = "http://localhost:8765"', "here").serve.url == "http://localhost:8765"
    assert Settings().deciders == {}
    assert json.dumps(found.serve.url)


LANDS = """\
title: Land it
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
milestones: [{name: Only, validation: ["file: `1.1.txt`"], features: [{title: a, criteria: ["file: `1.1.txt`"]}]}]
"""


def finished(ear: Loopback) -> tuple[Host, str]:
    """A mission whose work waits for its landing, and the link that Ada got."""
    host = waiting(ear, LANDS, {"ada": ADA}, events=("mission.waiting",))
    assert sorted(links(ear)) == ["approve"]
    assert "Land it (m), landing on main\napprove: " in said(ear, "ada")
    return host, links(ear)["approve"]


def test_a_link_approves_the_landing_of_exactly_the_commit_that_was_shown(ear: Loopback) -> None:
    host, token = finished(ear)
    work = host.context().code.heads(mission_of(host).id, "main").work
    assert look(host.context(), token).look.shown == work
    assert redeem(host.context(), token).words == f"landing of {str(work)[:7]} is approved"
    assert [(a.by, a.commit) for a in mission_of(host).landings] == [("ada", work)]
    assert refused(host, token) is Standing.USED
    go_on(host, 6)
    assert base_of(host)["1.1.txt"] == "good\n"
    assert str(mission_of(host).status) == "completed"


def test_a_landing_that_was_approved_elsewhere_or_would_be_another_is_refused(ear: Loopback) -> None:
    host, token = finished(ear)
    with pytest.raises(ConflictError, match="would land by now, and not 1234567"):
        gates.land(host.context(), "m", saw="1234567" + "0" * 33)
    gates.land(host.context(), "m")
    assert refused(host, token) is Standing.CLOSED
    host, token = finished(ear)
    features.pause(host.context(), "m")
    assert refused(host, token) is Standing.CLOSED
    features.resume(host.context(), "m")
    assert look(host.context(), token).standing is Standing.USABLE
    features.retry(host.context(), "m/1.1")
    go_on(host)
    assert refused(host, token) in {Standing.STALE, Standing.CLOSED}
