"""Rust, Go, Java and Kotlin, .NET, Swift, Zig, OCaml: languages whose build tool tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.checks.toolchains.package import Folder, Package, lint, runs_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def rust(here: Folder) -> Iterator[Package]:
    """Yield the crate or workspace; a workspace tests its members."""
    if here.has("Cargo.toml"):
        text = here.text("Cargo.toml")
        whole = "[workspace]" in text
        tests = "cargo test --workspace" if whole and "[package]" in text else "cargo test"
        install = "cargo fetch --locked" if here.has("Cargo.lock") else ""
        linter = lint("cargo clippy --all-targets -- -D warnings")
        yield Package(
            "rust", (runs_tests(tests), linter), install, (".cargo/registry",) if install else (), covers=whole
        )


def go(here: Folder) -> Iterator[Package]:
    """Yield the module."""
    if here.has("go.mod"):
        install = "go mod download" if here.has("go.sum") else ""
        linters = [lint("golangci-lint run")] if here.has(".golangci.yml", ".golangci.yaml") else [lint("go vet ./...")]
        yield Package("go", (runs_tests("go test ./..."), *linters), install, ("go/pkg/mod",) if install else ())


def maven(here: Folder) -> Iterator[Package]:
    """Yield the project with its modules; reports are in `target/surefire-reports`."""
    if here.has("pom.xml"):
        program = "./mvnw" if here.has("mvnw") else "mvn"
        whole = "<modules>" in here.text("pom.xml")
        install = f"{program} -q -B dependency:go-offline"
        yield Package("maven", (runs_tests(f"{program} -B test"),), install, (".m2/repository",), covers=whole)


def gradle(here: Folder) -> Iterator[Package]:
    """Yield the build; reports are in `build/test-results`."""
    if here.has("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"):
        program = "./gradlew" if here.has("gradlew") else "gradle"
        whole = here.has("settings.gradle", "settings.gradle.kts")
        yield Package("gradle", (runs_tests(f"{program} test"),), covers=whole)


def dotnet(here: Folder) -> Iterator[Package]:
    """Yield the solution or project."""
    own = [path for path in here.files if "/" not in path]
    if any(path.endswith((".csproj", ".fsproj", ".sln", ".slnx")) for path in own):
        whole = any(path.endswith((".sln", ".slnx")) for path in own)
        yield Package("dotnet", (runs_tests("dotnet test"),), "dotnet restore", (".nuget/packages",), covers=whole)


def _plain(name: str, manifest: str, command: str) -> Callable[[Folder], Iterator[Package]]:
    def find(here: Folder) -> Iterator[Package]:
        if here.has(manifest):
            yield Package(name, (runs_tests(command),))

    return find


FINDERS = (
    rust,
    go,
    maven,
    gradle,
    dotnet,
    _plain("swift", "Package.swift", "swift test"),
    _plain("dune", "dune-project", "dune test"),
    _plain("zig", "build.zig", "zig build test"),
)
