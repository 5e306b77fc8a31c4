"""The small ports: a machine with room, a schedule that is not there, a free price list, news that are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.domain.host import Person
from mission_cli.domain.notice import advise
from mission_cli.ports.agents.usage import Prices
from mission_cli.ports.machine import Obstacle, Sandbox
from mission_cli.ports.money import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tests.kit.fakes.executor import JobHost

    from mission_cli.ports.notifier import News
    from mission_cli.ports.schedule import Detached, Installed

ADA = Person("Ada", "ada@example.org")


@dataclass
class RoomyMachine:
    """A machine on which `runners` work."""

    host: JobHost
    who: Person = ADA
    short_of: str = ""

    def me(self) -> str:
        """This host."""
        return self.host.name

    def person(self) -> Person:
        """Who sits there."""
        return self.who

    def free_slots(self, kind: str) -> int:
        """Slots that no job of a kind holds."""
        return max(0, self.host.slots - len(self.host.at_work(kind)))

    def sandbox(self) -> Sandbox:
        """There is none."""
        return Sandbox(on=False, words="off")

    def not_in_checkout(self, names: Sequence[str]) -> Sequence[str]:
        """Everything is there."""
        del names
        return ()

    def shortage(self) -> str:
        """What it is short of."""
        return self.short_of

    def runner_obstacle(
        self, command: Sequence[str], keys: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Obstacle | None:
        """Every command is there, unless its name says that it is not."""
        del keys, environment
        if command and command[0].startswith("no-such"):
            return Obstacle(f"`{command[0]}` is not on PATH", advise("install it"), program=True)
        return None if command else Obstacle("the runner has no command", advise("fix .mission.toml"))


class NoPrices:
    """Nobody knows what a model costs."""

    def prices(self, model: str) -> Prices:
        """Empty ones."""
        del model
        return Prices()

    def told(self) -> Table:
        """An empty one."""
        return Table("1970-01-01", "nothing", "", 0)

    def listed(self) -> Mapping[str, Mapping[str, Decimal]]:
        """None."""
        return {}

    def update(self, now: datetime, *, fetch: bool) -> Table:
        """There is nothing to update from."""
        del now, fetch
        return self.told()


class NoSecrets:
    """Nothing is a secret."""

    def kind(self, line: str) -> str:
        """None."""
        del line
        return ""

    def scrub(self, text: str) -> str:
        """The text as it is."""
        return text


class NoSchedule:
    """Nothing starts pulses but the test."""

    def noted(self) -> Installed | None:
        """Nothing."""
        return None

    def installed(self) -> Installed | None:
        """Nothing."""
        return None

    def environment(self, installed: Installed) -> Mapping[str, str]:
        """Nothing."""
        del installed
        return {}

    def detached(self) -> Detached | None:
        """Nothing."""
        return None

    def last_tick(self) -> datetime | None:
        """Never."""
        return None


@dataclass
class KeptNews:
    """What a person was told."""

    told: list[News] = field(default_factory=list)

    def tell(self, news: News) -> None:
        """Keep it."""
        self.told.append(news)


FREE = Decimal(0)
