"""Record in the mission what a sign-up does: its begin and end, pictures, and what a person is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mission_cli._support.slug import slug
from mission_cli._support.text import one_line
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.app.transaction import Wanted, commit_change
from mission_cli.document.changes import SetCell
from mission_cli.domain.accounts.plan import About
from mission_cli.domain.events import EventKind
from mission_cli.domain.resources.rows import ResourceStatus
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.engine.context import Context

_LABEL = 30
_OPTIONS = {
    About.CAPTCHA: ("done=you have solved it, or write the text that it shows",),
    About.TERMS: ("accept=the next step accepts them on your behalf",),
    About.PAYMENT: ("done=you have paid, or it costs nothing",),
}


def started(ctx: Context, mission: str, account: Resource) -> None:
    """Record that a sign-up begins, before any page is opened."""
    words = f"sign-up for the account {account.name} begins"
    commit_change(ctx, mission, lambda _: Wanted(words, EventKind.ACCOUNT_STARTED, record=True))


def stopped(ctx: Context, mission: str, account: Resource, why: str) -> None:
    """Record why a sign-up cannot go on."""
    words = f"sign-up for the account {account.name} stopped at {one_line(why, 300)}"
    commit_change(ctx, mission, lambda _: Wanted(words, EventKind.ACCOUNT_STOPPED, record=True))


def done(ctx: Context, mission: str, account: Resource, reference: str) -> None:
    """Record that an account is there, and where its password is."""

    def change(address: Address) -> Wanted:
        del address
        key = {"Name": account.name}
        cells = {"Status": str(ResourceStatus.AVAILABLE), "Reference": f"`{reference}`"}
        changes = tuple(SetCell("Resources", key, column, text) for column, text in cells.items())
        words = f"the account {account.name} exists; its password is in {reference}"
        return Wanted(words, EventKind.ACCOUNT_READY, changes, decisions=(f"Use the new account {account.name}",))

    commit_change(ctx, mission, change)


def picture(ctx: Context, mission: str, account: Resource, step: int, label: str, content: bytes) -> str:
    """Store a picture in `assets/`, and return its name."""
    name = f"account-{account.key}-{step:02}-{slug(label, _LABEL) or 'page'}.png"
    text = content.decode("utf-8", "surrogateescape")

    def change(address: Address) -> Wanted:
        head = ctx.state.head()
        before = ctx.state.assets(address.stored, head).get(name) if head is not None else None
        if before == text:
            return Wanted(name)
        write = Write(f"{assets_folder(address.stored)}/{name}", text, before)
        words = f"picture of step {step} of the account {account.name}: assets/{name}"
        return Wanted(words, EventKind.ACCOUNT_PICTURE, files=(write,), record=True)

    commit_change(ctx, mission, change)
    return name


def request(ctx: Context, mission: str, account: Resource, about: About, url: str, name: str) -> int:
    """Ask a person, and return the number of the request."""
    prompt = f"Account {account.name}: {about} at {urlsplit(url).netloc}. See assets/{name}"
    options = (*_OPTIONS[about], "stop=end this sign-up")
    given = Given(prompt, options, free_text=about is About.CAPTCHA, urgency="high")
    return int(ask(ctx, mission, given).about)
