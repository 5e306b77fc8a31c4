"""Writes docs/openapi.json: the description of the API of `mission serve`."""

from __future__ import annotations

import json
from pathlib import Path

from mission_cli.surfaces.http.api.openapi import document
from mission_cli.surfaces.http.api.routes import PREFIX, operations

PLACE = Path(__file__).parent / "openapi.json"


def text() -> str:
    """Return the document."""
    return json.dumps(document(operations(), PREFIX), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
