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

AT_HOME = frozenset(
    {
        *("add", "add-milestone", "analyse", "analyze", "archive", "cancel", "context", "diff", "edit", "export"),
        *("fmt", "forecast", "history", "lint", "logs", "move", "note", "recommend", "report", "set", "show", "status"),
        *("undo", "why"),
    }
)
"""The commands that also find a mission without a repository: they show it, or change its file."""

WORKING = frozenset(
    {"deploy", "land", "open", "preview", "pulse", "resume", "retry", "run", "start", "takeover", "validate"}
)
"""The commands that need the repository of a mission."""
