"""Write docs/status.svg: what `mission run` shows of a mission under way, recorded from the program.

The mission runs in memory, with the clock and the workers of the simulator, so the picture is the same each time.
"""

from __future__ import annotations

import io
import re
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.status import status_of
from mission_cli.engine.loop import pulse
from mission_cli.surfaces.lines import Size, as_text
from mission_cli.surfaces.views.page import frame
from mission_cli.surfaces.views.panes import MISSION_KEYS, keys_of

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

PICTURE = Path(__file__).parent / "status.svg"
PLAN = """\
title: Export reports as PDF
budget: {money_usd: 20, time_hours: 8}
preferences: {runner: script, max_parallel_workers: 2}
milestones:
  - name: Layout
    validation: ["file: `1.1.txt`", "grep: `good` in `1.2.txt`"]
    features:
      - {title: Render a page, criteria: ["file: `1.1.txt`"]}
      - {title: Break long tables, criteria: ["file: `1.2.txt`"]}
  - name: Command line
    validation: ["file: `2.1.txt`"]
    features:
      - {title: "`report export --pdf`", criteria: ["file: `2.1.txt`"]}
      - {title: Read fonts from the settings, criteria: ["file: `2.2.txt`"]}
      - {title: Write the manual page, depends: ["2.1"], criteria: ["file: `2.3.txt`"]}
  - name: Archive
    validation: ["file: `3.1.txt`"]
    features:
      - {title: Long-term PDF/A, criteria: ["file: `3.1.txt`"]}
      - {title: Sign a report, criteria: ["file: `3.2.txt`"]}
  - name: Release
    validation: ["file: `4.1.txt`"]
    features:
      - {title: Package for Debian, criteria: ["file: `4.1.txt`"]}
"""
SIZE = Size(88, 22)
_STEPS, _STEP = 60, timedelta(seconds=10)


def works(spec: JobSpec) -> Outcome:
    """Finish the first milestone after one failed validation, and be at work on the second."""
    number = spec.program.env["MISSION_FEATURE"]
    if number.startswith("2."):
        cost, action = ("0.11", "edit src/report/cli.py") if number == "2.1" else ("0.08", "bash pytest -q tests/fonts")
        return Outcome(2000.0, costs=(Decimal(cost),) * 20, prints=(action,))
    text = "bad\n" if number == "1.2" else "good\n"
    files = {f"{number}.txt": text} if number != "1.3" else {"1.2.txt": "good\n"}
    return Outcome(60.0, files, costs=(Decimal("0.62"),), completes=number)


def picture() -> str:
    """Return the picture."""
    host = make_host(works)
    make_mission(host, PLAN, "pdf-export")
    lifecycle.start(host.context(), "pdf-export")
    for _ in range(_STEPS):
        pulse(host.context())
        host.jobs.clock.time.pass_by(_STEP)
        host.jobs.work()
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    view = status_of(ctx, snapshot, resolve(snapshot, "pdf-export"))
    console = Console(record=True, width=SIZE.width, file=io.StringIO(), highlight=False, markup=False, emoji=False)
    console.print(as_text(frame(view, SIZE, chosen="2.1", keys=keys_of(MISSION_KEYS, SIZE.width))))
    svg = console.export_svg(title="mission run pdf-export", unique_id="mission")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL) + "\n"  # no font from the network


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
