"""Our template, filled in."""

from __future__ import annotations

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.document.plans.plan import read_plan, template_values

PLAN = """\
title: A | title
goal: A goal.
budget: {money_usd: 20}
milestones:
  - name: Core
    validation: ["run: `pytest -q`", "manual: looks good"]
    features:
      - {title: First, description: "Words.\\n# no heading", criteria: ["file: `a.py`"]}
      - {title: Second, depends: ["1.1"]}
  - name: Rest
    features: [{title: Third, depends: ["1.*"]}]
"""


def template(plan: str = PLAN) -> str:
    """Return the mission file that `mission new --plan` makes."""
    read = read_plan(plan)
    assert read.plan is not None, read.problems
    values = template_values(read.plan, mission_id="m-1", created="2026-11-20", created_by="Ada", repo="", base="main")
    return JinjaTemplates().render("mission.md.j2", values)


TEXT = template()
