"""A mission with the phases of a development, in memory: its workers analyze, plan, build and repair."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.fakes.others import ADA
from tests.kit.reviews import answer

from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.create import create
from mission_cli.document.plans.model import PlanReviews
from mission_cli.document.plans.phased import phased_plan
from mission_cli.document.plans.plan import override
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.kit.forge.world import World

    from mission_cli.ports.executor import JobSpec

RESEARCH = "missions/m/research"
SUGGESTED = json.dumps(
    {"stack": ["make"], "suggestions": [{"title": "Count lines", "why": "asked"}, {"title": "Undo"}]}
)
REQUIRED = json.dumps(
    {
        "title": "Undo",
        "summary": "Undo steps.",
        "milestones": [
            {
                "name": "Core",
                "validation": ["file: `3.1.txt`"],
                "tasks": [{"title": "Undo", "acceptance_criteria": ["file: `3.1.txt`"]}],
            }
        ],
    }
)
MAKEFILE = "test:\n\ttrue\n"


class Workers:
    """What agents do: `made` overrides it by the feature, or `review`; their prompts are kept."""

    def __init__(self, **made: list[Outcome]) -> None:
        self.made = {name.replace("_", "."): list(outcomes) for name, outcomes in made.items()}
        self.prompts: dict[str, str] = {}

    def __call__(self, spec: JobSpec) -> Outcome:
        """Return what one attempt or review comes to."""
        review = spec.kind is JobKind.REVIEW
        name = "review" if review else spec.program.env["MISSION_FEATURE"]
        self.prompts[name] = spec.program.stdin
        if self.made.get(name):
            return self.made[name].pop(0)
        if review:
            return Outcome(30.0, answer=answer(4))
        found = {
            "1.1": {f"{RESEARCH}/suggestions.json": SUGGESTED},
            "2.1": {f"{RESEARCH}/prd.json": REQUIRED},
            "3.1": {"3.1.txt": "undo\n", "Makefile": MAKEFILE, "state.txt": "good\n"},
        }
        return Outcome(30.0, found.get(name, {f"{name}.txt": "fixed\n", "state.txt": f"good {name}\n"}), completes=name)


def begin(
    works: Workers,
    kind: str = "development",
    *,
    reviewers: tuple[str, ...] = ("script:",),
    preview: str = "true",
    forge: World | None = None,
) -> Host:
    """Start a mission of a type with phases; a command stands for the preview."""
    host = make_host(works)
    host.forge = forge
    plan = override(
        phased_plan("Edit texts", kind),
        {"id": "m", "preferences.pull_requests": "none"},
        {"time_hours": "10", "money_usd": "20"},
        "script",
    )
    rows = [p.model_copy(update={"worker": f"run: `{preview}`"}) if p.worker == "preview" else p for p in plan.phases]
    plan = plan.model_copy(update={"phases": rows, "reviews": PlanReviews(reviewers=list(reviewers), per_milestone=1)})
    ctx = host.context()
    create(plan, store=ctx.state, templates=ctx.templates, now=ctx.clock.now(), person=ADA, base=lambda _: "main")
    lifecycle.start(ctx, "m")
    return host
