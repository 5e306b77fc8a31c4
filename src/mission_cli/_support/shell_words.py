"""Split a shell command at its operators, for warnings only, never to run it."""

from __future__ import annotations

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

_OPERATOR = pattern(r"&&|\|\||;;|\|&|[;|&\n]")
_CLOSERS = {"(": ")", "{": "}", "`": "`"}
_KEYWORDS = frozenset({
    "!", "(", ")", "[[", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select",
    "then", "until", "while", "{", "}",
})  # fmt: skip
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Simple:
    """One command between operators: the operator before it (empty for the first), and its words without quotes."""

    operator: str
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """The first word that is not an assignment."""
        return next((w for w in self.words if "=" not in w.partition("/")[0] or w.startswith("=")), "")


def simple_commands(command: str) -> list[Simple] | None:
    """Return the commands of a line in order; None if its quotes do not match."""
    scanner = _Scanner(command)
    try:
        scanner.run()
    except (IndexError, ValueError):
        return None
    return scanner.out


def is_compound(command: str) -> bool:
    """Whether it has keywords, groups or functions, in which operators mean something else."""
    found = simple_commands(command)
    return found is None or any(w in _KEYWORDS - {"!"} for one in found for w in one.words[:1]) or "(" in command


def is_one_pipeline(command: str) -> bool:
    """Whether a command certainly is only programs connected by pipes."""
    found = simple_commands(command)
    if found is None or len(found) < 2 or is_compound(command) or found[0].program == "!":  # noqa: PLR2004 - two ends of a pipe
        return False
    return all(one.operator == "|" and one.words for one in found[1:])


class _Scanner:
    """Reads characters from left to right. Raises ValueError for a quote or parenthesis that is never closed."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.out: list[Simple] = []
        self.words: list[str] = []
        self.word: str | None = None
        self.operator = ""

    def run(self) -> None:
        while self.at < len(self.text):
            self._step(self.text[self.at])
        self._end("")

    def _step(self, char: str) -> None:
        if char in " \t":
            self._end_word()
            self.at += 1
        elif char == "#" and self.word is None:
            self.at = self.text.find("\n", self.at) if "\n" in self.text[self.at :] else len(self.text)
        elif char in "()":
            self._end_word()
            self.words.append(char)
            self.at += 1
        elif self._is_operator(char):
            found = _OPERATOR.match(self.text, self.at)
            self._end(";" if found[0] == "\n" else found[0])  # type: ignore[index]  # it begins with one of its characters
            self.at += len(found[0])  # type: ignore[index]  # the same
        else:
            self._take(char)

    def _is_operator(self, char: str) -> bool:
        if char not in "&|;\n":
            return False
        redirects = char == "&" and (
            self.text[self.at - 1 : self.at] in {">", "<"} or self.text[self.at + 1 : self.at + 2] == ">"
        )
        clobbers = char == "|" and self.text[self.at - 1 : self.at] == ">"
        return not (redirects or clobbers)

    def _take(self, char: str) -> None:
        self.word = self.word or ""
        if char == "\\":
            self.word += self.text[self.at + 1]
            self.at += 2
        elif char == "'":
            end = self.text.index("'", self.at + 1)
            self.word += self.text[self.at + 1 : end]
            self.at = end + 1
        elif char == '"':
            end = _end_of_double(self.text, self.at + 1, 0)
            self.word += self.text[self.at + 1 : end].replace('\\"', '"')
            self.at = end + 1
        elif char == "`" or (char == "$" and self.text[self.at + 1 : self.at + 2] in {"(", "{"}):
            end = _end_of_group(self.text, self.at + (char == "$"), 0)
            self.word += self.text[self.at : end + 1]
            self.at = end + 1
        else:
            self.word += char
            self.at += 1

    def _end_word(self) -> None:
        if self.word is not None:
            self.words.append(self.word)
        self.word = None

    def _end(self, operator: str) -> None:
        self._end_word()
        if self.words or self.out or operator != ";":
            self.out.append(Simple(self.operator, tuple(self.words)))
        self.words, self.operator = [], operator


def _end_of_double(text: str, at: int, depth: int) -> int:
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text[at] == "$" and text[at + 1] in "({":
            at = _end_of_group(text, at + 1, depth + 1) + 1
        else:
            at += 1
    return at


def _end_of_group(text: str, at: int, depth: int) -> int:
    """Return the index of what closes the group that begins at `at` with a parenthesis, brace or backtick."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    close = _CLOSERS[text[at]]
    at += 1
    while text[at] != close:
        if text[at] == "\\":
            at += 2
        elif text[at] == "'" and close != "}":
            at = text.index("'", at + 1) + 1
        elif text[at] == '"':
            at = _end_of_double(text, at + 1, depth + 1) + 1
        elif text[at] in _CLOSERS and close != "`":
            at = _end_of_group(text, at, depth + 1) + 1
        else:
            at += 1
    return at
