"""Pages in a browser: codes that let one browser in, QR codes, running servers, and machines without a screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import segno
from tests.kit.browsing import CODE, browser
from tests.kit.served import USERS
from tests.unit.test_kept_pages import stuck

from mission_cli.adapters.servers.running import Servers
from mission_cli.app.addressing import resolve
from mission_cli.domain.deciding.servers import RunningServer
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.commands.browsing.browser import has_screen, open_address
from mission_cli.surfaces.cli.commands.browsing.phone import USUAL, digest_of, listens, qr_lines
from mission_cli.surfaces.cli.commands.browsing.web import path_of, server_of
from mission_cli.surfaces.http.codes import LIFETIME_SECONDS, Codes

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_an_invitation_lets_one_browser_in_once_and_not_for_long() -> None:
    clock = Clock()
    codes = Codes(clock, CODE)
    first, second, late = codes.invite("digest"), codes.invite(), codes.invite("digest")
    assert [codes.take(first), codes.take(first)] == ["digest", None]
    assert [codes.take(second), codes.take(second)] == ["", None]
    assert [codes.take(CODE), codes.take(CODE)] == ["", ""], "the printed one is for this machine, and stays"
    clock.now += LIFETIME_SECONDS
    assert [codes.take(late), codes.take("nothing")] == [None, None]


def test_without_a_printed_code_no_empty_code_lets_in() -> None:
    assert Codes(Clock()).take("") is None


def test_old_invitations_end_for_new_ones() -> None:
    codes = Codes(Clock())
    made = [codes.invite(str(number)) for number in range(30)]
    assert [codes.take(code) for code in made] == [*[None] * 10, *map(str, range(10, 30))]


def test_a_phone_is_signed_in_as_the_user_of_the_code_and_no_second_one_is() -> None:
    codes = Codes(Clock())
    phone, other = (browser(stuck(), users=USERS, codes=codes) for _ in range(2))
    code = codes.invite(digest_of("reader", USERS))
    phone.open(f"/enter/{code}")
    assert phone.status == 200
    page = phone.open("/")
    assert (phone.status, "reader" in page.text) == (200, True)
    assert "Try again" not in [button for form in page.forms for button in form.buttons], "it may only look"
    other.open(f"/enter/{code}")
    assert other.status == 403
    other.open("/")
    assert other.status == 401
    assert code not in "".join([*phone.log, *other.log])


def test_the_blocks_of_a_qr_code_are_its_modules() -> None:
    url = "http://192.168.178.20:8765/enter/YWJjZGVmZ2hpamtsbW5vcHFyc3R1"
    modules = [list(map(bool, row)) for row in segno.make(url, error="m", micro=False).matrix_iter(border=2)]
    halves = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}
    seen = [[halves[block][half] for block in line] for line in qr_lines(url) for half in (0, 1)]
    assert seen[: len(modules)] == modules
    assert not any(any(row) for row in seen[len(modules) :])
    assert {len(line) for line in qr_lines(url)} == {len(modules[0])}


def test_a_phone_needs_a_user_with_a_token() -> None:
    for users in ((), USERS):
        with pytest.raises(UsageError, match="'eve' has no token") as caught:
            listens(USUAL, "eve", users)
        assert str(caught.value.hint) == "add one first: mission access add eve"
    assert listens("192.168.178.20", "reader", USERS) == "192.168.178.20"


def test_only_a_server_of_this_machine_for_this_repository_is_opened() -> None:
    lan, other = RunningServer("http://192.168.1.2:8765", ("/a",)), RunningServer("http://127.0.0.1:1", ("/b",))
    both, six = RunningServer("http://127.0.0.1:2", ("/b", "/a")), RunningServer("http://[::1]:3", ("/a",))
    assert server_of([lan, other, both, six], "/a") == both
    assert server_of([lan, six], "/a") == six
    assert server_of([lan, other], "/a") is None
    assert server_of([RunningServer("http://evil.example", ("/a",)), RunningServer("x", ("/a",))], "/a") is None


def test_the_page_of_a_feature_is_that_of_its_last_attempt() -> None:
    ctx = stuck().context()
    snapshot = ctx.state.snapshot()
    assert path_of(ctx, resolve(snapshot, "m")) == "/missions/m"
    assert path_of(ctx, resolve(snapshot, "m/1.2")) == "/missions/m/attempts/1.2-a2"
    assert path_of(ctx, resolve(snapshot, "m/2.1")) == "/missions/m"


def test_a_running_server_is_known_as_long_as_it_holds_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "servers"
    assert list(Servers(folder).running()) == []
    Servers(folder).announce("http://127.0.0.1:8765", ["/a"])
    assert list(Servers(folder).running()) == [RunningServer("http://127.0.0.1:8765", ("/a",))]
    (folder / "dead.json").write_text('{"url": "http://127.0.0.1:1", "repositories": ["/a"]}')
    assert [one.url for one in Servers(folder).running()] == ["http://127.0.0.1:8765"]
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_a_machine_without_a_screen_opens_no_browser(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(other, raising=False)
    assert has_screen(os.environ) is has_screen({})
    assert has_screen({name: "x"})
    if not has_screen({}):
        assert not open_address("http://127.0.0.1:1")
