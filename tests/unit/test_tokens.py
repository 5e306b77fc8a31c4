"""Where the token for a forge comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.forges.tokens import Token, find_token, gh_token, need_token
from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def none(host: str, environment: Mapping[str, str]) -> str:
    del host, environment
    return ""


@pytest.mark.parametrize(
    ("kind", "host", "environment", "expected"),
    [
        ("github", "github.com", {}, None),
        ("github", "github.com", {"GITHUB_TOKEN": "a"}, Token("a", "$GITHUB_TOKEN")),
        ("github", "github.com", {"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, Token("b", "$GH_TOKEN")),
        ("github", "github.com", {"GITHUB_TOKEN": " a\n", "GH_TOKEN": ""}, Token("a", "$GITHUB_TOKEN")),
        ("github", "corp.ghe.com", {"GH_TOKEN": "b"}, Token("b", "$GH_TOKEN")),
        ("github", "git.example.org", {"GH_TOKEN": "b", "GITHUB_TOKEN": "a"}, None),
        ("github", "git.example.org", {"GH_ENTERPRISE_TOKEN": "e"}, Token("e", "$GH_ENTERPRISE_TOKEN")),
        ("github", "git.example.org", {"GITHUB_TOKEN": "a", "GITHUB_SERVER_URL": "https://git.example.org"}, Token("a", "$GITHUB_TOKEN")),
        ("gitlab", "gitlab.com", {"GITLAB_TOKEN": "g", "GITHUB_TOKEN": "a"}, Token("g", "$GITLAB_TOKEN")),
        ("forgejo", "codeberg.org", {"GITEA_TOKEN": "t", "GITHUB_TOKEN": "a"}, Token("t", "$GITEA_TOKEN")),
        ("forgejo", "codeberg.org", {"GITEA_TOKEN": "t", "FORGEJO_TOKEN": "f"}, Token("f", "$FORGEJO_TOKEN")),
    ],
)  # fmt: skip
def test_variables(kind: str, host: str, environment: dict[str, str], expected: Token | None) -> None:
    assert find_token(kind, host, environment, ask=none) == expected


def test_a_setting_comes_before_everything_else(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    around = {"GITHUB_TOKEN": "a", "MINE": "m", "HOME": str(tmp_path)}
    assert find_token("github", "github.com", around, "env:MINE") == Token("m", "$MINE")
    assert find_token("github", "github.com", around, "file:~/token") == Token("from-file", "file:~/token")


@pytest.mark.parametrize(
    ("reference", "words", "hint"),
    [
        ("ghp_secret", "the setting `token` is not a reference", "write where the token is, never the token: env:NAME or file:PATH"),
        ("env:MINE", "$MINE is empty or missing", "put a token there"),
        ("file:/nowhere/token", "file:/nowhere/token is empty or missing", "put a token there"),
    ],
)  # fmt: skip
def test_a_setting_that_leads_nowhere_is_an_error_and_nothing_else_is_tried(
    reference: str, words: str, hint: str
) -> None:
    with pytest.raises(ForgeError) as found:
        find_token("github", "github.com", {"GITHUB_TOKEN": "a"}, reference)
    assert (found.value.trouble, str(found.value), str(found.value.hint)) == (ForgeTrouble.UNAUTHORIZED, words, hint)


def test_a_token_does_not_show_itself() -> None:
    assert repr(Token("ghp_secret", "$GH_TOKEN")) == "Token(source='$GH_TOKEN')"
    assert "ghp" not in f"{Token('ghp_secret', '$GH_TOKEN')}"


def test_githubs_own_program_is_asked_without_a_token_in_its_environment(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "gh"
    program.write_text(
        f'#!/bin/sh\n[ "$4" = github.com ] || exit 1\necho "$* ${{GH_TOKEN-unset}}" > {seen}\necho gho_1\n'
    )
    program.chmod(0o755)
    around = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "GH_TOKEN": "b", "HOME": str(tmp_path)}
    assert gh_token("github.com", around) == "gho_1"
    assert seen.read_text() == "auth token --hostname github.com unset\n"
    assert gh_token("git.example.org", around) == "", "it is not logged in there"
    assert gh_token("github.com", {"PATH": str(tmp_path / "nowhere")}) == ""
    del around["GH_TOKEN"]
    assert find_token("github", "github.com", around) == Token("gho_1", "gh auth token")
    assert find_token("gitlab", "github.com", around) is None


def test_without_a_token_the_variable_and_the_login_are_named() -> None:
    found = [need_token(kind, host, {}) for kind, host in (("github", "git.example.org"), ("gitlab", "gitlab.com"))]
    assert [(str(one), str(one.hint)) for one in found] == [
        ("there is no token for git.example.org", "set GH_ENTERPRISE_TOKEN, or log in with `gh auth login --hostname git.example.org`"),
        ("there is no token for gitlab.com", "set GITLAB_TOKEN"),
    ]  # fmt: skip
