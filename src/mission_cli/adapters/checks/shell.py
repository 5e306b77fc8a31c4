"""The shell that runs a criterion's command exactly as written; the first failure in a pipe is a failure."""

from __future__ import annotations

import shlex

from mission_cli._support.shell_words import is_one_pipeline

NAME = "criterion"
"""The name of the shell, with which its own messages begin."""
BROKEN_PIPE = 141
"""Exit code if a program in a pipe was ended by SIGPIPE because the next one had ended."""
_IN_BASH = ("-o", "pipefail")
_SCRIPT_IN_BASH = ("-e", "-u", "-o", "pipefail")
_IN_SH = "(set -o pipefail) 2>/dev/null && set -o pipefail\n"
_ENOUGH = (
    'trap \'criterion_s=$? criterion_p=("${PIPESTATUS[@]}"); if [ $criterion_s -eq 141 ] && '
    '[ "${criterion_p[${#criterion_p[@]}-1]}" -eq 0 ]; then for criterion_s in "${criterion_p[@]}"; do '
    'case $criterion_s in 0|141) ;; *) exit "$criterion_s";; esac; done; exit 0; fi\' EXIT\n'
)
"""If the last program of the only pipe succeeds, SIGPIPE may have ended those before it, as in `yes | head -1`."""


def is_bash(shell: str) -> bool:
    """Whether a shell is bash, which has `pipefail`, arrays and `[[ … ]]`."""
    return shell.rpartition("/")[2] == "bash"


def shell_argv(shell: str, command: str, cwd: str = "") -> tuple[str, ...]:
    """Return the argv that runs a command; several lines run as a script that ends at the first failure.

    `cwd` is a folder of the tree in which it runs; without that folder it fails.
    """
    script = "\n" in command
    enter = _enter(cwd) if cwd else ""
    if not is_bash(shell):
        return (
            shell,
            *(("-e", "-u") if script else ()),
            "-c",
            enter + (f"{_IN_SH}{command}" if "|" in command or script else command),
            NAME,
        )
    if script:
        return (shell, *_SCRIPT_IN_BASH, "-c", enter + command, NAME)
    return (shell, *_IN_BASH, "-c", enter + (f"{_ENOUGH}{command}" if is_one_pipeline(command) else command), NAME)


def _enter(folder: str) -> str:
    """Return the lines that change to a folder of the tree, and fail if it is missing or leads out of the tree."""
    place = shlex.quote(f"./{folder}")
    outside = shlex.quote(f"{folder} leads out of the tree")
    return (
        f"criterion_d=$(pwd -P); cd -P -- {place} || exit 1\n"
        f'case $(pwd -P)/ in "$criterion_d"/*) unset criterion_d;; *) echo {outside} >&2; exit 1;; esac\n'
    )
