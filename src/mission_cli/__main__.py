"""The entry point: hidden commands and the idle pulse first, everything else after its imports."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command; return its exit status."""
    words = sys.argv[1:]
    if words[:1] == ["pulse"] and _nothing_to_do(words[1:]):
        return 0
    if words and words[0].startswith("_"):
        from mission_cli.wiring import hidden

        code = hidden(words)
        if code is not None:
            return code
    from mission_cli.surfaces.cli.app import run

    return run(words)


def _nothing_to_do(flags: list[str]) -> bool:
    """Whether this is a plain pulse on one repository, and nothing has changed there since the last one."""
    from mission_cli import __version__
    from mission_cli.idle import find_runtime, is_idle

    rest = [f for f in flags if f not in {"--quiet", "-q"}]
    start = "."
    if rest[:1] == ["--repo"] and len(rest) > 1:
        start, rest = rest[1], rest[2:]
    if rest:
        return False
    runtime = find_runtime(start)
    return bool(runtime) and is_idle(runtime, __version__)


if __name__ == "__main__":
    sys.exit(main())
