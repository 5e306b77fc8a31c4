"""A question over the lower part of the screen: what it is about, options, a line to write, yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mission_cli._support.dataclass import replace
from mission_cli.surfaces.lines import BLANK, as_text, flow, line, paragraph
from mission_cli.surfaces.top.acting.action import Said
from mission_cli.surfaces.top.sheet import GUTTER, Block, Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from mission_cli.surfaces.top.acting.action import Question

_LEAST_WIDTH = 20


class Dialog(ModalScreen["Said | None"]):
    """Asks one question; the result is None if the person does not want to answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("enter", "submit", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("pageup", "leaf(-1)", show=False, priority=True),
        Binding("pagedown", "leaf(1)", show=False, priority=True),
        Binding("y,Y", "yes", show=False),
        Binding("n,N", "no", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._about, self._options, self._title, self._keys = Sheet(), Sheet(), Static(), Static()
        self._text = Input(placeholder=question.text, compact=True, select_on_focus=False)
        self._text.cursor_blink = False
        self._told = ""

    def compose(self) -> ComposeResult:
        """Yield title, what it is about with the options, the line to write, and the keys."""
        with Vertical(id="dialog"):
            yield self._title
            yield self._about
            if self._question.options:
                yield self._options
            if self._question.text:
                yield self._text
            yield self._keys

    def on_mount(self) -> None:
        """Lay it out."""
        self._lay_out(anew=True)
        (self._text if self._question.text else self._chooser).focus()

    def on_resize(self) -> None:
        """Lay it out anew."""
        self._lay_out()

    def on_sheet_opened(self, event: Sheet.Opened) -> None:
        """Take the option that was clicked twice."""
        event.stop()
        self.action_submit()

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)

    def action_submit(self) -> None:
        """Answer what was chosen and written; to a question for yes or no, what Enter means."""
        asked, text = self._question, self._text.value.strip()
        if asked.yes is not None:
            self.dismiss(Said(saw=asked.saw) if asked.yes else None)
        elif asked.needed and not text:
            self._told = f"write the {asked.text} first"
            self._lay_out()
        else:
            chosen = self._options.target
            self.dismiss(Said(text, chosen if isinstance(chosen, str) else "", asked.saw))

    def action_yes(self) -> None:
        """Answer yes."""
        if self._question.yes is not None:
            self.dismiss(Said(saw=self._question.saw))

    def action_no(self) -> None:
        """Answer no."""
        if self._question.yes is not None:
            self.dismiss(None)

    def action_scroll(self, step: int) -> None:
        """Choose another option, or scroll."""
        self._chooser.action_choose(step)

    def action_leaf(self, step: int) -> None:
        """Scroll by a screen."""
        self._about.action_leaf(step)

    def _lay_out(self, *, anew: bool = False) -> None:
        asked, size = self._question, self.size
        width = max(_LEAST_WIDTH, size.width - GUTTER - 2)
        title = paragraph(asked.title, width, "bold")
        told = [(self._told, "yellow")] if self._told else [(words, "dim") for words in _keys_of(asked)]
        keys = flow([line(one) for one in told], width)
        about = [Block([one]) for one in asked.shown(width)]
        about += [Block([BLANK])] if about and asked.options else []
        options = []
        for option in asked.options:
            words = f"{option.label}: {option.description}" if option.description else option.label
            options.append(Block(paragraph(words, width) or [line("")], option.label, option.label))
        rows = sum(len(block.lines) for block in options)
        room = size.height - len(title) - len(keys) - bool(asked.text) - 1
        most = min(rows, max(1, room - 1))
        self._title.update(as_text(title))
        self._keys.update(as_text(keys))
        self._about.styles.height = max(0, min(len(about), room - most))
        self._about.show(about, anew=anew)
        if options:
            self._options.styles.height = most
            self._options.show(options, anew=anew)

    @property
    def _chooser(self) -> Sheet:
        """What the arrows act on."""
        return self._options if self._question.options else self._about


def _keys_of(asked: Question) -> list[str]:
    if asked.yes is not None:
        return ["y yes", "n no", f"enter {'yes' if asked.yes else 'no'}"]
    if not (asked.options or asked.text):
        return ["↑↓ scroll", "esc leave"]
    empty = [] if asked.needed or not asked.text else [f"the {asked.text} may be empty"]
    return [*(["↑↓ choose"] if asked.options else []), "enter continue", "esc leave", *empty]


def agreed(question: Question, text: str, *, default: bool) -> Question:
    """Return the question whether a person agrees to a consequence."""
    return replace(question, shown=lambda width: paragraph(f"{text}.", width), text="", options=(), yes=default)
