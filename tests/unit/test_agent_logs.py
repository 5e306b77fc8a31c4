"""`mission logs` for streams that the real agents printed, recorded against the model server: nothing is invented."""
# ruff: noqa: RUF001 - the minus sign of removed lines

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from mission_cli._support.dataclass import replace
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.money.table import PACKAGED, TablePrices
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.app.queries.logs import AttemptLog
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, RecordState
from mission_cli.ports.agents.logs import LogEntry, LogKind
from mission_cli.ports.executor import LogPart
from mission_cli.settings import Settings
from mission_cli.surfaces.lines import cells, painted, plain
from mission_cli.surfaces.views.log import LogView, whole_log

if TYPE_CHECKING:
    from mission_cli.engine.context import Context

STREAMS = Path(__file__).with_name("streams")
RECORD = RunRecord(RunId("m/1.1-a1"), RecordState.SETTLED, cause=Cause.DONE)


class Recorded:
    """The ports that the log of an attempt uses, with a recorded stream that is read in parts of some bytes."""

    agents = AGENTS
    settings = Settings()
    secrets = SecretRules()
    prices = TablePrices(PACKAGED, {})

    def __init__(self, text: str, part: int = 1 << 20) -> None:
        self._text, self._part = text, part
        self.executor = self

    def read_log(self, key: str, offset: int) -> LogPart:
        """Return the next bytes of the stream."""
        del key
        text = self._text[offset : offset + self._part]
        return LogPart(text, offset + len(text), ended=True)


MODELS = {"codex": "gpt-5", "qwen": "gpt-5", "gemini": "gemini-2.5-pro"}
"""The models of agents that report tokens only."""


def log_of(agent: str, text: str, *, part: int = 1 << 20) -> AttemptLog:
    context: Context = Recorded(text, part)  # type: ignore[assignment]  # the ports that it uses
    return AttemptLog(context, replace(RECORD, runner=agent, model=MODELS.get(agent, "")))


def recorded(agent: str) -> str:
    return (STREAMS / f"{agent}.jsonl").read_text(encoding="utf-8")


def shown(agent: str, width: int = 80) -> str:
    usage = Usage(usd=Decimal("0.0466"), tokens={"input": 12000, "output": 370})
    record = replace(RECORD, runner=agent, model="fake/model", usage=usage)
    return plain(whole_log(record, log_of(agent, recorded(agent)).whole(), width))


def test_opencode() -> None:
    assert shown("opencode") == snapshot("""\
m/1.1-a1  opencode, fake/model
I will look around first.

Then I write the file.

● bash ls -la && git log --oneline | head
  total 16
  drwxr-xr-x 3 root root 4096 Nov 28 14:40 .
  drwxr-xr-x 4 root root 4096 Nov 28 14:40 ..
  … 3 more lines
  2 k tokens, under $0.01
● bash seq 1 40; echo oops >&2; exit 3
  … 38 more lines
  ✗ 39
    40
    oops
  2.1 k tokens, under $0.01

That failed.

✎ 1.1.txt +3
  2.3 k tokens, under $0.01
● read 1.1.txt
  one
  two
  three
  2.3 k tokens, under $0.01
✎ 1.1.txt +1 −2
  2.4 k tokens, under $0.01
● bash export TOKEN=$(printf 'sk-ant-%s' abcdefghijklmnopqrstuvwxyz0123456789);…
  red  [secret: Anthropic key]
  2.4 k tokens, under $0.01
● bash git add -A && git commit -q -m 'Do it' -m 'Completes-feature: 1.1'
  2.4 k tokens, under $0.01

The file is **done** and committed.
  2.5 k tokens, under $0.01

done  12.4 k tokens, $0.05
""")


def test_claude_code() -> None:
    assert shown("claude") == snapshot("""\
m/1.1-a1  claude, fake/model
I will look around first.

Then I write the file.

● bash ls -la && git log --oneline | head
  total 16
  drwxr-xr-x 3 root root 4096 Nov 28 14:40 .
  drwxr-xr-x 4 root root 4096 Nov 28 14:40 ..
  … 3 more lines
  2 k tokens, under $0.01
● bash seq 1 40; echo oops >&2; exit 3
  … 39 more lines
  ✗ 39
    40
    oops
  2.1 k tokens, under $0.01

That failed.

✎ 1.1.txt +3
  2.3 k tokens, under $0.01
● read 1.1.txt
  1   one
  2   two
  3   three
  … 1 more line
  2.3 k tokens, under $0.01
✎ 1.1.txt +1 −2
  2.4 k tokens, under $0.01
● bash export TOKEN=$(printf 'sk-ant-%s' abcdefghijklmnopqrstuvwxyz0123456789);…
  red  [secret: Anthropic key]
  2.4 k tokens, under $0.01
● bash git add -A && git commit -q -m 'Do it' -m 'Completes-feature: 1.1'
  2.4 k tokens, under $0.01

The file is **done** and committed.
  2.5 k tokens, under $0.01

done  12.4 k tokens, $0.05
""")


def test_codex() -> None:
    assert shown("codex") == snapshot("""\
m/1.1-a1  codex, fake/model
WARNING: proceeding, even though we could not create PATH aliases: Refusing to
create helper binaries under temporary dir "/tmp" (codex_home:
AbsolutePathBuf("/home/ada/.codex"))
Model metadata for `gpt-5` not found. Defaulting to fallback metadata; this can
degrade performance and cause issues.

I will look around first.

Then I write the file.

● bash ls -la && git log --oneline | head
  total 16
  drwxr-xr-x 3 root root 4096 Nov 28 14:40 .
  drwxr-xr-x 4 root root 4096 Nov 28 14:40 ..
  … 3 more lines
● bash seq 1 40; echo oops >&2; exit 3
  … 38 more lines
  ✗ 39
    40
    oops

That failed.

● bash cat > '1.1.txt' <<'EOF' one two three EOF
● bash cat 1.1.txt
  one
  two
  three
✎ 1.1.txt
● bash export TOKEN=[REDACTED_SECRET] '"'sk-ant-%s' abcdefghijklmnopqrstuvwxyz0…
  red  [secret: Anthropic key]
● bash git add -A && git commit -q -m 'Do it' -m 'Completes-feature: 1.1'

The file is **done** and committed.
  18.4 k tokens, ~$0.02

done  12.4 k tokens, $0.05
""")


def test_gemini_cli() -> None:
    assert shown("gemini") == snapshot("""\
m/1.1-a1  gemini, fake/model
I will look around first.

Then I write the file.

● run_shell_command ls -la && git log --oneline | head
  total 16
  drwx------  3 root root 4096 Nov 29 15:09 .
  drwxr-xr-x 20 root root 4096 Nov 29 15:09 ..
  … 3 more lines
● run_shell_command seq 1 40; echo oops >&2; exit 3
  1
  2
  3
  … 38 more lines

That failed.

✎ 1.1.txt +3
● run_shell_command git add -A && git commit -q -m 'Do it' -m 'Completes-featur…

The file is **done** and committed.
  11.4 k tokens, ~$0.01

done  12.4 k tokens, $0.05
""")


def test_qwen_code() -> None:
    assert shown("qwen") == snapshot("""\
m/1.1-a1  qwen, fake/model
I will look around first.

Then I write the file.

● run_shell_command ls -la && git log --oneline | head
  2 k tokens, under $0.01
  total 16
  drwx------  3 root root 4096 Nov 29 15:08 .
  drwxr-xr-x 19 root root 4096 Nov 29 15:08 ..
  … 3 more lines
● run_shell_command seq 1 40; echo oops >&2; exit 3
  2.1 k tokens, under $0.01
  … 44 more lines
  ✗ Exit Code: 3
    Signal: (none)
    Process Group PGID: 2431

That failed.

✎ 1.1.txt +3
  2.3 k tokens, under $0.01
● run_shell_command git add -A && git commit -q -m 'Do it' -m 'Completes-featur…
  2.4 k tokens, under $0.01
  Command: git add -A && git commit -q -m 'Do it' -m 'Completes-feature: 1.1'
  Directory: (root)
  Output: (empty)
  … 4 more lines

The file is **done** and committed.
  2.5 k tokens, under $0.01

done  12.4 k tokens, $0.05
""")


@pytest.mark.parametrize("agent", ["opencode", "claude", "codex", "gemini", "qwen"])
def test_what_is_followed_part_by_part_is_what_is_read_at_once(agent: str) -> None:
    log, found, ended = log_of(agent, recorded(agent), part=37), [], False
    while not ended:
        entries, ended = log.read()
        found += entries
    assert found == log_of(agent, recorded(agent)).whole()


@pytest.mark.parametrize("agent", ["opencode", "claude", "codex", "gemini", "qwen"])
@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_terminal_obeys_it(agent: str, width: int) -> None:
    lines = shown(agent, width).splitlines()
    assert max(map(cells, lines)) <= width
    text = painted(LogView(width).lines(log_of(agent, recorded(agent)).whole()))
    assert "\x1b]0;" not in text
    assert "\x07" not in text
    assert "abcdefghijklmnopqrstuvwxyz0123456789 " not in text


def test_errors_are_red_and_a_failed_result_shows_its_end() -> None:
    entries = [
        LogEntry(LogKind.RESULT, "\n".join(map(str, range(9))), failed=True),
        LogEntry(LogKind.ERROR, "Model not found"),
    ]
    assert painted(LogView(0).lines(entries)) == snapshot("""\
\x1b[2m  … 6 more lines\x1b[0m
\x1b[31m  ✗ 6\x1b[0m
\x1b[31m    7\x1b[0m
\x1b[31m    8\x1b[0m
\x1b[31m✗ Model not found\x1b[0m
""")


def test_a_log_that_is_gone_is_what_the_record_keeps() -> None:
    context: Context = Recorded("")  # type: ignore[assignment]  # the ports that it uses
    record = replace(RECORD, runner="claude", transcript="● bash ls\nDone.", last_words="Done.")
    log = AttemptLog(context, record)
    assert [e.text for e in log.whole()] == ["● bash ls", "Done."]


def test_a_secret_that_only_the_decoded_text_shows_is_taken_out() -> None:
    key = "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3"
    text = "".join(f"\\u{ord(c):04x}" for c in key)
    line = '{"type": "text", "part": {"text": "' + text + '"}}\n'
    assert json.loads(line)["part"]["text"] == key
    assert [e.text for e in log_of("opencode", line).whole()] == snapshot(["[secret: Anthropic key]"])
