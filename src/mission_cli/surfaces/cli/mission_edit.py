"""`mission edit`: open the editor again and again until the text is saved, kept in a file, or discarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import advise
from mission_cli.surfaces.cli.editor import edited, kept
from mission_cli.surfaces.cli.questions import chosen
from mission_cli.surfaces.plain import asked, clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored
    from mission_cli.surfaces.cli.shell import Shell

_SAVE, _EDIT, _KEEP, _DISCARD = "save", "edit", "keep", "discard"
_WRONG = "the text has errors and was not saved"
_MOST = 12
_MARKERS = 7


class MissionEdit:
    """One edit of a mission file by a person, from the first time the editor opens until it is over."""

    def __init__(self, shell: Shell, ctx: Context, stored: Stored) -> None:
        self._shell, self._ctx, self._stored = shell, ctx, stored
        self._name = f"{stored.id}.md"
        self._before = stored.text
        """The committed text that the edit is made on."""
        self._seen: str | None = None
        """The uncommitted edit on disk that is part of the text, if the person took it in."""

    def run(self) -> Done | None:
        """Return what was saved; None if the person kept or discarded the text.

        Without a terminal nothing is asked, and what cannot be saved raises BlockedError.
        """
        text = self._first()
        while True:
            text = edited(text, self._name)
            choice = self._judged(text)
            if choice == _SAVE:
                try:
                    return self._save(text)
                except BlockedError as error:
                    choice = self._what_now(text, error.message, [str(error.hint)] if error.hint else [])
                    text = self._with_theirs(text) if choice == _EDIT else text
            if choice != _EDIT:
                self._shell.note(
                    f"your text is kept in {kept(self._name, text)}" if choice == _KEEP else "nothing was changed"
                )
                return None

    def _first(self) -> str:
        """Return what the editor opens: the committed text, or the uncommitted one on disk if the person wants it."""
        from mission_cli.app.queries.before.edit import uncommitted_words

        there = self._on_disk()
        if there is None or not self._shell.interactive:
            return self._before
        words = uncommitted_words(self._stored.id, self._before, there)
        self._say(["the file on disk has an edit that is not committed:", *_indented(words)])
        if not asked("Edit and commit it, too?", default=True):
            return self._before
        self._seen = there
        return there

    def _on_disk(self) -> str | None:
        """Return the file on disk if a person has edited it and not committed it."""
        if all(edit.path != self._stored.path for edit in self._ctx.state.edits()):
            return None
        there = self._ctx.state.text_on_disk(self._stored)
        return there if there != self._before else None

    def _judged(self, text: str) -> str:
        """Return what to do with a text: save it, unless it has errors or the person has second thoughts."""
        from mission_cli.app.queries.before.edit import look_at_edit

        look = look_at_edit(self._stored.id, self._before, text)
        if look.errors:
            return self._what_now(text, _WRONG, [problem.at(self._name) for problem in look.errors])
        if not look.changes:
            return _SAVE
        said = [f"besides words, this changes {counted(len(look.changes), 'thing')}:", *_indented(look.changes)]
        if self._shell.interactive:
            self._say(said)
            return chosen("Save it?", (_SAVE, _EDIT, _KEEP, _DISCARD), _SAVE)
        for line in said:
            self._shell.note(line)
        return _SAVE

    def _what_now(self, text: str, words: str, lines: Sequence[str]) -> str:
        """Say why a text cannot be saved; return what the person wants to do.

        Raises BlockedError without a terminal.
        """
        if not self._shell.interactive:
            place = kept(self._name, text)
            if words == _WRONG:
                found = "\n".join(line.replace(self._name, str(place), 1) for line in lines)
                raise BlockedError(f"{words}:\n{found}", hint=f"your text is kept in {place}")
            raise BlockedError(words, hint=advise(*(f"{line}; " for line in lines), f"your text is kept in {place}"))
        self._say([f"{words}:", *_indented(lines)])
        return chosen("What now?", (_EDIT, _KEEP, _DISCARD), _EDIT)

    def _save(self, text: str) -> Done:
        from mission_cli.app.commands.edit import save_edit

        return save_edit(self._ctx, self._stored.id, self._before, text, seen=self._seen)

    def _with_theirs(self, text: str) -> str:
        """Return the text merged with what is in its way, with conflict markers where both changed the same place."""
        from mission_cli.app.addressing import resolve
        from mission_cli.wiring.host import merge_texts

        now = resolve(self._ctx.state.snapshot(), self._stored.id).stored.text
        merged = merge_texts(self._before, now, text, path=self._stored.path, marker_size=_MARKERS).text
        there = self._on_disk()
        if now == self._before and there is not None:
            self._seen = there
            return merge_texts(self._before, there, text, path=self._stored.path, marker_size=_MARKERS).text
        self._before = now
        return merged

    def _say(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._shell.out.print(clean(line))


def _indented(lines: Sequence[str]) -> list[str]:
    shown = [f"  {line}" for line in lines[:_MOST]]
    return [*shown, f"  and {len(lines) - _MOST} more"] if len(lines) > _MOST else shown
