"""The entry point: the idle pulse, the plain pulse and the hidden commands first, everything else after its imports."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command; return its exit status."""
    words = sys.argv[1:]
    if words[:1] == ["pulse"]:
        code = _plain_pulse(words[1:])
    elif words and words[0].startswith("_"):
        code = _hidden(words)
    else:
        code = None
    if code is not None:
        return code
    from mission_cli.surfaces.cli.app import run

    return run(words)


def _plain_pulse(flags: list[str]) -> int | None:
    """A pulse on one repository without any other flag: nothing is imported while nothing has to be done."""
    from mission_cli import __version__
    from mission_cli.idle import find_runtime, is_idle

    rest = [flag for flag in flags if flag not in {"--quiet", "-q"}]
    repo = "."
    if rest[:1] == ["--repo"] and len(rest) > 1:
        repo, rest = rest[1], rest[2:]
    if rest:
        return None
    runtime = find_runtime(repo)
    if runtime and is_idle(runtime, __version__):
        return 0
    from mission_cli.surfaces.plain import plain_pulse

    return plain_pulse(repo, quiet=any(flag in {"--quiet", "-q"} for flag in flags))


def _hidden(words: list[str]) -> int | None:
    """The commands that only we start; None for anything else."""
    from pathlib import Path

    if words[0] == "_supervise":
        from mission_cli.adapters.executors.supervisor import supervise

        return supervise(Path(words[1]), int(words[2]))
    if words[0] == "_inspect":
        from mission_cli.adapters.checks.inspect import inspect

        code, text = inspect(words[1], Path.cwd())
        sys.stdout.write(f"{text}\n")
        return code
    if words[0] == "_merge":
        from mission_cli.surfaces.driver import merge_driver

        return merge_driver(words[1:])
    return None


if __name__ == "__main__":
    sys.exit(main())
