"""Links to other repositories in a commit, and whether a clone can fetch their targets."""

from __future__ import annotations

import os
from contextlib import suppress

from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.git.repo.objects import LINK
from mission_cli.domain.errors import ToolError

_SHORT = 7


def dangling(git: Git, start: str, tip: str) -> list[str]:
    """Return messages about new links of a commit whose target a clone could not fetch."""
    words = git.words("diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", start, tip)
    changed = [(facts.split(" "), path) for facts, path in zip(words[::2], words[1::2], strict=True)]
    links = {path: facts[3] for facts, path in changed if facts[1] == LINK}
    if not links:
        return []
    urls = _urls(git, tip)
    return [
        f"{path} is a nested repository: its files are not in the commit"
        if path not in urls
        else f"{path} points to {oid[:_SHORT]}, which {urls[path]} does not have"
        for path, oid in links.items()
        if path not in urls or not _has(git, urls[path], oid)
    ]


def _urls(git: Git, tip: str) -> dict[str, str]:
    """Return the URLs of the submodules of a commit, by path."""
    done = git.run(
        "config", "-z", f"--blob={tip}:.gitmodules", "--get-regexp", r"^submodule\..*\.(path|url)$", ok=(0, 1, 128)
    )
    said = dict(
        entry.partition("\n")[::2] for entry in done.out.decode("utf-8", "surrogateescape").split("\0") if entry
    )
    names = {name.removesuffix(".path"): path for name, path in said.items() if name.endswith(".path")}
    return {path: said[f"{name}.url"] for name, path in names.items() if said.get(f"{name}.url")}


def _has(git: Git, url: str, oid: str) -> bool:
    """Whether the repository at a submodule's URL can provide a commit."""
    if url.startswith(("./", "../")):
        origin = git.run("config", "remote.origin.url", ok=(0, 1)).out.decode("utf-8", "surrogateescape").strip()
        url = _joined(origin or os.fspath(git.git_dir.parent), url)
    if url.startswith("-") or "::" in url:
        return False
    asker = Git(git.git_dir, own_config=True, extra={"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"})
    flags = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--dry-run")
    with suppress(ToolError):
        return asker.ask("fetch", *flags, "--", url, oid, ok=tuple(range(256))).code == 0
    return False


def _joined(origin: str, url: str) -> str:
    """Resolve a URL that is relative to another one."""
    parts = origin.rstrip("/").split("/")
    for word in url.split("/"):
        parts = parts[:-1] if word == ".." else parts if word == "." else [*parts, word]
    return "/".join(parts)


def declared(git: Git, commit: str) -> dict[str, str]:
    """Return the commits that declared submodules of a commit point to, by path (`.gitmodules` names their URL)."""
    urls = _urls(git, commit)
    entries = git.words("ls-tree", "-z", commit, "--", *urls) if urls else []
    facts = (entry.partition("\t") for entry in entries)
    return {path: words.split(" ")[2] for words, _, path in facts if words.startswith(LINK)}
