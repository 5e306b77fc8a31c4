"""Requests in the state: their rows, and the files with the data that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow
from mission_cli.domain.asking.options import write_options
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from mission_cli.domain.tables import InputRequest
    from mission_cli.ports.git.state import Stored

_FOLDER = "assets/"


def request_row(request: InputRequest) -> AppendRow:
    """Return the row of a new request."""
    row = {
        "#": str(request.number),
        "Asked": request.asked,
        "Feature": request.feature,
        "Prompt": request.prompt,
        "Options": write_options(request.answers),
        "Urgency": request.urgency,
        "Expires": request.expires,
        "Status": request.status,
    }
    return AppendRow("Input Requests", row | ({"Context": request.context} if request.context else {}))


def context_write(stored: Stored, request: InputRequest, text: str) -> Write:
    """Return the write of the file with the data about a new request; its name has never been used before."""
    return Write(f"{assets_folder(stored)}/{request.context.removeprefix(_FOLDER)}", text, None)
