"""Patterns that are compiled late are what `re.compile` would have made of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import mission_cli
from mission_cli._support import lazy_re


def test_a_pattern_does_what_the_compiled_one_does() -> None:
    late, early = (
        lazy_re.pattern(r"(?P<word>[a-z]+)-\d+", re.IGNORECASE),
        re.compile(r"(?P<word>[a-z]+)-\d+", re.IGNORECASE),
    )
    text = "x Ab-12, cd-3"
    assert late.search(text) is not None
    assert [m.groupdict() for m in late.finditer(text)] == [m.groupdict() for m in early.finditer(text)]
    assert late.sub("#", text) == early.sub("#", text) == "x #, #"
    assert (late.pattern, late.groups, late.flags) == (early.pattern, early.groups, early.flags)
    assert late.fullmatch("no") is None


def test_what_is_not_one_of_its_methods_is_refused() -> None:
    late: Any = lazy_re.pattern("a")
    assert not hasattr(late, "nothing")


def test_each_of_ours_can_be_compiled() -> None:
    found, kind = 0, type(lazy_re.pattern(""))
    for module in pkgutil.walk_packages(mission_cli.__path__, "mission_cli."):
        if module.name != "mission_cli.__main__":
            for value in vars(importlib.import_module(module.name)).values():
                if type(value) is kind:
                    assert value.groups >= 0
                    found += 1
    assert found > 50
