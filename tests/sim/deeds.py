"""How each event is carried out on a host. What a person may not do now is not done, as on the command line."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.fakes.executor import JOBS
from tests.kit.fakes.life import Death, Kind
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.kit.fakes.runtime import PLACE
from tests.kit.fakes.state import HEAD, TREE
from tests.sim.events import What

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import (
    features as commands,
)
from mission_cli.app.commands import (
    gates,
    lifecycle,
    set_value,
)
from mission_cli.app.commands.steer.add import add_feature, add_milestone
from mission_cli.app.commands.steer.move import move
from mission_cli.app.commands.steer.sync import sync
from mission_cli.app.commands.steer.tell import tell
from mission_cli.app.commands.undo import undo
from mission_cli.document.changes import AppendRow, SetFront
from mission_cli.document.plans.model import PlanFeature
from mission_cli.domain.errors import MissionError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import FINISHED_FEATURE, MissionStatus
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import message, mission_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host
    from tests.sim.sim import Sim

    from mission_cli.document.changes import Change

    Deed = Callable[["Sim", Host, int], None]


def _minute(sim: Sim, host: Host, more: int) -> None:
    del host
    sim.time.pass_by(timedelta(seconds=more % 90))


def _hour(sim: Sim, host: Host, more: int) -> None:
    del host
    sim.time.pass_by(timedelta(minutes=more % 120))


def _week(sim: Sim, host: Host, more: int) -> None:
    """All but one host go on; that one sleeps."""
    span = timedelta(days=more % 8, hours=1)
    host.jobs.sleep(span)
    sim.time.pass_by(span)


def _jump(sim: Sim, host: Host, more: int) -> None:
    del sim
    host.jobs.clock.ahead += timedelta(minutes=more % 600 - 300)


def _kill_pulse(sim: Sim, host: Host, more: int) -> None:
    """Kill the next pulse at one of its steps; it may come to its end before."""
    _die_in_pulse(sim, host, more % 400, Kind.KILL)


def _power_cut(sim: Sim, host: Host, more: int) -> None:
    _die_in_pulse(sim, host, more % 400, Kind.POWER_CUT)
    host.power_cut()


def _die_in_pulse(sim: Sim, host: Host, place: int, kind: Kind) -> None:
    fate = host.jobs.fate
    fate.deaths = {fate.steps + place: kind}
    with suppress(Death):
        sim.pulse(host)
    fate.deaths = {}


def _kill_supervisor(sim: Sim, host: Host, more: int) -> None:
    del sim
    keys = sorted(host.jobs.supervisors)
    if keys:
        host.jobs.die(keys[more % len(keys)])


def _lose_job(sim: Sim, host: Host, more: int) -> None:
    """A supervisor sees that its folder is gone and ends; what it ran is lost."""
    del sim
    keys = sorted({name.rpartition("/")[0] for name in host.jobs.disk.below(JOBS)})
    if keys:
        key = keys[more % len(keys)]
        host.jobs.die(key)
        host.jobs.disk.remove_below(f"{JOBS}/{key}")


def _lose_runtime(sim: Sim, host: Host, more: int) -> None:
    del sim, more
    for key in sorted(host.jobs.supervisors):
        host.jobs.die(key)
    for folder in (PLACE, JOBS):
        host.jobs.disk.remove_below(folder)


def _partition(sim: Sim, host: Host, more: int) -> None:
    del more
    sim.way(host).cut = True


def _heal(sim: Sim, host: Host, more: int) -> None:
    del more
    sim.way(host).cut = False


def _deaf(sim: Sim, host: Host, more: int) -> None:
    sim.way(host).deaf = 1 + more % 3


def _roll_back(sim: Sim, host: Host, more: int) -> None:
    """`git reset --hard` in the folder of the missions."""
    head = Sha(host.jobs.disk.read(HEAD, str) or "")
    line = [name for name in sim.objects.line(head) if "m/mission.md" in sim.objects.get(name).files]
    to = line[min(more % 6, len(line) - 1)]
    host.jobs.disk.write(HEAD, to)
    host.jobs.disk.remove_below(TREE)
    for path, text in sim.objects.get(to).files.items():
        host.jobs.disk.write(f"{TREE}/{path}", text)
    sim.forgiven.add(host.jobs.name)
    sim.reset = True


def _force_push(sim: Sim, host: Host, more: int) -> None:
    del host
    if sim.remote is not None and sim.remote.state is not None:
        line = [n for n in sim.objects.line(sim.remote.state) if "m/mission.md" in sim.objects.get(n).files]
        sim.remote.state = line[min(more % 6, len(line) - 1)]
        sim.reset = True


def _retry(sim: Sim, host: Host, more: int) -> None:
    features = [f.number for f in sim.mission(host).features() if f.status not in FINISHED_FEATURE]
    if features:
        _command(lambda: commands.retry(sim.context(host), f"m/{features[more % len(features)]}"))


def _skip(sim: Sim, host: Host, more: int) -> None:
    features = [f.number for f in sim.mission(host).features() if f.status not in FINISHED_FEATURE]
    if features:
        _command(lambda: commands.skip(sim.context(host), f"m/{features[more % len(features)]}", reason="not now"))


def _pause(sim: Sim, host: Host, more: int) -> None:
    _command(lambda: commands.pause(sim.context(host), "m", now=bool(more % 2)))


def _resume(sim: Sim, host: Host, more: int) -> None:
    del more
    _command(lambda: commands.resume(sim.context(host), "m"))


def _start(sim: Sim, host: Host, more: int) -> None:
    del more
    if sim.mission(host).status is not MissionStatus.PAUSED:
        _command(lambda: lifecycle.start(sim.context(host), "m"))


def _cancel(sim: Sim, host: Host, more: int) -> None:
    del more
    _command(lambda: commands.cancel(sim.context(host), "m"))


def _answer(sim: Sim, host: Host, more: int) -> None:
    waiting = [request for request in sim.mission(host).requests if request.open]
    if waiting:
        request = waiting[more % len(waiting)]
        word = (request.options or ("do as you think",))[0]
        _command(lambda: commands.answer(sim.context(host), "m", request.number, word))


def _add(sim: Sim, host: Host, more: int) -> None:
    """To any milestone, or one that is not there; some of the features depend on another one."""
    numbers = [f.number for f in sim.mission(host).features()]
    depends = [str(numbers[more % len(numbers)])] if more & 32 and numbers else []
    feature = PlanFeature(title=f"more {more % 7}", depends=depends)
    _command(lambda: add_feature(sim.context(host), "m", feature, milestone=(None, 1, 2, 3)[more % 4]))


def _add_milestone(sim: Sim, host: Host, more: int) -> None:
    features = [PlanFeature(title=f"more {n}") for n in range(more % 3)]
    _command(lambda: add_milestone(sim.context(host), "m", f"More {more % 5}", features=features))


def _move(sim: Sim, host: Host, more: int) -> None:
    numbers = [f.number for f in sim.mission(host).features()]
    if numbers:
        _command(lambda: move(sim.context(host), f"m/{numbers[more % len(numbers)]}", 1 + more % 3))


def _tell(sim: Sim, host: Host, more: int) -> None:
    numbers = [f.number for f in sim.mission(host).features()]
    if numbers:
        _command(lambda: tell(sim.context(host), f"m/{numbers[more % len(numbers)]}", f"advice {more}"))


def _sync(sim: Sim, host: Host, more: int) -> None:
    del more
    _command(lambda: sync(sim.context(host), "m"))


def _land(sim: Sim, host: Host, more: int) -> None:
    """As a merge or as one commit; the pulses of the simulation land automatically, too."""
    _command(lambda: gates.land(sim.context(host), "m", squash=bool(more % 2)))


def _undo(sim: Sim, host: Host, more: int) -> None:
    del more
    _command(lambda: undo(sim.context(host), "m"))


def _edit(sim: Sim, host: Host, more: int) -> None:
    row = {"Timestamp": "", "Event": "thought", "Details": f"thought {more}"}
    _by_hand(sim, host, AppendRow("Progress Log", row))


def _raise(sim: Sim, host: Host, more: int) -> None:
    """By hand by some dollars, or by `mission set` to anything from one dollar to a few more than there are."""
    cap = sim.mission(host).limits.usd
    if cap is not None and more & 16:
        _command(
            lambda: set_value.set_value(sim.context(host), "m", "budget.money_usd", str(1 + more % (int(cap) + 3)))
        )
    elif cap is not None:
        _by_hand(sim, host, SetFront(("budget", "money_usd"), int(cap) + more % 4))


def _scribble(sim: Sim, host: Host, more: int) -> None:
    del sim
    name = f"{TREE}/m/mission.md"
    text = host.jobs.disk.read(name, str)
    if text is not None:
        host.jobs.disk.write(name, f"{text}\nA thought, {more}.\n", sync=False)


def _take_over(sim: Sim, host: Host, more: int) -> None:
    del more
    _command(lambda: lifecycle.takeover(sim.context(host), "m"))


def _stop(sim: Sim, host: Host, more: int) -> None:
    del more
    sim.context(host).runtime.press_stop(on=True)


def _lift(sim: Sim, host: Host, more: int) -> None:
    del more
    sim.context(host).runtime.press_stop(on=False)


def _base(sim: Sim, host: Host, more: int) -> None:
    place = f"{REFS}/heads/main"
    base = Sha(host.jobs.disk.read(place, str) or "")
    files = {**sim.objects.get(base).files, "theirs.txt": f"{more % 3}\n"}
    made = sim.objects.add(Commit(files, (base,), "A person's work\n", ADA, host.jobs.clock.now()))
    host.jobs.disk.write(place, made)


def _by_hand(sim: Sim, host: Host, change: Change) -> None:
    """A person changes the file and commits it."""
    ctx = sim.context(host)
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, "m")

    def save() -> None:
        write = mission_write(address.stored, [change])
        words = message("m", [Entry(EventKind.MISSION_EDITED, "edited by hand")])
        ctx.state.commit([write], message=words, expect=snapshot.head, author=ADA)

    _command(save)


def _command(run: Callable[[], object]) -> None:
    with suppress(MissionError):
        run()


DEEDS: dict[What, Deed] = {
    What.MINUTE: _minute,
    What.HOUR: _hour,
    What.WEEK: _week,
    What.JUMP: _jump,
    What.KILL_PULSE: _kill_pulse,
    What.KILL_SUPERVISOR: _kill_supervisor,
    What.POWER_CUT: _power_cut,
    What.LOSE_JOB: _lose_job,
    What.LOSE_RUNTIME: _lose_runtime,
    What.PARTITION: _partition,
    What.HEAL: _heal,
    What.DEAF: _deaf,
    What.ROLL_BACK: _roll_back,
    What.FORCE_PUSH: _force_push,
    What.RETRY: _retry,
    What.SKIP: _skip,
    What.PAUSE: _pause,
    What.RESUME: _resume,
    What.START: _start,
    What.CANCEL: _cancel,
    What.ANSWER: _answer,
    What.ADD: _add,
    What.ADD_MILESTONE: _add_milestone,
    What.MOVE: _move,
    What.TELL: _tell,
    What.SYNC: _sync,
    What.LAND: _land,
    What.UNDO: _undo,
    What.EDIT: _edit,
    What.SCRIBBLE: _scribble,
    What.RAISE: _raise,
    What.TAKE_OVER: _take_over,
    What.STOP: _stop,
    What.LIFT: _lift,
    What.BASE: _base,
}
