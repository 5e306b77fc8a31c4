"""TAP, the Test Anything Protocol: prove, bats, tap, and `node --test` write it."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.judging.test_results import CaseResult, CaseState, SuiteResults, results_of

_PLAN = pattern(r"^1\.\.(?P<count>\d{1,9})(?:\s*#.*)?$")
_POINT = pattern(
    r"^(?P<indent>(?: {4})*)(?P<no>not )?ok\b(?:[ ]+(?P<number>\d{1,9}))?(?:[ ]+-)?[ ]*"
    r"(?P<name>[^#\n]*?(?:\\#[^#\n]*?)*)[ ]*(?:#[ ]*(?P<mark>.*))?$"
)
_DURATION = pattern(r"^\s+duration_ms: ['\"]?(?P<ms>\d{1,12}(?:\.\d{1,9})?)")
_IN_MARK = pattern(r"(?:^|\s)(?:time=|in )(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>ms|s(?:ec)?)")
_LONGEST_LINE = 500
_DEEPEST = 20


@dataclass(slots=True)
class _Reader:
    """The tests read so far: those of a subtest wait until its own line, which follows them, names it."""

    planned: int | None = None
    points: int = 0
    waiting: dict[int, list[CaseResult]] = field(default_factory=dict)
    """Finished tests by depth."""
    block: str = ""
    """The indentation of the YAML block that is being read, with a mark in front; empty outside of one."""
    last: int = 0
    """The depth of the last point."""

    def take(self, line: str) -> None:
        """Read one line."""
        if self.block:
            took = _DURATION.match(line)
            if took:
                self._lasted(float(took["ms"]) / 1000)
            if line.rstrip() == f"{self.block[1:]}...":
                self.block = ""
            return
        if line.lstrip(" ").rstrip() == "---" and line.startswith(" "):
            self.block = "|" + line[: len(line) - len(line.lstrip(" "))]
            return
        plan, point = _PLAN.match(line), _POINT.match(line)
        if plan:
            self.planned = (self.planned or 0) + int(plan["count"])
        elif point:
            self._point(point.groupdict(), len(point["indent"]) // 4)

    def _point(self, found: dict[str, str | None], depth: int) -> None:
        if depth > _DEEPEST:
            return
        self.points += depth == 0
        test = _test(found, self.points)
        inner = [t for deeper in sorted(self.waiting) if deeper > depth for t in self.waiting.pop(deeper)]
        named = [replace(t, name=f"{test.name} > {t.name}") for t in inner]
        whole = test.state is CaseState.FAILED and not any(t.state is CaseState.FAILED for t in named)
        self.waiting.setdefault(depth, []).extend(named if named and not whole else [*named, test])
        self.last = depth

    def _lasted(self, seconds: float) -> None:
        known = self.waiting.get(self.last)
        if known and not known[-1].seconds:
            known[-1] = replace(known[-1], seconds=seconds)


def tap(output: str) -> SuiteResults | None:
    """Return the results of all tests, subtests included; None without a plan."""
    reader = _Reader()
    for line in output.splitlines():
        reader.take(line[:_LONGEST_LINE])
    if reader.planned is None or (not reader.points and reader.planned):
        return None
    tests = reader.waiting.get(0, [])
    if reader.points < reader.planned:
        words = f"{reader.points} of {reader.planned} ran"
        tests.append(CaseResult("tests that did not run", CaseState.FAILED, 0, words))
    return results_of(tests, "TAP")


def _test(found: dict[str, str | None], number: int) -> CaseResult:
    name = (found["name"] or "").strip() or f"test {found['number'] or number}"
    mark = (found["mark"] or "").strip()
    state = CaseState.FAILED if found["no"] else CaseState.PASSED
    if mark.casefold().startswith(("skip", "todo")):  # a test that is still to do may fail
        state = CaseState.SKIPPED
    took = _IN_MARK.search(mark)
    seconds = 0.0 if took is None else float(took["number"]) / (1000 if took["unit"] == "ms" else 1)
    return CaseResult(name, state, seconds)
