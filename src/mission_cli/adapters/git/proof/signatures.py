"""What git says about the signatures of state commits, with the person's own settings and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mission_cli.domain.evidence.witnesses import Signature
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git

_PATIENCE = 600.0
_STATES = {
    "G": Signature.GOOD,
    "X": Signature.GOOD,
    "Y": Signature.GOOD,
    "U": Signature.UNKNOWN,
    "E": Signature.UNKNOWN,
    "B": Signature.BAD,
    "R": Signature.BAD,
}


def signatures_of(git: Git, branch: str, code: Path) -> Mapping[Sha, Signature]:
    """Return the state of each commit's signature, newest first.

    git says "none" of an SSH signature if no file of allowed signers is configured; here that is an unknown key.
    """
    raw = git.run("rev-list", "--header", branch).out.decode("utf-8", "replace").split("\0")
    heads = (one.lstrip("\n").partition("\n\n")[0] for one in raw)
    signed = {head.partition("\n")[0] for head in heads if "\ngpgsig" in head}
    if not signed:
        return dict.fromkeys(map(Sha, git.text("rev-list", branch).split()), Signature.NONE)
    own = replace(git, own_config=True, beside=code / "config")
    said = own.ask("log", "--format=%H %G?", branch, timeout=_PATIENCE).out.decode("utf-8", "replace")
    found: dict[Sha, Signature] = {}
    for line in said.splitlines():
        commit, _, state = line.partition(" ")
        unsaid = Signature.UNKNOWN if commit in signed else Signature.NONE
        found[Sha(commit)] = _STATES.get(state, unsaid)
    return found
