"""Tests are counted: which of those of before do not test any more."""

from __future__ import annotations

import pytest

from mission_cli.adapters.checks.test_suites import extended, lost
from mission_cli.domain.branches.against import Change

PY = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert f() == 2\n"
JS = "it('adds', () => { expect(add(1, 1)).toBe(2) })\nit('subtracts', () => { expect(sub(1, 1)).toBe(0) })\n"
GO = "func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Fatal(1)\n\t}\n}\n\nfunc TestB(t *testing.T) { t.Log(f()) }\n"
RS = "#[test]\nfn a() { assert_eq!(f(), 1); }\n\n#[test]\nfn b() { assert_eq!(f(), 2); }\n"
RB = "it 'adds' do\n  expect(add(1, 1)).to eq 2\nend\n\nit 'takes' do\n  expect(sub(1, 1)).to eq 0\nend\n"
JAVA = "@Test\nvoid adds() { assertEquals(2, add(1, 1)); }\n\n@Test\nvoid takes() { assertEquals(0, sub(1, 1)); }\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        ("tests/test_x.py", PY, None, ("test_a: removed", "test_b: removed")),
        ("tests/test_x.py", PY, PY[: PY.index("\n\n\ndef test_b")] + "\n", ("test_b: removed",)),
        ("tests/test_x.py", PY, "import pytest\n\n@pytest.mark.skip\n" + PY, ("test_a: skipped",)),
        ("tests/test_x.py", PY, "import pytest\n\n@pytest.mark.xfail(strict=False)\n" + PY, ("test_a: skipped",)),
        ("tests/test_x.py", PY, "import pytest\npytestmark = pytest.mark.skip\n" + PY, ("test_a: skipped", "test_b: skipped")),
        ("tests/test_x.py", PY, "import pytest\npytest.skip('x', allow_module_level=True)\n" + PY, ("test_a: skipped", "test_b: skipped")),
        ("tests/test_x.py", PY, PY.replace("assert f() == 1", "pass"), ("test_a: emptied",)),
        ("tests/test_x.py", PY, PY.replace("assert f() == 1", "assert True"), ("test_a: emptied",)),
        ("tests/test_x.py", PY, PY.replace("    assert f() == 1", "    return\n    assert f() == 1"), ("test_a: skipped",)),
        ("tests/test_x.py", PY, PY.replace("    assert f() == 1", "    import os; os._exit(0)"), ()),
        ("tests/test_x.py", PY, PY + "\n\ndef test_c():\n    assert f() == 3\n", ()),
        ("src/x.test.js", JS, JS.replace("it('adds'", "it.skip('adds'"), ("adds: skipped",)),
        ("src/x.test.ts", JS, JS.replace("it('adds'", "xit('adds'"), ("adds: skipped",)),
        ("src/x.test.js", JS, JS.splitlines()[0] + "\n", ("subtracts: removed",)),
        ("src/x.test.js", JS, JS.replace("expect(add(1, 1)).toBe(2)", ""), ("adds: emptied",)),
        ("x_test.go", GO, GO.replace("\tif f()", "\tt.Skip()\n\tif f()"), ("TestA: skipped",)),
        ("x_test.go", GO, "", ("TestA: removed", "TestB: removed")),
        ("tests/x.rs", RS, RS.replace("#[test]\nfn a", "#[test]\n#[ignore]\nfn a"), ("a: skipped",)),
        ("spec/x_spec.rb", RB, RB.replace("it 'adds'", "xit 'adds'"), ("adds: skipped",)),
        ("src/test/XTest.java", JAVA, JAVA.replace("@Test\nvoid adds", "@Disabled\n@Test\nvoid adds"), ("adds: skipped",)),
    ],
)  # fmt: skip
def test_what_is_lost_is_named(path: str, old: str, new: str | None, said: tuple[str, ...]) -> None:
    assert lost([Change(path, old, new)]) == tuple(f"{path}: {words}" for words in said)


def test_a_moved_test_is_not_lost() -> None:
    assert lost([Change("tests/test_x.py", PY, None), Change("tests/unit/test_x.py", None, PY)]) == ()


@pytest.mark.parametrize(
    ("path", "old", "new", "more"),
    [
        ("tests/test_x.py", PY, PY + "\n\ndef test_c():\n    assert f() == 3\n", True),
        ("tests/test_x.py", PY, "import os\n" + PY, True),
        ("tests/test_x.py", PY, PY.replace("== 2", "== 3"), False),
        ("tests/test_x.py", PY, "f = lambda: 1\n" + PY, True),
        ("tests/test_x.py", "X = 1\n" + PY, "X = 2\n" + PY, False),
        ("src/x.test.js", JS, JS + "it('more', () => { expect(1).toBe(1) })\n", True),
        ("src/x.test.js", JS, JS + "it.only('more', () => { expect(1).toBe(1) })\n", False),
        ("src/x.test.js", JS, JS.replace("toBe(2)", "toBe(3)"), False),
    ],
)
def test_a_suite_that_only_grows_needs_no_old_judgment(path: str, old: str, new: str, more: bool) -> None:  # noqa: FBT001 - a table
    assert extended(path, old, new) == more
