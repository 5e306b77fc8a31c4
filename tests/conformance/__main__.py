"""`make conformance [AGENT=…] [WRITE=1]`: every case with real agents, and the table of what came of it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance import table, verdict, vocabulary
from tests.conformance.cases import CASES, Case, perform
from tests.conformance.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRITE = "--write"


def main(words: list[str]) -> int:
    """Print the tables and the verdicts of the named agents, of all without a name.

    1: an agent does not do any more what is recorded of it; 2: an agent is missing.
    """
    names = [word for word in words if word != _WRITE] or [name for name in SUBJECTS if SUBJECTS[name].program]
    missing = [name for name in names if name not in SUBJECTS or not SUBJECTS[name].program]
    if missing:
        print(f"not installed or not known: {', '.join(missing)} (known: {', '.join(SUBJECTS)})", file=sys.stderr)  # noqa: T201 - a command
        return 2
    sections, verdicts, records = {}, {}, {}
    for name in names:
        seen, rows = watch(name)
        before = verdict.read(name)
        sections[name] = table.section(SUBJECTS[name], rows)
        verdicts[name] = verdict.judge(seen, before)
        records[name] = seen
        if _WRITE in words:
            verdict.write(name, seen)
            table.write({name: sections[name]}, {name: verdict.judge(seen, None)})
    print("\n".join(sections.values()))  # noqa: T201 - see above
    for name, judged in verdicts.items():
        print(f"{name} {records[name].version} {judged}")  # noqa: T201 - see above
    return verdict.exit_status(verdicts)


def watch(name: str, cases: Sequence[Case] = CASES) -> tuple[verdict.Seen, list[str]]:
    """Run the cases with an agent; return what was seen, and the rows of the table."""
    subject, rows = SUBJECTS[name], []
    endings: dict[str, str] = {}
    wrong: dict[str, str] = {}
    members: set[str] = set()
    needed: set[str] = set()
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
            _private_home(Path(folder) / "home")
            result = perform(case, subject, Path(folder) / "place")
        rows.append(table.row(case, result))
        print(name, rows[-1], end="", file=sys.stderr, flush=True)  # noqa: T201 - see above
        if result is None:
            continue
        endings[case.name] = result.outcome.ending
        wrong |= {case.name: "; ".join(result.wrong)} if result.wrong else {}
        members |= vocabulary.members_of(result.outcome.log)
        needed |= vocabulary.needed_of(name, result.outcome.log, result.outcome.exit.code)
    options = vocabulary.options_of(name, subject.program)
    return verdict.Seen(subject.version(), endings, wrong, options, frozenset(members), frozenset(needed)), rows


def _private_home(home: Path) -> None:
    """No settings and no logins of a person."""
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    for name in [n for n in os.environ if n.startswith(("GIT_", "MISSION_", "XDG_"))]:
        del os.environ[name]
    os.environ |= {"HOME": os.fspath(home), "GIT_CONFIG_NOSYSTEM": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
