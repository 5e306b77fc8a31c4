"""The optional packages and programs that judge some kinds of criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTRAS: Mapping[CriterionKind, tuple[str, tuple[str, ...]]] = {
    CriterionKind.HTTP: ("http", ("httpx",)),
    CriterionKind.BROWSER: ("browser", ("playwright", "axe_playwright_python")),
}
"""The name of the extra in pyproject.toml, and the modules of the packages in it."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Programs that are Chromium, as systems call them."""


def without(kind: CriterionKind, module: str) -> str:
    """Return that a module of a kind is missing, and what helps."""
    if module in BROWSERS:
        return f"{kind}: needs Chromium, which is not on PATH: apt-get install -y chromium"
    extra, modules = EXTRAS[kind]
    names = " ".join(name.replace("_", "-") for name in modules)
    return f"{kind}: needs the Python package {module}, which is not installed (extra {extra}): pip install {names}"
