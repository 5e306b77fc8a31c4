"""Answers of a model that was asked for a plan, and a program that gives them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from mission_cli.document.plans.answer import FEATURES, MILESTONES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

_PROGRAM = """\
import json, os, sys
from pathlib import Path

number = int(os.environ["MISSION_RUN"].rpartition("/")[2])
here = Path(__file__).parent
(here / f"prompt-{number}.md").write_text(sys.stdin.read())
Path("scribble.txt").write_text("what a planner leaves in its tree is thrown away")
Path(os.environ["MISSION_USAGE"]).write_text(json.dumps({"cost_usd": COST, "input_tokens": 1000, "output_tokens": 50}))
answers = json.loads((here / "answers.json").read_text())
print("looking around", file=sys.stderr)
print(answers[number - 1])
"""


def good(*, milestones: int = MILESTONES[0], features: int = FEATURES[0], more: str = "") -> str:
    """An answer that is a plan, with words around it."""
    lines = ["title: Word counter", 'constraints: ["standard library only"]', *more.splitlines(), "milestones:"]
    for m in range(1, milestones + 1):
        lines += [f"  - name: Stage {m}", "    estimate: 2h", f'    validation: ["file: `{m}.1.txt`"]', "    features:"]
        for n in range(1, features + 1):
            lines += [
                f"      - title: Part {m}.{n}",
                f"        description: Write {m}.{n}.txt.",
                "        estimate: 1h",
            ]
            lines += [f'        criteria: ["file: `{m}.{n}.txt`"]']
            lines += [f'        depends: ["{m}.{n - 1}"]'] if n > 1 else []
    plan = "\n".join(lines)
    return f"I have looked around, and this is it:\n\n```yaml\n{plan}\n```\n"


HOPELESS = "I would rather talk about it first. What do you think?\n"


def use_planner(person: Person, *answers: str, cost: float = 0.05, name: str = "script") -> Path:
    """A runner that is a program with these answers; return the folder in which it keeps the prompts."""
    folder = person.repo.parent / "planner"
    folder.mkdir(exist_ok=True)
    (folder / "answers.json").write_text(json.dumps(answers))
    program = folder / "planner.py"
    program.write_text(_PROGRAM.replace("COST", str(cost)))
    command = json.dumps([sys.executable, os.fspath(program)])
    person.tables = [f'[runners.{name}]\nkind = "command"\ncommand = {command}\ndeadline = "60s"\n']
    person.save_settings()
    return folder
