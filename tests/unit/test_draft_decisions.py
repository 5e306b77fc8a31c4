"""What becomes of drafts: a person is asked when the mission completes, and what they decide is carried out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.drafts import READER, hand_in
from tests.kit.fakes.code import REFS
from tests.kit.forge.world import memory_world
from tests.kit.missions import feature
from tests.unit.test_drafts import PLAN
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli._support.dataclass import replace
from mission_cli.adapters.agents.own_files import OwnAgentFiles
from mission_cli.app.commands.features import answer
from mission_cli.app.drafts.decide import discard, promote
from mission_cli.app.drafts.listing import drafts_of
from mission_cli.domain.agents.drafts import rows_of
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.ids import Sha
from mission_cli.engine.drafts.given import matches, promoted
from mission_cli.engine.loop import look, pulse
from mission_cli.ports.agents.agent import GivenAgent
from mission_cli.surfaces.reporting.drafts import drafts_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.engine.context import Context

PATH = "agents/log.md"


def finished(*paths: str) -> Host:
    """A mission that has completed with these drafts."""
    host = host_of(honest, m=PLAN)
    go_on(host, 1)
    hand_in(host, dict.fromkeys(paths or (PATH,), READER), purpose="Reads the log")
    go_on(host)
    return host


def rows(host: Host) -> list[tuple[str, str]]:
    """Path and fate of each draft."""
    return [(row.path, row.promote) for row in rows_of(committed(host))]


def files(host: Host) -> dict[str, str]:
    """The files of drafts, as they are committed."""
    state = host.context().state
    snapshot = state.snapshot()
    assert snapshot.head is not None
    return dict(state.workspace(next(iter(snapshot.missions.values())), snapshot.head, "agents", "scripts"))


def with_home(host: Host, home: Path) -> Context:
    """The ports, with a home folder for promoted drafts."""
    around = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    return replace(host.context(), own_agents=OwnAgentFiles(home / ".config/mission", around))


def test_a_person_decides_at_the_end_what_becomes_of_drafts() -> None:
    host = finished()
    mission = committed(host)
    assert str(mission.status) == "completed", "it does not wait for the decision"
    asked = [(r.number, r.feature, r.prompt, r.options, r.status) for r in mission.requests]
    assert asked == [
        (
            1, "final",
            ("Draft `agents/log.md`: what becomes of this agent? Reads the log (attempts per feature: 1 with it; "
             "tokens per feature: 0 with it; failures: 0 of 1 with it)"),
            ("to me", "to the repository", "discard"), "open",
        ),
    ]  # fmt: skip
    holds = look(host.context()).cases["m"].plan.holds  # type: ignore[index]  # it is there, or the test fails
    assert [(h.subject, h.person, str(h.unblock)) for h in holds] == [
        ("final", True, "mission answer m 1 ANSWER (to me or to the repository or discard)")
    ]
    go_on(host, 3)
    assert len(committed(host).requests) == 1, "once"
    answer(host.context(), "m", 1, "discard")
    pulse(host.context())
    assert (rows(host), files(host)) == ([(PATH, "discarded")], {})
    log = [row.details for row in committed(host).progress if row.event == "draft.moved"]
    assert log == ["agents/log.md is discarded: request 1 was answered with discard"]
    head = host.context().state.head()
    go_on(host, 2)
    assert host.context().state.head() == head, "nothing is left to do"


def test_a_draft_goes_to_the_person_and_nothing_is_overwritten(tmp_path: Path) -> None:
    host = finished()
    answer(host.context(), "m", 1, "to me")
    place = tmp_path / ".config/mission/agents/log.md"
    place.parent.mkdir(parents=True)
    place.write_text("mine\n")
    for _ in range(3):
        pulse(with_home(host, tmp_path))
    assert rows(host) == [(PATH, "to me")]
    holds = look(with_home(host, tmp_path)).cases["m"].plan.holds  # type: ignore[index]  # it is there, or the test fails
    assert [h.detail for h in holds] == [f"log is not promoted: {place} is something else, and stays as it is"]
    assert place.read_text() == "mine\n"
    place.unlink()
    for _ in range(3):
        pulse(with_home(host, tmp_path))
    assert rows(host) == [(PATH, f"mine: {place}")]
    assert place.read_text() == READER.replace("draft", "promoted")
    assert files(host) == {PATH: READER}, "the mission keeps its own"


def test_a_draft_goes_to_a_branch_of_the_repository() -> None:
    host = finished(PATH, "agents/other.md")
    answer(host.context(), "m", 1, "to the repository")
    for _ in range(3):
        pulse(host.context())
    answer(host.context(), "m", 2, "to the repository, please")
    for _ in range(3):
        pulse(host.context())
    said = "repository: branch mission/m/agents"
    assert rows(host) == [(PATH, said), ("agents/other.md", said)]
    tip = Sha(host.jobs.disk.read(f"{REFS}/heads/mission/m/agents", str) or "")
    found = {p: t for p, t in host.jobs.objects.get(tip).files.items() if p.startswith(".mission/")}
    promoted = READER.replace("draft", "promoted")
    assert found == {".mission/agents/log.md": promoted, ".mission/agents/other.md": promoted}
    assert (
        ".mission/agents/log.md"
        not in host.jobs.objects.get(Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or "")).files
    )


@pytest.mark.parametrize("answered", ["to me", "to the repository", "discard"])
def test_what_a_person_decides_is_a_row_of_the_decision_log(answered: str) -> None:
    host = finished()
    assert [r.status for r in committed(host).requests] == ["open"]
    answer(host.context(), "m", 1, answered)
    pulse(host.context())
    words = {"to me": "to me", "to the repository": "to the repository", "discard": "discarded"}
    assert [(row.decision, row.rationale) for row in _decided(host)][-1:] == [
        ({"to me": "Promote the draft agents/log.md to the person's own",
          "to the repository": "Propose the draft agents/log.md to the repository",
          "discard": "Discard the draft agents/log.md"}[answered], rows_said(answered)),
    ]  # fmt: skip
    assert rows(host)[0][1].startswith(words[answered].split()[0]) or answered == "to the repository"


def rows_said(answered: str) -> str:
    """The rationale of the decision."""
    what = {"to me": "goes to the person's own", "to the repository": "is proposed to the repository"}
    return f"agents/log.md {what.get(answered, 'is discarded')}: request 1 was answered with {answered}"


class _Row:
    def __init__(self, cells: dict[str, str]) -> None:
        self.decision, self.rationale = cells["decision"], cells["rationale"]


def _decided(host: Host) -> list[_Row]:
    return [_Row(dict(row.cells)) for row in committed(host).kept if row.section == "Decision Log"]


def test_a_draft_goes_to_the_forge_as_a_pull_request() -> None:
    host = finished()
    first = host.jobs.disk.read(f"{REFS}/heads/main", str)
    assert first is not None
    host.forge = memory_world(host.jobs.objects, {"heads/main": first})
    answer(host.context(), "m", 1, "to the repository")
    for _ in range(4):
        pulse(host.context())
    [pull] = host.forge.site.pulls.values()
    assert (pull.branch, pull.base, pull.title) == ("mission/m/agents", "main", "Add agents and scripts of mission m")
    assert "- `agents/log.md`: Reads the log" in pull.body
    assert rows(host) == [(PATH, f"repository: {host.forge.forge().pulls({'mission/m/agents'})[0].url}")]


def test_a_person_decides_by_command_and_the_request_is_withdrawn(tmp_path: Path) -> None:
    host = finished(PATH, "agents/other.md")
    with pytest.raises(UsageError, match="`us` is not known"):
        promote(host.context(), "m", "log", "us")
    with pytest.raises(NotFoundError, match="m has no draft `lo`"):
        discard(host.context(), "m", "lo")
    promote(host.context(), "m", "log", "me")
    discard(host.context(), "m", "other")
    for _ in range(3):
        pulse(with_home(host, tmp_path))
    assert rows(host) == [(PATH, f"mine: {tmp_path}/.config/mission/{PATH}"), ("agents/other.md", "discarded")]
    assert [r.status for r in committed(host).requests] == ["withdrawn", "withdrawn"]
    assert files(host) == {PATH: READER}
    with pytest.raises(UsageError, match=r"agents/other\.md is discarded"):
        promote(host.context(), "m", "other", "me")
    found = drafts_of(with_home(host, tmp_path), "m")
    assert [(one.name, one.used, one.after.attempts) for one in found.drafts] == [("log", True, 1), ("other", False, 1)]
    assert [(one.path, one.description) for one in found.promoted] == [
        ("own:agents/log.md", "Reads the change log and says what belongs into it")
    ]
    assert drafts_text(found).replace(str(tmp_path), "~") == snapshot("""\
log: agent, 226 B (mine: ~/.config/mission/agents/log.md)
  Reads the log
  from: said to 1.1, 1.2, 1.3, 2026-11-20T10:00:00Z
  with it: 1 attempt at 1 feature, 0 failed; 1.0 attempts and 0 tokens per feature
other: agent, 0 B (discarded)
  Reads the log
  with it: 1 attempt at 1 feature, 0 failed; 1.0 attempts and 0 tokens per feature
  before:  1 attempt at 1 feature, 0 failed; 1.0 attempts and 0 tokens per feature

Promoted before:
  log  agent  Reads the change log and says what belongs into it\
""")


def test_a_later_mission_gets_what_was_promoted_and_matches(tmp_path: Path) -> None:
    own = tmp_path / ".config/mission/agents"
    own.mkdir(parents=True)
    (own / "log.md").write_text(READER)
    (own / "bad.md").write_text(READER + "\x00")
    about = replace(feature("1.1"), title="Write the change log", description="")
    listed = [one.path for one in promoted(with_home(host_of(honest), tmp_path), "") if matches(one, about)]
    assert listed == ["own:agents/log.md"]
    assert not matches(next(promoted(with_home(host_of(honest), tmp_path), "")), replace(about, title="Sign in"))


def test_coding_agents_get_a_file_in_their_own_form(tmp_path: Path) -> None:
    own = OwnAgentFiles(tmp_path / "mission", {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "c")})
    given = GivenAgent("log", "Reads the log", "One line.", ("read", "write"))
    names = ["opencode", "claude", "codex"]
    own.put(PATH, READER, given, names)
    assert [(one.path.removeprefix(f"{tmp_path}/"), one.state) for one in own.look(PATH, READER, given, names)] == [
        ("mission/agents/log.md", "same"), ("c/opencode/agents/log.md", "same"), (".claude/agents/log.md", "same"),
    ]  # fmt: skip
    assert (tmp_path / "c/opencode/agents/log.md").read_text() == (
        '---\ndescription: "Reads the log"\nmode: "subagent"\n'
        'permission: {"*": "deny", "read": "allow", "write": "allow", "edit": "allow"}\n---\n\nOne line.\n'
    )
    assert (tmp_path / ".claude/agents/log.md").read_text() == (
        '---\nname: "log"\ndescription: "Reads the log"\ntools: "Read, Write"\n---\n\nOne line.\n'
    )
