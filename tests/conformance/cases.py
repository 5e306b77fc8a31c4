"""The cases: what the model does, how the run is disturbed, and the verdict that production has to come to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.conformance.bench import GOOD, Bench, Outcome, Run, Scene
from tests.kit.model_server import Script, Turn

from mission_cli._support.text import parse_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conformance.subjects import Subject

_WORK = (("bash", {"command": "echo work > work.txt && git add work.txt && git commit -q -m Work"}),)
_KEPT = "heliotrope"
_HUGE = "".join(f"{n:07d} ' \" \\ $HOME `x` ü € 🙂 \t|\n" for n in range(30_000)) + "Write the file."
_TWO_HOURS = 7200
_PATIENT = {"opencode": "it retries for 90 s, and no setting shortens that"}
_SOON = 10
_MANY = 20


@dataclass(frozen=True)
class Case:
    """One row of the table: `verdict` is what production must come to."""

    name: str
    about: str
    script: Callable[[Scene], Script]
    verdict: str
    run: Callable[[Subject], Run | None] = lambda _: Run()
    """None: the agent has no such thing."""
    none: str = ""
    """Why it has not."""
    first: Run | None = None
    """Run before, in the same place; the second goes on with its session."""
    look: Callable[[Outcome, Scene], str] = lambda outcome, scene: ""  # noqa: ARG005 - it does not depend on them
    """What is wrong with the outcome beside its verdict and its bill, or empty."""
    counted: bool = True
    """The bill is the server's, to the token; else it is an estimate."""
    slow: Mapping[str, str] = field(default_factory=dict)
    """By agent, why the case takes long."""


@dataclass(frozen=True)
class Result:
    """What came of one case, and what is wrong with it."""

    case: Case
    outcome: Outcome
    wrong: tuple[str, ...]


def perform(case: Case, subject: Subject, folder: Path) -> Result | None:
    """Run a case with one agent in an empty folder; None where the agent has no such thing."""
    wanted = case.run(subject)
    if wanted is None:
        return None
    with Bench(folder, subject, case.script) as bench:
        if case.first is not None:
            wanted = replace(wanted, session=bench.run(case.first).exit.report.session)
        outcome = bench.run(wanted)
        return Result(case, outcome, tuple(filter(None, [*_wrong(case, outcome), case.look(outcome, bench.scene)])))


def _wrong(case: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.verdict != case.verdict:
        yield f"the verdict is {outcome.verdict}, not {case.verdict}: {outcome.exit.detail or outcome.exit.report.detail}"
    if outcome.alive:
        yield f"processes that are still there: {outcome.alive}"
    if case.counted and outcome.billed != outcome.served:
        yield f"billed {outcome.billed}, served {outcome.served}"
    if case.counted and outcome.billed_usd != outcome.served_usd:
        yield f"billed ${outcome.billed_usd}, served ${outcome.served_usd}"
    if not case.counted and not outcome.billed:
        yield "nothing is billed"


def always(turn: Turn) -> Callable[[Scene], Script]:
    """The same answer to everything."""
    return lambda scene: lambda prompt, step: turn  # noqa: ARG005 - it does not depend on them


def _works(scene: Scene) -> Script:
    del scene

    def script(prompt: str, step: int) -> Turn:
        del prompt
        if step == 0:
            return Turn("I will write it.", _WORK, input=2000, cached=500, output=40)
        return Turn("Written and committed.", input=2100, cached=1500, output=30, reasoning=8)

    return script


def _reaches_outside(scene: Scene) -> Script:
    def script(prompt: str, step: int) -> Turn:
        del prompt
        if step == 0:
            return Turn("Over there.", (("write", {"path": f"{scene.outside}/x.txt", "content": "x"}),))
        return Turn("I was not allowed to.")

    return script


def _breaks_out(scene: Scene) -> Script:
    """Works, and tries to write elsewhere: as a command, and from a process that is to outlive it."""
    works = _works(scene)

    def script(prompt: str, step: int) -> Turn:
        if step == 0:
            later = f"setsid sh -c 'sleep 1; echo x > {scene.outside}/late.txt; sleep 600' > /dev/null 2>&1 &"
            command = f"echo x > {scene.outside}/x.txt; {later} echo tried"
            return Turn("Let me try.", (("bash", {"command": command}),), input=1500, output=30)
        return works(prompt, step - 1)

    return script


def _limited_once(scene: Scene) -> Script:
    first = iter([Turn(status=429, error="Too many requests", headers={"retry-after": "1"})])
    works = _works(scene)
    return lambda prompt, step: next(first, None) or works(prompt, step)


def _hangs(scene: Scene) -> Script:
    return lambda prompt, step: Turn("Too late.", wait=scene.never)  # noqa: ARG005 - it does not depend on them


def _asks_subagent(scene: Scene) -> Script:
    works = _works(scene)

    def script(prompt: str, step: int) -> Turn:
        if "look around" in prompt:
            return Turn("I have looked.", input=777, cached=70, output=11)
        if step == 0:
            assert scene.subject.subagent is not None
            return Turn("", (scene.subject.subagent,), input=1500, output=30)
        return works(prompt, step - 1)

    return script


def _works_on(scene: Scene) -> Script:
    """Leaves a file uncommitted and a process behind, and then thinks for ever."""

    def script(prompt: str, step: int) -> Turn:
        del prompt
        if step == 0:
            return Turn(
                "I begin.", (("bash", {"command": "echo half > half.txt; nohup sleep 600 > /dev/null 2>&1 &"}),)
            )
        scene.working.set()
        return Turn("Too late.", wait=scene.never)

    return script


def _remembers(scene: Scene) -> Script:
    works = _works(scene)
    return lambda prompt, step: Turn("I will remember.") if _KEPT in prompt else works(prompt, step)


# What must hold beside the verdict


def _committed(outcome: Outcome, scene: Scene) -> str:
    del scene
    return "" if outcome.evidence.changed == ("work.txt",) else f"it committed {outcome.evidence.changed}"


def _reset_known(outcome: Outcome, scene: Scene) -> str:
    del scene
    told = parse_stamp(outcome.exit.report.reset_at)
    if told is None:
        return "no reset time"
    away = told.timestamp() - time.time()
    return "" if abs(away - _TWO_HOURS) < 180 else f"the reset time is {away:.0f} s away"


def _untouched(outcome: Outcome, scene: Scene) -> str:
    del outcome
    return "" if not list(scene.outside.iterdir()) else "it wrote outside of its tree"


def _exact_prompt(outcome: Outcome, scene: Scene) -> str:
    sent = outcome.prompts[0] if outcome.prompts else ""
    sent = sent.removesuffix("\n\n")  # one of them adds that
    return _committed(outcome, scene) or ("" if sent == _HUGE else f"{len(sent)} of {len(_HUGE)} characters came")


def _saved(outcome: Outcome, scene: Scene) -> str:
    del scene
    if outcome.saved != "half.txt":
        return f"saved: {outcome.saved or 'nothing'}"
    return "" if outcome.seconds < _SOON else f"it took {outcome.seconds:.0f} s to end"


def _few_requests(outcome: Outcome, scene: Scene) -> str:
    del scene
    return "" if outcome.requests < _MANY else f"{outcome.requests} requests"


def _same_conversation(outcome: Outcome, scene: Scene) -> str:
    knew = _KEPT.encode() in outcome.bodies[0] if outcome.bodies else False
    return _committed(outcome, scene) or ("" if knew else "the model was not told what was said before")


CASES = (
    Case("success", "edits, commits, answers", _works, GOOD, look=_committed),
    Case("empty answer", "ends at once with an empty answer", always(Turn("")), "noop"),
    Case("truncated", "reaches the output limit", always(Turn("I began to", finish="length")), "wrong_output"),
    Case(
        "refused permission",
        "writes outside its tree, without a sandbox",
        _reaches_outside,
        "permission",
        lambda subject: {
            "opencode": Run(sandbox=False),
            "claude": Run(sandbox=False, settings={"permissions": {"ask": ["Write"]}}),
        }.get(subject.name),
        "nothing is refused: it never asks",
        look=_untouched,
    ),
    Case(
        "contained",
        "writes outside its tree in the sandbox, leaves a process behind",
        _breaks_out,
        GOOD,
        look=lambda outcome, scene: _untouched(outcome, scene) or _committed(outcome, scene),
    ),
    Case("auth", "every request gets 401", always(Turn(status=401, error="invalid api key")), "auth"),
    Case("429 once", "the first request gets 429", _limited_once, GOOD, look=_committed),
    Case(
        "429 long",
        "every request gets 429, `retry-after` is two hours",
        always(Turn(status=429, error="Rate limit reached", headers={"retry-after": str(_TWO_HOURS)})),
        "rate_limit",
    ),
    Case(
        "usage limit",
        "every request gets 429: account limit for two hours",
        always(Turn(status=429, error="Usage limit reached, try again in 2h", resets_in=_TWO_HOURS)),
        "rate_limit",
        look=_reset_known,
    ),
    Case(
        "500",
        "every request gets 500",
        always(Turn(status=500, error="Internal server error")),
        "provider_error",
        slow=_PATIENT,
    ),
    Case(
        "cut stream",
        "every stream is cut",
        always(Turn("I began to write", drop=True)),
        "provider_error",
        look=_few_requests,
        counted=False,
    ),
    Case("hang", "gets no answer", _hangs, "stalled", lambda _: Run(stall_s=6)),
    Case(
        "subagent",
        "starts a subagent, then works",
        _asks_subagent,
        GOOD,
        lambda subject: Run() if subject.subagent else None,
        "it has no subagents",
        look=_committed,
    ),
    Case(
        "huge prompt",
        f"{len(_HUGE.encode()) / 1e6:.1f} MB on stdin",
        _works,
        GOOD,
        lambda _: Run(_HUGE),
        look=_exact_prompt,
    ),
    Case("TERM", "is stopped while it works", _works_on, "stopped", lambda _: Run(cancel=True), look=_saved),
    Case(
        "resume",
        "continues an earlier conversation in the same folder",
        _remembers,
        GOOD,
        first=Run(f"Remember the word {_KEPT}."),
        look=_same_conversation,
    ),
    Case(
        "unknown model",
        "404: the model does not exist",
        always(Turn(status=404, error="model: nothing-like-it does not exist")),
        "infrastructure",
        lambda subject: Run(model=subject.unknown_model),
    ),
    Case(
        "unknown session",
        "continues a conversation that does not exist",
        _works,
        "infrastructure",
        lambda subject: Run(session=subject.unknown_session),
    ),
    Case(
        "unknown agent",
        "names an agent that does not exist",
        _works,
        "infrastructure",
        lambda subject: Run(words=subject.unknown_agent) if subject.unknown_agent else None,
        "it has no agents to choose from",
    ),
)
