"""`make conformance [AGENT=…] [WRITE=1]`: every case with real agents, and the table of what came of it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.conformance import table
from tests.conformance.cases import CASES, perform
from tests.conformance.subjects import SUBJECTS

_WRITE = "--write"


def main(words: list[str]) -> int:
    """Print the table of the named agents, of all without a name. 1: something is wrong; 2: an agent is missing."""
    names = [word for word in words if word != _WRITE] or list(SUBJECTS)
    missing = [name for name in names if name not in SUBJECTS or not SUBJECTS[name].program]
    if missing:
        print(f"not installed or not known: {', '.join(missing)} (known: {', '.join(SUBJECTS)})", file=sys.stderr)  # noqa: T201 - a command
        return 2
    sections, wrong = {}, False
    for name in names:
        rows = []
        for case in CASES:
            with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
                _private_home(Path(folder) / "home")
                result = perform(case, SUBJECTS[name], Path(folder) / "place")
            rows.append(table.row(case, result))
            wrong = wrong or bool(result and result.wrong)
            print(name, rows[-1], end="", file=sys.stderr, flush=True)  # noqa: T201 - see above
        sections[name] = table.section(SUBJECTS[name], rows)
    print("\n".join(sections.values()))  # noqa: T201 - see above
    if _WRITE in words:
        table.write(sections)
    return int(wrong)


def _private_home(home: Path) -> None:
    """No settings and no logins of a person."""
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    for name in [n for n in os.environ if n.startswith(("GIT_", "MISSION_", "XDG_"))]:
        del os.environ[name]
    os.environ |= {"HOME": os.fspath(home), "GIT_CONFIG_NOSYSTEM": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
