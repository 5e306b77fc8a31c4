"""The entry point: first idle and plain pulses, STOP and hidden commands; everything else after its imports."""

from __future__ import annotations

import io
import os
import sys


def main() -> int:
    """Run one command; return its exit status."""
    _open_what_is_closed()
    _replace_what_cannot_be_shown()
    if not _is_somewhere(sys.argv[1:]):
        return 1
    try:
        code = _command(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        from mission_cli.surfaces.plain import reader_gone

        return reader_gone()
    return code


def _command(words: list[str]) -> int:
    if words[:1] == ["serve"]:
        _end_well()
    if words[:1] == ["pulse"]:
        code = _plain_pulse(words[1:])
    elif words[:1] == ["stop"]:
        code = _plain_stop(words[1:])
    elif words and words[0].startswith("_"):
        code = _hidden(words)
    elif words[:1] in ([], ["--json"], ["status"], ["list"]):
        from mission_cli.surfaces.quick import quick_view

        code = quick_view(words)
    else:
        code = None
    if code is not None:
        return code
    from mission_cli.surfaces.cli.app import run

    return run(words)


def _end_well() -> None:
    """Let SIGTERM end a server that is still starting with status 0, as it does later: nothing has begun."""
    import signal

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def _open_what_is_closed() -> None:
    """Connect closed standard streams to nothing: otherwise the next file would get their number, and the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - no pathlib here


def _is_somewhere(words: list[str]) -> bool:
    """Whether the current folder exists or is not needed; prints the error."""
    try:
        os.getcwd()  # noqa: PTH109 - no pathlib here
    except OSError:
        if "--repo" not in words:
            sys.stderr.write("error: the current folder no longer exists\n hint: change to another folder\n")
            return False
        os.chdir("/")
    return True


def _replace_what_cannot_be_shown() -> None:
    """Replace characters that a terminal cannot show by `?`, so that an unusual title does not stop a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _plain_pulse(flags: list[str]) -> int | None:
    """Run a pulse without other flags on one repository or all; imports nothing if there is nothing to do."""
    from mission_cli import __version__
    from mission_cli.fastpath import find_runtime, is_idle

    rest = [flag for flag in flags if flag not in {"--quiet", "-q"}]
    quiet = len(rest) < len(flags)
    if rest == ["--all"]:
        return _pulse_everywhere(quiet=quiet)
    repo = "."
    if rest[:1] == ["--repo"] and len(rest) > 1:
        repo, rest = rest[1], rest[2:]
    if rest:
        return None
    runtime = find_runtime(repo)
    typed = not quiet and sys.stdin is not None and sys.stdin.isatty()  # a person typed it: check everything
    if runtime and ((not typed and is_idle(runtime, __version__)) or (quiet and _is_done_by_another(runtime))):
        return 0
    from mission_cli.surfaces.plain import plain_pulse

    return plain_pulse(repo, quiet=quiet)


def _plain_stop(flags: list[str]) -> int | None:
    """Run `stop --all` on one repository, without other flags."""
    rest, repo = [*flags], "."
    if "--repo" in rest[:-1]:
        at = rest.index("--repo")
        repo, rest = rest[at + 1], rest[:at] + rest[at + 2 :]
    if rest != ["--all"]:
        return None
    from mission_cli.surfaces.plain import plain_stop

    return plain_stop(repo)


def _is_done_by_another(runtime: str) -> bool:
    from mission_cli.fastpath import is_busy, is_coming

    return is_busy(runtime) or is_coming(runtime)


def _pulse_everywhere(*, quiet: bool) -> int:
    """Run what cron starts every minute."""
    from mission_cli import __version__
    from mission_cli.fastpath import (
        busy_repositories,
        leave_sign,
        state_folder,
    )

    state = state_folder()
    busy = busy_repositories(state, __version__)
    leave_sign(state)
    if not busy:
        return 0
    from mission_cli.surfaces.plain import plain_pulses

    return plain_pulses(busy, quiet=quiet)


def _job(command: str, words: list[str]) -> int:
    """Supervise a job on this machine, run one for another machine, or follow those on a host."""
    if command == "_node":
        from mission_cli.adapters.executors.remote.node.main import node

        return node(words)
    from pathlib import Path

    if command == "_follow":
        from mission_cli.wiring.follow import follow

        return follow(Path(words[0]), words[1], int(words[2]))
    from mission_cli.adapters.executors.supervise.supervisor import supervise

    return supervise(Path(words[0]), int(words[1]))


def _hidden(words: list[str]) -> int | None:
    """Run the commands that only this program starts; return None for anything else."""
    if words[0] == "_complete":
        from mission_cli.surfaces.completion.answer import answer

        return answer(words[1], int(words[2]), words[3:])
    if words[0] in {"_supervise", "_node", "_follow"}:
        return _job(words[0], words[1:])
    from pathlib import Path

    if words[0] == "_inspect":
        from mission_cli.adapters.checks.inspect import inspect

        code, text = inspect(words[1], Path.cwd())
        sys.stdout.write(f"{text}\n")
        return code
    if words[0] == "_judge":
        from mission_cli.adapters.judges.main import judge

        code, text = judge(words[1])
        sys.stdout.write(f"{text}\n")
        return code
    if words[0] in {"_egress", "_acp"}:
        return _beside_a_job(words)
    if words[0] == "_pulses":
        from mission_cli.wiring.assemble import schedule

        schedule().keep()
        return 0
    if words[0] == "_merge":
        from mission_cli.surfaces.driver import merge_driver

        return merge_driver(words[1:])
    return None


def _beside_a_job(words: list[str]) -> int:
    """Run the proxy of a job, or the client of its agent."""
    if words[0] == "_acp":
        from mission_cli.adapters.acp.client import run

        return run(words[1:])
    from mission_cli.adapters.egress.main import serve_egress

    return serve_egress(int(words[1]) if len(words) > 1 else None)


if __name__ == "__main__":
    sys.exit(main())
