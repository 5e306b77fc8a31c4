"""The screen of `mission top`: a stack of views, the keys, and the thread that keeps the present view up to date."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input, Static

from mission_cli._support.dataclass import replace
from mission_cli.domain.asking.options import Option
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.lines import as_text, clip, line, paragraph, said, wrap
from mission_cli.surfaces.plain import BUG
from mission_cli.surfaces.top.acting import ACTIONS
from mission_cli.surfaces.top.acting.action import Question
from mission_cli.surfaces.top.dialog import Dialog, agreed
from mission_cli.surfaces.top.footer import Footer
from mission_cli.surfaces.top.pages.attempt import AttemptPage
from mission_cli.surfaces.top.pages.home import HomePage
from mission_cli.surfaces.top.pages.mission import HistoryPage, MissionPage, WhyPage
from mission_cli.surfaces.top.reader import EVERY_SECONDS, Reader
from mission_cli.surfaces.top.sheet import GUTTER, Sheet
from mission_cli.surfaces.top.target import Target, remedies_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.acting.action import Action, Said
    from mission_cli.surfaces.top.pages.page import Page
    from mission_cli.surfaces.top.reader import Drawn
    from mission_cli.surfaces.top.repositories import Acting, Repositories
    from mission_cli.surfaces.top.sheet import Block

INTERRUPTED = 130
"""The exit status after Ctrl+C or a signal."""
_MOST_TOLD = 4
_NAME = 8
"""Cells for the name of a key."""
_CSS = """
Screen { layout: vertical; }
#title, #told { height: auto; }
#filter { display: none; }
Sheet { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
Dialog { align: left bottom; background: transparent; }
#dialog { height: auto; border-top: heavy ansi_cyan; padding: 0; }
#dialog Static { height: auto; padding: 0 2; }
Input { height: 1; border: none; padding: 0 2; }
"""
_BY_NAME = {action.name: action for action in ACTIONS}
_ALWAYS = (("?", "help"), ("q", "quit"))
_HELP = (
    ("↑↓ j k", "choose, or scroll"),
    ("enter", "open what is chosen"),
    ("esc", "go back"),
    ("l", "what the worker of a feature says and does, live"),
    ("w", "why something does not advance, and what helps"),
    ("h", "what happened to the mission"),
    ("[ ]", "the attempt before, the attempt after"),
    ("y", "copy the command that helps"),
    ("/", "show only lines with some text"),
    ("q", "leave"),
)


class Top(App[int]):
    """The whole program."""

    CSS = _CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave(0)", show=False),
        Binding("ctrl+c", f"leave({INTERRUPTED})", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("question_mark", "keys", show=False),
        Binding("slash", "filter", show=False),
        Binding("enter,right", "open", show=False),
        Binding("escape,backspace,left", "go_back", show=False),
        Binding("l", "logs", show=False),
        Binding("w", "why", show=False),
        Binding("h", "history", show=False),
        Binding("y", "copy", show=False),
        Binding("left_square_bracket", "attempt(-1)", show=False),
        Binding("right_square_bracket", "attempt(1)", show=False),
        *(Binding(action.key, f"act({action.name!r})", show=False) for action in ACTIONS),
    ]

    class Read(Message):
        """The present view was read."""

        def __init__(self, drawn: Drawn) -> None:
            super().__init__()
            self.drawn = drawn

    def __init__(self, repositories: Repositories, *, every: float = EVERY_SECONDS, signals: bool = False) -> None:
        super().__init__(ansi_color=True)
        self.reader = Reader(lambda drawn: self.post_message(self.Read(drawn)), every)
        self._signals = signals
        self._pages: list[Page] = [HomePage(repositories)]
        self._chosen: dict[int, Hashable] = {}
        """What was chosen in the views below, by their place."""
        self._shown: Page | None = None
        self._failed = False
        """Whether the present view could not be read."""
        self._received = 0
        """How often the reader has handed something over."""
        self._drawn: Drawn | None = None
        self._words = ""
        """Of the filter."""
        self._doing = ""
        self._told: list[Line] = []
        self._sheet, self._footer = Sheet(), Footer()
        self._title, self._message = Static(id="title"), Static(id="told")
        self._filter = Input(id="filter", compact=True, placeholder="only lines with this text", select_on_focus=False)
        self._filter.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Yield the parts of the screen."""
        yield self._title
        yield self._sheet
        yield self._filter
        yield self._message
        yield self._footer

    def on_mount(self) -> None:
        """Begin to read."""
        self._sheet.focus()
        if self._signals:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self.exit, INTERRUPTED)
        self.app_resume_signal.subscribe(self, lambda _: self._sheet.refresh())
        self.reader.start()
        self._ask()

    def on_unmount(self) -> None:
        """Stop reading."""
        self.reader.stop()

    def on_resize(self) -> None:
        """Draw it for another width."""
        self._ask()
        self._describe()

    # What is shown

    @property
    def page(self) -> Page:
        """The present view."""
        return self._pages[-1]

    @property
    def is_quiet(self) -> bool:
        """Whether everything is shown, and no command is under way that waits for no person."""
        at_work = bool(self._doing) and not isinstance(self.screen, Dialog)
        return not at_work and self.reader.settled(0) and self._received == self.reader.handed

    @property
    def target(self) -> Target | None:
        """What the keys act on."""
        chosen = self._sheet.target
        if isinstance(chosen, Target):
            return chosen
        return self._drawn.about if self._drawn is not None else None

    def look_again(self) -> None:
        """Look at once whether anything has changed."""
        self._ask()

    def _ask(self) -> None:
        """Have the present view read and drawn."""
        self.reader.show(self.page, self.size.width - GUTTER - 1)

    def on_top_read(self, message: Read) -> None:
        """Show what was read, unless it is another view by now."""
        drawn = message.drawn
        self._received += 1
        if drawn.page is not self.page:
            return
        if drawn.blocks is not None or self._drawn is None or self._drawn.page is not drawn.page:
            self._drawn = drawn
        if drawn.error is not None:
            self._complain(drawn.error)
        elif self._failed:
            self._told = []
        self._failed = drawn.error is not None
        self._show()

    def _show(self) -> None:
        if self._drawn is None:
            return
        anew = self._shown is not self.page
        self._shown = self.page
        blocks = [one for one in self._drawn.blocks or () if self._fits(one)]
        self._sheet.show(blocks, anew=anew, follow=self.page.follows)
        if anew and len(self._pages) in self._chosen:
            self._sheet.select(self._chosen.pop(len(self._pages)))
        self._describe()

    def _fits(self, block: Block) -> bool:
        return block.fixed or not self._words or self._words in block.text

    def on_sheet_chosen(self) -> None:
        """Name the keys for what is chosen now."""
        self._describe()

    def _describe(self) -> None:
        """Write title, message and keys."""
        width = self.size.width
        path = " > ".join(page.title for page in self._pages)
        parts = line(
            ("mission top", "bold"), f"  {said(path)}", (f"  /{said(self._words)}" if self._words else "", "yellow")
        )
        self._title.update(as_text([clip(parts, width)]))
        doing = paragraph(f"{self._doing} …", width, "cyan") if self._doing else []
        told = (doing or self._told)[:_MOST_TOLD]
        self._message.update(as_text(told))
        self._message.display = bool(told)
        target = self.target
        keys = [(action.key, action.name) for action in ACTIONS if target is not None and action.fits(target)]
        more = [("enter", "open")] if isinstance(self._sheet.target, Target) else []
        if target is not None and target.mission:
            more += [key for key in (("l", "logs"), ("w", "why"), ("h", "history")) if key[0] != self.page.key]
        more += [("esc", "back")] if len(self._pages) > 1 else []
        more += [("y", "copy")] if target is not None and remedies_of(target.waiting) else []
        self._footer.show([*more[:1], *keys, *more[1:], ("/", "filter")], _ALWAYS)

    def _tell(self, *words: str, style: str = "") -> None:
        """Show a message."""
        width = self.size.width
        self._told = [row for one in words for part in one.splitlines() for row in paragraph(part, width, style)]
        self._describe()

    def _complain(self, error: Exception) -> None:
        """Show an error with its hint."""
        if isinstance(error, MissionError):
            words = [f"error: {error.message}", *([f" hint: {error.hint}"] if error.hint else [])]
        else:
            words = [f"this is a bug in mission: {type(error).__name__}: {error}"]
        self._tell(*words, style="red")

    # Moving around

    def _push(self, page: Page) -> None:
        target = self._sheet.target
        if target is not None:
            self._chosen[len(self._pages)] = self._sheet.name_of_chosen
        self._pages.append(page)
        self._leave_filter()
        self._told = []
        self._ask()

    def action_go_back(self) -> None:
        """Go to the view before."""
        if self._words:
            self._leave_filter()
            self._show()
        elif len(self._pages) > 1:
            self._pages.pop()
            self._told = []
            self._ask()

    def action_open(self) -> None:
        """Open what is chosen."""
        target = self._sheet.target
        if not isinstance(target, Target) or not target.mission:
            return
        if target.feature:
            self._push(AttemptPage(target.repository, target.mission, target.feature))
        else:
            self._push(MissionPage(target.repository, target.mission))

    def on_sheet_opened(self) -> None:
        """Open what was clicked twice."""
        self.action_open()

    def action_logs(self) -> None:
        """Show the log of a feature: the chosen one, or the one that runs."""
        target = self.target
        if target is None or not target.mission or self.page.key == AttemptPage.key:
            return
        feature = target.feature or target.busy
        if feature:
            self._push(AttemptPage(target.repository, target.mission, feature))
        else:
            self._push(MissionPage(target.repository, target.mission))

    def action_why(self) -> None:
        """Show why something does not advance."""
        if self.target is not None and self.target.mission and self.page.key != WhyPage.key:
            self._push(WhyPage(self.target))

    def action_history(self) -> None:
        """Show what happened."""
        if self.target is not None and self.target.mission and self.page.key != HistoryPage.key:
            self._push(HistoryPage(self.target))

    def action_attempt(self, step: int) -> None:
        """Show the attempt before, or after."""
        page = self.page
        if isinstance(page, AttemptPage) and (other := page.other(step)) is not None:
            self._pages[-1] = other
            self._ask()

    def action_copy(self) -> None:
        """Copy the command that helps."""
        remedies = remedies_of(self.target.waiting) if self.target is not None else []
        if remedies:
            self.copy_to_clipboard(str(remedies[0]))
            self._tell(f"copied: {remedies[0]}")

    def action_leave(self, status: int) -> None:
        """End the program."""
        self.exit(status)

    def action_keys(self) -> None:
        """Name all keys."""
        known = [*_HELP, *((action.key, action.about) for action in ACTIONS)]

        def shown(width: int) -> list[Line]:
            return [row for key, words in known for row in _named(key, words, width)]

        self.push_screen(Dialog(Question("Keys", shown)))

    # The filter

    def action_filter(self) -> None:
        """Ask for the text."""
        self._filter.display = True
        self._filter.value = self._words
        self._filter.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input is self._filter:
            self._words = event.value.casefold()
            self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, and go back to the lines."""
        if event.input is self._filter:
            self._filter.display = False
            self._sheet.focus()

    def _leave_filter(self) -> None:
        self._words, self._filter.value = "", ""
        self._filter.display = False
        self._sheet.focus()

    # Commands

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """Press the key that was clicked."""
        self.simulate_key({"/": "slash", "?": "question_mark", "esc": "escape"}.get(event.key, event.key))

    def action_act(self, name: str) -> None:
        """Give a command."""
        action, target = _BY_NAME[name], self.target
        if target is None or not action.fits(target):
            return
        if self._doing:
            self._tell(f"wait until this is done: {self._doing}", style="yellow")
        else:
            self._doing = f"{action.name} {target.address}".strip()
            self.run_worker(self._do(action, target), group="commands")

    async def _do(self, action: Action, target: Target) -> None:
        """Ask, give the command in a thread, and show what happened."""
        try:
            words = await self._carry_out(action, target)
        except MissionError as error:
            self._doing = ""
            self._complain(error)
        except Exception as bug:  # noqa: BLE001 - a bug in one command must not end the screen, which reports it
            self._doing = ""
            self._complain(bug)
        else:
            self._doing = ""
            self._tell(*words)
        self.reader.refresh()

    async def _carry_out(self, action: Action, target: Target) -> Sequence[str]:
        nothing = ("nothing was changed",)
        several = action.choose(target)
        if len(several) > 1:
            names = [Option(str(at), action.named(one)) for at, one in enumerate(several, 1)]
            which = await self.push_screen_wait(Dialog(Question(f"{action.name}: which one?", options=names)))
            if which is None:
                return nothing
            target = several[int(which.option) - 1]
        elif several:
            target = several[0]
        acting = await asyncio.to_thread(target.repository.open, action.command, at_any_rate=action.at_any_rate)
        answer = await self._answered(action, target, acting)
        if answer is None:
            return nothing
        self._describe()
        return await asyncio.to_thread(action.act, acting, target, answer)

    async def _answered(self, action: Action, target: Target, acting: Acting) -> Said | None:
        """Return what the person answered, after they agreed to what it means; None if they do not want it."""
        question = await asyncio.to_thread(action.ask, acting, target)
        answer = await self.push_screen_wait(Dialog(question))
        if answer is None or action.before is None:
            return answer
        meant = await asyncio.to_thread(action.before, acting.context, target, answer)
        if meant is None:
            return answer
        wanted = agreed(replace(question, title=f"{question.title}: continue?"), meant.text, default=meant.default)
        return answer if await self.push_screen_wait(Dialog(wanted)) is not None else None


def _named(key: str, words: str, width: int) -> list[Line]:
    rows = wrap(words, width - _NAME)
    return [line((f"{'' if at else key:<{_NAME}}", "bold"), row) for at, row in enumerate(rows)]


def run_top(repositories: Repositories) -> int:
    """Show the screen until the person leaves; return the exit status."""
    app = Top(repositories, signals=True)
    status = app.run()
    return (BUG if app.return_code else 0) if status is None else status
