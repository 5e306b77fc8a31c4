"""What is in the way of landing is looked at by every pulse: the next one after it is gone lands."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.e2e.test_people import ONE
from tests.kit.people import HONEST

from mission_cli import __version__
from mission_cli.fastpath import is_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person


def a_merge(person: Person) -> Callable[[], object]:
    person.git("merge", "--no-commit", "--no-ff", "other")
    return lambda: person.git("merge", "--abort")


def a_cherry_pick(person: Person) -> Callable[[], object]:
    person.git("cherry-pick", "conflicting", ok=(1,))
    return lambda: person.git("cherry-pick", "--abort")


def a_bisect(person: Person) -> Callable[[], object]:
    person.git("bisect", "start")
    return lambda: person.git("bisect", "reset")


def a_locked_index(person: Person) -> Callable[[], object]:
    lock = person.repo / ".git/index.lock"
    lock.touch()
    return lock.unlink


def an_untracked_file(person: Person) -> Callable[[], object]:
    return person.write("1.1.txt", "mine\n").unlink


def an_ignored_file(person: Person) -> Callable[[], object]:
    exclude = person.repo / ".git/info/exclude"
    exclude.write_text(exclude.read_text() + "/1.1.txt\n")
    return person.write("1.1.txt", "mine\n").unlink


def a_folder_of_that_name(person: Person) -> Callable[[], object]:
    mine = person.write("1.1.txt/mine", "mine\n")
    return lambda: shutil.rmtree(mine.parent)


def a_staged_file(person: Person) -> Callable[[], object]:
    person.write("1.1.txt", "mine\n")
    person.git("add", "--force", "1.1.txt")
    return lambda: person.git("rm", "--quiet", "--force", "1.1.txt")


def a_rebase(person: Person) -> Callable[[], object]:
    person.git("rebase", "conflicting", ok=(1,))
    return lambda: person.git("rebase", "--abort")


def a_revert(person: Person) -> Callable[[], object]:
    person.git("revert", "--no-edit", "HEAD~1", ok=(1,))
    return lambda: person.git("revert", "--abort")


def a_conflict(person: Person) -> Callable[[], object]:
    blob = person.git("rev-parse", "HEAD:notes.txt")
    entries = "".join(f"100644 {blob} {stage}\tnotes.txt\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], cwd=person.repo, input=entries, text=True, check=True)
    return lambda: person.git("reset", "--quiet", "--hard")


def a_commit_whose_editor_is_open(person: Person) -> Callable[[], object]:
    said = person.repo.parent / "said"
    os.mkfifo(said)
    editor = f"cat {said} >/dev/null #"
    git = subprocess.Popen(["git", "-c", f"core.editor={editor}", "commit", "--allow-empty"], cwd=person.repo)
    pipe = said.open("w")

    def give_up() -> None:
        git.terminate()
        git.wait()
        pipe.close()

    return give_up


def a_file_in_another_tree_of_the_base(person: Person) -> Callable[[], object]:
    person.git("checkout", "--quiet", "--detach")
    other = person.repo.parent / "tree"
    person.git("worktree", "add", "--quiet", os.fspath(other), "main")
    mine = other / "1.1.txt"
    mine.write_text("mine\n")
    return mine.unlink


OBSTACLES = {
    an_untracked_file: "an untracked file of yours is in the way",
    a_merge: "a merge is not finished",
    a_cherry_pick: "a cherry-pick is not finished",
    a_bisect: "a bisect is not finished",
    a_locked_index: "git is running in",
    an_ignored_file: "an ignored file of yours is in the way",
    a_folder_of_that_name: "an ignored file of yours is in the way",
    a_staged_file: "a changed file of yours is in the way",
    a_rebase: "`main` is being rebased",
    a_revert: "a revert is not finished",
    a_conflict: "an unresolved conflict is in the way",
    a_commit_whose_editor_is_open: "`git -c core.editor=",
    a_file_in_another_tree_of_the_base: "an ignored file of yours is in the way",
}


def test_each_pulse_looks_whether_what_is_in_the_way_of_landing_is_gone(person: Person) -> None:
    for branch, name in (("other", "theirs.txt"), ("conflicting", "notes.txt")):
        person.git("checkout", "--quiet", "-b", branch, "main")
        person.commit("Theirs", **{name: "theirs\n"})
    person.git("checkout", "--quiet", "main")
    person.commit("More", **{"notes.txt": "hello again\n"})
    person.worker(HONEST)
    person.plan(ONE)
    remove = an_untracked_file(person)
    person.start()
    person.run(ok=(3,))
    obstacles = list(OBSTACLES)
    for obstacle, following in zip(obstacles, [*obstacles[1:], None], strict=True):
        [waiting] = person.mission("inbox", "--json", ok=(3,)).facts["inbox"]
        assert waiting["kind"] == "landing", obstacle
        assert waiting["name"].startswith(OBSTACLES[obstacle]), (obstacle, waiting)
        assert not is_idle(os.fspath(person.runtime), __version__), obstacle
        remove()
        if following is not None:
            remove = following(person)
            person.mission("pulse")
    done = person.process("pulse")
    assert "although" not in done.out
    assert person.mission("status", "m", "--json").facts["status"] == "completed"
