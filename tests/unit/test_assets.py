"""Pictures of pages: a pass replaces the accepted one, a failure is stored beside it, and later checks get the accepted."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any, cast

from mission_cli.document.criteria.parse import read_criterion
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.status import Verdict
from mission_cli.engine import assets
from mission_cli.planner.core.moves.milestones import Mark, MarkCriteria

PAGE = read_criterion("browser: `/login-page`", more=["serve: a"])
LOGIN = read_criterion("browser: `/login`", more=["serve: a", "picture: same as last"])
STEM = assets.stem(LOGIN)
PNG, OTHER = b"\x89PNG\r\n\x00\xff", b"\x89PNG\n\xfe"


class Store:
    """The files of a mission, and what its checks have left."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.left: dict[str, dict[str, bytes]] = {}

    def record(self, verdict: Verdict, check: str, criterion: Any = LOGIN) -> dict[str, str]:
        """Record one verdict; return what changes."""
        mark = Mark(criterion, verdict is Verdict.PASSED, Result(verdict, "", ""), None, check)
        stored = SimpleNamespace(path="missions/m/mission.md", runs="missions/m/runs", id="m")
        case = cast("Any", SimpleNamespace(stored=stored, head="h", mission=SimpleNamespace(id="m")))
        changed = {}
        for write in assets.kept(self._context(), case, [MarkCriteria("1", (mark,), "why")]):
            name = write.path.rpartition("/")[2]
            assert (write.path.split("/")[-2], write.old) == ("assets", self.files.get(name))
            changed[name] = "removed" if write.new is None else "written"
            if write.new is None:
                del self.files[name]
            else:
                self.files[name] = write.new
        return changed

    def accepted(self) -> dict[str, bytes]:
        """What a judge of the criterion reads."""
        case = cast("Any", SimpleNamespace(stored=SimpleNamespace(runs="missions/m/runs"), head="h"))
        told: dict[str, str] = json.loads(assets.accepted(self._context(), case, LOGIN))
        return {name: base64.b64decode(content) for name, content in told.items()}

    def _context(self) -> Any:
        return SimpleNamespace(
            state=SimpleNamespace(assets=lambda *_: dict(self.files)),
            executor=SimpleNamespace(kept_files=lambda key: self.left.get(key, {})),
        )


def test_only_a_pass_changes_the_accepted_picture() -> None:
    store = Store()
    store.left = {
        "m/checks/k1.1": {"page-1280x720.png": PNG},
        "m/checks/k2.2": {"page-1280x720.png": OTHER, "trace.zip": b"PK"},
        "m/checks/k3.1": {"page-1280x720.png": OTHER},
    }
    assert (store.accepted(), STEM[:6], len(STEM)) == ({}, "login-", 15)
    assert store.record(Verdict.PASSED, "k1.1") == {f"{STEM}page-1280x720.png": "written"}
    assert store.accepted() == {"page-1280x720.png": PNG}
    assert store.record(Verdict.FAILED, "k2.2") == {
        f"{STEM}failed-page-1280x720.png": "written",
        f"{STEM}failed-trace.zip": "written",
    }
    assert store.accepted() == {"page-1280x720.png": PNG}
    assert store.record(Verdict.FLAKY, "k3.1") == {
        f"{STEM}failed-page-1280x720.png": "removed",
        f"{STEM}failed-trace.zip": "removed",
        f"{STEM}page-1280x720.png": "written",
    }
    assert store.accepted() == {"page-1280x720.png": OTHER}
    assert store.record(Verdict.PASSED, "k3.1") == {}, "the same picture is no change"
    assert store.record(Verdict.PASSED, "") == {}, "a person judged"


def test_criteria_have_files_of_their_own() -> None:
    run = read_criterion("run: `make`")
    store = Store()
    store.left = {"m/checks/k1.1": {"page-1280x720.png": PNG}}
    assert store.record(Verdict.PASSED, "k1.1", run) == {}, "only pages have pictures"
    assert assets.accepted(cast("Any", None), cast("Any", None), PAGE) == ""
    assert len({STEM, assets.stem(PAGE), assets.stem(read_criterion("browser: `/login`", more=["serve: b"]))}) == 3
