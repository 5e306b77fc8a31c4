"""Without a sandbox a worker can move branches of the repository: it is found out, and they are put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.test_judging import plan

if TYPE_CHECKING:
    from tests.kit.people import Person

MOVES_MAIN = """
write("1.1.txt", "1.1 by attempt " + str(ATTEMPT) + "\\n")
commit()
if ATTEMPT == 1:
    repo = OUTSIDE / "repo"
    subprocess.run(["git", "-C", repo, "fetch", "--quiet", Path.cwd(), "HEAD"], check=True)
    subprocess.run(["git", "-C", repo, "update-ref", "refs/heads/main", "FETCH_HEAD"], check=True)
"""


def test_a_base_that_a_worker_moved_is_put_back_and_it_has_tampered(person: Person) -> None:
    begin = person.git("rev-parse", "main")
    person.worker(MOVES_MAIN)
    person.plan(plan('["file: `1.1.txt`"]', preferences="{}"))
    person.start()
    person.run(ok=(3,))
    assert person.git("rev-parse", "main") == begin
    assert person.git("show", "mission/m/work:1.1.txt") == "1.1 by attempt 2"
    assert person.causes() == [("1.1-a1", "tampered"), ("1.1-a2", "done")]
    (words,) = [row.details for row in person.loaded().mission.progress if row.event == "work.put_back"]
    assert words.startswith("the branch main was moved to ")
    assert words.endswith(
        f" by something other than `mission` while 1.1-a1 ran without a sandbox: it is moved back to {begin[:7]}"
    )
