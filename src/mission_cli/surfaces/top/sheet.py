"""Lines on the screen: blocks of them, one of which is chosen; they scroll, and only what is seen is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.lines import BLANK, rich_style

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from textual import events
    from textual.binding import BindingType

    from mission_cli.surfaces.lines import Line

GUTTER = 2
"""Cells on the left, for the mark of what is chosen."""
_CHOSEN, _OTHER = "> ", "  "


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together."""

    lines: Sequence[Line]
    target: object = None
    """What they are about, if they can be chosen."""
    name: Hashable = None
    """The same for the same thing after a refresh."""
    fixed: bool = False
    """A heading, which no filter removes."""

    @property
    def text(self) -> str:
        """Their text, for the filter."""
        return "\n".join("".join(part for part, _ in one) for one in self.lines).casefold()


class Sheet(ScrollView, can_focus=True):
    """Blocks below each other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
        Binding("pageup", "leaf(-1)", show=False),
        Binding("pagedown,space", "leaf(1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
    ]

    class Chosen(Message):
        """Another block is chosen."""

    class Opened(Message):
        """A person wants to see more of what is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Block] = []
        self._rows: list[tuple[Line, int, bool]] = []
        """Each line, the block that it belongs to, and whether it is the first one of it."""
        self._starts: list[int] = []
        self._at = -1
        self._resized = False

    @property
    def target(self) -> object:
        """What is chosen."""
        return self._blocks[self._at].target if self._at >= 0 else None

    @property
    def name_of_chosen(self) -> Hashable:
        """The name of what is chosen."""
        return self._blocks[self._at].name if self._at >= 0 else None

    def show(self, blocks: Iterable[Block], *, anew: bool, follow: bool = False) -> None:
        """Show other blocks; what was chosen stays chosen, and if the end was to be seen with `follow`, it still is.

        `anew`: it is another view, which begins at its top.
        """
        ended = follow and (anew or self.scroll_offset.y >= self.max_scroll_y)
        was = self._blocks[self._at].name if self._at >= 0 and not anew else None
        place = self._at if not anew else -1
        self._blocks = [*blocks]
        self._rows, self._starts = [], []
        for number, block in enumerate(self._blocks):
            self._starts.append(len(self._rows))
            self._rows += [(one, number, not at) for at, one in enumerate(block.lines)]
        able = [at for at, block in enumerate(self._blocks) if block.target is not None]
        same = next((at for at in able if was is not None and self._blocks[at].name == was), None)
        near = next((at for at in able if at >= place), able[-1] if able else -1)
        self._at = near if same is None else same
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
        if anew and not ended:
            self._scroll_to_row(0)
        if ended:
            self._scroll_to_row(self.max_scroll_y)
        if self._resized and self._at >= 0 and not anew:
            self._move_to(self._at)
        self._resized = False
        self.refresh()
        self.post_message(self.Chosen())

    def on_resize(self) -> None:
        """Keep what is chosen in sight."""
        self._resized = True
        if self._at >= 0:
            self._move_to(self._at)

    def select(self, name: Hashable) -> None:
        """Choose the block with a name, if there is one."""
        found = next((at for at, one in enumerate(self._blocks) if one.target is not None and one.name == name), None)
        if found is not None:
            self._move_to(found)

    def render_line(self, y: int) -> Strip:
        """Return one row of the screen."""
        width, at = self.scrollable_content_region.width, self.scroll_offset.y + y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        spans, number, first = self._rows[at]
        chosen = number == self._at
        mark = Segment(_CHOSEN if chosen and first else _OTHER, Style(bold=True, color="cyan"))
        inverse = Style(reverse=True) if chosen and first else Style()
        text = [Segment(part, rich_style(style) + inverse) for part, style in spans or BLANK]
        return Strip([mark, *text]).crop_extend(0, width, self.rich_style).apply_style(self.rich_style)

    # What a person does

    def action_choose(self, step: int) -> None:
        """Choose the next block, or the one before; where there is none, scroll."""
        order = range(self._at + 1, len(self._blocks)) if step > 0 else range(self._at - 1, -1, -1)
        found = next((at for at in order if self._blocks[at].target is not None), None)
        if found is None:
            self._scroll_to_row(self.scroll_offset.y + step)
        else:
            self._move_to(found)

    def action_leaf(self, step: int) -> None:
        """Go one screen on, or back."""
        height = max(1, self.scrollable_content_region.height - 1)
        self._scroll_to_row(self.scroll_offset.y + step * height)
        self._choose_near(self.scroll_target_y)

    def action_end(self, side: int) -> None:
        """Go to the begin or the end."""
        self._scroll_to_row(0 if side < 0 else self.max_scroll_y)
        able = [at for at, block in enumerate(self._blocks) if block.target is not None]
        if able:
            self._move_to(able[0] if side < 0 else able[-1], scroll=False)

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked; open what was chosen already."""
        at = self.scroll_offset.y + event.get_content_offset_capture(self).y
        number = self._rows[at][1] if 0 <= at < len(self._rows) else -1
        if number < 0 or self._blocks[number].target is None:
            return
        if number == self._at:
            self.post_message(self.Opened())
        else:
            self._move_to(number)

    def _scroll_to_row(self, row: float) -> None:
        """Scroll, even before the scroll bar is there."""
        self.scroll_to(0, max(0, min(row, self.max_scroll_y)), animate=False, force=True)

    def _choose_near(self, top: float) -> None:
        rows = range(int(top), min(len(self._rows), int(top) + self.scrollable_content_region.height))
        seen = [self._rows[at][1] for at in rows if self._blocks[self._rows[at][1]].target is not None]
        if seen and self._at not in seen:
            self._move_to(seen[0], scroll=False)

    def _move_to(self, number: int, *, scroll: bool = True) -> None:
        self._at = number
        if scroll:
            top, height = self._starts[number], self.scrollable_content_region.height
            below = top + len(self._blocks[number].lines)
            if all(block.target is None for block in self._blocks[:number]):
                top = 0 if below <= height else top
            now = self.scroll_offset.y
            if top < now:
                self._scroll_to_row(top)
            elif below > now + height:
                self._scroll_to_row(min(top, below - height))
        self.refresh()
        self.post_message(self.Chosen())
