"""The tree of the program (docs/adr/0052-one-tree.md): rooms that one can look over."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mission_cli.adapters.agents import FILES, programs

SOURCE = Path(__file__).parents[2] / "src" / "mission_cli"
MOST_MODULES = 14


def test_no_package_has_more_modules_than_one_can_look_over() -> None:
    packages = [SOURCE, *(folder for folder in SOURCE.rglob("*") if (folder / "__init__.py").is_file())]
    sizes = {folder: sum(f.name != "__init__.py" for f in folder.glob("*.py")) for folder in packages}
    assert {f.relative_to(SOURCE).as_posix(): n for f, n in sizes.items() if n > MOST_MODULES} == {}
    assert len(sizes) > 30, "the packages were found"


def test_every_folder_with_modules_is_a_package_that_says_what_it_holds() -> None:
    folders = {module.parent for module in SOURCE.rglob("*.py")}
    silent = [f for f in folders if not ast.get_docstring(ast.parse((f / "__init__.py").read_text("utf-8")))]
    assert silent == []


def test_an_agent_is_named_in_its_folder_and_in_the_registry_alone() -> None:
    agents = SOURCE / "adapters/agents"
    folders = {name: agents / name for name in programs()}
    named_elsewhere = {agents / "__init__.py", SOURCE / "domain/reviews/rules.py"}  # the latter: families of models
    for name, folder in folders.items():
        assert {f.name for f in folder.glob("*.py")} == {"__init__.py", "adapter.py", "files.py", "log.py", "reader.py"}
        named = [
            f"{file.relative_to(SOURCE)}:{number}"
            for file in SOURCE.rglob("*.py")
            if not any(map(file.is_relative_to, folders.values())) and file not in named_elsewhere
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
            if re.search(name, line, re.IGNORECASE)
        ]
        assert named == [], f"{name} is named outside its folder"
    assert list(FILES) == [*programs(), "acp", "command"]
