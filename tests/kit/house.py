"""The conventions of a repository, which only the output of its check `house FILE…` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES = {
    ".py": "# SPDX-License-Identifier: MIT",
    ".md": "<!-- reviewed by the docs team -->",
    ".sql": "-- reversible",
}
"""The line that a file needs, by the end of its name."""


def house(paths: Sequence[str], files: Mapping[str, str]) -> tuple[int, str]:
    """(exit code, words) of the check: each file is there and has its line."""
    for path in paths:
        line = next((line for end, line in RULES.items() if path.endswith(end)), "")
        if line not in files.get(path, "\0"):
            end = path[path.rindex(".") :]
            return (
                1,
                f"checking {len(paths)} files\nerror: each {end} file needs the line `{line}`, and {path} lacks it\n",
            )
    return 0, "all files keep the conventions\n"
