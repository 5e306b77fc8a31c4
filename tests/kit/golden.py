"""Golden directories: a mission file before, the edits, and after. `python -m tests.kit.golden` writes what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mission_cli.document import changes
from mission_cli.document.checking import align, fix
from mission_cli.document.checking.inert import inert
from mission_cli.document.checking.lint import lint
from mission_cli.document.checking.unread import unread
from mission_cli.document.editing import patch
from mission_cli.document.editing.edits import text_hash
from mission_cli.document.reading.load import load

ROOT = Path(__file__).resolve().parents[1] / "golden"
_CHANGES = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): getattr(changes, name)
    for name in (
        [
            "SetFront",
            "SetFeature",
            "SetMilestone",
            "SetField",
            "SetCriterion",
            "SetCell",
            "AppendRow",
            "AddFeature",
            "FillSection",
        ]
    )
}


@dataclass(frozen=True)
class Outcome:
    """What came of the edits."""

    text: str
    refused: list[str]
    problems: list[str]


def constructs() -> list[Path]:
    """Every golden directory."""
    return sorted(folder for folder in ROOT.iterdir() if folder.is_dir())


def read_text(path: Path) -> str:
    """The file with its line ends and its BOM."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def edits_of(folder: Path) -> dict[str, Any]:
    """The edits with what is said about them."""
    found: dict[str, Any] = yaml.safe_load((folder / "edits.yaml").read_text(encoding="utf-8"))
    return found


def outcome(folder: Path) -> Outcome:
    """Make the edits of a golden directory on its `before.md`."""
    text, said, refused = read_text(folder / "before.md"), edits_of(folder), []
    for entry in said["edits"]:
        if entry == "fmt":
            text = align.aligned(text)
        elif entry == "fix":
            text = fix.fix(text, "m-golden").text
        else:
            done = patch.apply_fitting(text, [_change(entry)])
            text = done.text
            refused += [f"{r.line}: {r.reason} ({r.hint})" for r in done.refused]
    loaded = load(text, "m-golden")
    told = set(inert(loaded)) - set(unread(loaded))  # what acts on nothing yet has tests of its own
    return Outcome(text, refused, [p.at("after.md") for p in lint(loaded) if p not in told])


def _change(entry: dict[str, Any]) -> changes.Change:
    ((name, values),) = entry.items()
    given = dict(values)
    if "path" in given:
        given["path"] = tuple(str(given["path"]).split("."))
    if "hash_of" in given:
        given["was"] = text_hash(given.pop("hash_of"))
    for key in ("comments", "criteria"):
        if key in given:
            given[key] = tuple(given[key])
    made: changes.Change = _CHANGES[name](**given)
    return made


def write_missing() -> None:
    """Write `after.md`, what is refused and what is complained about where they are missing; then look at them."""
    for folder in constructs():
        done = outcome(folder)
        if not (folder / "after.md").exists():
            (folder / "after.md").write_bytes(done.text.encode("utf-8", "surrogateescape"))
            more = {k: v for k, v in (("refused", done.refused), ("problems", done.problems)) if v}
            words = yaml.safe_dump(more, allow_unicode=True, width=1000) if more else ""
            with (folder / "edits.yaml").open("a", encoding="utf-8") as out:
                out.write(words)


if __name__ == "__main__":
    write_missing()
