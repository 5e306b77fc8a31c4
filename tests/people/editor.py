"""A commit whose editor is open: git waits, holds no lock, and has already decided what it will commit."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SCRIPT = """\
#!/bin/sh
printf x > "/dev/fd/$TELL"
read -r words < "/dev/fd/$ASK" || exit 1
printf '%s\\n' "$words" > "$1"
"""


class OpenCommit:
    """`git commit` in a process of its own, until its message is written or given up."""

    def __init__(self, tree: Path, folder: Path, *flags: str, git: Sequence[str] = ("git",)) -> None:
        script = folder / "editor.sh"
        script.write_text(_SCRIPT)
        script.chmod(0o755)
        hear, tell = os.pipe()
        ask, self._say = os.pipe()
        around = {**os.environ, "GIT_EDITOR": os.fspath(script), "TELL": str(tell), "ASK": str(ask)}
        self._process = subprocess.Popen(
            [*git, "commit", "--quiet", *flags],
            cwd=tree,
            env=around,
            pass_fds=(tell, ask),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.close(tell)
        os.close(ask)
        self.open = os.read(hear, 1) == b"x"
        """False: git found nothing to commit, or could not."""
        os.close(hear)
        if not self.open:
            self.close("")

    def close(self, words: str) -> tuple[int, str]:
        """Save these words and leave the editor; none: give the commit up. Return git's exit status and words."""
        if words:
            os.write(self._say, f"{words}\n".encode())
        os.close(self._say)
        out, _ = self._process.communicate(timeout=30)
        self.open = False
        return self._process.returncode, out.decode()
