"""Rows of `## Resources`, and features that need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.missions import NOW, feature, holds, mission, plan_of

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
from mission_cli.document.changes import SetCell
from mission_cli.document.editing.patch import apply
from mission_cli.document.reading.load import load
from mission_cli.domain.resources.delivery import withheld
from mission_cli.domain.resources.references import Reference, read_reference, split_variable
from mission_cli.domain.resources.rows import Resource, ResourceStatus, key_of
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import JobSpec, Program, Tree

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
---
id: m
status: active
managed: mission
budget: {money_usd: 20}
---

# T

## Milestones

### Milestone 1: Core

**Status:** active

| # | Feature | Status |
|---|---------|--------|
| 1.1 | Charge [needs:Stripe key, `shop.example`] [needs:stripe-KEY] | pending |
| 1.2 | Print [needs] | pending |

## Resources

| Name | Status | Type | Reference | Check | Expires | Notes |
|------|--------|------|-----------|-------|---------|-------|
| Stripe key | needed | credential | `pass:web/stripe as STRIPE_API_KEY` | `curl -f https://x \\| grep y` | 2026-12-01 | |
| shop.example | Provided | domain | | | - | |
| Loose | odd | tool | | | | |

### External

| Service | Status | Secret Key |
|---------|--------|------------|
| Bank | requested | `gopass:bank` |
| Post | needed | my key |

| Dependency | Status |
|------------|--------|
| Lawyer | pending |
"""


def read(text: str = TEXT) -> list[Resource]:
    """The resources of a file."""
    return list(load(text).mission.resources)


def problems(text: str) -> list[str]:
    """The problems of a file, without their places."""
    return [f"{one.line} {one.severity}: {one.message} ({one.hint})" for one in load(text).problems]


def test_the_rows_of_all_tables_are_read() -> None:
    assert read() == snapshot(
        [
            Resource(
                name="Stripe key",
                type="credential",
                raw_status="needed",
                reference="pass:web/stripe",
                variable="STRIPE_API_KEY",
                check="curl -f https://x | grep y",
                expires="2026-12-01",
                line=25,
            ),
            Resource(
                name="shop.example", type="domain", status=ResourceStatus.AVAILABLE, raw_status="Provided", line=26
            ),
            Resource(name="Loose", type="tool", status=None, raw_status="odd", line=27),
            Resource(
                name="Bank",
                status=ResourceStatus.REQUESTED,
                raw_status="requested",
                reference="gopass:bank",
                notes="`gopass:bank`",
                line=33,
            ),
            Resource(name="Post", raw_status="needed", notes="my key", line=34),
            Resource(name="Lawyer", raw_status="pending", line=38),
        ]
    )
    assert [f.needs for f in load(TEXT).mission.features()] == [("stripe-key", "shop-example"), ()]
    assert load(TEXT).mission.needed_resources == ("Post", "Lawyer"), "what no feature declares holds the mission"
    assert problems(TEXT) == []


def test_rows_that_cannot_be_used_are_named_and_never_quoted() -> None:
    rows = """\
| Stripe key | needed | credential | sk_live_1234567890abcdef | | | |
| Two | needed | credential | `env:A as PATH` | | | |
| Three | needed | credential | `env:A` | | soon | |
| Stripe-Key | available | | | | | |
| shop.example | nope | | | | | |
"""
    head, _, tail = TEXT.partition("| Stripe key | needed")
    text = head + rows + "\n### External" + tail.partition("### External")[2]
    assert problems(text.replace("[needs:stripe-KEY]", "[needs:other]")) == snapshot(
        [
            "18 error: 1.1 needs the resource `other`, which is not in `## Resources` (add a row with this name)",
            "25 error: the resource `Stripe key`: its reference cannot be read, and may be a value (write where the value is: env:NAME, file:~/PATH, secret:NAME, pass:PATH, gopass:PATH, sops:FILE#KEY, age:FILE, op://VAULT/ITEM/FIELD, bw:ITEM#FIELD, secret-service:ATTRIBUTE=VALUE, keychain:SERVICE#ACCOUNT)",
            "26 error: the resource `Two`: the variable PATH has another meaning (name another one after the reference: … as OTHER_NAME)",
            "27 error: the resource `Three`: `soon` is not a time (write 2026-12-01, or 2026-12-01T09:00:00Z)",
            "28 warning: the resource `Stripe-Key` appears twice; the row in line 25 counts (give it another name)",
            "29 error: the resource `shop.example` has the status `nope`, which is not known: features that need it wait (write one of needed, requested, available, expired, broken)",
        ]
    )
    assert "sk_live" not in " ".join(problems(text))
    assert [(one.name, one.broken) for one in read(text)[:4]] == snapshot(
        [("Stripe key", True), ("Two", True), ("Three", True), ("Stripe-Key", False)]
    )


def test_a_delivery_that_cannot_work_is_an_error_of_its_row() -> None:
    rows = """\
| Good | needed | credential | env:A | proxy https://a.example Authorization: Bearer {} |
| Usual | needed | credential | env:B | env |
| Two | needed | credential | env:C | proxy http://a.example Authorization: Bearer {} |
| Three | needed | credential | env:D | sk_live_1234567890abcdef |
| Four | needed | credential | | proxy https://a.example Authorization: Bearer {} |
| Five | needed | credential | env:E | proxy https://me:sk_live_1234567890abcdef@a.example X-Key: {} |
"""
    text = f"# A\n\n## Resources\n\n| Name | Status | Type | Reference | Delivery |\n|--|--|--|--|--|\n{rows}"
    assert [(one.name, one.is_proxied, one.delivery != "", one.broken) for one in read(text)] == snapshot(
        [
            ("Good", True, True, False),
            ("Usual", False, False, False),
            ("Two", True, True, True),
            ("Three", False, True, True),
            ("Four", True, True, True),
            ("Five", True, True, True),
        ]
    )
    assert [line for line in problems(text) if "resource" in line] == snapshot(
        [
            "9 error: the resource `Two`: the delivery would carry the key without encryption (write https://…)",
            "10 error: the resource `Three`: the delivery is not a proxy for one host (write `proxy https://HOST[/PATH] HEADER: TEXT {}`, where {} is the value, such as `Authorization: Bearer {}`)",
            "11 error: the resource `Four`: a proxy needs a reference to the key that it adds (write where the key is: env:NAME, file:~/PATH, secret:NAME, pass:PATH, gopass:PATH, sops:FILE#KEY, age:FILE, op://VAULT/ITEM/FIELD, bw:ITEM#FIELD, secret-service:ATTRIBUTE=VALUE, keychain:SERVICE#ACCOUNT)",
            "12 error: the resource `Five`: the delivery names more than a host and a path (write `proxy https://HOST[/PATH] HEADER: TEXT {}`, where {} is the value, such as `Authorization: Bearer {}`)",
        ]
    )


@pytest.mark.parametrize(
    ("cell", "reference", "variable"),
    [
        ("`env:A`", Reference("env", "A"), ""),
        ("`sops:keys.yaml#a.b` as B_1", Reference("sops", "keys.yaml", "a.b"), "B_1"),
        ("op://Work/Stripe API/key as KEY", Reference("op", "//Work/Stripe API/key"), "KEY"),
        ("secret:m-1/key", Reference("secret", "m-1/key"), ""),
        ("env:A as B as C", None, "C"),
        ("hunter2", None, ""),
    ],
)
def test_a_reference_and_its_variable(cell: str, reference: Reference | None, variable: str) -> None:
    text, name = split_variable(cell)
    assert (read_reference(text), name) == (reference, variable)
    assert reference is None or str(reference) == text


def test_the_names_and_the_variable_of_a_resource() -> None:
    assert {key_of(name) for name in ("Stripe key", "`stripe-key`", "STRIPE_KEY", "**Stripe: key**")} == {"stripe-key"}
    rows = [Resource("Stripe key", reference="env:A"), Resource("2nd key", reference="env:A"), Resource("x")]
    assert [one.env for one in rows] == ["STRIPE_KEY", "_2ND_KEY", ""]
    assert [Resource("x", type=word).kind for word in ("API key", "Server", "odd")] == ["credential", "server", None]


THERE = ResourceStatus.AVAILABLE


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ((Resource("Key", status=THERE),), {}),
        ((Resource("Key"),), {"1.1": "the resource `Key` is needed"}),
        ((Resource("Key", status=ResourceStatus.REQUESTED),), {"1.1": "the resource `Key` is needed"}),
        ((Resource("Key", status=ResourceStatus.EXPIRED),), {"1.1": "the resource `Key` has expired"}),
        ((Resource("Key", status=ResourceStatus.BROKEN),), {"1.1": "the resource `Key` does not work"}),
        (
            (Resource("Key", status=None, raw_status="odd"),),
            {"1.1": "the resource `Key` has the status `odd`, which is not known"},
        ),
        ((Resource("Key", status=THERE, broken=True),), {"1.1": "the row of the resource `Key` has an error"}),
        ((Resource("Key", status=THERE, expires="2026-11-20"),), {}),
        ((Resource("Key", status=THERE, expires="2026-11-19"),), {"1.1": "the resource `Key` has expired"}),
        ((), {"1.1": "it needs the resource `key`, which is not in `## Resources`"}),
        ((Resource("Key", status=THERE), Resource("Other")), {}),
    ],
)
def test_only_features_that_need_a_resource_wait_for_it(rows: tuple[Resource, ...], held: dict[str, str]) -> None:
    some = mission(feature("1.1", needs=("key",)), feature("1.2"), resources=rows)
    plan = plan_of(some)
    found = {n: [words for kind, words in holds(plan, n) if kind == "resource"] for n in ("1.1", "1.2")}
    assert {n: words[0] for n, words in found.items() if words} == held


def test_a_date_includes_its_day() -> None:
    one = Resource("a", expires="2026-12-01")
    assert one.ends_at == datetime(2026, 12, 2, tzinfo=UTC)
    assert (one.is_over(NOW), Resource("a", expires="2026-11-20T10:00:00Z").is_over(NOW)) == (False, True)


def test_a_reference_is_written_into_the_table_of_its_row() -> None:
    change = SetCell("Resources", {"Name": "Post"}, "Reference", "`env:POST`")
    new = apply(TEXT, [change], where="m")
    assert [one.reference for one in read(new) if one.name == "Post"] == ["env:POST"]
    assert new.partition("### External")[2].partition("| Dependency")[0] == snapshot("""\


| Service | Status | Secret Key | Reference |
|---------|--------|------------|-----------|
| Bank | requested | `gopass:bank` | |
| Post | needed | my key | `env:POST` |

""")


def test_what_a_resource_refers_to_is_in_no_file_of_a_job(tmp_path: Path) -> None:
    around = Surroundings("code", "", "trees", "slots", 1, "here", "unboxed", environment={"A": "value-1", "B": "2"})
    folder = JobFolder(tmp_path / "job")
    spec = JobSpec("m/1.1-a1", JobKind.WORKER, Tree("c"), Program(("x",), secrets={"KEY": "env:A"}))
    folder.write_request(spec, replace(around, withheld=("A",)))
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and "value-1" in p.read_text()]
    request = folder.read_request()
    assert request is not None
    assert (dict(request[0].program.secrets), dict(request[1].environment)) == ({"KEY": "env:A"}, {"B": "2"})
    assert list(withheld([Resource("a", reference="env:A"), Resource("b", reference="pass:b")])) == ["A"]
