"""Every setting reaches what obeys it: read from `.mission.toml`, seen in the policy, the job or the port that it is for."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.missions import WORK, feature, mission, record

from mission_cli._support.dataclass import replace
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.status import CriterionKind, JobKind
from mission_cli.engine.attempts.jobs import agent_job, worker_job
from mission_cli.engine.check_jobs import check_job
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.judge_files import Judges
from mission_cli.planner.core.effects import RunCheck
from mission_cli.ports.executor import Key
from mission_cli.ports.git.code import Heads
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person

    from mission_cli.wiring.opened import Opened


def opened(person: Person, text: str) -> Opened:
    """The repository as it is with these settings alone."""
    person.write(".mission.toml", text)
    return open_repository(person.repo, create=True)


POLICY: dict[str, tuple[str, Any]] = {
    "max_parallel_workers": ("7", 7),
    "attempts": ("9", 9),
    "validation_rounds": ("8", 8),
    "retry_delays": ('["7s", "9s"]', (timedelta(seconds=7), timedelta(seconds=9))),
    "outage_delays": ('["3s"]', (timedelta(seconds=3),)),
    "check_timeout": ('"7m"', timedelta(minutes=7)),
    "request_lifetime": ('"5h"', timedelta(hours=5)),
    "lost_grace": ('"6s"', timedelta(seconds=6)),
    "agree_after": ('"4s"', timedelta(seconds=4)),
}


@pytest.mark.parametrize("name", POLICY)
def test_a_number_reaches_the_policy_that_decides(person: Person, name: str) -> None:
    text, value = POLICY[name]
    usual, changed = opened(person, ""), opened(person, f"{name} = {text}\n")
    assert getattr(policy_of(changed.context), name) == value
    assert getattr(policy_of(usual.context), name) != value


WORKER = '[runners.script]\nkind = "command"\ncommand = ["true"]\n'


def job(one: Opened) -> Any:
    """The job of an attempt with the runner `script`."""
    return worker_job(one.context, mission(), record("1.1-a1"))


def surroundings(one: Opened) -> Any:
    """What jobs are told about the machine."""
    return one.surroundings()


REACHES: dict[str, tuple[str, Callable[[Opened], Any], Any]] = {
    "sandbox": ('sandbox = "off"', lambda one: job(one).sandbox.on, False),
    "mcp.workers": ("[mcp]\nworkers = false", lambda one: (one.context.worker_tools, "MISSION_SIBLINGS" in job(one).program.env), ((), False)),
    "machine_workers": ("machine_workers = 11", lambda one: (surroundings(one).slot_count, one.context.machine.free_slots(JobKind.CHECK)), (11, 11)),
    "sandbox_read": ('sandbox_read = ["/opt/x"]', lambda one: surroundings(one).sandbox_read, ("/opt/x",)),
    "sandbox_write": ('sandbox_write = ["/opt/y"]', lambda one: surroundings(one).sandbox_write, ("/opt/y",)),
    "stuck_after": ('stuck_after = "3h"', lambda one: job(one).caps.stall_s, 10800),
    "max_steps": ("max_steps = 17", lambda one: job(one).caps.max_steps, 17),
    "trees": ('trees = "/srv/trees"', lambda one: surroundings(one).trees.startswith("/srv/trees/"), True),
    "protect": ('protect = ["docs/*"]', lambda one: Judges(one.context, mission(), Heads(), ()).protected(record("1.1-a1"))("docs/a.md", True), True),  # noqa: FBT003 - the port's signature
    "secret_exceptions": ('secret_exceptions = ["keys/*"]', lambda one: one.context.code._screen.excepted, ("keys/*",)),  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    "sign": ('sign = "always"', lambda one: one.context.state._signer._mode, "always"),  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    "identity": ('identity = "Robo <r@x.org>"', lambda one: one.context.code._merges._program.name, "Robo"),  # type: ignore[attr-defined]  # noqa: SLF001 - see above
}  # fmt: skip
"""A line of the settings, where it is seen, and what is seen there."""


@pytest.mark.parametrize("name", REACHES)
def test_a_setting_reaches_what_obeys_it(person: Person, name: str) -> None:
    line, look, value = REACHES[name]
    assert look(opened(person, f"{line}\n{WORKER}")) == value
    assert look(opened(person, WORKER)) != value


def test_opencode_is_started_with_the_mission_the_attempt_and_the_title_of_its_feature(person: Person) -> None:
    one = opened(person, '[runners.opencode]\ncommand = ["opencode"]\n')
    started = worker_job(one.context, mission(feature("1.1")), record("1.1-a1", runner="opencode")).program.argv
    assert started[: started.index("--title") + 2] == (
        "opencode", "run", "--format", "json", "--title", "Mission m/1.1-a1: title 1.1",
    )  # fmt: skip


def test_a_token_of_a_host_is_in_no_job_and_no_log(person: Person) -> None:
    config = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    ray = 'kind = "ray"\naddress = "http://ray:8265"\nexchange = "/x"\ntoken = "env:RAY_TOKEN"\n'
    other = ray.replace("env:RAY_TOKEN", f"file:{config.parent / 'token'}")
    config.write_text(f"[hosts.ray]\n{ray}[hosts.other]\n{other}")
    token = config.parent / "token"
    token.write_text("a-secret-of-the-cluster\n")
    one = opened(person, WORKER)
    assert "RAY_TOKEN" in one.surroundings().keys
    assert "a-secret-of-the-cluster" not in one.context.secrets.scrub("it said a-secret-of-the-cluster")


def test_a_resource_takes_no_variable_away_that_jobs_or_agents_need(person: Person) -> None:
    """A row may name any variable, and it may be the one that an agent is logged in with."""
    names = ("PATH", "OPENAI_API_KEY", "MINE", "HELD_BACK", "OPENCODE_X")
    person.plan("title: T\nbudget: {money_usd: 1}\nmilestones: [{name: A, features: [{title: b}]}]\n")
    rows = "".join(f"| k{n} | needed | `env:{name} as K{n}` |\n" for n, name in enumerate(names))
    text = person.file().read_text().partition("## Resources")
    person.file().write_text(f"{text[0]}## Resources\n\n| Name | Status | Reference |\n|--|--|--|\n{rows}")
    person.git("commit", "-qam", "Say what is needed", cwd=person.repo / "missions")
    settings = WORKER + 'keys = ["MINE"]\n' + AGENT
    assert surroundings(opened(person, settings)).withheld == ("HELD_BACK",)


def agent(one: Opened) -> Any:
    """The job of an attempt with the runner `opencode`."""
    return agent_job(one.context, replace(record("1.1-a1", model="big"), runner="opencode"), title="t")


def check(one: Opened) -> Any:
    """The job of a criterion."""
    some = Criterion("run: `true`", CriterionKind.RUN, "true")
    return check_job(one.context, mission(), RunCheck("k", 1, some, WORK, ""))


AGENT = '[runners.opencode]\ncommand = ["opencode"]\n'
TABLES: dict[str, tuple[str, Callable[[Opened], Any], Any]] = {
    "tree.setup": ('[tree]\nsetup = "make deps"\n' + WORKER, lambda one: (job(one).tree.setup, check(one).tree.setup), ("make deps", "make deps")),
    "tree.copy": ('[tree]\ncopy = [".env.test"]\n' + WORKER, lambda one: (job(one).tree.copy, check(one).tree.copy), ((".env.test",), (".env.test",))),
    "kind": ('[runners.script]\nkind = "opencode"\ncommand = ["true"]\n', lambda one: job(one).program.agent, "opencode"),
    "command": (WORKER.replace("true", "false"), lambda one: job(one).program.argv, ("false",)),
    "env": (WORKER + 'env = {A = "b"}\n', lambda one: job(one).program.env.get("A"), "b"),
    "proxy": (WORKER + 'proxy = {X = "env:K proxy https://a.example K: {}"}\n', lambda one: job(one).program.keys, (Key("X", "env:K", "proxy https://a.example K: {}"),)),
    "stall_after": (WORKER + 'stall_after = "77s"\n', lambda one: job(one).caps.stall_s, 77),
    "stall_after of all": ('stall_after = "40m"\n' + WORKER + AGENT, lambda one: agent(one).caps.stall_s, 2400),
    "max_steps": (WORKER + "max_steps = 5\n", lambda one: (job(one).caps.max_steps, policy_of(one.context).runners["script"].bounded), (5, True)),
    "deadline": (WORKER + 'deadline = "9m"\n', lambda one: policy_of(one.context).runners["script"].deadline, timedelta(minutes=9)),
    "models": (WORKER + 'models = {opus = "big"}\n', lambda one: policy_of(one.context).runners["script"].models, {"opus": "big"}),
    "project_settings": (WORKER + AGENT + "project_settings = true\n", lambda one: "OPENCODE_DISABLE_PROJECT_CONFIG" in agent(one).program.env, False),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_settings_reaches_the_job(person: Person, name: str) -> None:
    text, look, value = TABLES[name]
    assert look(opened(person, text)) == value
    assert look(opened(person, WORKER + AGENT)) != value
