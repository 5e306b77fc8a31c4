"""A dated table of prices, as JSON: dollars per million tokens by kind, and which names of models it is about.

The package has one, made from the data of `genai-prices`; the user's own is in the config folder, and counts if it is
newer. Names are matched as `genai-prices` matches them.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import make_folder, write_whole
from mission_cli.domain.errors import ToolError
from mission_cli.ports.agents.usage import KINDS_OF_PRICE, Prices
from mission_cli.ports.money import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

PACKAGED = Path(__file__).with_name("prices.json")
_MILLION = Decimal(1_000_000)
_DATED = pattern(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


@dataclass(frozen=True, slots=True)
class Listed:
    """The prices of one model in a table."""

    name: str
    """`provider/model`."""
    match: Mapping[str, Any]
    per_million: Mapping[str, Decimal]

    def fits(self, name: str) -> bool:
        """Whether a name without its provider means this model."""
        return matches(self.match, name)


class PriceTable:
    """The prices of one file."""

    def __init__(self, facts: Mapping[str, Any], place: str) -> None:
        self.date = date.fromisoformat(str(facts["date"])).isoformat()
        self.source = str(facts["source"])
        self.place = place
        self._providers: dict[str, Mapping[str, Any]] = dict(facts["providers"])
        self._rows: dict[str, list[Any]] = dict(facts["models"])

    @property
    def told(self) -> Table:
        """What a person is told about the table."""
        return Table(self.date, self.source, self.place, sum(map(len, self._rows.values())))

    def find(self, model: str) -> Listed | None:
        """Return the entry of a model, `provider/name` or a name that tells its provider; None if there is none."""
        provider, slash, name = model.lower().partition("/")
        known = self._provider(provider) if slash else self._maker(provider)
        if known is None:
            return None
        name = name if slash else provider
        for one in dict.fromkeys((name, name.rpartition("/")[2])):
            for spelled in dict.fromkeys((one, _DATED.sub(r"-\1-\2-\3", one))):
                for where in (known, *self._providers[known].get("fallback", ())):
                    for entry in self._entries(where):
                        if entry.fits(spelled):
                            return entry
        return None

    def all(self) -> Iterator[Listed]:
        """Yield every model."""
        for provider in self._rows:
            yield from self._entries(provider)

    def _provider(self, name: str) -> str | None:
        if name in self._providers:
            return name
        return next((key for key, facts in self._providers.items() if matches(facts.get("match"), name)), None)

    def _maker(self, name: str) -> str | None:
        """Return the provider whose models have names like this one."""
        return next((key for key, facts in self._providers.items() if matches(facts.get("names"), name)), None)

    def _entries(self, provider: str) -> Iterator[Listed]:
        for name, match, *prices in self._rows.get(provider, ()):
            amounts = dict(zip(KINDS_OF_PRICE, map(Decimal, prices), strict=True))
            yield Listed(f"{provider}/{name}", match or {"equals": name}, amounts)


def matches(clause: Mapping[str, Any] | None, text: str) -> bool:
    """Whether a text fits a clause such as `{"or": [{"equals": "a"}, {"starts_with": "b"}]}`."""
    for kind, value in (clause or {}).items():
        match kind:
            case "or":
                return any(matches(one, text) for one in value)
            case "and":
                return all(matches(one, text) for one in value)
            case "regex":
                return bool(re.search(value, text))
            case "starts_with":
                return text.startswith(value.lower())
            case "ends_with":
                return text.endswith(value.lower())
            case "contains":
                return value.lower() in text
            case _:
                return bool(text == value.lower())
    return False


def read_table(place: Path) -> PriceTable | None:
    """Return the table in a file; None if there is none, or it cannot be read."""
    try:
        return PriceTable(json.loads(place.read_text(encoding="utf-8")), str(place))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class TablePrices:
    """Looks a model up in the settings, then in the newest table. An unknown model has no prices: it is not free."""

    def __init__(self, own: Path, settings: Mapping[str, Mapping[str, Decimal]]) -> None:
        self._own = own
        self._settings = {name.lower(): prices for name, prices in settings.items()}

    @cached_property
    def table(self) -> PriceTable:
        """The table in force: the user's own, unless that of the package is newer."""
        packaged = read_table(PACKAGED)
        own = read_table(self._own)
        found = [one for one in (packaged, own) if one is not None]
        return max(found, key=lambda one: one.date) if found else PriceTable(_EMPTY, "")

    def prices(self, model: str) -> Prices:
        """Return dollars per token by kind, for the smallest context size."""
        given = self._settings.get(model.lower())
        if given is not None:
            return Prices({kind: amount / _MILLION for kind, amount in given.items()}, "settings")
        entry = None
        with suppress(ArithmeticError, ValueError, re.error):  # a table that was edited by hand
            entry = self.table.find(model)
        if entry is None:
            return Prices()
        return Prices({kind: amount / _MILLION for kind, amount in entry.per_million.items()}, self.table.date)

    def told(self) -> Table:
        """Return what the table in force is."""
        return self.table.told

    def listed(self) -> Mapping[str, Mapping[str, Decimal]]:
        """Return dollars per million tokens of every model: those of the settings first."""
        known = {entry.name: entry.per_million for entry in self.table.all()}
        return {**self._settings, **{name: prices for name, prices in known.items() if name not in self._settings}}

    def update(self, now: datetime, *, fetch: bool) -> Table:
        """Write the user's table anew, from the installed data or from what is published now. Raises ToolError."""
        from mission_cli.adapters.money.genai import made_table

        text = made_table(now, fetch=fetch)
        try:
            make_folder(self._own.parent)
            write_whole(self._own, text.encode())
        except OSError as error:
            raise ToolError(f"cannot write {self._own}: {error}") from error
        return PriceTable(json.loads(text), str(self._own)).told


_EMPTY = {"date": "1970-01-01", "source": "none", "providers": {}, "models": {}}
