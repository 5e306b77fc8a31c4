"""Results of tests: what each form of report says, what is recorded of it, and what it can never do."""

from __future__ import annotations

import json

import pytest

from mission_cli.adapters.checks.results import is_report, read_results
from mission_cli.domain.judging.test_results import (
    CaseResult,
    CaseState,
    Names,
    SuiteResults,
    SuiteSummary,
    as_lines,
    changes,
    counts,
    from_lines,
    results_of,
    summary,
)

PASSED, FAILED, SKIPPED = CaseState.PASSED, CaseState.FAILED, CaseState.SKIPPED

PYTEST = """\
E   ValueError: x

test_a.py:5: ValueError
=========================== short test summary info ============================
FAILED test_a.py::T::test_bad - AssertionError: 1 != 2
ERROR test_a.py::T::test_err - ValueError: x
1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error in 0.65s
"""
UNITTEST = """\
FE.sx
======================================================================
ERROR: test_err (test_a.T.test_err)
----------------------------------------------------------------------
FAIL: test_bad (test_a.T.test_bad)
----------------------------------------------------------------------
Ran 5 tests in 0.001s

FAILED (failures=1, errors=1, skipped=1, expected failures=1)
"""
NODE = """\
TAP version 13
# Subtest: ok
ok 1 - ok
  ---
  duration_ms: 1500.5
  ...
# Subtest: later
not ok 2 - later # TODO
  ---
  error: |-
    not ok 9 - said by an error
  ...
# Subtest: suite
    # Subtest: inner ok
    ok 1 - inner ok
      ---
      duration_ms: 0.150647
      ...
    # Subtest: inner bad
    not ok 2 - inner bad
      ---
      error: |-
        The expression evaluated to a falsy value
      ...
    1..2
not ok 3 - suite
  ---
  duration_ms: 9.2
  ...
1..3
# tests 4
"""
NODE_SPEC = """\
✔ ok (0.5ms)
✖ bad (1.17ms)
ℹ tests 3
ℹ suites 0
ℹ pass 1
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ todo 0
ℹ duration_ms 60

✖ failing tests:

test at a.test.js:2:21
✖ bad (1.17ms)
  AssertionError
"""
BATS = "1..3\nok 1 adds\nnot ok 2 subtracts\n# (in test file a.bats, line 3)\nok 3 later # skip not yet\n"
CARGO = """\
running 3 tests
test tests::adds ... ok
test tests::slow ... ignored
test tests::subtracts ... FAILED

failures:
    tests::subtracts

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""
LIBTEST = """\
{ "type": "suite", "event": "started", "test_count": 2 }
{ "type": "test", "name": "a", "event": "ok", "exec_time": 0.25 }
{ "type": "test", "name": "b", "event": "failed", "stdout": "thread 'b' panicked\\nmore" }
{ "type": "suite", "event": "failed", "passed": 1, "failed": 1 }
"""
GO = """\
--- FAIL: TestBad (0.00s)
    m_test.go:4: no
FAIL
FAIL\texample.com/m\t0.006s
"""
GO_EVENTS = "\n".join(
    json.dumps(event)
    for event in (
        {"Action": "run", "Package": "m", "Test": "TestOk"},
        {"Action": "pass", "Package": "m", "Test": "TestOk", "Elapsed": 1.5},
        {"Action": "fail", "Package": "m", "Test": "TestSub/in"},
        {"Action": "pass", "Package": "m", "Test": "TestSub/ok"},
        {"Action": "fail", "Package": "m", "Test": "TestSub"},
        {"Action": "skip", "Package": "m", "Test": "TestSkip"},
        {"Action": "fail", "Package": "m"},
        {"Action": "fail", "Package": "broken"},
    )
)
MINITEST = """\
  1) Failure:
T#test_bad [t_test.rb:4]:
Expected: 1

3 runs, 2 assertions, 1 failures, 0 errors, 1 skips
"""
EXUNIT = "\n  1) test bad (T)\n     t.exs:5\n\nFinished in 0.06 seconds\n3 tests, 1 failure, 1 skipped\n"
MAVEN = """\
[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.04 s <<< FAILURE! - in ATest
[ERROR]   ATest.bad:9 expected:<1> but was:<2>
[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0
"""
DENO = "bad => ./a_test.ts:3:6\n\nFAILED | 1 passed | 1 failed | 1 ignored (5ms)\n"
BUN = "(pass) ok\n(fail) suite > bad [0.20ms]\n\n 1 pass\n 1 skip\n 1 fail\n"
PHPUNIT = (
    "1) Tests\\CalcTest::testBad\nFailed asserting\n\nFAILURES!\nTests: 3, Assertions: 2, Failures: 1, Skipped: 1.\n"
)
JEST = "  ● suite \u203a bad\n\nTests:       1 failed, 1 skipped, 1 passed, 3 total\n"
XML = """<?xml version="1.0"?><testsuites><testsuite name="s" tests="4">
<testcase classname="pkg.T" name="ok" time="0.5"/>
<testcase classname="pkg.T" name="bad"><failure message="1 != 2">trace</failure></testcase>
<testcase classname="pkg.T" name="err"><error>first
second</error></testcase>
<testcase name="left out"><skipped/></testcase>
</testsuite></testsuites>"""
JEST_JSON = json.dumps(
    {
        "numTotalTests": 2,
        "testResults": [
            {
                "name": "/home/me/src/a.test.js",
                "status": "failed",
                "assertionResults": [
                    {"fullName": "adds", "status": "passed", "duration": 1500},
                    {"fullName": "breaks", "status": "failed", "failureMessages": ["Error: no\n at"]},
                    {"fullName": "later", "status": "todo"},
                ],
            },
            {"name": "/home/me/src/b.test.js", "status": "failed", "assertionResults": [], "message": "SyntaxError"},
        ],
    }
)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (PYTEST, ("pytest", 1, 2, 2, ("test_a.py::T::test_bad", "test_a.py::T::test_err"))),
        (UNITTEST, ("unittest", 2, 2, 1, ("test_a.T::test_err", "test_a.T::test_bad"))),
        (NODE, ("TAP", 2, 1, 1, ("suite > inner bad",))),
        (NODE_SPEC, ("node --test", 1, 1, 1, ("a.test.js::bad",))),
        (BATS, ("TAP", 1, 1, 1, ("subtracts",))),
        (CARGO, ("libtest", 1, 1, 1, ("tests::subtracts",))),
        (LIBTEST, ("libtest JSON", 1, 1, 0, ("b",))),
        (GO, ("go test", 0, 1, 0, ("TestBad",))),
        (GO_EVENTS, ("go test -json", 2, 3, 1, ("m.TestSub/in", "m.TestSub", "broken"))),
        (MINITEST, ("minitest", 1, 1, 1, ("T#test_bad",))),
        (EXUNIT, ("ExUnit", 1, 1, 1, ("T::bad",))),
        (MAVEN, ("Maven", 1, 1, 0, ("ATest::bad",))),
        (DENO, ("deno", 1, 1, 1, ("./a_test.ts::bad",))),
        (BUN, ("bun", 1, 1, 1, ("suite > bad",))),
        (PHPUNIT, ("PHPUnit", 1, 1, 1, ("Tests\\CalcTest::testBad",))),
        (JEST, ("jest", 1, 1, 1, ("suite \u203a bad",))),
        (JEST_JSON, ("jest JSON", 1, 2, 1, ("src/a.test.js::breaks", "src/b.test.js"))),
    ],
)
def test_a_form_of_results_is_read(output: str, told: tuple[str, int, int, int, tuple[str, ...]]) -> None:
    found = read_results(f"compiling…\n{output}", {})
    assert (found.formats[0], found.passed, found.failed, found.skipped, found.failures) == told


VERBOSE = """\
test_bad (t.T.test_bad) ... FAIL
test_doc (t.T.test_doc)
Say what it is. ... ok
test_sk (t.T.test_sk) ... skipped 's'

FAIL: test_bad (t.T.test_bad)

Ran 3 tests in 0.001s

FAILED (failures=1, skipped=1)
"""
PYTEST_VERBOSE = """\
t.py::test_a[x y] PASSED                 [ 33%]
t.py::test_b FAILED                      [ 66%]
t.py::test_c SKIPPED (later)             [100%]
FAILED t.py::test_b - assert 0
1 failed, 1 passed, 1 skipped in 0.01s
"""


@pytest.mark.parametrize(
    ("output", "named"),
    [
        (VERBOSE, [("t.T::test_bad", FAILED), ("t.T::test_doc", PASSED), ("t.T::test_sk", SKIPPED)]),
        (PYTEST_VERBOSE, [("t.py::test_a[x y]", PASSED), ("t.py::test_b", FAILED), ("t.py::test_c", SKIPPED)]),
    ],
)
def test_every_test_has_a_name_where_all_are_listed(output: str, named: list[tuple[str, CaseState]]) -> None:
    assert [(test.name, test.state) for test in read_results(output, {}).tests] == named


def test_a_report_says_more_than_the_output() -> None:
    found = read_results(PYTEST, {"junit.xml": XML})
    assert found.tests == (
        CaseResult("pkg.T::ok", PASSED, 0.5),
        CaseResult("pkg.T::bad", FAILED, 0, "1 != 2"),
        CaseResult("pkg.T::err", FAILED, 0, "first"),
        CaseResult("s::left out", SKIPPED),
    )
    assert (found.formats, found.passed, found.failed, found.skipped) == (("JUnit XML",), 1, 2, 1)


def test_reports_of_several_packages_are_one_result() -> None:
    other = XML.replace("pkg.T", "other.T").replace("left out", "more")
    found = read_results("", {"a/target/surefire-reports/A.xml": XML, "b/target/surefire-reports/B.xml": other})
    assert (found.passed, found.failed, found.skipped) == (2, 4, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<project/>",
        "<testsuites><testsuite>",
        "\x00\x01",
        '<!DOCTYPE t [<!ENTITY a "b">]><testsuites/>',
        '<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuites/>',
    ],
)
def test_what_is_no_report_or_is_dangerous_says_nothing(text: str) -> None:
    assert read_results("", {"junit.xml": text}) == SuiteResults()


def test_output_without_results_says_nothing() -> None:
    for output in ("", "34 modules in 1.20s", "ok", "{}", '{"Action": 3}', "not ok", "Tests: passed", '"testResults"'):
        assert read_results(output, {}).formats == (), output


def test_fewer_tests_than_planned_is_a_failure() -> None:
    found = read_results("1..3\nok 1 - a\nok 2 - b\n", {})
    assert (found.passed, found.failures) == (2, ("tests that did not run",))


def test_a_plan_for_no_test_is_a_result() -> None:
    assert read_results("1..0 # skipped\n", {}).formats == ("TAP",)


def test_a_flood_is_read_quickly() -> None:
    for flood in ("FAILED a.py::" + "a.py::" * 100_000, "ok " * 500_000, " 1 a" * 500_000, "(" * 10**6):
        found = read_results(f"{flood}\n{flood}", {"junit.xml": flood})
        assert found.passed == 0


def test_files_that_may_be_reports() -> None:
    yes = (
        "junit.xml", "junit-e2e.xml", "test-results.xml", "TEST-report.json", "jest-results.json", "pytest.xml",
        "target/surefire-reports/TEST-a.B.xml", "app/build/test-results/test/TEST-C.xml", "reports/unit.xml",
    )  # fmt: skip
    no = ("package.json", "pom.xml", "tsconfig.json", "src/data.json", "docs/latest.xml", "tests/sample.json", "a.txt")
    assert [path for path in (*yes, *no) if is_report(path)] == list(yes)


def test_what_changed_since_the_run_before() -> None:
    before = results_of(
        [
            CaseResult("same", PASSED, 0.1),
            CaseResult("mended", FAILED),
            CaseResult("broke", PASSED),
            CaseResult("slower", PASSED, 1.0),
            CaseResult("still fast", PASSED, 0.01),
        ],
        "x",
    )
    now = results_of(
        [
            CaseResult("same", PASSED, 0.1),
            CaseResult("mended", PASSED),
            CaseResult("broke", FAILED),
            CaseResult("slower", PASSED, 2.0),
            CaseResult("still fast", PASSED, 0.05),
            CaseResult("added", PASSED),
        ],
        "x",
    )
    found = summary(now, before)
    assert (found.new.first, found.fixed.first, found.broken.first, found.slow.first) == (
        ("added",),
        ("mended",),
        ("broke",),
        ("slower",),
    )
    assert (counts(found), changes(found)) == ("5 passed, 1 failed", "1 new, 1 fixed, 1 broken, 1 slow")
    assert summary(now).new == Names()


def test_a_summary_is_bounded_and_survives_as_text() -> None:
    now = results_of([CaseResult(f"t{n}\n| x", FAILED, 0.5) for n in range(50)], "JUnit XML")
    found = summary(now, results_of([CaseResult("t0", FAILED)], "JUnit XML"))
    assert (found.failing.count, len(found.failing.first), found.failing.complete) == (50, 20, False)
    lines = as_lines(found)
    assert max(map(len, lines)) < 5000
    assert list(from_lines(["run: `pytest`: failed", *lines, "some output", *lines])) == [found, found]
    assert as_lines(SuiteSummary()) == []
