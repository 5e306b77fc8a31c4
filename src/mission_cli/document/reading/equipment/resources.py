"""Read the tables of `## Resources`, and find what in them cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, parse_stamp
from mission_cli.document.reading.sections import RowView, tables_of
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.egress.gate import read_gate
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.resources.references import FORMS, looks_like_value, read_reference, split_variable
from mission_cli.domain.resources.rows import Resource, ResourceStatus, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.mission import Feature

_MARKS = ("name", "status")
_NOTHING = frozenset({"", "-", "—", "–"})
_THERE = ("ready", "provided", "provisioned", "configured", "active", "present", "resolved", "done", "yes", "ok")
_WORDS = {
    **dict.fromkeys(_THERE, ResourceStatus.AVAILABLE),
    **{status.value: status for status in ResourceStatus},
}
_OURS = ("MISSION_", "GIT_", "LD_")
_RESERVED = frozenset({"PATH", "HOME", "PWD", "SHELL", "USER", "TMPDIR", "ENV", "BASH_ENV", "IFS"})


def resources(layout: Layout) -> Iterator[Resource]:
    """Yield the resources of all tables of the section, in file order; a row without a name is left out."""
    for row in _rows(layout):
        if row["name"]:
            yield _resource(row)


def _rows(layout: Layout) -> Iterator[RowView]:
    for table in tables_of(layout, "Resources", *_MARKS):
        yield from (RowView(table, row) for row in table.real_rows())


def _resource(row: RowView) -> Resource:
    word = plain(row["status"])
    status = _WORDS.get(word)
    if word == "pending" and "dependency" in row.table.columns:
        status = ResourceStatus.NEEDED
    reference, variable = _reference(row)
    return Resource(
        name=row["name"],
        type=row["type"],
        purpose=row["purpose"],
        status=status,
        raw_status=row["status"],
        reference=reference,
        variable=variable,
        delivery=_delivery(row),
        check=_bare(row["check"]),
        expires=_bare(row["expires"]),
        notes=row["notes"],
        line=row.line,
        broken=_wrong(row) is not None,
    )


def _bare(text: str) -> str:
    bare = text.strip()
    if len(bare) > 1 and bare.startswith("`") and bare.endswith("`"):
        bare = bare.strip("`").strip()
    return "" if bare in _NOTHING else bare


def _reference(row: RowView) -> tuple[str, str]:
    """Return reference and variable of a row. The column `Secret Key` of other tools counts if it has a reference."""
    if _bare(row["reference"]):
        return split_variable(row["reference"])
    if "secret key" in row.table.columns:
        told = split_variable(row.row.text(row.table.columns.index("secret key")))
        return told if read_reference(told[0]) is not None else ("", "")
    return "", ""


def _delivery(row: RowView) -> str:
    """Return how workers get a value; empty if they get it as a variable, which may be written as `env`."""
    said = _bare(row["delivery"])
    return "" if said == "env" else said


def _wrong(row: RowView) -> tuple[str, str] | None:
    """Return why a row cannot be used, and what to write; None if it can."""
    cells = [row[name] for name in ("name", "type", "purpose", "status", "reference", "check", "notes")]
    found = why_wrong(row["name"], " as ".join(filter(None, _reference(row))), _bare(row["expires"]), cells)
    return found or _wrong_delivery(row)


def why_wrong(name: str, cell: str, expires: str, cells: Iterable[str]) -> tuple[str, str] | None:
    """Return why a resource cannot be used, and what to write; None if it can. No message repeats what may be a value.

    `cell` has its reference, and `cells` are all texts of it.
    """
    reference, variable = split_variable(cell)
    if reference and read_reference(reference) is None:
        return "its reference cannot be read, and may be a value", f"write where the value is: {FORMS}"
    if any(looks_like_value(text) for text in cells):
        return "it contains what looks like a secret", "revoke it if it is real, and write where the value is"
    env = Resource(name, reference=reference, variable=variable).env
    if env and not env.isascii():
        return "no variable can have this name", "name one after the reference: … as NAME"
    if env.startswith(_OURS) or env in _RESERVED:
        return f"the variable {env} has another meaning", "name another one after the reference: … as OTHER_NAME"
    if expires and parse_stamp(expires) is None:
        return f"`{one_line(expires, 40)}` is not a time", "write 2026-12-01, or 2026-12-01T09:00:00Z"
    return None


def _wrong_delivery(row: RowView) -> tuple[str, str] | None:
    if delivery := _delivery(row):
        try:
            read_gate(delivery)
        except DocumentError as error:
            return error.message, str(error.hint)
        if not _reference(row)[0]:
            return "a proxy needs a reference to the key that it adds", f"write where the key is: {FORMS}"
    return None


def resource_problems(layout: Layout, rows: Sequence[Resource], features: Sequence[Feature]) -> Iterator[Problem]:
    """Yield an error for each row that cannot be used and each need of an unknown resource; warnings for the rest."""
    needed = {need for feature in features for need in feature.needs}
    first: dict[str, int] = {}
    for row in _rows(layout):
        name, key = one_line(row["name"], 60), key_of(row["name"])
        if (wrong := _wrong(row)) is not None:
            yield Problem(row.line, row.column, f"the resource `{name}`: {wrong[0]}", wrong[1])
        if key in needed and first.setdefault(key, row.line) != row.line:
            words = f"the resource `{name}` appears twice; the row in line {first[key]} counts"
            yield Problem(row.line, row.column, words, "give it another name", Severity.WARNING)
    for one in rows:
        if one.key in needed and one.status is None:
            words = f"the resource `{one_line(one.name, 60)}` has the status `{one_line(one.raw_status, 40)}`"
            hint = f"write one of {', '.join(ResourceStatus)}"
            yield Problem(one.line, 1, f"{words}, which is not known: features that need it wait", hint)
    known = {one.key for one in rows}
    for feature in features:
        for need in feature.needs:
            if need not in known:
                words = f"{feature.number} needs the resource `{need}`, which is not in `## Resources`"
                yield Problem(feature.line, 1, words, "add a row with this name")
