"""Small real repositories, one for each toolchain, and what may be wrong with their tests."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
"""The real home, in which toolchains keep themselves; a test has another one."""
_JUPITER, _SUREFIRE = "5.14.1", "3.2.5"
GOOD, ZERO, FAILING, FLAKY, BROKEN = "good", "zero", "failing", "flaky", "broken"
VARIANTS = (GOOD, ZERO, FAILING, FLAKY, BROKEN)


@dataclass(frozen=True)
class Repo:
    """One toolchain with its smallest repository. `{seen}` in a text is a file that a flaky test leaves behind."""

    name: str
    test: str
    """Path of the test file."""
    frame: str
    """Its text, with `{tests}` where the tests are."""
    good: str
    failing: str
    flaky: str
    breaks: tuple[str, str]
    """A file that configures the toolchain, and content with which it cannot work."""
    command: str
    """How it is tested, as it is found."""
    files: dict[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Files or folders of the machine that it needs."""
    named: bool = True
    """Whether its output names what failed and counts the tests, so that a flaky test has a name."""
    zero: str = ""
    """What stands for the tests where there are none."""

    def files_of(self, variant: str, seen: Path) -> dict[str, str]:
        """The files of a variant."""
        tests = {
            GOOD: self.good,
            ZERO: self.zero,
            FAILING: self.good + self.failing,
            FLAKY: self.good + self.flaky.replace("{seen}", os.fspath(seen)),
            BROKEN: self.good,
        }[variant]
        files = {**self.files, self.test: self.frame.replace("{tests}", tests)}
        return files | dict([self.breaks]) if variant == BROKEN else files

    @property
    def lacks(self) -> str:
        """What this machine does not have of it; empty if nothing."""
        gone = [program for program in self.programs if shutil.which(program) is None]
        gone += [path for path in self.paths if not Path(path).exists()]
        return ", ".join(gone)


_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>t</groupId><artifactId>t</artifactId><version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies><dependency>
    <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>{_JUPITER}</version>
  </dependency></dependencies>
  <build><plugins>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>{_SUREFIRE}</version></plugin>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
  </plugins></build>
</project>
"""
_JAVA_FLAKY = """\
  @Test public void bad() throws Exception {
    assertFalse(new java.io.File("{seen}").createNewFile());
  }
"""
_BASH_FLAKY = '[ -e "{seen}" ] || { touch "{seen}"; false; }'
_M2 = HOME / ".m2/repository"
_PYTEST_FLAKY = "def test_bad():\n    seen = pathlib.Path('{seen}')\n    first = not seen.exists()\n    seen.touch()\n"

REPOS = (
    Repo(
        "python, unittest",
        "tests/test_it.py",
        "import pathlib, unittest\n\nclass T(unittest.TestCase):\n    x = 1\n{tests}",
        "    def test_ok(self): pass\n",
        "    def test_bad(self): self.fail('no')\n",
        "    def test_bad(self):\n        seen = pathlib.Path('{seen}')\n        first = not seen.exists()\n"
        "        seen.touch()\n        self.assertFalse(first)\n",
        ("tests/test_it.py", "import nothing_of_that_name\n"),
        "python3 -m unittest discover -s tests -t .",
        files={"tests/__init__.py": ""},
        programs=("python3",),
    ),
    Repo(
        "python, pytest",
        "tests/test_it.py",
        "import pathlib\n\n{tests}",
        "def test_ok(): pass\n\n",
        "def test_bad(): assert 1 == 2\n",
        _PYTEST_FLAKY + "    assert not first\n",
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "--no-such-option"\n'),
        "python3 -m pytest -q",
        files={"pyproject.toml": "[tool.pytest.ini_options]\n"},
        programs=("python3",),
    ),
    Repo(
        "node, npm",
        "it.test.js",
        "const {test} = require('node:test'), fs = require('node:fs'), assert = require('node:assert');\n{tests}",
        "test('ok', () => {});\n",
        "test('bad', () => assert.equal(1, 2));\n",
        "test('bad', () => { const first = !fs.existsSync('{seen}'); fs.writeFileSync('{seen}', ''); assert(!first); });\n",
        ("package.json", '{"scripts": {"test": "node --no-such-option --test"}}'),
        "npm test",
        files={"package.json": '{"scripts": {"test": "node --test --test-reporter=tap it.test.js"}}'},
        programs=("node", "npm"),
    ),
    Repo(
        "bun",
        "it.test.ts",
        'import {test, expect} from "bun:test"; import fs from "node:fs";\n{tests}',
        "test('ok', () => {});\n",
        "test('bad', () => { expect(1).toBe(2); });\n",
        "test('bad', () => { const first = !fs.existsSync('{seen}'); fs.writeFileSync('{seen}', ''); expect(first).toBe(false); });\n",
        ("bunfig.toml", "not = [ toml"),
        "bun test",
        files={"package.json": "{}", "bun.lock": ""},
        programs=("bun",),
    ),
    Repo(
        "deno",
        "it_test.ts",
        "{tests}",
        'Deno.test("ok", () => {});\n',
        'Deno.test("bad", () => { throw new Error("no"); });\n',
        'Deno.test("bad", () => { try { Deno.statSync("{seen}"); } catch { Deno.writeTextFileSync("{seen}", ""); '
        'throw new Error("no"); } });\n',
        ("deno.json", "{ not json"),
        "deno task test",
        files={"deno.json": '{"tasks": {"test": "deno test --allow-read --allow-write"}}'},
        programs=("deno",),
    ),
    Repo(
        "rust",
        "src/lib.rs",
        "#[cfg(test)]\nmod tests {\n{tests}}\n",
        "    #[test]\n    fn ok() {}\n",
        "    #[test]\n    fn bad() { assert_eq!(1, 2); }\n",
        '    #[test]\n    fn bad() {\n        let first = !std::path::Path::new("{seen}").exists();\n'
        '        std::fs::write("{seen}", "").unwrap();\n        assert!(!first);\n    }\n',
        ("Cargo.toml", "[package]\nname = 3\n"),
        "cargo test",
        files={"Cargo.toml": '[package]\nname = "t"\nversion = "0.1.0"\nedition = "2021"\n'},
        programs=("cargo",),
    ),
    Repo(
        "go",
        "it_test.go",
        'package it\n\nimport (\n\t"os"\n\t"testing"\n)\n\nvar _ = os.Stat\n\nfunc Helper(t *testing.T) {}\n{tests}',
        "func TestOk(t *testing.T) {}\n",
        'func TestBad(t *testing.T) { t.Error("bad") }\n',
        'func TestBad(t *testing.T) {\n\tif _, err := os.Stat("{seen}"); err != nil {\n'
        '\t\tos.WriteFile("{seen}", nil, 0o600)\n\t\tt.Error("bad")\n\t}\n}\n',
        ("go.mod", "module\n"),
        "go test ./...",
        files={"go.mod": "module example.com/it\n\ngo 1.19\n", "it.go": "package it\n"},
        programs=("go",),
        named=False,
    ),
    Repo(
        "java, Maven",
        "src/test/java/CalcTest.java",
        "import org.junit.jupiter.api.Test;\nimport static org.junit.jupiter.api.Assertions.*;\n"
        "public class CalcTest {\n{tests}}\n",
        "  @Test public void ok() { assertEquals(2, 1 + 1); }\n",
        "  @Test public void bad() { assertEquals(3, 1 + 1); }\n",
        _JAVA_FLAKY,
        ("pom.xml", "<project>"),
        "mvn -B test",
        files={"pom.xml": _POM, ".mvn/maven.config": f"-o\n-Dmaven.repo.local={_M2}\n"},
        programs=("mvn", "java"),
        paths=tuple(
            f"{_M2}/{path}"
            for path in (
                f"org/junit/jupiter/junit-jupiter-engine/{_JUPITER}/junit-jupiter-engine-{_JUPITER}.jar",
                f"org/apache/maven/surefire/surefire-junit-platform/{_SUREFIRE}/surefire-junit-platform-{_SUREFIRE}.jar",
            )
        ),
    ),
    Repo(
        "java, Gradle",
        "src/test/java/CalcTest.java",
        "import org.junit.Test;\nimport static org.junit.Assert.*;\npublic class CalcTest {\n{tests}}\n",
        "  @Test public void ok() { assertEquals(2, 1 + 1); }\n",
        "  @Test public void bad() { assertEquals(3, 1 + 1); }\n",
        _JAVA_FLAKY,
        ("build.gradle", "apply plugin: 'none'\n"),
        "gradle test",
        files={
            "build.gradle": "apply plugin: 'java'\ndependencies { testCompile files('/usr/share/java/junit4.jar', "
            "'/usr/share/java/hamcrest-core.jar', '/usr/share/java/hamcrest.jar') }\n",
            "gradle.properties": "org.gradle.daemon=false\n",
        },
        programs=("gradle", "java"),
        paths=("/usr/share/java/junit4.jar", "/usr/share/gradle"),
    ),
    Repo(
        "ruby",
        "test/test_it.rb",
        'require "minitest/autorun"\n\nclass TestIt < Minitest::Test\n{tests}end\n',
        "  def test_ok; assert true; end\n",
        "  def test_bad; assert_equal 1, 2; end\n",
        '  def test_bad; first = !File.exist?("{seen}"); File.write("{seen}", ""); refute first; end\n',
        ("test/test_it.rb", "class\n"),
        "ruby -Ilib -Itest -e 'Dir[\"./test/**/{test_*,*_test}.rb\"].sort.each { |file| require file }'",
        programs=("ruby",),
    ),
    Repo(
        "php",
        "tests/ItTest.php",
        "<?php\nclass ItTest extends \\PHPUnit\\Framework\\TestCase {\n{tests}}\n",
        "  public function testOk(): void { $this->assertTrue(true); }\n",
        "  public function testBad(): void { $this->assertSame(1, 2); }\n",
        "  public function testBad(): void { $first = !file_exists('{seen}'); touch('{seen}'); $this->assertFalse($first); }\n",
        ("phpunit.xml", "<phpunit>"),
        "composer test",
        files={
            "composer.json": '{"scripts": {"test": "phpunit"}}',
            "phpunit.xml": "<phpunit><testsuites><testsuite name='t'><directory>tests</directory></testsuite>"
            "</testsuites></phpunit>",
        },
        programs=("php", "composer", "phpunit"),
    ),
    Repo(
        "elixir",
        "test/it_test.exs",
        "defmodule ItTest do\n  use ExUnit.Case\n{tests}end\n",
        '  test "ok" do assert true end\n',
        '  test "bad" do assert 1 == 2 end\n',
        '  test "bad" do\n    first = not File.exists?("{seen}")\n    File.touch!("{seen}")\n    refute first\n  end\n',
        ("mix.exs", "defmodule\n"),
        "mix test",
        files={
            "mix.exs": 'defmodule It.MixProject do\n  use Mix.Project\n  def project, do: [app: :it, version: "0.1.0"]\nend\n',
            "test/test_helper.exs": "ExUnit.start()\n",
        },
        programs=("mix",),
    ),
    Repo(
        "bats",
        "test/it.bats",
        "{tests}",
        "@test 'ok' { true; }\n",
        "@test 'bad' { false; }\n",
        f"@test 'bad' {{\n  {_BASH_FLAKY}\n}}\n",
        ("test/it.bats", "@test 'ok' { if; }\n"),
        "bats test",
        programs=("bats",),
        zero="# nothing yet\n",
    ),
    Repo(
        "make",
        "run.sh",
        "{tests}",
        "echo 1..1; echo 'ok 1 - fine'\n",
        "echo 1..1; echo 'not ok 1 - bad'; exit 1\n",
        f"echo 1..1; if {_BASH_FLAKY}; then echo 'ok 1 - bad'; else echo 'not ok 1 - bad'; exit 1; fi\n",
        ("Makefile", "test:\nsh run.sh\n"),
        "make test",
        files={"Makefile": "test:\n\t@sh run.sh\n"},
        programs=("make",),
        zero="echo 1..0\n",
    ),
    Repo(
        "just",
        "run.sh",
        "{tests}",
        "echo 1..1; echo 'ok 1 - fine'\n",
        "echo 1..1; echo 'not ok 1 - bad'; exit 1\n",
        f"echo 1..1; if {_BASH_FLAKY}; then echo 'ok 1 - bad'; else echo 'not ok 1 - bad'; exit 1; fi\n",
        ("justfile", "test:\n  @sh run.sh\nother: {{\n"),
        "just test",
        files={"justfile": "test:\n  @sh run.sh\n"},
        programs=("just",),
        zero="echo 1..0\n",
    ),
)
