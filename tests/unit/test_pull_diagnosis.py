"""What `doctor` says of the forge, its token and its rules, and what a report says of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.forge.trouble import Fault
from tests.kit.pulls import PLAN, Followed

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.queries.diagnosis.forge import forge_findings, rules_words
from mission_cli.app.queries.diagnosis.runners import unfinished
from mission_cli.app.report.report import mission_report
from mission_cli.domain.forge.facts import MergeMethod, Rules
from mission_cli.ports.git.forge import NoForge

if TYPE_CHECKING:
    from mission_cli.engine.context import Context

NEVER = PLAN.replace("pull_requests: feature", "pull_requests: none")
EVERY = Rules(
    required=("test", "lint"),
    strict=True,
    approvals=2,
    code_owners=True,
    last_push=True,
    conversations=True,
    signed=True,
    linear=True,
    queue=True,
    locked=True,
    others=("deployments",),
)


def said(ctx: Context, *, offline: bool = False) -> list[str]:
    """What `doctor` says of the forge."""
    found = forge_findings(ctx, unfinished(ctx), offline=offline)
    return [f"{f.level} {f.subject}: {f.words}{f' → {f.todo}' if f.todo else ''}" for f in found]


def test_it_names_repository_token_rights_rules_and_methods() -> None:
    followed = Followed.begin()
    followed.world.site.set_rules("main", Rules(required=("test",), approvals=1, queue=True))
    assert said(followed.host.context()) == snapshot(
        [
            "ok forge: acme/shop on forge.example (model), by the remote `origin`",
            "ok forge token: from $TOKEN, of mission-bot (personal access token (classic)), with the rights repo",
            "ok forge: acme/shop allows to merge by merge, squash, rebase",
            "ok forge rules: main: requires the check `test`, 1 approving review, a merge queue",
        ]
    )


def test_without_a_mission_that_opens_pull_requests_nothing_is_asked() -> None:
    followed = Followed.begin(NEVER)
    followed.world.troubles.standing = Fault.UNAUTHORIZED
    assert said(followed.host.context()) == snapshot(
        ["ok forge: acme/shop on forge.example (model), by the remote `origin`; no mission opens pull requests"]
    )
    assert followed.world.troubles.met == 0
    followed.host.forge = None
    assert said(followed.host.context()) == []


def test_offline_it_says_what_it_knows_without_asking() -> None:
    followed = Followed.begin()
    followed.world.troubles.standing = Fault.UNAUTHORIZED
    assert said(followed.host.context(), offline=True) == snapshot(
        ["ok forge: acme/shop on forge.example (model), by the remote `origin`", "ok forge token: from $TOKEN"]
    )
    assert followed.world.troubles.met == 0


def test_what_is_wrong_has_a_remedy() -> None:
    followed = Followed.begin(merge="rebase")
    site = followed.world.site
    site.methods, site.archived = (MergeMethod.SQUASH,), True
    followed.world.troubles.plan("account", Fault.UNAUTHORIZED)
    assert said(followed.host.context()) == snapshot(
        [
            "ok forge: acme/shop on forge.example (model), by the remote `origin`",
            "wrong forge token: the scripted forge: Bad credentials",
            "wrong forge: acme/shop is archived: nothing can be pushed or merged → unarchive it at the forge",
            "wrong forge: acme/shop does not allow to merge by `rebase` → set `merge` in [forge] of .mission.toml to one of squash, or leave it out",
            "ok forge: acme/shop allows to merge by squash",
            "ok forge rules: main: no rules",
        ]
    )


def test_without_a_forge_a_mission_that_needs_one_is_wrong() -> None:
    followed = Followed.begin()
    followed.host.forge = None
    assert isinstance(followed.host.context().forge, NoForge)
    assert said(followed.host.context()) == snapshot(
        [
            "wrong forge: m cannot open pull requests: there is no forge → add a remote with `git remote add`, or set `kind` and `url` in [forge] of .mission.toml"
        ]
    )


def test_every_rule_has_words() -> None:
    assert rules_words(Rules()) == "no rules"
    assert rules_words(EVERY) == snapshot(
        "requires the checks `test`, `lint`, 2 approving reviews, a review of code owners, an approval by someone other than the last pusher, resolved threads, branches that contain the base, signed commits, a linear history, a merge queue, no one may merge into it, and the forge applies deployments"
    )
    nothing = Rules()
    for name in Rules.__match_args__:
        one = replace(nothing, **{name: getattr(EVERY, name)})
        assert rules_words(one) != "no rules", name


def test_a_report_lists_pull_requests() -> None:
    followed = Followed.begin()
    followed.until(lambda f: str(f.mission.status) == "completed")
    ctx = followed.host.context()
    report = mission_report(ctx, resolve(ctx.state.snapshot(), "m"))
    assert [(p.subject, p.number, p.status, p.url) for p in report.pulls] == snapshot(
        [
            ("1.1", 1, "done", "https://forge.example/acme/shop/pull/1"),
            ("1.2", 2, "done", "https://forge.example/acme/shop/pull/2"),
            ("2.1", 3, "done", "https://forge.example/acme/shop/pull/3"),
        ]
    )
