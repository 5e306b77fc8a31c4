"""Docs can fail."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from mission_cli import __version__
from mission_cli.document.plans.plan import read_plan
from mission_cli.settings import check, parse

ROOT = Path(__file__).resolve().parents[2]
NOT_USED = 22
"""The number under which no decision was recorded."""


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_decision_is_short_and_has_the_same_sections() -> None:
    pages = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    for number, page in enumerate(pages, start=1):
        lines = page.read_text(encoding="utf-8").splitlines()
        assert page.name.startswith(f"{number:04}-")
        assert lines[0].startswith(f"# {number}. ")
        assert len(lines) <= 80
        assert max(len(line) for line in lines) <= 120, page.name
        sections = ["## Context", "## Decision", "## Alternatives", "## Consequences"]
        assert [line for line in lines if line.startswith("## ")] == ([] if number == NOT_USED else sections), page.name


def test_the_index_lists_every_decision_by_its_title() -> None:
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    pages = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    titles = {page.name: page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages}
    assert re.findall(r"^- \[(.+)\]\((.+)\)$", index, re.MULTILINE) == [(titles[p.name], p.name) for p in pages]


def test_each_change_of_the_changelog_is_one_line_and_named_once() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    changes = [line for line in lines if line.startswith("- ")]
    assert max(len(line) for line in lines) <= 120
    assert len(changes) == len(set(changes))
    assert not [line for line in lines if line.startswith(" ")]
    assert [line for line in lines if line.startswith("###")][:3] == ["### Added", "### Changed", "### Fixed"]


def test_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    reference = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"^\$ mission ([a-z]+)", readme, re.MULTILINE)):
        assert f"## `mission {name}" in reference
    assert __version__ in (ROOT / "src/mission_cli/__init__.py").read_text(encoding="utf-8")


def test_files_that_the_guides_name_exist() -> None:
    for page in [ROOT / "CONTRIBUTING.md", ROOT / "docs/speed.md", *(ROOT / "docs/contributing").glob("*.md")]:
        folder = ROOT / "src/mission_cli"
        for name in re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|md|json|j2|txt))`", page.read_text(encoding="utf-8")):
            if "NAME" not in name:
                assert (ROOT / name).exists() or (folder / name).exists(), f"{page.name} names {name}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def test_links_to_a_heading_find_it() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", page.read_text(encoding="utf-8")):
            assert anchor in _anchors(page.parent / target if target else page), f"{page.name} links to {anchor}"


def test_the_picture_shows_what_the_program_prints() -> None:
    picture = runpy.run_path(str(ROOT / "docs/picture.py"))["picture"]()
    assert (ROOT / "docs/status.svg").read_text(encoding="utf-8") == picture, "run `make docs`"


def test_lines_of_the_pages_are_short() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs/contributing").glob("*.md")]
    pages += [page for page in (ROOT / "docs").glob("*.md") if page.name not in {"commands.md", "requirements.md"}]
    for page in pages:
        written = page.read_text(encoding="utf-8").split("\n## Conformance\n")[0]
        assert not [line for line in written.splitlines() if len(line) > 120], page.name


def _blocks(language: str) -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = [(page.name, page.read_text(encoding="utf-8")) for page in pages]
    form = re.compile(rf"^```{language}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [(name, block) for name, text in texts for block in form.findall(text)]


def test_settings_and_plans_that_the_pages_show_are_valid() -> None:
    for page, block in _blocks("toml"):
        check(parse(block, page))
    plans = [(page, block) for page, block in _blocks("yaml") if block.startswith("title:")]
    assert {page for page, _ in plans} == {"README.md", "cli.md", "first-mission.md", "research.md"}
    for page, block in plans:
        wanted = {"error"} if page == "cli.md" else {"error", "warning"}
        assert [p.at(page) for p in read_plan(block).problems if p.severity in wanted] == []


def test_the_glossary_defines_each_term_once() -> None:
    defined, differing = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("## Names that still differ")
    terms = [term for term in re.findall(r"^\| (.+?) \| .+ \| .+ \|$", defined, re.MULTILINE) if term != "term"]
    assert len(terms) == len(set(terms)) > 80
    for name in re.findall(r"`(\w+/[\w/]+\.py)`", differing):
        assert (ROOT / "src/mission_cli" / name).exists(), f"{name} is gone: update the table"
