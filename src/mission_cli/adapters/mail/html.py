"""The text of an HTML mail."""

from __future__ import annotations

from html.parser import HTMLParser

from mission_cli._support.lazy_re import pattern

_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)
_EMPTY = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr"})
_SPACES, _LINES = pattern(r"[ \t\r\f\v\u00a0]+"), pattern(r"\n{3,}")
_QUOTE = "blockquote"


class _Text(HTMLParser):
    """Collects the visible text; links are followed by their addresses, quoted lines begin with `>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []
        self._links: list[str] = []
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line for a block; remember where a link leads."""
        values = {name: value or "" for name, value in attrs}
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "a":
            self._links.append(values.get("href", ""))
        elif tag in _BLOCKS:
            self._quoted += tag == _QUOTE
            self._new_line()

    def handle_endtag(self, tag: str) -> None:
        """End a line; say where a link leads."""
        if tag in self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        elif tag == "a" and self._links:
            address = self._links.pop()
            if address.startswith(("https://", "http://")) and not "".join(self.parts).endswith(address):
                self.parts.append(f" {address} ")
        elif tag in _BLOCKS - _EMPTY:
            self._quoted -= tag == _QUOTE and self._quoted > 0
            self._new_line()

    def handle_data(self, data: str) -> None:
        """Keep what can be seen."""
        if not self._hidden:
            self.parts.append(_SPACES.sub(" ", data.replace("\n", " ")))

    def _new_line(self) -> None:
        self.parts.append("\n" + "> " * (self._quoted > 0))


def text_of(html: str) -> str:
    """Return the visible text of HTML, line by line."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = [_SPACES.sub(" ", line).strip() for line in "".join(reader.parts).split("\n")]
    lines = ["" if line == ">" else line for line in lines]
    return _LINES.sub("\n\n", "\n".join(lines)).strip()
