"""Makefiles and justfiles: restore the targets that a command calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Collection

_RULE = pattern(r"^(?P<names>[^\s:=#][^:=#]*?)\s*(?P<args>(?:\s\w+)*)::?(?!=)(?P<needs>[^=;]*)(?:;.*)?$")
_VARIABLE = pattern(r"^(?:export\s+|override\s+|set\s+)?(?P<name>[\w.-]+)\s*(?:::?:?|\?|\+|!)?=")
_FOR_ALL = frozenset({".IGNORE", ".DEFAULT", ".ONESHELL", ".SECONDEXPANSION", ".INTERMEDIATE", ".NOTINTERMEDIATE"})
"""Targets that change how every other one runs."""
_INSIDE = pattern(r"^(?:ifn?eq|ifn?def|else|endif|define|endef|undefine)\b")
_SHELLS = pattern(r"[\s:?]=\s*(?:\S*/)?(?:env\s+)?(?:ba|da|z)?sh\s*$")
_SPECIAL = frozenset({"SHELL", ".SHELLFLAGS", "MAKEFLAGS", "MFLAGS", ".DEFAULT_GOAL", "MAKE", "shell", "PATH"})


class _Parts:
    """A parsed makefile: rules by target, variables by name, and the rest."""

    def __init__(self, text: str) -> None:
        self.rules: dict[str, list[str]] = {}
        self.needs: dict[str, set[str]] = {}
        self.variables: dict[str, list[str]] = {}
        self.rest: list[str] = []
        """Lines that are evaluated: `include`, `$(eval …)`, conditions, targets whose names are computed."""
        self.first = ""
        names: list[str] = []
        variable = ""
        for line in text.splitlines():
            if variable and self.variables[variable][-1].endswith("\\"):
                self.variables[variable].append(line)
                continue
            variable = ""
            if line[:1] in {"\t", " "}:
                for name in names:
                    self.rules[name].append(line)
                continue
            assigned, rule = _VARIABLE.match(line), _RULE.match(line)
            if assigned:
                variable, names = assigned["name"], []
                self.variables.setdefault(variable, []).append(line)
            elif rule and "$" not in rule["names"]:
                names = rule["names"].split()[: 1 if rule["args"] else None]
                for name in names:
                    self.rules.setdefault(name, []).append(line)
                    self.needs.setdefault(name, set()).update(rule["needs"].split())
                self.first = self.first or next((n for n in names if not n.startswith(".")), "")
            elif line.strip() and not line.startswith("#"):
                names = []
                self.rest.append(line)

    @property
    def phony(self) -> set[str]:
        """The targets that are no files."""
        return set(_flat(self.rules.get(".PHONY", [])))

    def reached(self, called: Collection[str]) -> list[str]:
        """Return the targets that words call, directly or through another target; the first target if none is named."""
        words = {*called, self.first}
        found: list[str] = []
        while True:
            more = [name for name in self.rules if name in words and name not in found]
            if not more:
                return found
            found += more
            for name in more:
                words |= self.needs.get(name, set())
                words |= set(re.findall(r"[\w./-]+", "\n".join(self.rules[name])))


def merged_makefile(old: str | None, new: str, called: Collection[str]) -> str | None:
    """Return the new file if everything that is called is unchanged; otherwise the old one with new targets added."""
    if old is None:
        return new
    before, after = _Parts(old), _Parts(new)
    targets = before.reached(called)
    same = all(_flat(before.rules[t]) == _flat(after.rules.get(t, [])) for t in targets)
    same = same and before.rest == after.rest and _FOR_ALL & after.rules.keys() <= before.rules.keys()
    same = same and not (before.phony - after.phony).intersection(targets)
    names = {*before.variables, *(_SPECIAL & after.variables.keys())}
    if same and all(_flat(before.variables.get(n, [])) == _flat(after.variables.get(n, [])) for n in names):
        return new
    more = [v for name, v in after.variables.items() if name not in before.variables and name not in _SPECIAL]
    more += [r for name, r in after.rules.items() if name not in before.rules and not name.startswith((".", "%"))]
    # Of two rules for a target the last one counts: what is included comes first.
    first = [] if any(map(_INSIDE.match, after.rest)) else [line for line in after.rest if line not in before.rest]
    return "\n".join([*first, old.rstrip("\n"), *dict.fromkeys("\n".join(lines) for lines in more)]) + "\n"


def included(new: str) -> str:
    """Return a new file that makefiles include without what changes how every target runs."""
    after = _Parts(new)
    lines = [v for name in _SPECIAL & after.variables.keys() for v in after.variables[name] if not _SHELLS.search(v)]
    lines += [line for name in _FOR_ALL & after.rules.keys() for line in after.rules[name]]
    return "".join(line for line in new.splitlines(keepends=True) if line.rstrip("\n") not in lines)


def _flat(lines: list[str]) -> list[str]:
    return [word for line in lines for word in line.split()]
