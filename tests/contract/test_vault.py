"""What every implementation of the port `Vault` does; and the real one with real and with stand-in programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]  # it has no types
import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.vault import MemoryVault
from tests.kit.nightly import only_at_night

from mission_cli.adapters.secrets.vault import LocalVault
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import advise
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.ports.secrets import Vault

VALUE = 's3cr3t-värde \'with "quotes" $HOME'
LINE = f"{VALUE}\n"


def told(found: str | Unresolved, place: Path) -> str:
    """What is said of a value that was not found, in another place."""
    assert isinstance(found, Unresolved)
    return f"{found.words} ({found.remedy})".replace(os.fspath(place), "…")


@pytest.fixture(params=["real", "fake"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    """A vault that knows a variable, a file, and an empty file."""
    (tmp_path / "key").write_text(LINE)
    (tmp_path / "empty").write_text("\n")
    if request.param == "real":
        return LocalVault({"HOME": os.fspath(tmp_path), "KEY": VALUE}, tmp_path / "config")
    return MemoryVault({"env:KEY": VALUE, "file:~/key": LINE, "file:~/empty": "\n"})


def test_it_finds_values_and_says_where_none_is(vault: Vault) -> None:
    assert [vault.resolve(one) for one in ("env:KEY", "file:~/key")] == [VALUE, VALUE]
    for reference in ("env:OTHER", "file:~/nothing", "file:~/empty", "env:A-B", VALUE, ""):
        found = vault.resolve(reference)
        assert isinstance(found, Unresolved)
        assert VALUE not in f"{found.words} {found.remedy}"


def test_it_stores_values_under_a_name(vault: Vault) -> None:
    stored = vault.store("m-1/stripe-key", VALUE)
    assert (stored, vault.resolve(stored)) == ("secret:m-1/stripe-key", VALUE)
    vault.store("m-1/stripe-key", "another value")
    assert vault.resolve(stored) == "another value"
    for name, value in (("../x", VALUE), ("a/b/c", VALUE), ("", VALUE), ("empty", " \n"), ("nul", "a\0b")):
        with pytest.raises(ToolError) as refused:
            vault.store(name, value)
        assert value not in str(refused.value)


# The real one


def test_stored_values_are_for_their_user_alone(tmp_path: Path) -> None:
    vault = LocalVault({"HOME": os.fspath(tmp_path)}, tmp_path / "config")
    vault.store("m-1/key", VALUE)
    place = tmp_path / "config/secrets/m-1/key"
    modes = [oct(one.stat().st_mode & 0o777) for one in (place, tmp_path / "config/secrets")]
    assert (place.read_text(), modes) == (VALUE, ["0o600", "0o700"])
    place.chmod(0o644)
    assert told(vault.resolve("secret:m-1/key"), tmp_path) == snapshot(
        "secret:m-1/key leads to no value: other users can read it (chmod 600 …/config/secrets/m-1/key)"
    )


def test_the_key_file_is_read_again(tmp_path: Path) -> None:
    vault = LocalVault({"HOME": os.fspath(tmp_path)}, tmp_path)
    assert told(vault.resolve("env:LATER"), tmp_path) == snapshot(
        "env:LATER leads to no value: $LATER is not set (put LATER=… into …/env)"
    )
    (tmp_path / "env").write_text(f"LATER={VALUE}\n")
    assert vault.resolve("env:LATER") == VALUE


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a\0b", b"\xff\xfe", b"x" * 70_000], ids=len)
def test_what_no_variable_can_have_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert isinstance(LocalVault({"HOME": os.fspath(tmp_path)}, tmp_path).resolve("file:~/key"), Unresolved)


STAND_IN = """\
#!/bin/sh
printf '%s\\0' "${0##*/}" "$@" >"$RECORD"
cat "$ANSWER"
[ ! -e "$ANSWER.err" ] || { cat "$ANSWER.err" >&2; exit 3; }
"""
ITEM = {"fields": [{"name": "pin", "value": VALUE}, {"name": "twice", "value": "a"}, {"name": "twice", "value": "b"}]}


@pytest.fixture
def programs(tmp_path: Path) -> Mapping[str, str]:
    """The environment in which every program is a stand-in that records its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pass", "gopass", "sops", "op", "bw", "secret-tool", "security"):
        (folder / name).write_text(STAND_IN)
        (folder / name).chmod(0o755)
    (tmp_path / "answer").write_text(LINE)
    here = {"HOME": os.fspath(tmp_path), "RECORD": f"{tmp_path}/record", "ANSWER": f"{tmp_path}/answer"}
    return {**here, "PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("reference", "argv"),
    [
        ("pass:web/stripe key", ["pass", "show", "web/stripe key"]),
        ("gopass:web/stripe", ["gopass", "show", "--password", "web/stripe"]),
        ("sops:deploy/keys.yaml#stripe.keys.0", ["sops", "--decrypt", "--extract", '["stripe"]["keys"][0]', "HERE"]),
        ("op://Work/Stripe API/credential", ["op", "read", "--no-newline", "op://Work/Stripe API/credential"]),
        ("bw:Stripe", ["bw", "get", "password", "Stripe", "--nointeraction", "--raw"]),
        ("bw:Stripe#username", ["bw", "get", "username", "Stripe", "--nointeraction", "--raw"]),
        ("secret-service:service=stripe,user=ada", ["secret-tool", "lookup", "service", "stripe", "user", "ada"]),
        ("keychain:stripe", ["security", "find-generic-password", "-w", "-s", "stripe"]),
        ("keychain:stripe#ada", ["security", "find-generic-password", "-w", "-s", "stripe", "-a", "ada"]),
    ],
)
def test_programs_get_a_fixed_command_line(
    tmp_path: Path, programs: Mapping[str, str], reference: str, argv: list[str]
) -> None:
    vault = LocalVault(programs, tmp_path, tmp_path)
    assert vault.resolve(reference) == VALUE
    told = (tmp_path / "record").read_text().split("\0")[:-1]
    assert [f"{tmp_path}/deploy/keys.yaml" if one == "HERE" else one for one in argv] == told


def test_a_field_of_an_item_of_bitwarden(tmp_path: Path, programs: Mapping[str, str]) -> None:
    (tmp_path / "answer").write_text(json.dumps(ITEM))
    vault = LocalVault(programs, tmp_path)
    assert vault.resolve("bw:Stripe#pin") == VALUE
    assert [vault.resolve(f"bw:Stripe#{field}") for field in ("twice", "none")] == snapshot(
        [
            Unresolved(words="bw:Stripe#twice leads to no value: the item has more than one field twice"),
            Unresolved(words="bw:Stripe#none leads to no value: the item has no field none"),
        ]
    )
    (tmp_path / "answer").write_text("no JSON")
    assert vault.resolve("bw:Stripe#pin") == snapshot(
        Unresolved(words="bw:Stripe#pin leads to no value: the item has no field pin")
    )


def test_a_program_that_fails_is_quoted_without_what_it_printed(tmp_path: Path, programs: Mapping[str, str]) -> None:
    vault = LocalVault(programs, tmp_path)
    (tmp_path / "answer.err").write_text("warning\n[ERROR] you are not signed in\n")
    assert vault.resolve("op://Work/Stripe/key") == snapshot(
        Unresolved(words="op://Work/Stripe/key leads to no value: `op` ended with 3: [ERROR] you are not signed in")
    )
    (tmp_path / "answer.err").write_text(f"bad: {LINE}")
    assert vault.resolve("op://Work/Stripe/key") == snapshot(
        Unresolved(words="op://Work/Stripe/key leads to no value: `op` ended with 3")
    )


def test_a_program_that_is_missing_or_slow_is_named(tmp_path: Path, programs: Mapping[str, str]) -> None:
    assert LocalVault({**programs, "PATH": "/nowhere"}, tmp_path).resolve("gopass:a") == Unresolved(
        "gopass:a leads to no value: `gopass` was not found", advise("install gopass"), "gopass"
    )
    (tmp_path / "bin/gopass").write_text("#!/bin/sh\nexec sleep 60\n")
    assert LocalVault(programs, tmp_path, patience=0.05).resolve("gopass:a") == snapshot(
        Unresolved(words="gopass:a leads to no value: `gopass` did not end within 0 s")
    )


@pytest.mark.parametrize(
    "reference",
    [
        "pass:--help",
        "pass:a/../../b",
        "pass:-c",
        "gopass:a;id",
        "gopass:$(id)",
        "op://a/b",
        "op://a/b/c/d/e",
        "op:read",
        "bw:-x",
        "bw:a#-x",
        "sops:a.yaml",
        "sops:../a#b",
        'sops:a#b"]',
        "age:-i",
        "keychain:a\nb",
        "secret-service:a",
        "secret-service:a=-b",
        "file:relative",
        "file:~/../../etc/passwd",
        "http://x",
        "PASS:a",
        f"pass:{'a' * 600}",
    ],
)
def test_no_program_starts_for_anything_else(tmp_path: Path, programs: Mapping[str, str], reference: str) -> None:
    assert isinstance(LocalVault(programs, tmp_path, tmp_path).resolve(reference), Unresolved)
    assert not (tmp_path / "record").exists()


def test_files_of_age(tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "keys.txt").write_text(f"# public key: {key.to_public()}\n{key}\n")
    (tmp_path / "value.age").write_bytes(pyrage.encrypt(LINE.encode(), [key.to_public()]))
    here = {"HOME": os.fspath(tmp_path)}
    vault = LocalVault({**here, "SOPS_AGE_KEY_FILE": f"{tmp_path}/keys.txt"}, tmp_path / "config", tmp_path)
    assert (vault.resolve("age:value.age"), vault.resolve("age:~/value.age")) == (VALUE, VALUE)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/age.key").write_text(str(pyrage.x25519.Identity.generate()))
    found = [LocalVault(here, folder, tmp_path).resolve("age:value.age") for folder in (tmp_path, tmp_path / "config")]
    assert [one.words.replace(os.fspath(tmp_path), "…") for one in found if isinstance(one, Unresolved)] == snapshot(
        [
            "age:value.age leads to no value: there is no key of age in …/.config/sops/age/keys.txt, …/age.key",
            "age:value.age leads to no value: no key in …/.config/sops/age/keys.txt, …/config/age.key opens it",
        ]
    )


@only_at_night
@pytest.mark.skipif(shutil.which("pass") is None, reason="pass is not installed: apt-get install pass")
def test_the_real_pass(tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    here = {"HOME": os.fspath(tmp_path), "GNUPGHOME": os.fspath(home), "PATH": os.environ["PATH"]}

    def call(*argv: str, stdin: str = "") -> None:
        subprocess.run(argv, env=here, input=stdin, text=True, check=True, capture_output=True)

    try:
        call(
            "gpg", "--batch", "--passphrase", "", "--quick-gen-key", "ada@example.org", "future-default", "default", "0"
        )
        call("pass", "init", "ada@example.org")
        call("pass", "insert", "--multiline", "web/stripe", stdin=f"{LINE}user: ada\n")
        vault = LocalVault(here, tmp_path)
        assert vault.resolve("pass:web/stripe") == VALUE
        assert vault.resolve("pass:web/other") == snapshot(
            Unresolved(
                words="pass:web/other leads to no value: `pass` ended with 1: Error: web/other is not in the password store."
            )
        )
    finally:
        call("gpgconf", "--kill", "all")
