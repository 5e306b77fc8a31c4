"""The plans of accounts in a mission, and how far each sign-up came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import sha256_of
from mission_cli.domain.accounts.judging import sub_address
from mission_cli.domain.accounts.plan import SignUp, Verb, read_plan
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.notice import do
from mission_cli.domain.resources.rows import ResourceType, named_resource
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.engine.context import Context

FOLDER = "decisions"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sign-up came. It contains cookies and codes, so it is stored as a secret."""

    step: int = 0
    """The index of the next step."""
    begun: bool = False
    """A click began, and did not end."""
    since: str = ""
    """When the sign-up began, ISO 8601: older mails do not count."""
    url: str = ""
    state: str = ""
    """Cookies and storage."""
    digest: str = ""
    """The hash of the plan that is carried out."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What mails and people gave."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What was asked and answered, by step."""
    request: int = 0
    """The open request; 0: none."""


def accounts_of(mission: Mission) -> list[Resource]:
    """Return the resources of a mission that are accounts."""
    return [one for one in mission.resources if one.kind is ResourceType.ACCOUNT]


def account_named(mission: Mission, name: str) -> Resource:
    """Return an account. Raises NotFoundError."""
    found = named_resource(accounts_of(mission), name)
    if found is None:
        known = ", ".join(one.key for one in accounts_of(mission)) or "none"
        hint = do("resource", "add", mission.id, name, "--type", "account")
        raise NotFoundError(f"{mission.id} needs no account {name!r} (accounts: {known})", hint=hint)
    return found


def plan_of(ctx: Context, address: Address, account: Resource) -> tuple[SignUp | None, str]:
    """Return the plan of an account and the hash of its text; None if it has none."""
    import yaml

    head, name = ctx.state.head(), f"{FOLDER}/account-{account.key}.yaml"
    text = ctx.state.workspace(address.stored, head, FOLDER).get(name) if head is not None else None
    if text is None:
        return None, ""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return SignUp(account.key, (), problems=(f"it is not YAML: {str(error).splitlines()[0]}",)), ""
    return read_plan(account.key, raw), sha256_of(text)


def address_of_account(ctx: Context, account: Resource) -> str:
    """Return the address that signs up; empty if no mail can be read here."""
    return sub_address(ctx.post.sender, account.key)


def progress_of(ctx: Context, mission: str, account: Resource) -> Progress:
    """Return how far a sign-up came."""
    kept = ctx.vault.resolve(f"secret:{_key(mission, account)}")
    if isinstance(kept, Unresolved):
        return Progress()
    try:
        raw: Any = json.loads(kept)
        return Progress(**raw) if isinstance(raw, dict) else Progress()
    except (ValueError, TypeError):
        return Progress()


def keep(ctx: Context, mission: str, account: Resource, now: Progress) -> Progress:
    """Store how far a sign-up came, and return it. Raises ToolError."""
    facts = {name: getattr(now, name) for name in Progress.__match_args__}
    facts |= {"values": dict(now.values), "answers": dict(now.answers)}
    ctx.vault.store(_key(mission, account), json.dumps(facts))
    return now


def resumed(plan: SignUp, now: Progress) -> Progress:
    """Return where to go on with a new page: fields that were filled since the last click are filled again."""
    place = now.step
    while place > 0 and plan.steps[place - 1].verb is not Verb.CLICK:
        place -= 1
        if plan.steps[place].verb is Verb.OPEN:
            return replace(now, step=place, url="")
    return replace(now, step=place)


def own_reference(mission: str, account: Resource) -> str:
    """Return the reference to the password of an account: that of its resource, or one of the own store."""
    return account.reference or f"secret:{mission}/{account.key}"


def _key(mission: str, account: Resource) -> str:
    return f"{mission}/{account.key}-signup"
