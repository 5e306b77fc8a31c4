"""JavaScript and TypeScript: npm, pnpm, Yarn, Bun, Deno."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.checks.toolchains.package import Command, Folder, Package, build, lint, runs_tests, types

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_TEST = "no test specified"
_MANAGERS = (
    # lock file, manager, how it installs, cache
    ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile", ".local/share/pnpm"),
    ("yarn.lock", "yarn", "yarn install --frozen-lockfile", ".cache/yarn"),
    ("bun.lock", "bun", "bun install --frozen-lockfile", ".bun/install/cache"),
    ("bun.lockb", "bun", "bun install --frozen-lockfile", ".bun/install/cache"),
    ("package-lock.json", "npm", "npm ci", ".npm"),
)
_TESTS = r"(^|/)[\w.-]+[._](?:test|spec)\.(?:js|mjs|cjs|ts|tsx|jsx|mts)$"
_TYPES = ("typecheck", "type-check", "check-types", "types:check", "tsc")


def node(here: Folder) -> Iterator[Package]:
    """Yield the package of a `package.json` that can be read."""
    scripts = _scripts(here)
    if scripts is None:
        return
    manager, install, cache = next(
        ((name, how, where) for lock, name, how, where in _MANAGERS if here.has(lock)), ("npm", "", "")
    )
    commands = tuple(_commands(here, scripts, manager))
    if commands or install:
        yield Package("node", commands, install, (cache,) if install else ())


def _scripts(here: Folder) -> dict[str, Any] | None:
    try:
        scripts = json.loads(here.text("package.json")).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):
        return None
    return scripts if isinstance(scripts, dict) else None


def _commands(here: Folder, scripts: dict[str, Any], manager: str) -> Iterator[Command]:
    known = scripts.get("test")
    run = f"{manager} run"
    if isinstance(known, str) and _NO_TEST not in known:
        yield runs_tests(f"{run} test" if manager == "bun" else f"{manager} test")
    elif manager == "bun" and here.matching(_TESTS):
        yield runs_tests("bun test")
    if isinstance(scripts.get("build"), str):
        yield build(f"{run} build")
    kind = next((name for name in _TYPES if isinstance(scripts.get(name), str)), "")
    if kind:
        yield types(f"{run} {kind}")
    if isinstance(scripts.get("lint"), str):
        yield lint(f"{run} lint")


def deno(here: Folder) -> Iterator[Package]:
    """Yield the package of a `deno.json`."""
    if not here.has("deno.json", "deno.jsonc"):
        return
    commands = [runs_tests("deno test")]
    text = here.text("deno.json", "deno.jsonc")
    if '"test"' in text and '"tasks"' in text:
        commands = [runs_tests("deno task test")]
    yield Package("deno", (*commands, lint("deno lint")))
