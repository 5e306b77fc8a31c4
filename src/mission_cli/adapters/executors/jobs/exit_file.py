"""How a job ended, as JSON: its exit file, which a host also sends as a result."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mission_cli._support.dataclass import asdict
from mission_cli.adapters.agents.figures import dollars, tokens
from mission_cli.domain.judging.test_results import NAMED, Names, SuiteSummary
from mission_cli.domain.runs.jobs import AgentReport, Exit, Left
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, EndReason


def exit_of(raw: Any) -> Exit | None:
    """Return what an exit file says; None if it is invalid."""
    try:
        known = {"reason": EndReason(raw["reason"]), "report": _report(raw.get("report") or {})}
        more = {
            "missing": tuple(raw.get("missing", ())),
            "left": _left(raw.get("left")),
            "tests": _tests(raw.get("tests")),
        }
        return Exit(**{**raw, **known, **more})
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        return None


def exit_facts(end: Exit) -> Any:
    """Return how a job ended as JSON."""
    return plain(asdict(end))


def plain(value: Any) -> Any:
    """Convert decimals to text, for JSON."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Decimal) else value


def _report(raw: dict[str, Any]) -> AgentReport:
    usage = raw.get("usage")
    cause = raw.get("cause")
    return AgentReport(
        **{
            **raw,
            "usage": usage_of(usage) if isinstance(usage, dict) else None,
            "cause": Cause(cause) if cause else None,
            "children": tuple(raw.get("children", ())),
        }
    )


def _left(left: Any) -> Left | None:
    if not isinstance(left, dict):
        return None
    elsewhere, secrets, unfit = (tuple(map(str, left.get(name, ()))) for name in ("elsewhere", "secrets", "unfit"))
    return Left(str(left.get("tip", "")), elsewhere, secrets, unfit, str(left.get("trouble", "")))


def _tests(raw: Any) -> SuiteSummary | None:
    if not isinstance(raw, dict):
        return None
    failing, *changed = (Names(tuple(map(str, raw[name]["first"])), int(raw[name]["count"])) for name in NAMED)
    passed, failed, skipped = (int(raw[name]) for name in ("passed", "failed", "skipped"))
    return SuiteSummary(
        passed, failed, skipped, float(raw["seconds"]), tuple(map(str, raw["formats"])), failing, *changed
    )


def usage_of(raw: Any) -> Usage:
    """Return usage from JSON. Raises TypeError, ValueError or AttributeError."""
    usd = raw.get("usd")
    return Usage(
        usd=None if usd is None else dollars(usd),
        tokens={str(kind): tokens(number) or 0 for kind, number in (raw.get("tokens") or {}).items()},
        source=str(raw.get("source", "")),
    )
