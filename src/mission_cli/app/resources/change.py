"""Add a resource to a mission, provide one, and check whether it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.resources.listing import needed_resource
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.egress.gate import read_gate
from mission_cli.domain.errors import BlockedError, ConflictError, DocumentError, ToolError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.resources.references import FORMS, read_reference, split_variable
from mission_cli.domain.resources.rows import Resource, ResourceStatus, key_of, named_resource
from mission_cli.domain.timing.polling import Poll
from mission_cli.engine.resources.look import check_key, check_spec, why_failed
from mission_cli.ports.outside.probes import Probed
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

SECTION = "Resources"
_LONGEST_NAME = 100
_SHORTEST = 8
"""A shorter value could not be hidden in logs, so workers would not get it."""


@dataclass(frozen=True, slots=True)
class NewResource:
    """What a person says about a resource."""

    name: str
    type: str = ""
    purpose: str = ""
    reference: str = ""
    check: str = ""
    expires: str = ""
    notes: str = ""
    delivery: str = ""


def add_resource(ctx: Context, text: str, new: NewResource) -> Done:
    """Add a row that is needed. Raises UsageError if a cell cannot be read, or looks like a secret value."""
    _refuse_values(ctx, new)
    key = key_of(new.name)
    if not key or len(new.name) > _LONGEST_NAME or "," in new.name or ";" in new.name:
        raise UsageError("a resource needs a short name without commas", hint="for example `Stripe key`")

    def change(address: Address) -> Wanted:
        mission = address.mission
        if named_resource(mission.resources, key) is not None:
            hint = do("resource", "provide", mission.id, key)
            raise ConflictError(f"{mission.id} has the resource `{new.name}` already", hint=hint)
        words = f"the resource {new.name} is needed" + (f" for {new.purpose}" if new.purpose else "")
        decided = (f"Need the resource {new.name}",)
        rows = tuple(_row(new))
        return Wanted(words, EventKind.RESOURCE_NEEDED, rows, decisions=decided, reason=str(do("resource", "add")))

    return commit_change(ctx, text, change)


def _row(new: NewResource) -> Iterator[Change]:
    """Yield what adds a row. A table has at least a name and a status; it gets the other columns that the row needs."""
    yield AppendRow(SECTION, {"Name": new.name, "Status": str(ResourceStatus.NEEDED)})
    cells = {
        "Type": new.type,
        "Purpose": new.purpose,
        "Reference": f"`{new.reference}`" if new.reference else "",
        "Delivery": f"`{new.delivery}`" if new.delivery else "",
        "Check": f"`{new.check}`" if new.check else "",
        "Expires": new.expires,
        "Notes": new.notes,
    }
    for name, text in cells.items():
        if text:
            yield SetCell(SECTION, {"Name": new.name}, name, text)


def provide_resource(
    ctx: Context, text: str, name: str, *, reference: str = "", value: str | None = None, expires: str = ""
) -> Done:
    """Record that a resource is there, with where its value is; a value itself is stored for this user.

    Without both, its reference is read, or a person says that it is there. Raises BlockedError if it is not.
    """
    if reference and value is not None:
        raise UsageError("a resource has a reference or a value", hint="leave out one of them")
    told = _told_reference(reference)
    if expires and parse_stamp(expires) is None:
        raise UsageError(f"`{one_line(expires, 40)}` is not a time", hint="write 2026-12-01 or 2026-12-01T09:00:00Z")

    def change(address: Address) -> Wanted:
        mission = address.mission
        one = needed_resource(mission, name)
        where = told or one.reference
        if value is not None:
            where = _stored(ctx, mission.id, one, value)
        if where and (told or value is not None or not one.broken):
            _refuse_unreadable(ctx, where)
        kept = where if told or value is not None else ""
        return _provided(ctx, one, kept, expires)

    return commit_change(ctx, text, change)


def _provided(ctx: Context, one: Resource, reference: str, expires: str) -> Wanted:
    changes: list[Change] = []
    key = {"Name": one.name}
    if reference and reference != one.reference:
        shown = f"{reference} as {one.variable}" if one.variable and not one.broken else reference
        changes.append(SetCell(SECTION, key, "Reference", f"`{shown}`"))
    if expires:
        changes.append(SetCell(SECTION, key, "Expires", expires))
    if not expires and one.is_over(ctx.clock.now()):
        changes.append(SetCell(SECTION, key, "Expires", ""))
    if one.status is not ResourceStatus.AVAILABLE:
        changes.append(SetCell(SECTION, key, "Status", str(ResourceStatus.AVAILABLE)))
    where = f", at {reference}" if reference else ""
    words = f"the resource {one.name} is available{where}"
    if not changes:
        return Wanted(f"{words}: nothing had to be changed")
    decided = (f"Provide the resource {one.name}",)
    return Wanted(
        words, EventKind.RESOURCE_AVAILABLE, tuple(changes), decisions=decided, reason=str(do("resource", "provide"))
    )


def _told_reference(text: str) -> str:
    if not text:
        return ""
    bare, variable = split_variable(text)
    if variable:
        raise UsageError("the variable is not part of the reference here", hint="write `as NAME` into the file")
    if read_reference(bare) is None:
        raise UsageError("this is not a reference, and may be a value", hint=f"write one of {FORMS}")
    return bare


def _stored(ctx: Context, mission: str, one: Resource, value: str) -> str:
    text = value.removesuffix("\n").removesuffix("\r")
    if len(text) < _SHORTEST:
        words = f"the value has fewer than {_SHORTEST} characters, so it could not be hidden in logs"
        raise UsageError(words, hint="use a longer one")
    return ctx.vault.store(f"{mission}/{one.key}", text)


def _refuse_unreadable(ctx: Context, reference: str) -> None:
    found = ctx.vault.resolve(reference)
    if isinstance(found, Unresolved):
        raise BlockedError(found.words, hint=found.remedy)
    if len(found) < _SHORTEST:
        words = f"the value at {reference} has fewer than {_SHORTEST} characters, so it could not be hidden in logs"
        raise BlockedError(words, hint="use a longer one")


def _refuse_values(ctx: Context, new: NewResource) -> None:
    """Raise UsageError if a cell looks like a secret value, or cannot be read."""
    told = split_variable(new.reference)[0]
    if told and read_reference(told) is None:
        raise UsageError("this is not a reference, and may be a value", hint=f"write one of {FORMS}")
    if new.delivery:
        try:
            read_gate(new.delivery)
        except DocumentError as error:
            raise UsageError(error.message, hint=error.hint) from error
        if not new.reference:
            raise UsageError("a proxy needs a reference to the key that it adds", hint="say --reference env:NAME")
    for name in ("name", "type", "purpose", "check", "expires", "notes"):
        kind = ctx.secrets.kind(getattr(new, name))
        if kind:
            hint = advise("write where the value is: --reference pass:PATH; and revoke it if it was real")
            raise UsageError(f"the {name} looks like a secret ({kind})", hint=hint)
    if new.expires and parse_stamp(new.expires) is None:
        raise UsageError(f"`{one_line(new.expires, 40)}` is not a time", hint="write 2026-12-01")


def check_resources(ctx: Context, text: str, name: str = "") -> Done:
    """Look whether resources are there, one or all, and record what changed."""
    mission = resolve(ctx.state.snapshot(), text).need_whole()
    rows = [needed_resource(mission, name)] if name else list(mission.resources)
    looked = {one: _looked(ctx, mission, one) for one in rows}
    words = "; ".join(words for _, words in looked.values()) or "there are no resources"

    def change(address: Address) -> Wanted:
        there = set(address.mission.resources)
        found = {one.name: to for one, (to, _) in looked.items() if one in there and to not in {None, one.status}}
        if not found:
            return Wanted(words)
        changes = [SetCell(SECTION, {"Name": row}, "Status", str(to)) for row, to in found.items()]
        event = EventKind.of("resource", str(next(iter(found.values()))))
        return Wanted(words, event, tuple(changes), reason=str(do("resource", "check")))

    return commit_change(ctx, mission.id, change)


def _looked(ctx: Context, mission: Mission, one: Resource) -> tuple[ResourceStatus | None, str]:
    """Return the status that a look at a resource gives, None if it stays, and what was found."""
    name = one_line(one.name, 60)
    if one.broken:
        return None, f"{name}: its row has an error"
    if one.is_over(ctx.clock.now()):
        return ResourceStatus.EXPIRED if one.available else None, f"{name}: it has expired"
    if not one.check and not ctx.probes.can_tell(one):
        return None, f"{name}: nothing shows whether it is available: it is {one_line(one.raw_status, 40)}"
    try:
        found = _commanded(ctx, mission, one) if one.check else ctx.probes.look(one)
    except ToolError as error:
        return None, f"{name}: {one_line(error.message, 200)}"
    if found.there:
        return ResourceStatus.AVAILABLE, f"{name}: it is there"
    gone = ResourceStatus.BROKEN if one.available else None
    return gone, f"{name}: {found.words}" + (f" ({found.remedy})" if found.remedy else "")


def _commanded(ctx: Context, mission: Mission, one: Resource) -> Probed:
    """Run the command of a row as a job, and wait for it."""
    base = ctx.code.heads(mission.id, mission.base).base
    if base is None:
        return Probed(there=False, words="its command needs the base branch, which is missing")
    key = check_key(mission, one, Poll(changed=stamp(ctx.clock.now())))
    ctx.executor.submit(check_spec(ctx, one, key, base))
    ctx.executor.wait(key)
    words = why_failed(ctx, ctx.executor.poll([key])[key])
    return Probed(there=not words, words=words)
