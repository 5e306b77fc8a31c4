"""Find commands that cannot fail or that hide a failure, and say how to write them instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shell_words import (
    Simple,
    is_compound,
    simple_commands,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALWAYS_TRUE = frozenset({"true", ":", "echo", "printf", "/bin/true", "/usr/bin/true"})
_NEVER_FAIL = {
    "find": "it exits 0 even if nothing is found; write `find … | grep .`",
    "wc": "it exits 0 for any count; write metric: `wc -l < FILE` <= 10",
    "ls": "it only shows that a path exists; write file: `PATH`, or test -f PATH",
    "cat": "it only shows that a file exists; write file: `PATH` or grep: `TEXT` in `PATH`",
}
_FORGIVING = {
    "--passWithNoTests": "it passes if no test is found",
    "--pass-with-no-tests": "it passes if no test is found",
    "--allow-no-tests": "it passes if no test is found",
    "--if-present": "it passes if the script does not exist",
    "--exit-zero": "it exits 0 even if it finds problems",
    "--no-error-on-unmatched-pattern": "it passes if no file is found",
    "--suppress-no-test-exit-code": "it passes if no test is found",
}
_PREPARE = frozenset({"", "export", "unset", "sleep", "set", "trap", "umask", "ulimit", "shopt", *_ALWAYS_TRUE})
_GREPS = frozenset({"grep", "egrep", "fgrep", "rg", "zgrep"})
_WRONG = "write a command that fails if the work is wrong"
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
_EARLY = "write its output to a file first: `COMMAND > out.txt && grep -q TEXT out.txt`"
_DEEPEST = 3


def weaknesses(command: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (weakness, how to write it instead) for a command whose exit code should prove something."""
    commands = simple_commands(command)
    if commands is None or depth > _DEEPEST:
        return
    for one in commands:
        yield from _one(one, depth)
    yield from _hidden(commands)
    if not is_compound(command):
        yield from _ending(command, commands)


def _one(one: Simple, depth: int) -> Iterator[tuple[str, str]]:
    for word in one.words:
        if word.partition("=")[0] in _FORGIVING:
            yield f"`{word}`: {_FORGIVING[word.partition('=')[0]]}", "remove it"
    if one.program == "set" and "+e" in one.words:
        yield "`set +e`: the exit codes of the commands after it are lost", "remove it"
    if one.program == "make" and {"-i", "--ignore-errors"} & {*one.words}:
        yield "`make -i`: it exits 0 even if something fails", "remove it"
    if one.program.rpartition("/")[2] in _SHELLS and "-c" in one.words[:-1]:
        yield from weaknesses(one.words[one.words.index("-c") + 1], depth + 1)
    if one.operator in {"|", "|&"}:
        yield from _behind_a_pipe(one)


def _behind_a_pipe(one: Simple) -> Iterator[tuple[str, str]]:
    quiet = one.program in _GREPS and _flag(one, "q", "--quiet", "--silent")
    if one.program == "head" or quiet:
        name = "head" if one.program == "head" else f"{one.program} -q"
        words = f"`| {name}` may end before it has read everything: then the program before the pipe fails"
        yield f"{words}, whatever its own result", _EARLY


def _hidden(commands: list[Simple]) -> Iterator[tuple[str, str]]:
    for index, one in enumerate(commands):
        always = one.program in _ALWAYS_TRUE or one.words[:2] in {("exit", "0"), ("return", "0")}
        if one.operator == "||" and always:
            words = f"`|| {' '.join(one.words[:2])}` masks the exit code of the command before it: it always passes"
            yield words, "remove it; if the command should fail, write `! COMMAND`"
        if one.operator == "&" and not (index + 1 == len(commands) and not one.words and index == 0):
            before = commands[index - 1].program
            yield f"`{before} … &` runs in the background: its exit code is lost", "run it in the foreground"


def _ending(command: str, commands: list[Simple]) -> Iterator[tuple[str, str]]:
    """Yield the weaknesses by which the last command hides the exit codes of those before it."""
    told = [one for one in commands if one.words]
    if not told:
        yield "it has no command: it always passes", _WRONG
        return
    last, shown = told[-1], " ".join(told[-1].words[:2])
    lost = "\n" not in command and _loses(told)
    if _always_passes(last) and len(told) == 1:
        yield f"`{shown}` always passes", _WRONG
    elif _always_passes(last) and lost:
        yield f"`; {shown}` masks the exit code of the commands before it: it always passes", "join with &&"
    elif lost:
        yield "only the exit code of the command after the last `;` counts", "join the commands with &&"
    if last.program in _NEVER_FAIL and (len(told) == 1 or last.operator == "|"):
        yield f"`{last.program}` proves little", _NEVER_FAIL[last.program]
    if last.program == "curl" and len(told) == 1 and not _flag(last, "f", "--fail", "--fail-with-body"):
        yield "`curl` exits 0 for a response with status 404 or 500", "add --fail"


def _loses(told: list[Simple]) -> bool:
    """Whether a command that may fail is followed by `;`, without `set -e`, so that its exit code is lost."""
    if any(one.program == "set" and _flag(one, "e") for one in told):
        return False
    behind = [index for index, one in enumerate(told) if one.operator == ";"]
    return bool(behind) and any(one.program not in _PREPARE for one in told[: behind[-1]])


def _flag(one: Simple, letter: str, *names: str) -> bool:
    return any(w in names or (w[:1] == "-" and w[1:2] != "-" and letter in w) for w in one.words[1:])


def _always_passes(one: Simple) -> bool:
    return one.program in _ALWAYS_TRUE or one.words[:2] in {("exit", "0"), ("return", "0")} or one.words == ("exit",)
