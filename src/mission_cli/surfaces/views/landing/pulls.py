"""Pull requests in lines: a table for each mission, with why each is not merged and what helps below its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import moment
from mission_cli._support.text import counted, parse_stamp, show_duration
from mission_cli.domain.notice import do
from mission_cli.surfaces.lines import BLANK, GAP, columns, cut, flow, length, line, linked, paragraph, said
from mission_cli.surfaces.views.text import color_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.app.results.pulls import ForgeView, MissionPulls, PullChecks, PullReviews, PullView
    from mission_cli.surfaces.lines import Line

_HEADS = ("FOR", "PR", "STATE", "CHECKS", "REVIEWS", "SINCE", "TITLE")
_LEAST_TITLE = 16
_MOST_TITLE = 40
_MOST_NAMES = 3


def pull_lines(missions: Sequence[MissionPulls], width: int, now: datetime) -> list[Line]:
    """Return a table for each mission, below its name and what is known of its forge."""
    if not missions:
        words = (
            f"no mission opens pull requests; {do('set', 'ID', 'preferences.pull_requests', 'feature')} turns them on"
        )
        return paragraph(words, width)
    found: list[Line] = []
    for one in missions:
        found += [BLANK] if found else []
        room = max(_LEAST_TITLE, width - len(one.id) - len(GAP)) if width else 0
        title = cut(said(one.title), room) if width else said(one.title)
        found += flow([line((title, "bold")), line((said(one.id), "dim"))], width)
        found += _forge(one, width, now)
        found += [BLANK, *_table(one, width, now)] if one.pulls else paragraph(_none_yet(one), width)
    return found


def _none_yet(one: MissionPulls) -> str:
    if one.pull_requests == "none":
        return f"it opens no pull requests; {do('land', one.id, '--pr')} opens one for everything that has passed"
    what = "the mission" if one.pull_requests == "mission" else f"each {one.pull_requests}"
    return f"no pull request yet: {what} gets one after its criteria have passed"


def _forge(one: MissionPulls, width: int, now: datetime) -> Iterator[Line]:
    """Yield when the forge was asked and is asked next; trouble in one line, with its remedy."""
    forge = one.forge
    if one.pull_requests == "none" and not one.pulls:
        return
    if forge.trouble:
        yield from paragraph(forge.trouble, width, "red" if forge.person else "yellow")
        if forge.unblock:
            yield line(GAP, (f"→ {said(str(forge.unblock))}", "green"))
    where = " ".join(filter(None, (forge.repository or "the forge", f"({forge.remote})" if forge.remote else "")))
    yield from paragraph(f"{where}: {_asked(forge, now)}", width, "dim")


def _asked(forge: ForgeView, now: datetime) -> str:
    asked, again = parse_stamp(forge.asked), parse_stamp(forge.again)
    words = f"last answer {moment(asked, now)}" if asked is not None else "not asked yet"
    if again is None or again <= now:
        return f"{words}; the next pulse asks again"
    return f"{words}; asked next at {moment(again, now)}"


def _table(one: MissionPulls, width: int, now: datetime) -> Iterator[Line]:
    """Yield the table; without titles if these do not fit, and without columns if those do not."""
    rows = [[line((name, "dim")) for name in _HEADS], *(_cells(pull, now) for pull in one.pulls)]
    for shown in (columns(rows), columns([row[:-1] for row in rows])):
        if not width or max(map(length, shown)) <= width:
            yield shown[0]
            for row, pull in zip(shown[1:], one.pulls, strict=True):
                yield row
                yield from _below(one, pull, width)
            return
    yield from _stacked(one, width, now)


def _stacked(one: MissionPulls, width: int, now: datetime) -> Iterator[Line]:
    """Yield the rows for a narrow window: the cells of each flow into lines."""
    for pull in one.pulls:
        cells, number = _cells(pull, now), line(said(pull.subject), GAP, *linked_number(pull))
        reviews = _reviews(pull.reviews) if pull.reviews is not None else ()
        parts = [number, *cells[2:4], *map(line, reviews), cells[5]]
        yield from flow([part for part in parts if length(part)], width, indent=len(GAP))
        yield from _below(one, pull, width)


def _cells(pull: PullView, now: datetime) -> list[Line]:
    since = parse_stamp(pull.since)
    return [
        line(said(pull.subject)),
        linked_number(pull),
        line((pull.state, color_of(pull.state))),
        line(checks_words(pull.checks)),
        line(reviews_words(pull.reviews)),
        line(show_duration(now - since) if since is not None else ""),
        line((cut(said(pull.title), _MOST_TITLE), "dim")),
    ]


def _below(one: MissionPulls, pull: PullView, width: int) -> Iterator[Line]:
    """Yield why it is not merged, and the one command that helps; what the whole forge holds stands above the table."""
    if not pull.reason or (one.forge.trouble and one.forge.trouble in pull.reason):
        return
    yield from paragraph(pull.reason, width, "yellow" if pull.person else "", indent=len(GAP))
    if pull.unblock:
        yield line(GAP, (f"→ {said(str(pull.unblock))}", "green"))


def linked_number(pull: PullView) -> Line:
    """Return `#34`, which a terminal that can do so shows as a link."""
    return line(linked(f"#{pull.number}", pull.url, "cyan")) if pull.number else line(("not open", "dim"))


def pull_words(pull: PullView) -> str:
    """Return a pull request in a few words: `#34 · 2 of 3 checks · 1 of 1 approved`."""
    if not pull.number:
        return "pull request not open yet"
    parts = [f"#{pull.number}", "" if pull.state == "open" else pull.state]
    if pull.state in {"open", "draft", "queued"}:
        parts += [checks_words(pull.checks).replace(" passed", " checks"), reviews_words(pull.reviews)]
    return " · ".join(filter(None, parts))


def checks_words(checks: PullChecks | None) -> str:
    """Return `2 of 3 passed`; empty if nothing is known, or there is none."""
    return f"{checks.passed} of {checks.total} passed" if checks is not None and checks.total else ""


def reviews_words(reviews: PullReviews | None) -> str:
    """Return `1 of 1 approved`, `alice requested changes`, `2 open threads`; empty if there is nothing to say."""
    return ", ".join(_reviews(reviews)) if reviews is not None else ""


def _reviews(reviews: PullReviews) -> Iterator[str]:
    against = reviews.changes_requested
    names = ", ".join(map(said, against[:_MOST_NAMES]))
    more = f" and {len(against) - _MOST_NAMES} more" if len(against) > _MOST_NAMES else ""
    if against:
        yield f"{names}{more} requested changes"
    if reviews.required:
        yield f"{reviews.approved} of {reviews.required} approved"
    elif reviews.approved:
        yield f"{reviews.approved} approved"
    if reviews.open_threads:
        yield counted(reviews.open_threads, "open thread")
