"""A real site on loopback with a sign-up: a form, a code by mail, and ways that lead elsewhere."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOIN = """<title>Join</title><form method=post action=/join>
<label>E-mail <input id=mail name=mail></label><label>Password <input id=pass name=pass type=password></label>
<label>I agree to the terms <input id=terms name=terms type=checkbox></label>
<label>Card number <input id=card autocomplete=cc-number></label>
<button id=join>Sign up</button></form><form method=post action=/away><button id=away>Away</button></form>
<img src="http://elsewhere.invalid/pixel.png">"""
CODE = (
    "<title>Code</title><form method=post action=/code><input id=code name=code><button id=confirm>OK</button></form>"
)
WELCOME = "<title>Welcome</title>Welcome"
SECRET = "482913"  # noqa: S105 - the code that the site mails


@dataclass
class SignUpSite:
    """The site, and what it was told."""

    url: str = ""
    joined: list[dict[str, str]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    mail: Callable[[str, str], None] = lambda *_: None
    """Sends a mail: the address, and the text."""

    @property
    def host(self) -> str:
        """Its host with the port, as a plan names it."""
        return self.url.removeprefix("http://")


def _handler(site: SignUpSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {"/join": JOIN, "/code": CODE, "/welcome": WELCOME}
            page = pages.get(self.path, "")
            if self.path == "/code" and "session=s1" not in self.headers.get("Cookie", ""):
                page = "<title>Who are you?</title>"
            self._say(200 if page else 404, page)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = {name: values[0] for name, values in parse_qs(raw).items()}
            if self.path == "/join":
                site.joined.append(told)
                site.mail(told["mail"], f"Your code is {SECRET}.")
                self._go("/code", "session=s1; Path=/")
            elif self.path == "/code":
                site.confirmed.append(told["code"])
                self._go("/welcome" if told["code"] == SECRET else "/join")
            else:
                self._go("http://elsewhere.invalid/")

        def log_message(self, *args: object) -> None:
            del args

        def _say(self, status: int, page: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def _go(self, to: str, cookie: str = "") -> None:
            self.send_response(303)
            self.send_header("Location", to)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()

    return Handler


@contextmanager
def sign_up_site() -> Iterator[SignUpSite]:
    """Serve it until the end of the block."""
    site = SignUpSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
