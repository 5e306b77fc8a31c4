"""Runs one case with one real agent: job, supervisor and judgment are those of production, the model is on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self

from tests.kit.model_server import ModelServer
from tests.kit.people import make_person

from mission_cli.adapters.executors.jobs.folder import Surroundings, tree_path
from mission_cli.adapters.executors.local.executor import LocalExecutor
from mission_cli.adapters.executors.sandbox.choose import find_sandbox
from mission_cli.adapters.git.code.code import GitCodeRepo
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.proc import scan
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.branches.landing import Words
from mission_cli.domain.ids import MissionId, RunId, Sha
from mission_cli.domain.mission import Mission
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import EndReason, MissionStatus, RecordState
from mission_cli.engine.attempts.jobs import worker_job
from mission_cli.planner.attempts.endings import ending
from mission_cli.wiring.command_lines import python_command
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.conformance.subjects import Subject
    from tests.kit.model_server import Script

    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.ports.agents.agent import Agent, Invocation, Reader, Request
    from mission_cli.ports.agents.logs import LogReader
    from mission_cli.ports.agents.usage import Prices
    from mission_cli.ports.executor import JobSpec
    from mission_cli.wiring.opened import Opened

GOOD = "success"
_MISSION = MissionId("conformance")
_RUN = RunId(f"{_MISSION}/1.1-a1")
_LONGEST = 150.0
_LOOK = 0.05
_LONGEST_LOG = 20_000_000


@dataclass(frozen=True)
class Scene:
    """Where a script plays."""

    subject: Subject
    outside: Path
    """A folder that is not the worker's."""
    never: Event = field(default_factory=Event)
    """Not set before the case is over: who waits for it hangs."""
    working: Event = field(default_factory=Event)
    """Set by a script at the moment that the case is about."""


@dataclass(frozen=True)
class Run:
    """One run of the agent: what it is asked, and how it is disturbed."""

    prompt: str = "Write the file and commit it."
    model: str = ""
    """Empty: the subject's own."""
    session: str = ""
    """A conversation to go on with, in the tree that it was begun in."""
    words: tuple[str, ...] = ()
    """More words behind the agent's command."""
    sandbox: bool = True
    settings: Mapping[str, object] = field(default_factory=dict)
    """Added to the agent's own settings file."""
    deadline_s: int = 120
    stall_s: int = 0
    """0: as in production."""
    limited_s: int = 3
    """For how long it may wait for a limit; in production a minute."""
    cancel: bool = False
    """Stop it as soon as the scene says that it works."""
    trusting: bool = False
    """Load the repository's own agent settings."""


@dataclass(frozen=True)
class Outcome:
    """What came of one run. `billed` and `served` are tokens by kind: what we wrote down, what the server counted."""

    agent: str
    verdict: str
    exit: Exit
    evidence: Evidence
    billed: Mapping[str, int]
    billed_usd: Decimal | None
    served: Mapping[str, int]
    served_usd: Decimal | None
    requests: int
    seconds: float
    """From the request to stop where there was one, else from the start of the job to its end."""
    alive: int
    """Processes of the job that are still there."""
    bodies: tuple[bytes, ...]
    prompts: tuple[str, ...]
    saved: str = ""
    """Uncommitted files that were saved."""
    log: str = ""
    """What it printed."""

    @property
    def ending(self) -> str:
        """How it ended: the verdict with the exit status, or with the reason why it was ended."""
        how = f"exit {self.exit.code}" if self.exit.reason is EndReason.EXIT else str(self.exit.reason)
        return f"{self.verdict}, {how}"


class Bench:
    """A scratch repository with one runner, and a server that plays a script; HOME has to be a private one."""

    def __init__(self, folder: Path, subject: Subject, script: Callable[[Scene], Script]) -> None:
        self.scene = Scene(subject, folder / "outside")
        self.scene.outside.mkdir(parents=True)
        self._subject, self._folder = subject, folder
        self._person = make_person(folder / "repo")
        self._server = ModelServer(script(self.scene))
        self._open_things = ExitStack()

    def __enter__(self) -> Self:
        self._open_things.enter_context(self._server.running())
        self._open_things.callback(self.scene.never.set)
        self._open_things.callback(self._person.leave)
        return self

    def __exit__(self, *failure: object) -> None:
        self._open_things.close()

    def plant(self, files: Mapping[str, str]) -> None:
        """Commit files to the repository before the agent works in it."""
        for name, text in files.items():
            place = self._person.repo / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self._person.git("add", "--force", *files)
        self._person.git("commit", "--quiet", "-m", "Settings")

    def run(self, wanted: Run) -> Outcome:
        """Run the agent once; the bill is that of this run alone."""
        self._server.reset()
        return self._run(wanted)

    def _run(self, wanted: Run) -> Outcome:
        opened, run = self._open(wanted), _RUN
        self._forget(opened, run)
        mark, trees = secrets.token_hex(12), self._folder / "trees"
        executor = _executor(opened, trees, mark)
        spec = self._job(opened, wanted, run)
        executor.submit(spec)
        asked = self._cancel(executor, run) if wanted.cancel else 0.0
        self._wait(opened, run)
        ended = time.monotonic()
        end = executor.poll([run])[run].exit
        assert end is not None, executor.logs(run, 2000)
        screen = Screen(SecretRules())
        code = GitCodeRepo(opened.checkout, tree_of=lambda name: tree_path(trees, name), screen=screen)
        start = Sha(spec.tree.commit)
        words = Words("It\n")
        evidence = code.evidence(run, start=start, work=start, protected=lambda *_: False, words=words)
        assert evidence is not None
        outcome = self._outcome(end, evidence, run, mark, ended - asked if asked else end.seconds)
        return replace(outcome, log=executor.logs(run, _LONGEST_LOG))

    def _open(self, wanted: Run) -> Opened:
        """The repository with the settings that a person would write for this agent."""
        subject, person = self._subject, self._person
        subject.configure(Path.home(), self._server.url, wanted.settings)
        table: dict[str, object] = {
            "kind": subject.name,
            "command": [subject.program, *wanted.words],
            "env": subject.env(self._server.url),
            "models": {"sonnet": wanted.model or subject.model},
        }
        if wanted.trusting:
            table["project_settings"] = True
        person.tables = ["[runners.script]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in table.items())]
        person.set('sandbox = "required"' if wanted.sandbox else 'sandbox = "off"')
        return open_repository(person.repo, create=True)

    def _forget(self, opened: Opened, run: RunId) -> None:
        """Let an earlier run be as if it had never been, but for what its agent remembers."""
        shutil.rmtree(opened.checkout.runtime / "jobs" / run, ignore_errors=True)
        self._person.git("update-ref", "-d", f"refs/mission/claims/{run}")

    def _job(self, opened: Opened, wanted: Run, run: RunId) -> JobSpec:
        """The job that a pulse would submit, in the conversation that is asked for."""
        agents = {name: _Continuing(agent, wanted.session) for name, agent in opened.context.agents.items()}
        ctx = replace(opened.context, agents=agents)
        mission = Mission(_MISSION, "Conformance", MissionStatus.ACTIVE, base="main")
        record = RunRecord(
            run,
            RecordState.INTENDED,
            runner="script",
            model=wanted.model or self._subject.model,
            base=self._person.git("rev-parse", "HEAD"),
            deadline_s=wanted.deadline_s,
            reserve=Reserve(cap_usd=Decimal(5)),
            prompt=wanted.prompt,
        )
        spec = worker_job(ctx, mission, record)
        stall = wanted.stall_s or spec.caps.stall_s
        return replace(spec, caps=replace(spec.caps, stall_s=stall, limited_s=wanted.limited_s))

    def _cancel(self, executor: LocalExecutor, run: RunId) -> float:
        assert self.scene.working.wait(_LONGEST), executor.logs(run, 2000)
        ends = time.monotonic() + _LONGEST
        while self._subject.told not in executor.logs(run, 100_000):
            assert time.monotonic() < ends, executor.logs(run, 2000)
            self.scene.never.wait(_LOOK)
        executor.cancel(run)
        return time.monotonic()

    def _wait(self, opened: Opened, run: RunId) -> None:
        """Block until nobody looks after the job any more."""
        with (opened.checkout.runtime / "jobs" / run / "lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _outcome(self, end: Exit, evidence: Evidence, run: RunId, mark: str, seconds: float) -> Outcome:
        early = ending(end, evidence, run)
        cause = early.cause if early else end.report.cause
        usage = end.report.usage
        served = self._server.bill.tokens
        return Outcome(
            agent=self._subject.name,
            verdict=str(cause) if cause else GOOD,
            exit=end,
            evidence=evidence,
            billed=_kinds(usage.tokens) if usage else {},
            billed_usd=usage.usd if usage else None,
            served=_kinds(served),
            served_usd=self._subject.prices.cost(served),
            requests=self._server.bill.requests,
            seconds=seconds,
            alive=len(scan.carrying("MISSION_MARK", mark)),
            bodies=tuple(self._server.bodies),
            prompts=tuple(self._server.prompts),
            saved=self._person.git("diff", "--name-only", f"{end.saved}^", end.saved) if end.saved else "",
        )


class _Continuing:
    """An agent that is asked to go on with a conversation; everything else is its own."""

    def __init__(self, agent: Agent, session: str) -> None:
        self._agent, self._session = agent, session
        self.bill, self.title, self.program = agent.bill, agent.title, agent.program
        self.install, self.log_in = agent.install, agent.log_in
        self.access, self.retry_window_s, self.resumes = agent.access, agent.retry_window_s, agent.resumes
        self.takes_agents = agent.takes_agents
        self.only_boxed, self.majors = agent.only_boxed, agent.majors

    def invocation(self, request: Request) -> Invocation:
        return self._agent.invocation(replace(request, session=self._session))

    def reader(self, *, prompt_size: int, prices: Prices) -> Reader:
        return self._agent.reader(prompt_size=prompt_size, prices=prices)

    def log_reader(self) -> LogReader:
        return self._agent.log_reader()

    def list_models(self, command: tuple[str, ...]) -> Invocation:
        return self._agent.list_models(command)

    def models_in(self, output: str) -> Sequence[str]:
        return self._agent.models_in(output)

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        return self._agent.open_command(command, session, tree, project_settings=project_settings)


def _executor(opened: Opened, trees: Path, mark: str) -> LocalExecutor:
    """The local executor as it is wired, but no pulse follows a job."""

    def surroundings() -> Surroundings:
        return Surroundings(
            code=os.fspath(opened.checkout.common_dir),
            checkout=os.fspath(opened.checkout.name),
            trees=os.fspath(trees),
            slots=os.fspath(trees.parent / "slots"),
            slot_count=1,
            host=opened.context.machine.me(),
            mark=mark,
            unboxed=os.fspath(trees.parent / "unboxed"),
            environment=dict(os.environ),
            bwrap=find_sandbox(os.environ["PATH"]).command if opened.context.machine.sandbox().on else (),
        )

    return LocalExecutor(
        jobs=opened.checkout.runtime / "jobs",
        surroundings=surroundings,
        supervisor=python_command("_supervise"),
        environment=dict(os.environ),
        rules=SecretRules(),
    )


def _kinds(tokens: Mapping[str, int]) -> dict[str, int]:
    """Tokens by kind; reasoning is output, for the protocols that do not tell them apart."""
    counted = Counter({kind: number for kind, number in tokens.items() if number})
    counted["output"] += counted.pop("reasoning", 0)
    return dict(+counted)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
