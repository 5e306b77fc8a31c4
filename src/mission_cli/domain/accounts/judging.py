"""What a mail or a page may contribute to a sign-up. Texts from outside are data: they choose nothing by themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.domain.accounts.plan import About, Found, why_not
from mission_cli.domain.mail.addresses import domain_of
from mission_cli.domain.mail.extract import codes, links
from mission_cli.domain.mail.incoming import Proof, proof_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.domain.accounts.plan import SignUp
    from mission_cli.domain.mail.incoming import Incoming

_SHOWN = 80
_TERMS = pattern(
    r"\b(?:terms|conditions|agree|accept|consent|privacy|tos|eula|agb|bedingungen|datenschutz|zustimm\w*|"
    r"akzeptier\w*|conditions|j'accepte|acepto|accetto)\b",
    re.IGNORECASE,
)
_PAYMENT = pattern(
    r"\b(?:pay|payment|buy|purchase|order|subscribe|checkout|card|cvc|cvv|iban|cc-[a-z-]+|billing|bezahl\w*|kauf\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found in the mails that came."""

    value: str = ""
    """The code or the link; empty: it did not come yet."""
    refused: tuple[str, ...] = ()
    """Mails that do not count, each with the reason."""
    stop: str = ""
    """Why the sign-up cannot go on; empty: it can."""


def taken(plan: SignUp, what: Found, mails: Iterable[Incoming], address: str, server: str) -> Taken:
    """Return the one code or link that a mail to the address of an account brought.

    Two mails that count, two codes, or links to another host end the sign-up: a person has to look.
    """
    refused: list[str] = []
    values: list[str] = []
    for mail in mails:
        why = _refused(plan, mail, address, server)
        if why:
            refused.append(f"{one_line(mail.subject, _SHOWN)!r}: {why}")
            continue
        found = codes(mail.text) if what is Found.CODE else links(mail.text)
        if what is Found.LINK:
            bad = [one for one in found if why_not(one, plan.hosts)]
            if bad:
                words = f"a link of the mail is refused: {why_not(bad[0], plan.hosts)}"
                return Taken("", tuple(refused), words)
        values += found
    different = tuple(dict.fromkeys(values))
    if len(different) > 1:
        return Taken("", tuple(refused), f"the mail has {len(different)} different {what}s, so none is used")
    return Taken(different[0] if different else "", tuple(refused))


def asks_for(text: str) -> About | None:
    """Return what only a person may do, if the words of an element say that it is that; None otherwise."""
    if _TERMS.search(text):
        return About.TERMS
    return About.PAYMENT if _PAYMENT.search(text) else None


def sub_address(sender: str, name: str) -> str:
    """Return the address of an account: that of the mailbox, with the name of the account after a plus sign."""
    local, _, domain = sender.rpartition("@")
    tag = "".join(char if char.isalnum() else "-" for char in name.casefold()).strip("-") or "account"
    return f"{local.partition('+')[0]}+{tag}@{domain}" if local else ""


def _refused(plan: SignUp, mail: Incoming, address: str, server: str) -> str:
    """Return why a mail does not count."""
    sender = mail.senders[0] if len(mail.senders) == 1 else ""
    if address not in mail.to:
        return "it was not sent to the address of the account"
    if not sender:
        return "it does not name one sender"
    if sender not in plan.senders:
        return f"it comes from {sender}, which the plan does not name"
    if mail.bounce:
        return "it says that a mail could not be delivered"
    if proof_of(mail.results, domain_of(sender), server) is Proof.FAILED:
        return f"the mail server says that it does not come from {domain_of(sender)}"
    return ""
