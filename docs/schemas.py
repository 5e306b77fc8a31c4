"""Writes docs/schema: a JSON schema for what each command prints with --json."""

from __future__ import annotations

import json
from pathlib import Path

from mission_cli.surfaces.outputs import OUTPUTS, output_schema

FOLDER = Path(__file__).parent / "schema"


def files() -> dict[str, str]:
    """Return the text of each file by its name: `cron install` is in `cron-install.json`."""
    return {
        f"{name.replace(' ', '-')}.json": json.dumps(output_schema(name), indent=2, ensure_ascii=False) + "\n"
        for name in OUTPUTS
    }


def write() -> None:
    """Write each schema, and remove files that belong to no command."""
    FOLDER.mkdir(exist_ok=True)
    found = files()
    for old in FOLDER.glob("*.json"):
        if old.name not in found:
            old.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
