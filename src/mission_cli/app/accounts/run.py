"""Carry out the steps of a sign-up, with a browser, the mailbox of the mission, and a person where one is needed."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.app.accounts.kept import (
    Progress,
    account_named,
    address_of_account,
    keep,
    own_reference,
    plan_of,
    progress_of,
    resumed,
)
from mission_cli.app.accounts.record import done, picture, request, started, stopped
from mission_cli.app.accounts.results import AccountRun
from mission_cli.app.addressing import resolve
from mission_cli.domain.accounts.judging import asks_for, taken
from mission_cli.domain.accounts.plan import About, Found, Value, Verb, why_not
from mission_cli.domain.errors import BlockedError, MissionError, ToolError
from mission_cli.domain.notice import do
from mission_cli.domain.status import RequestStatus
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mission_cli.domain.accounts.plan import SignUp, Step
    from mission_cli.domain.mail.incoming import Incoming
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.engine.context import Context
    from mission_cli.ports.outside.browser import Page

_STOP = "stop"
_CLOCKS = timedelta(minutes=2)
"""By how much the clocks of mail servers may differ."""


class _WaitError(Exception):
    """It goes on when a person has answered, or a mail has come."""


@dataclass(slots=True)
class Runner:
    """One sign-up that is carried out now."""

    ctx: Context
    mission: str
    account: Resource
    plan: SignUp
    now: Progress
    pause: Callable[[], bool]
    """Waits a moment; False if it has waited long enough."""
    approved: About | None = None
    """What a person has just approved, for the next click."""

    def run(self) -> AccountRun:
        """Carry out the steps that are left. Raises ToolError if the browser cannot be used."""
        try:
            with self.ctx.browsers.start(self.plan.hosts, self.now.state) as page:
                return self._steps(page)
        except _WaitError as wait:
            return self._result("waiting", str(wait))

    def _steps(self, page: Page) -> AccountRun:
        self.now = resumed(self.plan, self.now)
        try:
            if self.now.url and self.now.step:
                page.open(self.now.url)
            while self.now.step < len(self.plan.steps):
                step = self.plan.steps[self.now.step]
                self._step(page, step)
                self._check(page)
                self._keep(page, replace(self.now, step=self.now.step + 1, begun=False))
        except (ToolError, BlockedError) as error:
            with suppress(MissionError):
                self._picture(page, "stopped")
            stopped(self.ctx, self.mission, self.account, f"step {self.now.step + 1}: {error.message}")
            return self._result("stopped", error.message)
        self._picture(page, "done")
        done(self.ctx, self.mission, self.account, own_reference(self.mission, self.account))
        self.now = keep(
            self.ctx, self.mission, self.account, Progress(step=len(self.plan.steps), digest=self.now.digest)
        )
        return self._result("done", f"the account {self.account.name} exists")

    def _step(self, page: Page, step: Step) -> None:
        match step.verb:
            case Verb.OPEN:
                page.open(self.now.values.get(Found.LINK, "") if step.target == Found.LINK else step.target)
            case Verb.FILL:
                self._fill(page, step)
            case Verb.CLICK:
                self._click(page, step)
            case Verb.MAIL:
                self._mail(Found(step.target))
            case Verb.ASK:
                self.approved = self._asked(page, About(step.target), str(self.now.step))
            case Verb.SCREENSHOT:
                self._picture(page, step.target)

    def _fill(self, page: Page, step: Step) -> None:
        if asks_for(page.about(step.target)) is About.PAYMENT:
            raise BlockedError(f"{step.target} is for a payment: a person has to pay")
        secret = step.value in {Value.PASSWORD, Value.CODE}
        page.fill(step.target, self._value(step), secret=secret)

    def _value(self, step: Step) -> str:
        if step.value is None:
            return step.text
        if step.value is Value.MAIL:
            return address_of_account(self.ctx, self.account)
        if step.value is Value.PASSWORD:
            return self._password()
        return self.now.values.get(step.value, "")

    def _password(self) -> str:
        """Return the password; a new one is stored before it is used, so that no account is lost."""
        reference = own_reference(self.mission, self.account)
        found = self.ctx.vault.resolve(reference)
        if isinstance(found, Unresolved) and not self.account.reference:
            self.ctx.vault.store(reference.removeprefix("secret:"), secrets.token_urlsafe(24))
            found = self.ctx.vault.resolve(reference)
        if isinstance(found, Unresolved):
            raise ToolError(found.words)
        return found

    def _click(self, page: Page, step: Step) -> None:
        """Click once; what accepts terms or pays needs the word of a person just before."""
        about = asks_for(page.about(step.target))
        if about is not None and about is not self.approved:
            self._asked(page, about, f"{self.now.step} click")
        self.approved = None
        self._keep(page, replace(self.now, begun=True))
        page.click(step.target)

    def _mail(self, what: Found) -> None:
        since = parse_stamp(self.now.since)
        address, server = address_of_account(self.ctx, self.account), self.ctx.settings.mail.server
        cursor = ""
        mails: list[Incoming] = []
        while since is not None:
            fetched = self.ctx.post.fetch(since, cursor)
            cursor = fetched.cursor
            mails += [mail for mail in fetched.mails if _is_new(mail, since)]
            found = taken(self.plan, what, mails, address, server)
            if found.stop:
                raise BlockedError(found.stop)
            if found.value:
                self.now = replace(self.now, values={**self.now.values, what: found.value})
                return
            if not self.pause():
                refused = f"; refused: {'; '.join(found.refused)}" if found.refused else ""
                raise _WaitError(f"no mail with a {what} has come to {address}{refused}")

    def _asked(self, page: Page, about: About, place: str) -> About:
        """Wait until a person has answered; the page stays open meanwhile."""
        if place in self.now.answers:
            return about
        number = self.now.request
        if not number:
            name = self._picture(page, about)
            number = request(self.ctx, self.mission, self.account, about, page.url, name)
            self._keep(page, replace(self.now, request=number))
        while True:
            answer = _answer(self.ctx, self.mission, number)
            if answer is None:
                if not self.pause():
                    words = do("answer", self.mission, number, "ANSWER")
                    raise _WaitError(f"request {number} about {about} waits for a person: {words}")
                continue
            if answer == "" or answer.casefold().startswith(_STOP):
                self._keep(page, replace(self.now, request=0))
                raise BlockedError(f"a person stopped it at {about}")
            values = {**self.now.values, Value.ANSWER: answer}
            answers = {**self.now.answers, place: answer}
            self._keep(page, replace(self.now, request=0, values=values, answers=answers))
            return about

    def _check(self, page: Page) -> None:
        """Stop where the page has left the hosts of the plan."""
        why = why_not(page.url, self.plan.hosts) if page.url else ""
        if why:
            raise BlockedError(f"the page leads elsewhere: {why}")

    def _keep(self, page: Page, now: Progress) -> None:
        """Store how far it came, with the page as it is now."""
        self.now = keep(self.ctx, self.mission, self.account, replace(now, url=page.url, state=page.state()))

    def _picture(self, page: Page, label: str) -> str:
        return picture(self.ctx, self.mission, self.account, self.now.step + 1, label, page.picture())

    def _result(self, state: str, words: str) -> AccountRun:
        return AccountRun(self.mission, self.account.key, state, words, self.now.step + 1, self.now.request)


def sign_up(
    ctx: Context, text: str, name: str, *, pause: Callable[[], bool], again: bool = False, go_on: bool = False
) -> AccountRun:
    """Sign up for an account, or go on where it stopped. Raises BlockedError if a person has to decide something first.

    `again` begins anew. `go_on` takes a click that began, and whose end is unknown, as done.
    """
    ready = prepared(ctx, text, name)
    mission, account, plan, digest = ready
    now = Progress() if again else progress_of(ctx, mission, account)
    if now.begun and not go_on:
        hint = do("account", "run", mission, account.key, "--go-on")
        words = f"it is unknown whether step {now.step + 1} was carried out: look at the site; --again starts over"
        raise BlockedError(words, hint=hint)
    if now.begun:
        now = replace(now, step=now.step + 1, begun=False)
    if now.step and now.digest != digest:
        raise BlockedError("its plan was changed meanwhile", hint=do("account", "run", mission, account.key, "--again"))
    if now.step >= len(plan.steps):
        return AccountRun(mission, account.key, "done", "every step is done; --again starts over", now.step + 1, 0)
    if not now.since:
        now = keep(ctx, mission, account, replace(now, since=stamp(ctx.clock.now()), digest=digest))
        started(ctx, mission, account)
    return Runner(ctx, mission, account, plan, now, pause).run()


def prepared(ctx: Context, text: str, name: str) -> tuple[str, Resource, SignUp, str]:
    """Return what is to be carried out. Raises BlockedError if that is not possible here."""
    address = resolve(ctx.state.snapshot(), text)
    mission = address.need_whole()
    account = account_named(mission, name)
    plan, digest = plan_of(ctx, address, account)
    place = f"decisions/account-{account.key}.yaml"
    if plan is None:
        raise BlockedError(f"{account.name} has no plan: {place} is not there", hint=do("help", "accounts"))
    if plan.problems:
        raise BlockedError(f"{place} cannot be used: {'; '.join(plan.problems[:3])}", hint=do("help", "accounts"))
    missing = ctx.browsers.obstacle()
    if any(step.verb is Verb.MAIL or step.value is Value.MAIL for step in plan.steps):
        missing = missing or ctx.post.obstacle()
    if missing:
        raise BlockedError(f"nothing can sign up here: {missing}", hint=do("doctor"))
    return mission.id, account, plan, digest


def _answer(ctx: Context, mission: str, number: int) -> str | None:
    """Return what a person answered; None: nothing yet; empty: the request was withdrawn."""
    found = resolve(ctx.state.snapshot(), mission).mission
    request_ = next((one for one in found.requests if one.number == number), None)
    if request_ is None or request_.status == RequestStatus.WITHDRAWN:
        return ""
    return request_.response.strip() or None if request_.status == RequestStatus.ANSWERED else None


def _is_new(mail: Incoming, since: datetime) -> bool:
    """Whether a mail came after the sign-up began; one that does not say when counts as old."""
    at = parse_stamp(mail.at)
    return at is not None and at >= since - _CLOCKS
