"""Ruby, PHP, Elixir, Bats, just and Make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.checks.toolchains.package import Folder, Package, lint, runs_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARGET = pattern(r"^(test|check)\s*:(?!=)", re.MULTILINE)
_RECIPE = pattern(r"^@?(test|check)(?:\s+[\w+*$'\"= -]*)?:(?!=)", re.MULTILINE)
_RAKE = pattern(r"TestTask|RSpec::Core::RakeTask|\btask\s*[:(]?\s*:?(?:test|spec|default)\b")
_RUBY_TESTS = r"^test/(?:test_\w+|\w+_test)\.rb$"
_EACH = "ruby -Ilib -Itest -e 'Dir[\"./test/**/{test_*,*_test}.rb\"].sort.each { |file| require file }'"


def ruby(here: Folder) -> Iterator[Package]:
    """Yield the package: RSpec, a task of Rake, or the tests in `test`."""
    prefix = "bundle exec " if here.has("Gemfile.lock") else ""
    commands = []
    if here.has(".rspec") or here.matching(r"^spec/\w+_spec\.rb$"):
        commands.append(runs_tests(f"{prefix}rspec"))
    elif here.has("Rakefile") and _RAKE.search(here.text("Rakefile")):
        commands.append(runs_tests(f"{prefix}rake"))
    elif here.matching(_RUBY_TESTS):
        commands.append(runs_tests(f"{prefix}{_EACH}"))
    if here.has(".rubocop.yml"):
        commands.append(lint(f"{prefix}rubocop"))
    install = "bundle install" if prefix else ""
    if commands or install:
        yield Package("ruby", tuple(commands), install, (".bundle/cache",) if install else ())


def php(here: Folder) -> Iterator[Package]:
    """Yield the package: a script of Composer, or PHPUnit."""
    commands = []
    if here.has("composer.json") and '"test"' in here.text("composer.json"):
        commands.append(runs_tests("composer test"))
    elif here.has("phpunit.xml", "phpunit.xml.dist"):
        unit = "vendor/bin/phpunit"
        commands.append(runs_tests(unit, f'{unit} --log-junit "$MISSION_REPORTS/phpunit.xml"'))
    install = "composer install --no-interaction" if here.has("composer.lock") else ""
    if commands or install:
        yield Package("php", tuple(commands), install, (".cache/composer",) if install else ())


def elixir(here: Folder) -> Iterator[Package]:
    """Yield the project; an umbrella tests its applications."""
    if here.has("mix.exs"):
        install = "mix deps.get" if here.has("mix.lock") else ""
        whole = "apps_path" in here.text("mix.exs")
        caches = (".hex",) if install else ()
        yield Package(
            "elixir", (runs_tests("mix test"), lint("mix format --check-formatted")), install, caches, covers=whole
        )


def bats(here: Folder) -> Iterator[Package]:
    """Yield tests of shell scripts."""
    for folder in ("test", "tests"):
        if here.matching(rf"^{folder}/[\w.-]+\.bats$"):
            yield Package("bats", (runs_tests(f"bats {folder}"),))


def just(here: Folder) -> Iterator[Package]:
    """Yield the recipe `test` or `check`."""
    recipe = _RECIPE.search(here.text("justfile", "Justfile", ".justfile"))
    if recipe:
        yield Package("just", (runs_tests(f"just {recipe[1]}"),))


def make(here: Folder) -> Iterator[Package]:
    """Yield the target `test` or `check`."""
    target = _TARGET.search(here.text("Makefile", "makefile"))
    if target and not here.has("justfile", "Justfile"):
        yield Package("make", (runs_tests(f"make {target[1]}"),))


FINDERS = (ruby, php, elixir, bats)
