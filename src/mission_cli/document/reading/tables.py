"""Read the tables of a mission file's sections: gates, requests, waits, costs, logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import one_line
from mission_cli.document.reading.features import match_names
from mission_cli.document.reading.outside.purchases import purchase_problems
from mission_cli.document.reading.sections import (
    SECTIONS,
    find_section,
    place_of,
    rows_in,
    table_in,
    tables_of,
)
from mission_cli.document.syntax.vocabulary import number, plain
from mission_cli.domain.asking.options import read_options
from mission_cli.domain.asking.urgency import URGENCIES
from mission_cli.domain.budget.amounts import category_of, parse_entry
from mission_cli.domain.deploys.rows import DeployRow, DeployStatus
from mission_cli.domain.forge.rows import PullRow, RowStatus
from mission_cli.domain.ids import FeatureNumber, feature_number
from mission_cli.domain.mail.addresses import address_of
from mission_cli.domain.mail.rows import MailRow, MailStatus, Reply
from mission_cli.domain.preview.rows import PreviewRow, PreviewStatus, is_url
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import GateKind, RequestStatus
from mission_cli.domain.tables import (
    REMOVED,
    Approval,
    Gate,
    HeldOut,
    InputRequest,
    KeptRow,
    LogRow,
    Member,
    Message,
    Recovery,
    Spend,
    Wait,
)
from mission_cli.domain.team.limits import NAMES, own_limits

_OTHER_STATUSES = {
    "responded": RequestStatus.ANSWERED,
    "cancelled": RequestStatus.WITHDRAWN,
    "canceled": RequestStatus.WITHDRAWN,
}
"""Words of other tools for the status of a request; `pending` is one of ours."""
_PULL = pattern(r"\[?#(?P<number>[0-9]{1,9})\]?(?:\((?P<url>[^)\s]+)\))?")

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.mission import Feature


_LIMITS = f"write {', '.join(NAMES)} with a value, such as `attempts 2, retry 5m 1h, duration 2h, usd 5, hours 4`"


def gates(
    layout: Layout, known: list[FeatureNumber], aliases: dict[str, FeatureNumber]
) -> tuple[tuple[Gate, ...], list[Problem]]:
    """Return the gates with their features resolved, and the problems of their rows."""
    rows = rows_in(layout, "Gates", "gate", "kind")
    numbers = dict.fromkeys(known).keys()
    found: list[Gate] = []
    problems: list[Problem] = []
    for row in rows:
        word = plain(row["kind"])
        kind = next((k for k in GateKind if k.value == word), None)
        after, unknown_after = match_names(_names(row["after"]), numbers, aliases)
        blocks, unknown_blocks = match_names(_names(row["blocks"]), numbers, aliases)
        name = row["gate"]
        at = (row.line, row.column)
        if kind is None:
            problems.append(
                Problem(
                    *at,
                    f"the gate `{name}` has the kind `{word}`, which is not known",
                    "use one of checkpoint, approval, quality, delay",
                )
            )
        problems += [
            Problem(*at, f"the gate `{name}` names `{want}`, which does not exist")
            for want in (*unknown_after, *unknown_blocks)
        ]
        found.append(Gate(name, kind, after, blocks, row["rule"], row["status"], row.line, row["notify"]))
    return tuple(found), problems


def _names(text: str) -> list[str]:
    return [w for w in re.split(r"[,;\s]+", text) if w and w not in {"-", "—", "–"}]


def team(layout: Layout) -> Iterator[Member]:
    """Yield the members of the team, without those that were removed."""
    for row in rows_in(layout, "Team", "agent"):
        if agent := row["agent"].strip("`* "):
            most = number(row["max parallel"])
            limit = int(most) if most is not None and most > 0 else 0
            volatile = plain(row["volatile"])
            if volatile == REMOVED:
                continue
            yield Member(
                agent,
                row["role"],
                row["runner"].strip("` "),
                row["model"].strip("` "),
                limit,
                volatile in {"yes", "true"},
                row["skills"],
                row["instructions"],
                own_limits(row["limits"]),
            )


def approvals(layout: Layout) -> Iterator[Approval]:
    """Yield the decisions of people about gates and landings."""
    rows = rows_in(layout, "Approvals", "gate", "decision")
    for row in rows:
        cell = [row[c] for c in ("timestamp", "gate", "decision", "by", "commit", "comment")]
        yield Approval(*cell)


def requests(layout: Layout) -> Iterator[InputRequest]:
    """Yield the questions to people, open or not."""
    rows = rows_in(layout, "Input Requests", "prompt", "status")
    for row in rows:
        answers = read_options(row["options"])
        told = tuple(option.description for option in answers.options)
        status = plain(row["status"])
        yield InputRequest(
            number=whole(row["#"]) or 0,
            label=row["#"],
            asked=row["asked"],
            feature=row["feature"],
            prompt=row["prompt"],
            options=tuple(option.label for option in answers.options),
            descriptions=told if any(told) else (),
            free_text=bool(answers.options) and answers.free,
            context=row["context"].strip("` "),
            urgency=row["urgency"],
            expires=row["expires"],
            status=_OTHER_STATUSES.get(status, status),
            response=row["response"],
        )


def waits(layout: Layout) -> Iterator[Wait]:
    """Yield the external events that features wait for."""
    rows = rows_in(layout, "Waits", "feature", "waiting for")
    for row in rows:
        feature = feature_number(row["feature"])
        if feature is not None:
            yield Wait(
                feature,
                row["waiting for"],
                row["since"],
                row["timeout"],
                plain(row["status"]),
                row["data"].strip("` "),
            )


def held_out(layout: Layout) -> Iterator[HeldOut]:
    """Yield the held-out criteria; one without a readable number or milestone is left out."""
    for row in rows_in(layout, "Held-out Criteria", "milestone", "sealed"):
        number_, milestone = whole(row["#"]), whole(row["milestone"])
        if number_ is not None and milestone is not None and row["sealed"]:
            yield HeldOut(number_, milestone, row["sealed"].strip("` "), row["results"], row.line)


def pulls(layout: Layout) -> Iterator[PullRow]:
    """Yield the pull requests; a row without a branch or with an unknown status is left out."""
    for row in rows_in(layout, "Pull Requests", "for", "branch", "head"):
        status, found = plain(row["status"]), _PULL.match(row["pr"])
        if row["branch"] and status in set(RowStatus):
            yield PullRow(
                subject=plain(row["for"]),
                branch=row["branch"].strip("` "),
                base=row["base"].strip("` "),
                head=row["head"].strip("` "),
                status=RowStatus(status),
                number=int(found["number"]) if found else 0,
                url=found["url"] or "" if found else "",
                since=row["since"],
                handled=tuple(entry.strip() for entry in row["handled"].split(";") if entry.strip()),
                line=row.line,
            )


def previews(layout: Layout) -> Iterator[PreviewRow]:
    """Yield the previews; a row without a number or a commit is left out. An unknown status ends the preview."""
    for row in rows_in(layout, "Previews", "commit", "status", "url"):
        status, known, address = plain(row["status"]), whole(row["#"]), row["url"].strip("<>` ")
        if known and row["commit"]:
            yield PreviewRow(
                number=known,
                commit=row["commit"].strip("` "),
                status=PreviewStatus(status) if status in set(PreviewStatus) else PreviewStatus.CLOSING,
                url=address if is_url(address) else "",
                since=row["since"],
                expires=row["expires"],
                reason=row["reason"],
                phase=row["for"],
                line=row.line,
            )


def deploys(layout: Layout) -> Iterator[DeployRow]:
    """Yield the deployments; a row without a number, a target or a commit is left out.

    With an unknown status a deployment is stuck, so that a person looks.
    """
    for row in rows_in(layout, "Deployments", "target", "commit", "status"):
        status, known, address = plain(row["status"]), whole(row["#"]), row["url"].strip("<>` ")
        if known and row["target"] and row["commit"]:
            yield DeployRow(
                number=known,
                target=row["target"],
                commit=row["commit"].strip("` "),
                status=DeployStatus(status) if status in set(DeployStatus) else DeployStatus.STUCK,
                because=row["for"],
                by=row["by"],
                url=address if is_url(address) else "",
                version=row["version"],
                since=row["since"],
                reason=row["reason"],
                line=row.line,
            )


def mails(layout: Layout) -> Iterator[MailRow]:
    """Yield the mails; a row without a number, with a bad address or an unknown status is left out."""
    for row in rows_in(layout, "Mail", "to", "subject", "status"):
        status, number_ = plain(row["status"]), whole(row["#"])
        to = tuple(address_of(part) for part in row["to"].split(","))
        if number_ and all(to) and status in set(MailStatus):
            yield MailRow(
                number=number_,
                to=to,
                subject=row["subject"],
                status=MailStatus(status),
                feature=row["feature"],
                about=row["about"],
                since=row["since"],
                message_id=row["message-id"].strip("` "),
                file=row["text"].strip("` "),
                replies=tuple(_replies(row["replies"])),
                line=row.line,
            )


def _replies(cell: str) -> Iterator[Reply]:
    for part in cell.split(";"):
        sender, _, file = part.strip().partition(" ")
        if address_of(sender) and file:
            yield Reply(sender.casefold(), file.strip("` "))


def messages(layout: Layout) -> Iterator[Message]:
    """Yield what people told the workers of features."""
    for row in rows_in(layout, "Messages", "feature", "message"):
        feature = feature_number(row["feature"])
        if feature is not None and row["message"]:
            yield Message(row["timestamp"], feature, row["from"], row["message"])


def kept(layout: Layout) -> Iterator[KeptRow]:
    """Yield the rows of sections that `mission show` prints as they are."""
    for title, form in SECTIONS.items():
        if not form.shown or find_section(layout, title) < 0:
            continue
        for table in tables_of(layout, title):
            for row in table.real_rows():
                yield KeptRow(title, {c: row.text(n) for n, c in enumerate(table.columns)}, row.line.number)


def row_problems(layout: Layout, features: Sequence[Feature]) -> Iterator[Problem]:
    """Yield problems for waits of unknown features, which have no effect, and requests without number or urgency."""
    known = {f.number for f in features}
    for row in rows_in(layout, "Waits", "feature", "waiting for"):
        if feature_number(row["feature"]) not in known:
            words = f"a wait names the feature `{row['feature']}`, which does not exist"
            yield Problem(row.line, row.column, words, "write its number as in the milestone")
    yield from _unread_limits(layout, features)
    yield from _mail_problems(layout)
    yield from purchase_problems(layout)
    for row in rows_in(layout, "Input Requests", "prompt", "status"):
        if not whole(row["#"]):
            hint = "the next pulse adds one; or write it into the column #"
            yield Problem(row.line, row.column, "an input request without a number", hint, Severity.WARNING)
        status = plain(row["status"])
        if status and status not in {*RequestStatus, *_OTHER_STATUSES}:
            words = f"the status `{row['status']}` of an input request is not known: it takes no answer"
            hint = f"write {', '.join(word for word in RequestStatus)}"
            yield Problem(row.line, row.column, words, hint, Severity.WARNING)
        urgency = plain(row["urgency"])
        if urgency and urgency not in URGENCIES:
            words = f"the urgency `{row['urgency']}` is not known and counts as normal"
            yield Problem(row.line, row.column, words, f"write {', '.join(URGENCIES)}", Severity.WARNING)


def _unread_limits(layout: Layout, features: Sequence[Feature]) -> Iterator[Problem]:
    """Yield an error for each limit of an agent or a feature that cannot be read."""
    for row in rows_in(layout, "Team", "agent"):
        if wrong := own_limits(row["limits"]).wrong:
            yield Problem(row.line, row.column, f"the limits of {row['agent']}: {wrong}", _LIMITS)
    for feature in features:
        if feature.limits.wrong:
            yield Problem(feature.line, 1, f"the limits of {feature.number}: {feature.limits.wrong}", _LIMITS)


def _mail_problems(layout: Layout) -> Iterator[Problem]:
    """Yield warnings for mails that are left out."""
    for row in rows_in(layout, "Mail", "to", "subject", "status"):
        bad = next((part.strip() for part in row["to"].split(",") if not address_of(part)), None)
        if not whole(row["#"]):
            yield Problem(
                row.line, row.column, "a mail without a number is not sent", "write it into #", Severity.WARNING
            )
        elif bad is not None:
            words = f"mail {row['#']}: `{one_line(bad, 60)}` is not an address"
            yield Problem(row.line, row.column, words, "write ada@example.org", Severity.WARNING)
        elif plain(row["status"]) not in set(MailStatus):
            words = f"mail {row['#']} has the status `{one_line(row['status'], 40)}`, which is not known"
            yield Problem(row.line, row.column, words, f"write one of {', '.join(MailStatus)}", Severity.WARNING)


def spends(layout: Layout) -> Iterator[Spend]:
    """Yield the rows of the spend log."""
    rows = rows_in(layout, "Budget Tracking", "category", "amount")
    for row in rows:
        yield Spend(
            date=row["date"],
            category=category_of(row["category"]),
            amount=parse_entry(row["category"], row["amount"]),
            description=row["description"],
            milestone=row["milestone"],
        )


def recoveries(layout: Layout) -> Iterator[Recovery]:
    """Yield the safety stops, open or closed."""
    rows = rows_in(layout, "Recovery Log", "feature", "status")
    for row in rows:
        yield Recovery(
            row["timestamp"],
            row["feature"],
            row["trigger"],
            plain(row["status"]),
        )


def progress(layout: Layout) -> Iterator[LogRow]:
    """Yield the rows of the progress log."""
    table = table_in(layout, "Progress Log", "event", "details")
    if table is not None:
        at, event, details = (place_of(table, column) for column in ("timestamp", "event", "details"))
        for row in table.real_rows():
            yield LogRow(row.text(at), row.text(event), row.text(details))
