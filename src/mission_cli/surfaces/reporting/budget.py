"""What `mission budget` prints, as text and as CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars, hours, plain_number, quantity_of, tokens
from mission_cli._support.text import counted, show_duration
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.surfaces.lines import columns, line, plain, said
from mission_cli.surfaces.views.text import CHANCES, basis_words, currency_lines, forecast_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.forecasting.results import (
        Accuracy,
        Bargain,
        BudgetReport,
        Checked,
        Estimate,
        Estimates,
        Level,
        MissionForecast,
        Recommended,
        WhatIf,
    )
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.forecast.vendors import Vendor
    from mission_cli.domain.notice import Notice

_NAMES = {"usd": "money", "hours": "time", "tokens": "tokens"}
_KINDS = ("input", "output", "cache_read", "cache_write", "reasoning")
UNKNOWN = "it is finished, has no plan yet, or nothing is known about its runner"


def forecast_text(found: MissionForecast) -> str:
    """Return spent amounts beside caps, the ranges, and caps that are too low."""
    rows = [_spent(category, found.spent[category], found.caps[category]) for category in CATEGORIES]
    if found.forecast is None:
        return "\n".join([*rows, f"no forecast of {found.id}: {UNKNOWN}"])
    money = currency_lines(found.currency)
    return "\n".join([*rows, *_ranges(found.forecast), *money, *_notes(found.notices)])


def _ranges(found: Forecast) -> list[str]:
    table: list[Sequence[str]] = [("", "1 of 10 below", "half below", "9 of 10 below")]
    if found.usd is not None:
        table.append(("money", *(dollars(one) for one in (found.usd.p10, found.usd.p50, found.usd.p90))))
    if found.tokens is not None:
        table.append(("tokens", *(tokens(one) for one in (found.tokens.p10, found.tokens.p50, found.tokens.p90))))
    table.append(("work", *(hours(one) for one in (found.hours.p10, found.hours.p50, found.hours.p90))))
    table.append(("to go", *(show_duration(one) for one in (found.left.p10, found.left.p50, found.left.p90))))
    unknown = [] if found.usd is not None else ["money: unknown, because no price is known"]
    return [*_table(table), *unknown, basis_words(found.from_runs, found.others)]


def what_if_text(found: WhatIf) -> str:
    """Return money, work and time as they are, and as they would be."""
    rows: list[Sequence[str]] = [("", "", "1 of 10 below", "half below", "9 of 10 below")]
    for words, one in (("as it is", found.as_it_is), (", ".join(found.changes), found.then)):
        if one is None:
            rows.append((words, "unknown", "", "", ""))
            continue
        if one.usd is not None:
            rows.append((words, "money", *(dollars(x) for x in (one.usd.p10, one.usd.p50, one.usd.p90))))
        elif one.tokens is not None:
            rows.append((words, "tokens", *(tokens(x) for x in (one.tokens.p10, one.tokens.p50, one.tokens.p90))))
        rows.append(("", "work", *(hours(x) for x in (one.hours.p10, one.hours.p50, one.hours.p90))))
        rows.append(("", "to go", *(show_duration(x) for x in (one.left.p10, one.left.p50, one.left.p90))))
    basis = basis_words(found.then.from_runs, found.then.others)
    return "\n".join([*_table(rows), basis, *_notes(found.notices)])


def estimates_text(found: Estimates) -> str:
    """Return a row for each size."""
    head = ("features", "milestones", "money", "tokens", "work", "until it is finished")
    basis = found.estimates[0].forecast
    rows = _table([head, *(_estimate(one) for one in found.estimates)])
    about = "each range holds 8 of 10 such missions"
    levels = [row for level in found.levels for row in _level(level)]
    head_of_levels = ["", "what such a goal becomes:"] if levels else []
    return "\n".join([*rows, f"{about}; {basis_words(basis.from_runs, basis.others)}", *head_of_levels, *levels])


def _level(level: Level) -> list[str]:
    """Return what a level costs, what it adds, and what it leaves out."""
    _, _, usd, used, work, _ = _estimate(level.estimate)
    amount = usd if level.estimate.forecast.usd is not None else used
    size = counted(level.estimate.features, "feature")
    rows = [f"{level.name:<9} {amount} and {work} of work, about {size}", f"          in: {', '.join(level.contains)}"]
    return [*rows, *([f"          out: {', '.join(level.without)}"] if level.without else [])]


def _estimate(one: Estimate) -> tuple[str, ...]:
    ahead = one.forecast
    return (
        str(one.features),
        str(one.milestones),
        f"{dollars(ahead.usd.p10)} to {dollars(ahead.usd.p90)}" if ahead.usd is not None else "unknown",
        f"{tokens(ahead.tokens.p10)} to {tokens(ahead.tokens.p90)}" if ahead.tokens is not None else "unknown",
        f"{hours(ahead.hours.p10)} to {hours(ahead.hours.p90)}",
        f"{show_duration(ahead.left.p10)} to {show_duration(ahead.left.p90)}",
    )


def bargain_text(found: Bargain) -> str:
    """Return what is in and what is out, with the features of a mission."""
    amounts = " and ".join(quantity_of(category, amount) for category, amount in found.budget.items())
    rows = [f"{amounts}{f' for {found.id}' if found.id else ''} buy:"]
    for one in found.bought:
        if one.features or one.chance == "safe":
            more = "" if one.chance == "safe" else " more"
            rows.append(
                f"{one.chance:<8} {counted(one.features, f'{more.strip()} feature'.strip())}, {CHANCES[one.chance]}"
            )
        rows += [f"           {said(name)}" for name in one.names]
    return "\n".join([*rows, basis_words(found.from_runs, found.others)])


def recommended_text(found: Recommended) -> str:
    """Return the commands that set the caps, and the forecast."""
    if found.forecast is None:
        return f"no caps are recommended for {found.id}: {UNKNOWN}"
    about = "with these caps, nine of ten such missions end before they pause for their budget:"
    return "\n".join([about, *(f"  {one}" for one in found.commands), forecast_words(found.forecast)])


def report_text(found: BudgetReport) -> str:
    """Return the account, each attempt, rows by hand, and costs that differ from list prices."""
    rows = []
    for category in CATEGORIES:
        held = found.reserved[category]
        words = _spent(category, found.spent[category], found.caps[category])
        rows.append(words + (f", {quantity_of(category, held)} reserved" if held else ""))
    rows += currency_lines(found.currency)
    if found.attempts:
        head = ("attempt", "model", "time", "tokens", "money", "list price")
        rows += [
            "",
            *_table(
                [
                    head,
                    *(
                        (
                            one.run,
                            said(one.model or one.runner),
                            hours(one.hours),
                            tokens(sum(one.tokens.values())),
                            dollars(one.usd),
                            dollars(one.listed_usd),
                        )
                        for one in found.attempts
                    ),
                ]
            ),
        ]
    if found.vendors:
        names = ("runner", "features done", "at first try", "tries", "outages", "taken over", "money per feature")
        rows += ["", *_table([names, *(_vendor(one) for one in found.vendors)])]
        ends = [(one.runner, ", ".join(f"{c} {n}" for c, n in one.causes.items())) for one in found.vendors]
        rows += [f"{said(name)}: {words}" for name, words in ends if words]
    if found.by_hand:
        rows += ["", "by hand"]
        rows += _table(
            [
                (
                    one.date,
                    quantity_of(one.category, one.amount) if one.category in CATEGORIES else one.category,
                    said(one.description),
                )
                for one in found.by_hand
            ]
        )
    return "\n".join([*rows, *_notes(found.notices)])


def _vendor(one: Vendor) -> tuple[str, ...]:
    """Return the row of a runner."""
    per_done = "" if not one.done else "unknown" if one.usd_per_done is None else dollars(one.usd_per_done)
    counts = (one.first, one.tries, one.outages, one.taken)
    return said(one.runner), f"{one.done} of {one.features}", *map(str, counts), per_done


def report_csv(found: BudgetReport) -> str:
    """Return a row for each attempt and each row by hand; cells that a spreadsheet would run are quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    amounts = ("hours", *_KINDS, "tokens", "usd", "listed_usd")
    writer.writerow(["mission", "what", "date", "runner", "model", *amounts, "prices", "source"])
    for one in found.attempts:
        kinds = [one.tokens.get(kind, 0) for kind in _KINDS]
        costs = ["" if amount is None else plain_number(amount) for amount in (one.usd, one.listed_usd)]
        cells = [found.id, one.run, one.ended, one.runner, one.model, plain_number(one.hours)]
        sources = map(cell, (one.prices, one.source))
        writer.writerow([*map(cell, cells), *kinds, sum(one.tokens.values()), *costs, *sources])
    for row in found.by_hand:
        given = dict.fromkeys(CATEGORIES, "")
        given[row.category] = "" if row.amount is None else plain_number(row.amount)
        cells = [found.id, row.description, row.date, "", "", given["hours"], *[""] * len(_KINDS)]
        writer.writerow([*map(cell, cells), given["tokens"], given["usd"], "", "", "by hand"])
    return out.getvalue()


def cell(text: str) -> str:
    """Return one line of text that neither a terminal nor a spreadsheet takes for something to run."""
    text = said(text)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def accuracy_text(found: Accuracy) -> str:
    """Return each mission with its forecast and what it used, and how many were within the ranges."""
    if not found.missions:
        return "no ended mission can be compared with a forecast yet"
    rows: list[Sequence[str]] = [("mission", "features", "forecast", "used", "")]
    for one in found.missions:
        rows += [
            (one.id, str(one.features), *_compared(one, category))
            for category in CATEGORIES
            if _compared(one, category)
        ]
    shares = [
        f"{_NAMES[category]}: {found.below_p50[category]} of {count} at most the middle of the forecast, "
        f"{found.within_p90[category]} of {count} at most its upper end (good forecasts: half, and 9 of 10)"
        for category, count in found.compared.items()
        if count
    ]
    return "\n".join([*_table(rows), *shares])


def accuracy_csv(found: Accuracy) -> str:
    """Return a row for each mission: the forecast from its plan, and what it used."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ranges = [f"{category}_{part}" for category in CATEGORIES for part in ("p10", "p50", "p90", "used")]
    writer.writerow(["mission", "features", "missions_before", *ranges])
    for one in found.missions:
        cells: list[str] = []
        for ahead, used in ((one.usd, one.used_usd), (one.hours, one.used_hours), (one.tokens, one.used_tokens)):
            amounts = (None, None, None) if ahead is None else (ahead.p10, ahead.p50, ahead.p90)
            cells += ["" if amount is None else plain_number(Decimal(amount)) for amount in (*amounts, used)]
        writer.writerow([cell(one.id), one.features, one.from_missions, *cells])
    return out.getvalue()


def _compared(one: Checked, category: str) -> tuple[str, ...]:
    ahead = {"usd": one.usd, "tokens": one.tokens, "hours": one.hours}[category]
    used = {"usd": one.used_usd, "tokens": one.used_tokens, "hours": one.used_hours}[category]
    if ahead is None or used is None:
        return ()
    low, high, mine = (quantity_of(category, Decimal(one)) for one in (ahead.p10, ahead.p90, used))
    return f"{low} to {high}", mine, "" if ahead.p10 <= used <= ahead.p90 else "outside"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return [text.rstrip() for text in plain(columns([[line(cell) for cell in row] for row in rows])).splitlines()]


def _spent(category: str, spent: Decimal, cap: Decimal | None) -> str:
    return f"{_NAMES[category]:<8}{quantity_of(category, spent)} spent{_of_cap(category, cap)}"


def _of_cap(category: str, cap: Decimal | None) -> str:
    return f" of {quantity_of(category, cap)}" if cap is not None else ", no cap"


def _notes(notices: Sequence[Notice]) -> list[str]:
    return [f"note: {one.text} → {one.remedy}" if one.remedy else f"note: {one.text}" for one in notices]
