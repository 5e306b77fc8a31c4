"""A mission whose work is merged by pull requests on a scripted forge, in memory: pulses, time, and what people see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.kit.fakes.code import REFS
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.state import HEAD
from tests.kit.forge.laws import broken
from tests.kit.forge.world import World, memory_world

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import features, lifecycle
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.ids import Sha
from mission_cli.engine.loop import pulse
from mission_cli.settings import ForgeSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.objects import Objects
    from tests.kit.forge.records import PullRecord

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Three files
budget: {money_usd: 12, time_hours: 200}
preferences: {land: auto, runner: script, max_parallel_workers: 2, pull_requests: feature}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features:
      - {title: three, criteria: ["grep: `good` in `2.1.txt`"]}
"""
MINUTE = timedelta(minutes=1)


def good_work(spec: JobSpec) -> Outcome:
    """A worker that does what its feature asks for; each attempt leaves another file."""
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(20.0, {f"{feature}.txt": f"good, by {spec.key}\n"}, completes=feature)


@dataclass
class Followed:
    """The mission `m` on one host, and its forge."""

    host: Host
    world: World
    said: list[str] = field(default_factory=list)
    """What pulses did."""
    holds: tuple[Hold, ...] = ()

    @classmethod
    def begin(cls, plan: str = PLAN, script: Callable[[JobSpec], Outcome] = good_work, **settings: Any) -> Followed:
        """Make and start a mission; `settings` are those of `[forge]`."""
        host = make_host(script)
        first = host.jobs.disk.read(f"{REFS}/heads/main", str)
        assert first is not None
        world = memory_world(host.jobs.objects, {"heads/main": first})
        host.forge = world
        host.settings = replace(host.settings, forge=replace(ForgeSettings(), **settings), agree_after=timedelta(0))
        make_mission(host, plan)
        lifecycle.start(host.context(), "m")
        return cls(host, world)

    def pulse(self, passes: timedelta = MINUTE) -> list[str]:
        """Let time pass, jobs end and one pulse happen; return what it did."""
        self.host.jobs.clock.time.pass_by(passes)
        self.host.jobs.work()
        report = pulse(self.host.context())
        assert report.bugs == []
        self.holds = next((case.plan.holds for case in report.cases.values()), ())
        self.said += report.lines
        assert broken(self.world.site.log, judged=self.is_judged) == []
        return report.lines

    def pulses(self, number: int) -> list[str]:
        """Several of them."""
        return [line for _ in range(number) for line in self.pulse()]

    def until(self, wanted: Callable[[Followed], object], most: int = 40) -> None:
        """Pulse until something is so."""
        for _ in range(most):
            if wanted(self):
                return
            self.pulse()
        raise AssertionError("\n".join([*self.said[-20:], *map(str, self.holds)]))

    @property
    def mission(self) -> Mission:
        """The mission as it is committed."""
        head = Sha(self.host.jobs.disk.read(HEAD, str) or "")
        return load(self.host.jobs.objects.get(head).files["m/mission.md"], "m").mission

    def status_of(self, number: str) -> str:
        """The status of a feature."""
        return str(next(f.status for f in self.mission.features() if f.number == number))

    def prompt_of(self, attempt: str) -> str:
        """The prompt of an attempt, as its record says it."""
        head = Sha(self.host.jobs.disk.read(HEAD, str) or "")
        record = read_run(self.host.jobs.objects.get(head).files[f"m/runs/{attempt}.md"])
        assert record is not None
        return record.prompt

    def retry(self, number: str) -> None:
        """What `mission retry` does."""
        ctx = self.host.context()
        features.retry(ctx, f"m/{number}", reason="once more")

    def skip(self, number: str) -> None:
        """What `mission skip` does."""
        ctx = self.host.context()
        features.skip(ctx, f"m/{number}", reason="not needed")

    def opened(self) -> list[PullRecord]:
        """The pull requests that are open."""
        return list(self.world.site.open_pulls())

    def pull_of(self, subject: str) -> PullRecord:
        """The newest pull request of a subject."""
        row = next(row for row in self.mission.pulls if row.subject == subject)
        return self.world.site.pulls[row.number]

    def held(self, subject: str) -> str:
        """Why a subject waits."""
        return "; ".join(hold.detail for hold in self.holds if hold.subject == subject)

    def is_judged(self, commit: str) -> bool:
        """Whether the criteria of some feature pass on a commit: it has good work, or lacks none."""
        files = self.host.jobs.objects.get(Sha(commit)).files
        good = any(path.endswith(".txt") and "good" in text for path, text in files.items())
        return good or is_list(self.host.jobs.objects, Sha(commit))

    def base(self) -> dict[str, str]:
        """The files of the base at the forge."""
        return dict(self.host.jobs.objects.get(Sha(self.world.site.commits.branches()["main"])).files)


def is_list(objects: Objects, commit: Sha) -> bool:
    """Whether a commit changes `TODO.md` and its briefs alone, which nobody judges."""
    made = objects.get(commit)
    if not made.parents:
        return False
    before = objects.get(made.parents[0]).files
    changed = [path for path in {*made.files, *before} if made.files.get(path) != before.get(path)]
    own = all(path == "TODO.md" or path.startswith("todo/") for path in changed)
    return own if changed else is_list(objects, made.parents[0])
