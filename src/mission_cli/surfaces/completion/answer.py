"""Answer `mission _complete SHELL INDEX WORDS…`, which the completion scripts call, with one candidate per line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mission_cli.surfaces.completion.candidates import Place
from mission_cli.surfaces.completion.table import COMMANDS, COMMON, TOPICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.surfaces.completion.candidates import Candidates

_FILES, _FOLDERS = ":files", ":folders"
"""Not candidates: the shell is asked to complete paths itself."""
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:@%+,")


def answer(shell: str, index: int, words: Sequence[str]) -> int:
    """Print what the word at `index` can become; `words` begin with the name of the program."""
    before, word, cut = _joined(words[1:index], words[index] if index < len(words) else "")
    lines = [_line(shell, value, about, cut) for value, about in _found(before, word) if value.startswith((word, ":"))]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _joined(before: Sequence[str], word: str) -> tuple[list[str], str, int]:
    """Undo bash's splitting at `=`; return also how many characters of the word the shell does not replace."""
    rest = list(before)
    if word == "=" and rest:
        rest, word = rest[:-1], f"{rest[-1]}="
    elif len(rest) > 1 and rest[-1] == "=":
        rest, word = rest[:-2], f"{rest[-2]}={word}"
    else:
        return rest, word, 0
    return rest, word, word.index("=") + 1


def _line(shell: str, value: str, about: str, cut: int) -> str:
    """Return a candidate in the form that the shell's script reads."""
    if value in {_FILES, _FOLDERS}:
        return value
    shown = "".join(c if c.isprintable() else " " for c in about)
    value = "".join(c if c.isprintable() else "?" for c in value)
    if shell == "zsh":
        return f"{value.replace(chr(92), chr(92) * 2).replace(':', chr(92) + ':')}:{shown}"
    if shell == "fish":
        return f"{value}\t{shown}"
    return "".join(c if c in _SAFE or not c.isascii() else f"\\{c}" for c in value[cut:])


def _found(before: Sequence[str], word: str) -> Candidates:
    """Return the candidates for a word behind others."""
    name, behind = _command(before)
    if name not in COMMANDS and before and COMMON.get(before[-1], ("", ""))[0]:
        return _of_kind(COMMON[before[-1]][0], word, before, [])
    if name not in COMMANDS:
        start = f"{name} " if name else ""
        names = dict.fromkeys(words[len(start) :].split(" ")[0] for words in COMMANDS if words.startswith(start))
        shown = [(one, COMMANDS[f"{start}{one}"][0] if f"{start}{one}" in COMMANDS else "") for one in names]
        return _options(COMMON) if word.startswith("-") else shown
    _, arguments, own = COMMANDS[name]
    options = {**own, **COMMON}
    option, equals, value = word.partition("=")
    open_option = before[-1] if before and "--" not in before else ""
    if equals and option in options:
        found = _of_kind(options[option][0], value, before, behind)
        return [(one if one.startswith(":") else f"{option}={one}", about) for one, about in found]
    if options.get(open_option, ("", ""))[0]:
        return _of_kind(options[open_option][0], word, before, behind)
    if word.startswith("-") and "--" not in before:
        return _options(options)
    given = _given(behind, options)
    last = arguments[-1:] if arguments and arguments[-1].endswith("*") else []
    kinds = arguments[len(given) : len(given) + 1] or last
    return _of_kind(kinds[0].rstrip("*"), word, before, given) if kinds else []


def _command(before: Sequence[str]) -> tuple[str, list[str]]:
    """Return the command that was typed, perhaps only the group of it, and the words behind it."""
    name, at = "", 0
    while at < len(before) and name not in COMMANDS:
        word = before[at]
        at += 2 if COMMON.get(word, ("", ""))[0] else 1
        if not word.startswith("-"):
            name = f"{name} {word}".lstrip()
    return name, list(before[at:])


def _given(words: Sequence[str], options: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the arguments among the words behind a command."""
    found: list[str] = []
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--":
            return [*found, *words[at + 1 :]]
        elif word.startswith("-") and word != "-":
            skip = bool(options.get(word, ("", ""))[0])
        else:
            found.append(word)
    return found


def _options(options: Mapping[str, tuple[str, str]]) -> Candidates:
    return [(name, about) for name, (_, about) in options.items()]


def _of_kind(kind: str, word: str, before: Sequence[str], given: Sequence[str]) -> Candidates:
    """Return the candidates of a kind; a kind with `|` is the list of them."""
    if kind in {_FILES, _FOLDERS}:
        return [(kind, "")]
    if "|" in kind or kind.startswith("="):
        return [(one, "") for one in kind.lstrip("=").split("|")]
    if kind == "command":
        return [(name, about) for name, (about, _, _) in COMMANDS.items() if " " not in name] + list(TOPICS.items())
    if kind in {"", "text"}:
        return []
    place = Place(_repository(before))
    mission = given[0] if given else ""
    if kind in {"feature", "part", "milestone"}:
        whole, features = kind != "feature", kind != "milestone"
        return place.parts(word, features=features, milestones=whole, whole=whole)
    of_repository = {"mission": place.missions, "runner": place.runners, "branch": place.branches, "host": place.hosts}
    if kind in of_repository:
        return of_repository[kind]()
    return place.gates(mission) if kind == "gate" else place.requests(mission)


def _repository(before: Sequence[str]) -> str:
    for at, word in enumerate(before):
        if word == "--repo" and at + 1 < len(before):
            return before[at + 1]
        if word.startswith("--repo="):
            return word.partition("=")[2]
    return "."
