"""What every implementation of the port `Browsers` does: the one in memory, and the system's Chromium."""

from __future__ import annotations

from shutil import which
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.browser import MemoryBrowsers, Screen
from tests.kit.nightly import NIGHTLY
from tests.kit.sign_up_site import SECRET, SignUpSite, sign_up_site

from mission_cli.adapters.judges.sign_up import ChromiumBrowsers
from mission_cli.domain.criteria.extras import BROWSERS
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.ports.outside.browser import Browsers

KINDS = ["fake", "real"] if NIGHTLY else ["fake"]
"""Starting Chromium takes seconds, so it is left to the night."""


def screens(site: SignUpSite) -> dict[str, Screen]:
    """The same site in memory."""

    def join(fields: dict[str, str], cookies: dict[str, str]) -> str:
        site.joined.append({"mail": fields["#mail"], "pass": fields["#pass"]})
        cookies["session"] = "s1"
        return f"{site.url}/code"

    def confirm(fields: dict[str, str], cookies: dict[str, str]) -> str:
        site.confirmed.append(fields["#code"])
        return f"{site.url}/welcome" if cookies.get("session") == "s1" else f"{site.url}/join"

    fields = {"#mail": "E-mail", "#pass": "Password", "#card": "Card number cc-number"}
    buttons = {"#join": ("Sign up", join), "#away": ("Away", lambda _, __: "http://elsewhere.invalid/")}
    return {
        f"{site.url}/join": Screen(fields, buttons),
        f"{site.url}/code": Screen({"#code": "Code"}, {"#confirm": ("OK", confirm)}),
        f"{site.url}/welcome": Screen(),
    }


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest) -> Iterator[tuple[Browsers, SignUpSite]]:
    """Browsers, and a site."""
    if request.param == "real" and not any(map(which, BROWSERS)):
        pytest.skip("needs Chromium: apt-get install chromium")
    with sign_up_site() as site:
        yield (ChromiumBrowsers() if request.param == "real" else MemoryBrowsers(screens(site))), site


def test_a_form_is_filled_and_a_state_goes_on_in_another_browser(world: tuple[Browsers, SignUpSite]) -> None:
    browsers, site = world
    assert browsers.obstacle() == ""
    with browsers.start((site.host,), "") as page:
        assert page.url == ""
        page.open(f"{site.url}/join")
        assert "Card number" in page.about("#card")
        assert "cc-number" in page.about("#card")
        page.fill("#mail", "a@example.org", secret=False)
        page.fill("#pass", "hidden away", secret=True)
        assert page.picture()[:4] == b"\x89PNG"
        page.click("#join")
        assert page.url == f"{site.url}/code"
        state = page.state()
    assert [one["mail"] for one in site.joined] == ["a@example.org"]
    with browsers.start((site.host,), state) as page:
        page.open(f"{site.url}/code")
        page.fill("#code", SECRET, secret=True)
        page.click("#confirm")
        assert page.url == f"{site.url}/welcome"
    assert site.confirmed == [SECRET]


def test_what_is_not_there_or_not_allowed_is_an_error_without_secrets(world: tuple[Browsers, SignUpSite]) -> None:
    browsers, site = world
    with browsers.start((site.host,), "") as page:
        page.open(f"{site.url}/join")
        for act in (
            lambda: page.open("https://elsewhere.invalid/"),
            lambda: page.fill("#nothing", "s3cret", secret=True),
            lambda: page.click("#nothing"),
            lambda: page.about("#nothing"),
        ):
            with pytest.raises(ToolError) as refused:
                act()
            assert "s3cret" not in refused.value.message


def test_a_way_to_another_host_loads_nothing_of_it(world: tuple[Browsers, SignUpSite]) -> None:
    browsers, site = world
    with browsers.start((site.host,), "") as page:
        page.open(f"{site.url}/join")
        try:
            page.click("#away")
        except ToolError:
            return  # Chromium reports that the load failed
        assert page.url != f"{site.url}/away"
