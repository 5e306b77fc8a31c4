"""Resources: a missing key holds only what needs it; provided, it goes on, and the key is nowhere but in its worker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inline_snapshot import snapshot

if TYPE_CHECKING:
    from tests.kit.people import Person

KEY = "Zq7rT4kW8vLx2mBn6Yc0HsPdUgAe5Ji3"
PLAN = """\
title: Shop
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: charge a card, criteria: ["file: `1.1.txt`"]}
      - {title: print a page, criteria: ["file: `1.2.txt`"]}
"""
ROWS = """
## Resources

| Name | Type | Purpose | Status | Reference |
|------|------|---------|--------|-----------|
| Stripe key | credential | test payments | needed | |
"""
WORKER = """
import json
own = os.environ.get("STRIPE_KEY", "")
if FEATURE == "1.1" and ATTEMPT == 1:
    print("the key is", own, json.dumps([own]))
    write("1.1.txt", own)
elif FEATURE == "1.1":
    write("1.1.txt", f"{len(own)} characters, in the prompt: {'the variable STRIPE_KEY' in PROMPT}\\n")
else:
    write("1.2.txt", repr(own) + "\\n")
    assert not [v for v in os.environ.values() if "KEYFILE" in v or "Zq7r" in v]
commit()
"""


def needing(person: Person, rows: str = ROWS) -> None:
    """A mission whose first feature needs a key."""
    person.worker("import os\n" + WORKER)
    person.plan(PLAN)
    file = person.file()
    text = file.read_text()
    before, _, after = text.partition("\n## Resources")
    rest = after[after.index("\n## ") :] if "\n## " in after else ""
    text = before.replace("| charge a card |", "| charge a card `[needs:stripe-key]` |") + rows + rest
    file.write_text(text)
    person.git("commit", "-qam", "Say what is needed", cwd=person.repo / "missions")


def test_a_missing_key_holds_only_the_feature_that_needs_it_and_reaches_only_its_worker(person: Person) -> None:
    needing(person)
    person.start()
    person.run(ok=(3,))
    assert person.features() == {"1.1": "pending", "1.2": "done"}
    assert person.mission("inbox", ok=(3,)).out == snapshot("""\
m: 1.1: the resource `Stripe key` is needed
  → mission resource provide m stripe-key
""")
    refused = person.mission("resource", "provide", "m", "Stripe key", ok=(2,))
    assert refused.err == snapshot("""\
error: say where the value of Stripe key is, or give it with --value-stdin
 hint: mission resource provide m stripe-key --reference env:NAME
""")
    given = person.mission("resource", "provide", "m", "Stripe key", "--value-stdin", stdin=f"{KEY}\n")
    assert given.out == snapshot("""\
m: attempt 1 at 1.1 charge a card: 1 min at most
the resource Stripe key is available, at secret:m/stripe-key
""")
    stored = Path(os.environ["HOME"]) / ".config/mission/secrets/m/stripe-key"
    assert (stored.read_text(), oct(stored.stat().st_mode & 0o777)) == (KEY, "0o600")
    person.run()
    assert person.causes() == [("1.1-a1", "tampered"), ("1.1-a2", "done"), ("1.2-a1", "done")]
    assert (person.repo / "1.1.txt").read_text() == "32 characters, in the prompt: True\n"
    assert (person.repo / "1.2.txt").read_text() == "''\n"
    log = next((person.runtime / "jobs/m").glob("1.1-a1/out.log")).read_text()
    assert log == snapshot('the key is [secret: STRIPE_KEY] ["[secret: STRIPE_KEY]"]\n')
    places = [p for p in person.repo.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert places == []
    assert person.mission("resource", "list", "m").out == snapshot(
        "Stripe key  available  credential  secret:m/stripe-key  in STRIPE_KEY\n"
    )
