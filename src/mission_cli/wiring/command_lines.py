"""Command lines that start this program, and the shell that runs criteria."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mission_cli.adapters.git.repo.checkout import Checkout


def pulse_command(checkout: Checkout) -> tuple[str, ...]:
    """Return the command line of a pulse on a repository."""
    return python_command("pulse", "--quiet", "--repo", os.fspath(checkout.name))


def find_shell() -> str:
    """Return the path of bash, or of the system's `sh` if there is no bash."""
    places = [path for path in ("/bin/bash", "/usr/bin/bash") if os.access(path, os.X_OK)]
    return places[0] if places else shutil.which("bash") or "/bin/sh"


def python_command(*words: str) -> tuple[str, ...]:
    """Return the command line of this program. `-P`: a package that a worker put into its tree is never imported."""
    return (sys.executable, "-P", "-m", "mission_cli", *words)


_ISOLATED = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); from mission_cli.__main__ import main; sys.exit(main())"
)


def isolated_command(*words: str) -> tuple[str, ...]:
    """Return the command line of a program of this package that judges a tree.

    `-I`: what it imports is what this process imports, whatever the tree and the variables of a check say.
    """
    own = [os.path.realpath(place) for place in sys.path if os.path.isabs(place)]  # noqa: PTH117 - of text
    return (sys.executable, "-I", "-c", _ISOLATED, "\n".join(own), *words)
