"""The rules of mail, each for itself: addresses, letters, quoted text, codes, proofs of senders, and settings."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from mission_cli.adapters.mail.html import text_of
from mission_cli.adapters.mail.reading import read_mail
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import UsageError
from mission_cli.domain.mail.addresses import address_of, is_allowed, is_pattern
from mission_cli.domain.mail.extract import codes, links, reply_text
from mission_cli.domain.mail.incoming import Proof, proof_of
from mission_cli.domain.mail.letters import Letter, LetterError, letter_text, read_letter
from mission_cli.settings import check, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ada <Ada@Example.org>", "ada@example.org"),
        ("ada@example.org", "ada@example.org"),
        ("ada@example..org", ""),
        ("ada", ""),
        ("<ada@example.org> x", ""),
        ("ada@example.org\nBcc: eve@evil.example", ""),
        ('"a b"@example.org', ""),
        ("ada@exämple.org", ""),
    ],
)
def test_an_address_is_plain_or_refused(text: str, address: str) -> None:
    assert address_of(text) == address


def test_a_pattern_stands_for_its_side_of_the_at_only() -> None:
    allowed = ["*@example.org", "ben@*.example", "eve"]
    names = ("ada@example.org", "ADA@EXAMPLE.ORG", "ada@evil.example", "ada@example.org.evil", "ben@x.example", "eve")
    assert [is_allowed(name, allowed) for name in names] == [True, True, False, False, True, False]
    assert [is_pattern(text) for text in ("*@*", "*", "*@example.org", "a b@example.org", "")] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_a_letter_reads_back_as_it_was_written() -> None:
    letter = Letter(("a@b.org", "c@d.org"), "Hä?", "One.\n\nTo: two", "all", "3 × 24h")
    assert read_letter(letter_text(letter)) == letter
    expected = Letter(("no-reply@service.example",), "", "", "one", "", expected=True)
    assert read_letter(letter_text(expected)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("To: a@b.org\nBcc: c@d.org\nSubject: x\n\nhi", "`Bcc: c@d.org` is not a known header"),
        ("To: a@b.org\nTo: c@d.org\nSubject: x\n\nhi", "the header To appears twice"),
        ("To: a@b.org\nSubject: x\nWait: never\n\nhi", "Wait is `never`: write no, one, all or a number"),
        ("To: a@b.org\nSubject: x\nTimeout: soon\n\nhi", "the timeout `soon` cannot be read"),
        ("To: a@b.org\nSubject: x\n\n\x1b[2J", "it contains control characters"),
        (f"To: {', '.join(f'a{n}@b.org' for n in range(11))}\nSubject: x\n\nhi", "it has 11 recipients: at most 10"),
        ("To: a@b.org\nExpect: c@d.org\n\nhi", "it has both To and Expect"),
        (f"To: a@b.org\nSubject: {'x' * 200}\n\nhi", "subject or text are too long"),
    ],
)
def test_what_is_no_letter_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(LetterError) as refused:
        read_letter(text)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "quoted",
    [
        "\n\nOn Mon, 2 Nov 2026 at 10:00, Missions <m@example.org> wrote:\n> old",
        "\n\nOn Mon, 2 Nov 2026 at 10:00, Missions\n<m@example.org> wrote:\n> old",
        "\n\nAm 02.11.26 um 10:00 schrieb Missions:\n> old",
        "\n\n-----Original Message-----\nFrom: Missions\nold",
        "\n________________________________\nold",
        "\n\nFrom: Missions <m@example.org>\nSent: Monday\nold",
        "\n-- \nAda\nold",
        "\n> old",
    ],
)
def test_what_is_below_a_reply_is_not_part_of_it(quoted: str) -> None:
    assert reply_text(f"Yes, on Friday.\nFrom ten on.{quoted}") == "Yes, on Friday.\nFrom ten on."


def test_codes_are_near_their_word_and_links_end_before_the_sentence() -> None:
    text = "In 2026 we sent 1234567 mails.\n" + "x " * 80 + "\nYour verification code is AB12-CD34 (or 481516).\n"
    text += "Confirm: https://x.example/c?t=999999&u=1. Or <http://y.example/a>, once."
    assert codes(text) == ("AB12-CD34", "481516")
    assert links(text) == ("https://x.example/c?t=999999&u=1", "http://y.example/a")


def test_html_is_read_as_people_see_it() -> None:
    html = (
        "<head><title>t</title><style>p{}</style></head><p>Hello&nbsp;<b>Ada</b>,<br>one<script>x()</script></p>"
        '<ul><li>a</li><li>b</li></ul><a href="javascript:x()">bad</a> <a href="https://x.example">good</a>'
        "<blockquote><p>old</p></blockquote><template>no</template><p>unclosed"
    )
    assert text_of(html) == snapshot("""\
Hello Ada,
one

a

b

bad good https://x.example

> old

unclosed\
""")


@pytest.mark.parametrize(
    ("header", "proof"),
    [
        ("mx.org; dmarc=pass header.from=a.org", Proof.PASSED),
        ("mx.org 1; spf=none; dmarc=pass (p=none) header.from=a.org", Proof.PASSED),
        ("MX.ORG; spf=pass smtp.mailfrom=ada@a.org", Proof.PASSED),
        ("mx.org; dkim=pass header.d=a.org", Proof.PASSED),
        ("mx.org; dkim=pass header.d=b.org; spf=pass smtp.mailfrom=b.org", Proof.NONE),
        ("mx.org; dkim=pass header.d=org", Proof.NONE),
        ("mx.org; dmarc=fail header.from=a.org; spf=pass smtp.mailfrom=a.org", Proof.FAILED),
        ("mx.org; spf=fail smtp.mailfrom=a.org", Proof.FAILED),
        ("evil.org; dmarc=pass header.from=a.org", Proof.NONE),
        ("evil.org (mx.org; dmarc=pass header.from=a.org); none", Proof.NONE),
        ("mx.org; dmarc=pass header.from=not\u0430.org", Proof.NONE),
        ("mx.org", Proof.NONE),
        ("", Proof.NONE),
    ],
)
def test_what_our_server_says_of_a_sender(header: str, proof: Proof) -> None:
    assert proof_of([header] if header else [], "a.org", "mx.org") is proof
    assert proof_of(["other.org; none", header], "a.org", "mx.org") is Proof.NONE, "only the topmost header counts"
    assert proof_of([header], "a.org", "") is not Proof.PASSED, "without its name nothing is proven"


def test_a_mail_that_is_nonsense_is_read_as_data() -> None:
    for raw in (
        b"",
        b"\xff\xfe\x00",
        b"From: <>\nSubject: =?bad?q?=\nContent-Type: multipart/mixed\n\n--x\n",
        b"\n\n\n",
    ):
        assert read_mail(raw).senders == ()
    twice = read_mail(b"From: a@b.org\nFrom: c@d.org\nMessage-ID: <1@x> <2@x>\n\nhi")
    assert twice.senders == ("a@b.org", "c@d.org")
    assert len(twice.key) == 64, "two Message-IDs are none"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('smtp = "mail.example.org"', "`mail.smtp` is set, and `mail.sender` is empty"),
        ('imap = "mail.example.org"', "`[mail]` names no server that sends"),
        ('smtp = "smtp://x/"\nsender = "a@b.org"', "the setting `mail.smtp` is not the name of a host"),
        ('smtp = "x.org"\nsender = "nobody"', "the setting `mail.sender` is not an address"),
        ('password = "hunter2"', "the setting `mail.password` is not a reference"),
        ('smtp = "x.org"\nsender = "a@b.org"\nimap = "x.org"', "`mail.imap` needs `mail.user` and `mail.password`"),
        ('smtp = "x.org"\nsender = "a@b.org"\nanswers = true', "`mail.answers` needs more settings"),
        ('folder = "a\\"b"', "the setting `mail.folder` is not the name of a folder"),
    ],
)
def test_settings_that_cannot_work_are_refused_and_no_secret_is_shown(text: str, error: str) -> None:
    with pytest.raises(UsageError) as refused:
        check(parse(f"[mail]\n{text}\n", "x"))
    assert refused.value.message == error
    assert refused.value.hint
    assert "hunter2" not in f"{refused.value.message}{refused.value.hint}"


def test_lint_names_mails_that_are_not_read_and_addresses_that_allow_nothing() -> None:
    text = "---\nmail_recipients: [ada@example.org, everybody, '*']\n---\n# T\n\n## Mail\n\n"
    text += "| # | Feature | To | Subject | Status |\n|---|---|---|---|---|\n"
    text += "| 1 | 1.1 | ada@example.org | hi | draft |\n| x | 1.1 | ada@example.org | hi | draft |\n"
    text += "| 2 | 1.1 | ada | hi | draft |\n| 3 | 1.1 | ada@example.org | hi | flying |\n"
    found = load(text, "m")
    assert [row.number for row in found.mission.mails] == [1]
    assert [(p.line, p.message, p.hint) for p in lint(found) if "mail" in p.message] == snapshot(
        [
            (
                2,
                "`*` in `mail_recipients` is not an address: it allows no mail",
                "write ada@example.org or *@example.org",
            ),
            (
                2,
                "`everybody` in `mail_recipients` is not an address: it allows no mail",
                "write ada@example.org or *@example.org",
            ),
            (11, "a mail without a number is not sent", "write it into #"),
            (12, "mail 2: `ada` is not an address", "write ada@example.org"),
            (
                13,
                "mail 3 has the status `flying`, which is not known",
                "write one of draft, approved, sending, sent, unsure, failed, rejected, expected",
            ),
        ]
    )
