"""Hosts on which attempts can run, besides this machine: what is known of them, and whether they take new attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.hosts.cleaning import Cleaned
    from mission_cli.domain.hosts.look import HostLook


@dataclass(frozen=True, slots=True)
class HostFinding:
    """One line of `mission hosts test`."""

    name: str
    """What was tested, such as `git`, `python`, `sandbox`, `clock` or the name of a runner."""
    ok: bool
    words: str
    hint: str = ""


class Hosts(Protocol):
    """The hosts of one repository. `looks` reads files; only `test` asks a host."""

    def looks(self) -> Sequence[HostLook]:
        """Return every configured host, in the order of the settings."""
        ...

    def drain(self, name: str, *, on: bool) -> None:
        """Keep new attempts away from a host, or let it take them again. Raises NotFoundError for an unknown one."""
        ...

    def test(self, name: str, *, whole: bool = True) -> Sequence[HostFinding]:
        """Ask a host for everything that an attempt needs there, and note whether it could be reached.

        Without `whole`, only that is asked, with one request. Raises NotFoundError for an unknown one.
        """
        ...

    def clean(self, name: str, *, everything: bool, discard: bool, dry_run: bool) -> Cleaned:
        """Remove what this clone left on a host, also on one that was removed from the settings.

        `everything`: also what other clones left there; `discard`: also results that were not taken over. Raises
        NotFoundError for an unknown one, ToolError if it cannot be reached, BusyError while its follower is at work.
        """
        ...

    def ask(self, name: str) -> None:
        """Start to find out whether a host can be reached, and return at once; it starts a pulse if it can."""
        ...


class NoHosts:
    """There are none: every attempt runs on this machine."""

    def looks(self) -> Sequence[HostLook]:
        """Return nothing."""
        return ()

    def drain(self, name: str, *, on: bool) -> None:
        """Refuse it."""
        del on
        raise no_such_host(name, ())

    def test(self, name: str, *, whole: bool = True) -> Sequence[HostFinding]:
        """Refuse it."""
        del whole
        raise no_such_host(name, ())

    def clean(self, name: str, *, everything: bool, discard: bool, dry_run: bool) -> Cleaned:
        """Refuse it."""
        del everything, discard, dry_run
        raise no_such_host(name, ())

    def ask(self, name: str) -> None:
        """Do nothing."""


def no_such_host(name: str, known: Sequence[str]) -> NotFoundError:
    """Return the error for a name that the settings do not have."""
    words = f"there is no host `{name}`"
    if not known:
        return NotFoundError(words, hint=do("hosts", "add", "NAME", "me@machine"))
    return NotFoundError(words, hint=did_you_mean(name, known, f"configured are {', '.join(known)}"))
