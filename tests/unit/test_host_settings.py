"""`[hosts.NAME]`: what a table means, who may write one, and how a wrong one is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.hosts.host import Host, HostKind, Needed
from mission_cli.settings import Settings, check, hosts_of, parse
from mission_cli.settings.hosts import HostSettings, with_host, without_host

OWN = "/home/ada/.config/mission/config.toml"
WHOLE = """\
[hosts.farm]
kind = "kubernetes"
address = "https://farm.example.org:6443"
exchange = "ssh://git@farm.example.org/exchange.git"
root = "~/work"
python = "python3.12"
workers = 40
labels = ["gpu", "big"]
runners = ["opencode", "script*"]
cpus = 1.5
memory_mb = 2048
gpus = 1
image = "example.org/agents:1"
namespace = "agents"
account = "runner"
queue = "short"
token = "env:FARM_TOKEN"
"""


def test_a_table_becomes_a_host() -> None:
    settings = parse(WHOLE, OWN)
    check(settings)
    assert hosts_of(settings.hosts) == {
        "farm": Host(
            name="farm",
            kind=HostKind.KUBERNETES,
            address="https://farm.example.org:6443",
            exchange="ssh://git@farm.example.org/exchange.git",
            root="~/work",
            python="python3.12",
            workers=40,
            labels=("gpu", "big"),
            runners=("opencode", "script*"),
            needed=Needed(1.5, 2048, 1),
            image="example.org/agents:1",
            namespace="agents",
            account="runner",
            queue="short",
            token="env:FARM_TOKEN",  # noqa: S106 - a reference
        )
    }


def test_an_address_is_all_that_ssh_needs() -> None:
    settings = parse('[hosts.big-box]\naddress = "me@big-box"\n', OWN)
    assert hosts_of(settings.hosts) == {"big-box": Host("big-box", HostKind.SSH, "me@big-box")}


def test_a_repository_cannot_name_a_host() -> None:
    """Work would go, with your keys, to a machine that someone else chose."""
    with pytest.raises(DocumentError) as caught:
        parse('\n[hosts.theirs]\naddress = "them@theirs"\n', "/repo/.mission.toml")
    assert str(caught.value) == "/repo/.mission.toml:2:1: `hosts` cannot be set by a repository"
    hint = "write it into config.toml in your config folder: a repository does not send work to your machines"
    assert str(caught.value.hint) == hint


SSH = '[runners.a]\nkind = "command"\n\n[hosts.a]\naddress = "me@a"\n'
RAY = '[hosts.a]\nkind = "ray"\naddress = "http://ray:8265"\n'
WRONG = (
    ('[hosts.A]\naddress = "x"', 1, "`hosts.A` is not a valid name of a host"),
    ('[hosts.local]\naddress = "x"', 1, "`hosts.local` is reserved: `local` means this machine"),
    ('[hosts.-a]\naddress = "x"', 1, "`hosts.-a` is not a valid name of a host"),
    ("[hosts.a]\nworkers = 2", 1, "the setting `hosts.a.address` is empty"),
    (f'{SSH}kind = "shh"', 6, "the setting `hosts.a.kind` is 'shh'"),
    (RAY, 1, "the setting `hosts.a.exchange` is empty"),
    (RAY.replace("http://ray:8265", "ray:8265"), 3, "the setting `hosts.a.address` is 'ray:8265'"),
    ('[hosts.a]\nkind = "kubernetes"\nexchange = "/x"', 1, "the setting `hosts.a.image` is empty"),
    (f'{SSH}exchange = "ext::sh -c touch% /tmp/x"', 6, "the setting `hosts.a.exchange` names a git transport that runs a command"),
    (f'{SSH}exchange = "https://me:secret@x/y.git"', 6, "the setting `hosts.a.exchange` contains a password"),
    (f"{SSH}workers = 0", 6, "the setting `hosts.a.workers` is 0"),
    (f"{SSH}memory_mb = -1", 6, "the setting `hosts.a.memory_mb` is -1"),
    (f'{SSH}labels = ["gpu", "A B"]', 6, "the setting `hosts.a.labels` has 'A B'"),
    (f'{SSH}labels = ["local"]', 6, "the setting `hosts.a.labels` has 'local'"),
    (f'{SSH}token = "s3cr3t"', 6, "the setting `hosts.a.token` is not a reference"),
    (f'{SSH}python = ""', 6, "the setting `hosts.a.python` is empty"),
    (f'{SSH}root = "work"', 6, "the setting `hosts.a.root` is 'work'"),
    ('[hosts.a]\naddress = "-oProxyCommand=x"', 2, "the setting `hosts.a.address` is '-oProxyCommand=x'"),
    (f'{SSH}queue = "a\\u001bb"', 6, "the setting `hosts.a.queue` is 'a\\x1bb'"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_a_wrong_table_is_refused_with_file_line_and_hint(text: str, line: int, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(text, OWN)
    assert str(caught.value) == f"{OWN}:{line}: {words}"
    assert str(caught.value.hint)
    assert "s3cr3t" not in str(caught.value)


def test_a_kind_with_a_typo_is_guessed_and_settings_made_by_code_are_checked_too() -> None:
    with pytest.raises(UsageError) as caught:
        check(Settings(hosts={"a": HostSettings(kind="kubernets", address="https://x")}))
    assert str(caught.value.hint) == "did you mean `kubernetes`?"


def test_a_table_is_added_and_removed_and_all_comments_stay() -> None:
    text = '# mine\nattempts = 2  # few\n\n[hosts.old]\n# its disk is full\naddress = "o"\n\n# agents\n[runners.x]\nkind = "command"\n'
    more = with_host(text, "new", HostSettings(address="me@new", workers=3, labels=("gpu",), cpus=Decimal("1.5")))
    assert more == f'{text}\n[hosts.new]\naddress = "me@new"\nworkers = 3\nlabels = ["gpu"]\ncpus = 1.5\n'
    assert without_host(more, "new") == text
    less = '# mine\nattempts = 2  # few\n\n# agents\n[runners.x]\nkind = "command"\n'
    assert without_host(text, "old") == less
    assert without_host(text, "other") is None
    assert without_host(with_host("", "new", HostSettings(address="n")), "new") == ""
