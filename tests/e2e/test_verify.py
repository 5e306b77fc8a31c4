"""`mission verify`: a stranger with another clone finds every verdict again, and what was changed in the record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.nightly import only_at_night

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Two files
budget: {time_hours: 1}
preferences: {land: auto, max_parallel_workers: 1}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`", "run: `grep -q attempt 1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `attempt` in `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["grep: `by attempt 2` in `1.2.txt`"]}
"""
CHANGING = re.compile(r"\b[0-9a-f]{7,64}\b|\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\dZ")


@only_at_night
def test_another_clone_finds_every_verdict_again_and_every_changed_byte(ada: Person, ben: Person) -> None:
    ada.plan(PLAN)
    ada.start()
    assert ada.run().facts["status"] == "completed"
    ben.git("fetch", "--quiet")
    ben.mission("list")
    before = ben.state_head()
    first = ben.mission("verify", "m", "--json", ok=(0, 1)).facts
    for line in {v["detail"] for v in first["verdicts"] if v["outcome"] == "commit is not in this clone"}:
        ben.git(*line.replace("'", "").split()[1:])
    found = ben.mission("verify", "m", "--history")
    assert CHANGING.sub("…", found.out) == snapshot("""\
same  1.1-a1                   …  grep: `attempt` in `1.1.txt`: passed
same  1.2-a1                   …  grep: `by attempt 2` in `1.2.txt`: failed
same  1.2-a2                   …  grep: `by attempt 2` in `1.2.txt`: passed
same  milestone 1, start       …  file: `1.1.txt` `1.2.txt`: failed
same  milestone 1, start       …  run: `grep -q attempt 1.1.txt`: failed
same  milestone 1, validation  …  file: `1.1.txt` `1.2.txt`: passed
same  milestone 1, validation  …  run: `grep -q attempt 1.1.txt`: passed
same  mission, final           …  file: `1.1.txt` `1.2.txt`: passed
same  mission, final           …  run: `grep -q attempt 1.1.txt`: passed

milestone 1: 4 criteria frozen as … at …, unchanged

chain: 16 links, from commit … on
signatures: 0 good, 17 none, 0 bad, 0 by an unknown key

m: 9 of 9 verdicts the same; 3 run records, 4 evidence files and 16 commits read, all fit; sums compared at 16 commits
""")
    assert ben.state_head() == before
    record = ben.repo / "missions/m/runs/1.2-a1.md"
    record.write_text(record.read_text().replace("verdict: failed", "verdict: passed"))
    ben.git("commit", "--quiet", "-am", "Nothing to see", cwd=ben.repo / "missions")
    changed = ben.mission("verify", "m", ok=(1,))
    assert CHANGING.sub("…", changed.out) == snapshot("""\
same     1.1-a1                   …  grep: `attempt` in `1.1.txt`: passed
differs  1.2-a1                   …  grep: `by attempt 2` in `1.2.txt`: passed
  now failed: no match in 1 file
same     1.2-a2                   …  grep: `by attempt 2` in `1.2.txt`: passed
same     milestone 1, start       …  file: `1.1.txt` `1.2.txt`: failed
same     milestone 1, start       …  run: `grep -q attempt 1.1.txt`: failed
same     milestone 1, validation  …  file: `1.1.txt` `1.2.txt`: passed
same     milestone 1, validation  …  run: `grep -q attempt 1.1.txt`: passed
same     mission, final           …  file: `1.1.txt` `1.2.txt`: passed
same     mission, final           …  run: `grep -q attempt 1.1.txt`: passed

does not fit
m/runs/1.2-a1.md: its content was changed after it was sealed
m/runs/1.2-a1.md: the verdict on grep: `by attempt 2` in `1.2.txt` does not fit its hash
commit … (Nothing to see): m/runs/1.2-a1.md was changed by Ada

milestone 1: 4 criteria frozen as … at …, unchanged

chain: 16 links, from commit … on

m: 8 of 9 verdicts the same; 3 run records, 4 evidence files and 17 commits read, 3 things that do not fit; sums compared at 1 commit
""")
    (ben.repo / ".mission.toml").write_text("this is = = not TOML")
    report = ben.mission("report", "m", "--json").facts
    assert (report["missionId"], report["allPassed"]) == ("m", True)
    assert report["filesCreated"] == ["1.1.txt", "1.2.txt"]
