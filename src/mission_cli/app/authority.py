"""What each command may do: whether a worker may run it, and whether it accepts the settings of the checkout."""

from __future__ import annotations

READING = frozenset(
    {
        "check",
        "completion",
        "dashboard",
        "diff",
        "doctor",
        "export",
        "help",
        "history",
        "inbox",
        "lint",
        "list",
        "logs",
        "mcp",
        "pr",
        "report",
    }
    | {"schema", "show", "status", "version", "why"}
)
"""The commands that do not change a mission; a worker may run them. `check` is that of playbooks."""

REPORTING = frozenset({"preview"})
"""The commands that decide by their options whether a worker may run them."""

VOUCHING = frozenset({"new", "resume", "retry", "run", "start", "takeover", "undo"})
"""The commands by which a person plans or starts work, and so accepts uncommitted settings of this checkout."""
