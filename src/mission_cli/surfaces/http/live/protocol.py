"""The protocol of WebSockets, as uvicorn has it; a client that does not read is dropped."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from mission_cli.surfaces.http.patience import Stalls


class PatientSocket(Stalls, WebSocketsSansIOProtocol):
    """One connection."""
