"""Which repository of which forge a remote names."""

from __future__ import annotations

import pytest

from mission_cli.adapters.forges.remotes import Place, place_of

GITHUB = Place("github", "github.com", "o/r", "https://api.github.com")
HUB = "https://git.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/r",
        "https://github.com/o/r.git",
        "https://github.com/o/r/",
        "https://GitHub.com:443/o/r.git",
        "https://ada:secret@github.com/o/r.git",
        "http://www.github.com/o/r",
        "git@github.com:o/r.git",
        "github.com:o/r",
        "git@github.com:/o/r.git",
        "ssh://git@github.com/o/r.git",
        "ssh://git@github.com:22/o/r",
        "ssh://git@ssh.github.com:443/o/r.git",
        "git+ssh://git@github.com/o/r",
        "git://github.com/o/r.git",
        " https://github.com/o/r.git\n",
    ],
)
def test_the_forms_of_one_repository(url: str) -> None:
    assert place_of(url) == GITHUB


@pytest.mark.parametrize(
    ("url", "kind", "base", "place"),
    [
        ("git@gitlab.com:group/sub/team/r.git", "", "", Place("gitlab", "gitlab.com", "group/sub/team/r", "https://gitlab.com/api/v4")),
        ("ssh://git@altssh.gitlab.com:443/g/r.git", "", "", Place("gitlab", "gitlab.com", "g/r", "https://gitlab.com/api/v4")),
        ("https://codeberg.org/o/r.x.git", "", "", Place("forgejo", "codeberg.org", "o/r.x", "https://codeberg.org/api/v1")),
        ("https://corp.ghe.com/o/r", "", "", Place("github", "corp.ghe.com", "o/r", "https://api.corp.ghe.com")),
        ("git@git.example.org:o/r.git", "github", HUB, Place("github", "git.example.org", "o/r", f"{HUB}/api/v3")),
        ("ssh://git@git.example.org:2222/o/r", "github", f"{HUB}/api/v3/", Place("github", "git.example.org", "o/r", f"{HUB}/api/v3")),
        ("https://git.example.org/o/r", "github", "", Place("github", "git.example.org", "o/r", f"{HUB}/api/v3")),
        ("https://git.example.org/o/r", "forgejo", "git.example.org", Place("forgejo", "git.example.org", "o/r", f"{HUB}/api/v1")),
        ("https://git.example.org:8443/g/r", "gitlab", f"{HUB}:8443", Place("gitlab", "git.example.org:8443", "g/r", f"{HUB}:8443/api/v4")),
        ("http://127.0.0.1:3000/o/r.git", "forgejo", "", Place("forgejo", "127.0.0.1:3000", "o/r", "http://127.0.0.1:3000/api/v1")),
        ("http://127.0.0.1:3000/o/r.git", "github", "http://127.0.0.1:4000", Place("github", "127.0.0.1:4000", "o/r", "http://127.0.0.1:4000/api/v3")),
        ("https://git.example.org/code/g/r.git", "gitlab", f"{HUB}/code", Place("gitlab", "git.example.org", "g/r", f"{HUB}/code/api/v4")),
        ("http://codeberg.org/o/r", "", "", Place("forgejo", "codeberg.org", "o/r", "https://codeberg.org/api/v1")),
        ("http://git.example.org/o/r", "forgejo", "", Place("forgejo", "git.example.org", "o/r", f"{HUB}/api/v1")),
        ("http://localhost:3000/o/r", "forgejo", "", Place("forgejo", "localhost:3000", "o/r", "http://localhost:3000/api/v1")),
        ("http://git.example.org:3000/o/r", "forgejo", "http://git.example.org:3000", Place("forgejo", "git.example.org:3000", "o/r", "http://git.example.org:3000/api/v1")),
        ("git@[::1]:o/r.git", "forgejo", "", Place("forgejo", "[::1]", "o/r", "https://[::1]/api/v1")),
    ],
)  # fmt: skip
def test_other_forges(url: str, kind: str, base: str, place: Place) -> None:
    assert place_of(url, kind, base) == place


@pytest.mark.parametrize(
    ("url", "kind", "base"),
    [
        ("/srv/git/r.git", "", ""),
        ("../r", "github", ""),
        ("file:///srv/r.git", "github", ""),
        ("C:/code/o/r", "github", ""),
        ("", "", ""),
        ("https://git.example.org/o/r", "", ""),
        ("https://other.example.org/o/r", "github", HUB),
        ("https://github.com/o", "", ""),
        ("https://github.com/o/r/x", "", ""),
        ("https://github.com/../r", "", ""),
        ("https://github.com/o/r%3Fa", "", ""),
        ("https://github.com/o/r b", "", ""),
        ("https://github.com:port/o/r", "", ""),
        ("https://github.com.evil.org/o/r", "", ""),
        ("https://evil.org/github.com/o/r", "", ""),
        ("ext::sh -c x", "", ""),
        ("https://git.example.org/o/r", "svn", ""),
    ],
)
def test_what_is_no_repository_of_a_known_forge(url: str, kind: str, base: str) -> None:
    assert place_of(url, kind, base) is None


def test_where_graphql_is() -> None:
    assert GITHUB.graphql == "https://api.github.com/graphql"
    enterprise = place_of("https://git.example.org/o/r", "github")
    assert enterprise is not None
    assert enterprise.graphql == "https://git.example.org/api/graphql"
