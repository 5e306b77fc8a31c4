"""The toolchains of a repository: all of them, in every package, with how each is tested, linted and installed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.fakes.code import REFS
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.unit.test_steer import planned, text_of

from mission_cli._support.dataclass import replace
from mission_cli.adapters.checks.toolchains import MANIFESTS, detect, linters, packages, setup
from mission_cli.app.queries.diagnosis.criteria import setup_findings
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.judging.packages import glanced, touched
from mission_cli.domain.status import CriterionKind

NODE = '{"scripts": {"test": "node --test", "build": "tsc -p .", "lint": "eslint .", "typecheck": "tsc --noEmit"}}'
RUBY = "ruby -Ilib -Itest -e 'Dir[\"./test/**/{test_*,*_test}.rb\"].sort.each { |file| require file }'"


def files(*names: str, **texts: str) -> dict[str, str]:
    """Paths without content, and manifests with theirs: `package_json` is `package.json`."""
    return {**dict.fromkeys(names, ""), **{name.replace("_", "."): text for name, text in texts.items()}}


@pytest.mark.parametrize(
    ("found", "commands", "install"),
    [
        (files("tests/test_a.py"), ["python3 -m unittest discover -s tests -t ."], ""),
        (files("test_a.py"), ["python3 -m unittest"], ""),
        (files("conftest.py"), ["python3 -m pytest -q"], ""),
        (files("uv.lock", pyproject_toml="[tool.pytest.ini_options]"), ["uv run pytest -q"], "uv sync --frozen"),
        (
            files("poetry.lock", "tests/test_a.py", pyproject_toml="[tool.mypy]\nfiles = ['src']"),
            ["poetry run python -m unittest discover -s tests -t .", "poetry run mypy"],
            "poetry install --no-interaction",
        ),
        (files("pdm.lock", "pytest.ini"), ["pdm run pytest -q"], "pdm sync"),
        (files(tox_ini="[testenv]\ncommands = x"), ["tox -q"], ""),
        (files(tox_ini="[pytest]"), ["python3 -m pytest -q"], ""),
        (files("noxfile.py"), ["nox"], ""),
        (files(pyproject_toml="not [ toml"), [], ""),
        (files(package_json=NODE), ["npm test", "npm run build", "npm run typecheck"], ""),
        (
            files("package-lock.json", package_json='{"scripts": {"test": "jest"}}'),
            ["npm test"],
            "npm ci",
        ),
        (
            files("pnpm-lock.yaml", package_json='{"scripts": {"test": "jest"}}'),
            ["pnpm test"],
            "pnpm install --frozen-lockfile",
        ),
        (
            files("yarn.lock", package_json='{"scripts": {"test": "jest"}}'),
            ["yarn test"],
            "yarn install --frozen-lockfile",
        ),
        (
            files("bun.lock", package_json='{"scripts": {"test": "bun test"}}'),
            ["bun run test"],
            "bun install --frozen-lockfile",
        ),
        (files("bun.lock", "a.test.ts", package_json="{}"), ["bun test"], "bun install --frozen-lockfile"),
        (files(package_json='{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'), [], ""),
        (files(package_json='{"scripts": 3}'), [], ""),
        (files(package_json="[" * 5000), [], ""),
        (files("deno.json"), ["deno test"], ""),
        (files(Cargo_toml="[package]"), ["cargo test"], ""),
        (files("Cargo.lock", Cargo_toml="[workspace]\n[package]"), ["cargo test --workspace"], "cargo fetch --locked"),
        (files("go.mod"), ["go test ./..."], ""),
        (files("go.sum", "go.mod"), ["go test ./..."], "go mod download"),
        (files("pom.xml"), ["mvn -B test"], "mvn -q -B dependency:go-offline"),
        (files("pom.xml", "mvnw"), ["./mvnw -B test"], "./mvnw -q -B dependency:go-offline"),
        (files("build.gradle.kts"), ["gradle test"], ""),
        (files("settings.gradle", "gradlew"), ["./gradlew test"], ""),
        (files("a.sln"), ["dotnet test"], "dotnet restore"),
        (files("test/test_a.rb"), [RUBY], ""),
        (files("spec/a_spec.rb", "Gemfile.lock"), ["bundle exec rspec"], "bundle install"),
        (files("Rakefile", Rakefile="Rake::TestTask.new"), ["rake"], ""),
        (files(composer_json='{"scripts": {"test": "phpunit"}}'), ["composer test"], ""),
        (files("phpunit.xml.dist", "composer.lock"), ["vendor/bin/phpunit"], "composer install --no-interaction"),
        (files("mix.exs", "mix.lock"), ["mix test"], "mix deps.get"),
        (files("test/a.bats"), ["bats test"], ""),
        (files(justfile="default: test\n\ntest *args:\n  true\n"), ["just test"], ""),
        (files(Makefile="all:\ncheck: all\n\ttrue\n"), ["make check"], ""),
        (files("Package.swift"), ["swift test"], ""),
        (files(), [], ""),
    ],
)
def test_a_toolchain_is_found(found: dict[str, str], commands: list[str], install: str) -> None:
    assert [c.text for c in detect(found)] == [f"run: `{command}`" for command in commands]
    assert setup(found).command == install


def test_all_toolchains_are_found_and_make_only_where_there_is_no_other() -> None:
    found = {
        **files("go.mod", "tests/test_a.py", package_json=NODE),
        "Makefile": "test:\n",
        "docs/Makefile": "check:\n",
    }
    assert [c.command for c in detect(found)] == [
        "python3 -m unittest discover -s tests -t . -v",
        "npm test",
        "npm run build",
        "npm run typecheck",
        "go test ./...",
        "cd docs && make check",
    ]
    assert linters(found) == ("npm run lint", "go vet ./...")


MONOREPO = {
    "README.md": "",
    "packages/a/package.json": '{"scripts": {"test": "jest"}}',
    "packages/a/package-lock.json": "",
    "packages/b b/pyproject.toml": "[tool.pytest.ini_options]",
    "packages/b b/uv.lock": "",
    "services/api/go.mod": "",
    "services/api/cmd/main.go": "",
    "node_modules/x/package.json": '{"scripts": {"test": "no"}}',
    "crates/Cargo.toml": "[workspace]",
    "crates/one/Cargo.toml": "[package]",
}


def test_every_package_of_a_monorepo_is_found() -> None:
    paths, read = glanced(MONOREPO, MANIFESTS)
    assert "services/api/cmd/main.go" in paths
    seen = {path: MONOREPO.get(path, "") if path in read else "" for path in paths}
    assert [c.text for c in detect(seen)] == [
        "run: `cd crates && cargo test`",
        "run: `cd packages/a && npm test`",
        "run: `cd 'packages/b b' && uv run pytest -q`",
        "run: `cd services/api && go test ./...`",
    ]
    assert setup(seen).command == ("(cd packages/a && npm ci) && (cd 'packages/b b' && uv sync --frozen)")
    assert setup(seen).caches == (".npm", ".cache/uv")
    assert [p.toolchain for p in packages(seen)] == ["rust", "node", "python", "go"]


@pytest.mark.parametrize(
    ("changed", "judged"),
    [
        (["packages/a/index.js"], ["packages/a"]),
        (["packages/a/x/y.js", "services/api/main.go"], ["packages/a", "services/api"]),
        (["packages/ab/index.js"], ["crates", "packages/a", "packages/b b", "services/api"]),
        (["package.json"], ["crates", "packages/a", "packages/b b", "services/api"]),
        ([], ["crates", "packages/a", "packages/b b", "services/api"]),
    ],
)
def test_a_change_is_judged_by_every_package_that_it_touches(changed: list[str], judged: list[str]) -> None:
    paths, read = glanced(MONOREPO, MANIFESTS)
    seen = {path: MONOREPO.get(path, "") if path in read else "" for path in paths}
    assert [c.paths[0] for c in touched(changed, detect(seen))] == judged


_FOLDER = st.sampled_from(["", "a", "a/b", "a/b/c", "d"])
_PATH = st.builds("/".join, st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4))


@given(st.lists(_PATH, max_size=5), st.lists(_FOLDER, max_size=6, unique=True))
def test_no_package_with_a_changed_file_is_left_out(changed: list[str], folders: list[str]) -> None:
    criteria = [
        Criterion(f"run: `{f}`", CriterionKind.RUN, command=f, paths=(f,) if f else (), index=-1) for f in folders
    ]
    kept = touched(changed, criteria)
    for path in changed:
        above = [f for f in folders if f and path.startswith(f"{f}/")]
        deepest = max(above, key=len, default=None)
        assert [c for c in criteria if not c.paths or deepest in (None, c.paths[0])] == [
            c for c in kept if not c.paths or deepest in (None, c.paths[0])
        ]


def test_doctor_says_what_installs_dependencies_where_nothing_does() -> None:
    host = planned()
    mission = load(text_of(host), "m").mission
    assert setup_findings(host.context(), [mission]) == []
    jobs = host.jobs
    commit = Commit({"package.json": NODE, "package-lock.json": "{}"}, (), "Begin\n", ADA, jobs.clock.now())
    jobs.disk.write(f"{REFS}/heads/main", jobs.objects.add(commit))
    words = "nothing installs dependencies in new clones: `setup` of `[tree]` could be `npm ci`"
    assert [one.words for one in setup_findings(host.context(), [mission, mission])] == [words]
    told = replace(host.settings, tree=replace(host.settings.tree, setup="make deps"))
    assert setup_findings(replace(host.context(), settings=told), [mission]) == []


def test_a_command_of_ours_asks_for_a_report_and_does_not_show_that() -> None:
    [one] = detect(files("pytest.ini"))
    assert (one.text, one.command) == (
        "run: `python3 -m pytest -q`",
        'python3 -m pytest -q --junitxml="$MISSION_REPORTS/pytest.xml"',
    )
