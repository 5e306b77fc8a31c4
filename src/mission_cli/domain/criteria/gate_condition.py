"""The condition of a quality gate: an expression over named facts, evaluated without running any code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

FACTS: Mapping[str, str] = {
    "total": "features before the gate",
    "done": "those that are done",
    "failed": "those that have failed",
    "skipped": "those that were skipped",
    "average_score": "the mean of their scores, 1 to 5",
    "lowest_score": "the lowest of their scores",
    "attempts": "attempts that they took",
    "retries": "attempts beyond the first one of each",
    "cost_usd": "what they have cost, in dollars, as far as it is known",
    "hours": "the hours that they took",
    "tokens": "the tokens that they used",
    "spent_pct": "percent of the mission's budget that is spent, the highest of its caps",
    "progress_pct": "percent of the mission's features that are done or skipped",
}
"""Names that a condition may use, with what they mean."""
_LONGEST = 500
_FUNCTIONS = {"min": min, "max": max, "round": round, "abs": abs}
_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Call, ast.Name, ast.Load,
    ast.Constant, ast.IfExp,
)  # fmt: skip


def why_unreadable(condition: str) -> str:
    """Return why an expression is no condition, or the empty string."""
    if len(condition) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    try:
        tree = ast.parse(condition.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "it cannot be read: write and, or, not, comparisons and numbers"
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            return "only numbers, facts, comparisons, and, or, not and arithmetic are allowed"
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool | int | float):
            return "only numbers can be compared"
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS):
            return f"only {', '.join(_FUNCTIONS)} can be called"
        if isinstance(node, ast.Name) and node.id not in FACTS and node.id not in _FUNCTIONS:
            known = did_you_mean(node.id, FACTS, "use one of " + ", ".join(FACTS))
            return f"`{node.id}` is not a fact: {known}"
    return ""


def holds(condition: str, facts: Mapping[str, Decimal]) -> bool | None:
    """Return whether a condition is true of the facts; None if it cannot be read or evaluated."""
    if why_unreadable(condition):
        return None
    from simpleeval import InvalidExpression, SimpleEval  # type: ignore[import-untyped]  # it has no types

    names = {name: float(value) for name, value in facts.items()}
    try:
        return bool(SimpleEval(names=names, functions=dict(_FUNCTIONS)).eval(condition.strip()))
    except (InvalidExpression, ArithmeticError, TypeError, ValueError):
        return None
