"""What the output of a command says: a number, no tests at all, or that the command itself is not there."""

from __future__ import annotations

import pytest

from mission_cli._support.quantities import Quantity
from mission_cli.adapters.checks.outcome import last_number, missing_tool
from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.checks.test_summaries import Ran, ran_tests
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import EndReason, Verdict

CHECKS = StandardChecks(("inspect",))
NONE = {
    "make": "make: 'test' is up to date.",
    "make in a folder": "make: Entering directory 'web'\nmake: Nothing to be done for `unit-tests'.",
    "pytest": "============ no tests ran in 0.01s ============",
    "pytest -q": "no tests ran in 0.01s",
    "pytest, all deselected": "3 deselected in 0.02s",
    "unittest": "\n----------------------------------------------------------------------\nRan 0 tests in 0.000s\n\nNO TESTS RAN",
    "mocha": "\n\n  0 passing (2ms)\n",
    "jest": "No tests found, exiting with code 0",
    "vitest": "No test files found, exiting with code 0\n\nfilter: src/nothing",
    "vitest, in color": "\x1b[2m Test Files \x1b[22m \x1b[2mno tests\x1b[22m\n\x1b[2m      Tests \x1b[22m \x1b[2mno tests\x1b[22m",
    "node --test": "ℹ tests 0\nℹ suites 0\nℹ pass 0\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 5.1",
    "TAP": "TAP version 13\n1..0\n# tests 0\n# pass 0",
    "bats": "1..0",
    "bun": " 0 pass\n 0 fail\nRan 0 tests across 1 files. [12.00ms]",
    "deno": "ok | 0 passed | 0 failed (0ms)",
    "deno, no module": "error: No test modules found",
    "rspec": "No examples found.\n\n\nFinished in 0.00034 seconds (files took 0.06 seconds to load)\n0 examples, 0 failures",
    "jasmine": "No specs found\nFinished in 0.003 seconds",
    "minitest": "0 runs, 0 assertions, 0 failures, 0 errors, 0 skips",
    "maven": "[INFO] Tests run: 0, Failures: 0, Errors: 0, Skipped: 0",
    "maven, nothing": "[INFO] No tests to run.\n[INFO] BUILD SUCCESS",
    "gradle": "> Task :compileTestJava NO-SOURCE\n> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s",
    "go": "?   \texample.com/m\t[no test files]",
    "go -run": "testing: warning: no tests to run\nPASS\nok  \texample.com/m\t0.002s [no tests to run]",
    "cargo": "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
    "cargo nextest": "     Summary [   0.002s] 0 tests run: 0 passed, 0 skipped",
    "phpunit": "PHPUnit 10.5.0\n\nNo tests executed!",
    "ctest": "No tests were found!!!",
    "dotnet": "No test is available in /app/bin/App.dll. Make sure that test discoverer & executors are registered",
    "dotnet, none matched": "No test matches the given testcase filter `Name~x` in /app/bin/App.dll",
    "swift": "Executed 0 tests, with 0 failures (0 unexpected) in 0.000 (0.001) seconds",
    "swift testing": "✔ Test run with 0 tests passed after 0.001 seconds.",
    "mix": "There are no tests to run",
    "zig": "All 0 tests passed.",
    "behave": "0 features passed, 0 failed, 0 skipped\n0 scenarios passed, 0 failed, 0 skipped",
    "cucumber": "0 scenarios\n0 steps\n0m00.000s",
    "robot": "0 tests, 0 passed, 0 failed",
    "prove": "Files=1, Tests=0,  0 wallclock secs\nResult: NOTESTS",
    "dart": "No tests ran.",
    "sbt": "[info] Passed: Total 0, Failed 0, Errors 0, Passed 0",
    "scalatest": "[info] Total number of tests run: 0",
    "busted": "0 successes / 0 failures / 0 errors / 0 pending : 0.000123 seconds",
    "testthat": "[ FAIL 0 | WARN 0 | SKIP 0 | PASS 0 ]",
    "ginkgo": "Ran 0 of 12 Specs in 0.000 seconds",
    "googletest": "[==========] 0 tests from 0 test suites ran. (0 ms total)",
    "catch2": "No tests ran",
    "bazel": "ERROR: No test targets were found, yet testing was requested",
    "playwright": "Error: No tests found",
    "phpunit, an empty class": 'There was 1 warning:\n\n1) Warning\nNo tests found in class "T".\n\nWARNINGS!\n'
    "Tests: 1, Assertions: 0, Warnings: 1.",
    "exunit": "Finished in 0.02 seconds (0.00s async, 0.02s sync)\n0 failures\n\nRandomized with seed 1",
    "node --test, a file without tests": "ok 1 - it.test.js\n1..1\n# tests 1\n# suites 0\n# pass 1\n# fail 0",
    "node --test, the same for people": "✔ it.test.js (30.1ms)\nℹ tests 1\nℹ suites 0\nℹ pass 1\nℹ fail 0",
}
SOME = {
    "pytest": "================= 5 passed, 2 skipped, 1 warning in 0.10s =================",
    "pytest, a failure": "1 failed, 4 passed in 1.20s",
    "unittest": "Ran 3 tests in 0.001s\n\nOK (skipped=1)",
    "mocha": "  3 passing (10ms)\n  1 pending",
    "jest": "Tests:       1 skipped, 3 passed, 4 total\nSnapshots:   0 total",
    "vitest": " Test Files  1 passed (1)\n      Tests  3 passed (3)",
    "node --test": "# tests 2\n# pass 2\n# fail 0",
    "node --test, one file without tests": "ok 1 - a.js\nok 2 - adds\n# tests 2\n# suites 0\n# pass 2\n# fail 0",
    "TAP": "1..2\nok 1 - a\nok 2 - b # SKIP later",
    "bun": " 2 pass\n 0 fail\nRan 2 tests across 1 files.",
    "deno": "ok | 2 passed (3 steps) | 0 failed (12ms)",
    "rspec": "4 examples, 0 failures, 1 pending",
    "maven": "Tests run: 0, Failures: 0, Errors: 0, Skipped: 0\nTests run: 4, Failures: 0, Errors: 0, Skipped: 1",
    "gradle": "> Task :a:test NO-SOURCE\n> Task :b:test\n\nBUILD SUCCESSFUL",
    "go, one package has none": "?   \tm/cmd\t[no test files]\nok  \tm/lib\t0.003s",
    "go, cached": "ok  \tm/lib\t(cached)",
    "cargo, and no doc test": "test result: ok. 3 passed; 0 failed; 0 ignored\n\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored",
    "phpunit": "OK (3 tests, 5 assertions)",
    "ctest": "100% tests passed, 0 tests failed out of 3",
    "dotnet": "Passed!  - Failed:     0, Passed:     3, Skipped:     0, Total:     3",
    "swift, both": "Executed 0 tests, with 0 failures\n✔ Test run with 3 tests passed after 0.1 seconds.",
    "mix": "2 doctests, 0 tests, 0 failures",
    "zig": "All 3 tests passed.",
    "minitest": "3 runs, 4 assertions, 0 failures, 0 errors, 1 skips",
    "two packages": "5 passed in 0.10s\nno tests ran in 0.01s",
    "two tools": "  0 passing (1ms)\n3 passed in 0.10s",
    "make beside others": "3 passed in 0.10s\nmake: Nothing to be done for 'check'.",
}
SKIPPED = {
    "pytest": "2 skipped in 0.01s",
    "unittest": "Ran 2 tests in 0.001s\n\nOK (skipped=2)",
    "mocha": "  0 passing (1ms)\n  2 pending",
    "jest": "Tests:       2 skipped, 2 total",
    "node --test": "# tests 1\n# pass 0\n# fail 0\n# skipped 1",
    "rspec": "2 examples, 0 failures, 2 pending",
    "cargo": "test result: ok. 0 passed; 0 failed; 2 ignored; 0 measured",
    "maven": "Tests run: 2, Failures: 0, Errors: 0, Skipped: 2",
    "TAP": "1..1\nok 1 - a # SKIP no network",
    "bun": " 0 pass\n 2 skip\n 0 fail",
}


def ended(code: int) -> Exit:
    return Exit(EndReason.EXIT, code)


@pytest.mark.parametrize(("wanted", "samples"), [(Ran.NONE, NONE), (Ran.SOME, SOME), (Ran.SKIPPED, SKIPPED)])
def test_the_summaries_of_test_programs(wanted: Ran, samples: dict[str, str]) -> None:
    assert {name: ran_tests(output) for name, output in samples.items()} == dict.fromkeys(samples, wanted)


def test_other_output_says_nothing_about_tests() -> None:
    built = (
        "built in 3s",
        "34 modules in 1.20s",
        "0 modules in 0.1s",
        "2 files, 1 chunk in 0.31s",
        "0 errors in 0.12s",
        "0 pending",
        "0 todo",
    )
    made = ("make: Nothing to be done for 'all'.", "make[1]: 'test' is up to date.", "make: 'latest' is up to date.")
    for output in (
        "",
        "all good",
        *built,
        "10 files",
        "ok",
        "PASS",
        "passed",
        "0 failed",
        "0 failing",
        "0 fail",
        *made,
    ):
        assert ran_tests(output) is Ran.UNKNOWN, output


def test_no_test_at_all_is_a_failure_and_only_skipped_ones_are_no_pass() -> None:
    run = read_criterion("run: x")
    assert CHECKS.verdict(run, ended(0), "  0 passing (2ms)") == (
        Verdict.FAILED,
        "  0 passing (2ms)\nfailed: no test was run",
    )
    assert CHECKS.verdict(run, ended(0), "2 skipped in 0.01s")[0] is Verdict.SKIPPED
    assert CHECKS.verdict(run, ended(0), "1 passed in 0.01s")[0] is Verdict.PASSED


def test_a_flood_of_digits_or_blanks_is_read_in_no_time() -> None:
    for output in ("\n" * 60_000, "1 " * 30_000, "1 111 " * 10_000, " " * 60_000, "9" * 60_000 + " passing"):
        ran_tests(output)
        last_number(output)


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("pytest -q", 127, "criterion: line 1: pytest: command not found"),
        ("pytest -q", 127, "criterion: 1: pytest: not found"),
        ("pytest -q", 127, "criterion: Zeile 1: pytest: Kommando nicht gefunden."),
        ("cd app && npm ci || exit 1", 1, "x\ncriterion: line 1: npm: command not found"),
        ("/opt/tool --check", 127, "criterion: line 1: /opt/tool: No such file or directory"),
        ("tool x", 126, "criterion: line 1: tool: Permission denied"),
        ("[[ -f a ]]", 127, "criterion: 1: [[: not found"),
        ("python3 -m pytest -q", 1, "/usr/bin/python3: No module named pytest"),
    ],
)
def test_a_command_that_is_not_there_cannot_run(command: str, code: int, output: str) -> None:
    assert missing_tool(command, code, output)
    assert CHECKS.verdict(read_criterion(f"run: `{command}`"), ended(code), output)[0] is Verdict.COULD_NOT_RUN


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("go test ./...", 1, 'store_test.go:12: lookup "k": not found'),
        ("sh check.sh", 1, "AssertionError: GET /users/7: not found"),
        ("pytest", 1, "E       LookupError: user 7: not found"),
        ("sh check.sh", 127, "check.sh: 1: helper: not found"),
        ("bash check.sh", 127, "check.sh: line 3: helper: command not found"),
        ("bash -c helper", 127, "bash: line 1: helper: command not found"),
        ("sh check.sh", 127, ""),
        ("sh check.sh", 126, "denied"),
        ("./run.sh", 127, "criterion: line 1: ./run.sh: No such file or directory"),
        ("bin/tool", 126, "criterion: line 1: bin/tool: Permission denied"),
        ("cd app", 1, "criterion: line 1: cd: app: No such file or directory"),
        ("sh check.sh", 1, "criterion: line 1: other: command not found"),
        ("python3 -m tools.check", 1, "/usr/bin/python3: No module named tools.check"),
        ("python3 app.py", 1, "ModuleNotFoundError: No module named 'pytest'"),
        ("npm test", 1, 'npm error Missing script: "test"'),
        ("make test", 2, "make: *** No rule to make target 'test'.  Stop."),
    ],
)
def test_a_failure_that_talks_of_something_missing_is_a_failure(command: str, code: int, output: str) -> None:
    assert not missing_tool(command, code, output)
    assert CHECKS.verdict(read_criterion(f"run: `{command}`"), ended(code), output)[0] is Verdict.FAILED


@pytest.mark.parametrize(
    ("output", "number"),
    [
        ("12,345", "12345"),
        ("total: 1,234,567.5", "1234567.5"),
        ("1.5e+02", "150"),
        ("coverage: 85%\nDone.", "85"),
        ("\x1b[32m97.5 %\x1b[0m", "97.5"),
        ("10%\r50%\r100%", "100"),
        ("3 errors", "3"),
        ("x=-5", "-5"),
        ("1'234", "1234"),
        (".5", "0.5"),
        ("sha256 of 7", "7"),
    ],
)
def test_the_last_line_with_a_number_says_it(output: str, number: str) -> None:
    found = last_number(output)
    assert isinstance(found, Quantity)
    assert f"{found.value:f}".rstrip(".") == number


@pytest.mark.parametrize(
    "output",
    [
        "97,5 %", "100% in 0.12s", "1.2.3", "12:30", "2026-11-20", "10-20", "3/5", "1 234", "1,2,3", "0x1F", "0,123",
        "1.234,5", "204\ncoverage: NaN", "inf", "1e999", "12ms", "1.2 GB", "900K", "", "no number", "9" * 100,
    ],
)  # fmt: skip
def test_what_is_not_clear_cannot_run_and_the_line_is_shown(output: str) -> None:
    verdict, words = CHECKS.verdict(read_criterion("metric: `x` <= 100"), ended(0), output)
    assert verdict is Verdict.COULD_NOT_RUN
    assert "failed to read a number: " in words
    assert output.rsplit("\n", maxsplit=1)[-1][:60] in words


@pytest.mark.parametrize(
    ("text", "output", "verdict"),
    [
        ("metric: `x` <= 1000", "12,345", Verdict.FAILED),
        ("metric: `x` >= 1,000", "5", Verdict.FAILED),
        ("metric: `x` <= 50", "1.5e+02", Verdict.FAILED),
        ("metric: `x` >= 80%", "97.5 %", Verdict.PASSED),
        ("metric: `x` >= 80%", "97.5", Verdict.PASSED),
        ("metric: `x` >= 80%", "TOTAL 1204 63 95%", Verdict.PASSED),
        ("metric: `x` >= 80", "TOTAL 1204 63 95%", Verdict.COULD_NOT_RUN),
        ("metric: `x` <= 50ms", "12 ms", Verdict.PASSED),
        ("metric: `x` <= 50ms", "1.2 s", Verdict.COULD_NOT_RUN),
        ("metric: `x` == 80", "80.0", Verdict.PASSED),
    ],
)
def test_a_number_is_held_against_the_bound(text: str, output: str, verdict: Verdict) -> None:
    assert CHECKS.verdict(read_criterion(text), ended(0), output)[0] is verdict


def test_a_broken_pipe_is_a_failure_that_says_what_to_do() -> None:
    verdict, words = CHECKS.verdict(read_criterion("run: `a | head -1 && b`"), ended(141), "")
    assert (verdict, "write its output to a file first" in words) == (Verdict.FAILED, True)
