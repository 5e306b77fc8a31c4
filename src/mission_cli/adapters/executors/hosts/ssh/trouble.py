"""What messages of `ssh` mean, and what to do about them."""

from __future__ import annotations

import re

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import command_line, one_line


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a host could not be asked."""

    words: str
    hint: str = ""


_USAGE = "usage: ssh "
_CORRECT = "set the address to HOST, USER@HOST or ssh://USER@HOST:PORT"
_KINDS = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key has changed, or another machine answers",
        "find out why; if the change is right, remove the old key with `ssh-keygen -R {place}`, and run `{ssh}` once",
    ),
    (
        "host key is known for",
        "the host key is unknown",
        "run `{ssh}` once in a terminal, compare the fingerprint, and accept it",
    ),
    (
        "Host key verification failed",
        "the host key could not be verified",
        "run `{ssh}` once in a terminal, compare the fingerprint, and accept it",
    ),
    (
        "Permission denied",
        "the login was refused",
        "`{ssh}` has to work without a question: add the key with `ssh-add`, or name an IdentityFile in ~/.ssh/config",
    ),
    (
        "Too many authentication failures",
        "the login was refused: too many keys were offered",
        "name the right key in ~/.ssh/config with IdentityFile, and add IdentitiesOnly yes",
    ),
    (
        "Could not resolve hostname",
        "the name cannot be resolved",
        "check the address in the settings and in ~/.ssh/config",
    ),
    ("Connection refused", "no ssh server answers there", "start sshd on that machine, and check the port"),
    ("No route to host", "there is no route to that machine", "check the network, and that the machine is on"),
    ("Network is unreachable", "the network is unreachable", "check the network of this machine"),
    ("timed out", "no answer in time", "check the network, and that the machine is on"),
    ("not responding", "the connection is lost: no answer in time", "check the network, and that the machine is on"),
    (_USAGE, "ssh does not accept the address", _CORRECT),
    ("remote username contains invalid characters", "ssh does not accept the address", _CORRECT),
    ("hostname contains invalid characters", "ssh does not accept the address", _CORRECT),
    ("Bad configuration option", "ssh does not understand its configuration", "correct ~/.ssh/config"),
    ("Bad owner or permissions on", "ssh refuses its configuration", "run `chmod 600` on the file that it names"),
)
_PLAIN = frozenset({*(sign for sign, _, _ in _KINDS[:3]), _USAGE})
"""Signs whose line says no more than our words: those of host keys, and ssh's usage."""
_NOISE = re.compile(r"^(@+|Warning: Permanently added|debug\d: )")


def understand(error: str, address: str) -> Trouble:
    """Return what a message of ssh about this address means."""
    for sign, words, hint in _KINDS:
        if sign in error:
            ways = hint.format(ssh=command_line("ssh", address), place=command_line(_place(error, address)))
            said = "" if sign in _PLAIN else f" (ssh: {_line_with(error, sign)})"
            return Trouble(f"{words}{said}", ways)
    lines = [line for line in error.splitlines() if line.strip() and not _NOISE.match(line)]
    return Trouble(f"ssh: {one_line(lines[-1])}" if lines else "the connection was closed")


def _line_with(error: str, sign: str) -> str:
    return next((one_line(line).removeprefix("ssh: ") for line in reversed(error.splitlines()) if sign in line), "")


def _place(error: str, address: str) -> str:
    """Return under which name the file of known hosts has the machine."""
    told = re.search(r"(?:Host key for|host key is known for) (\S+) (?:has changed|and you)", error)
    return told[1] if told else address.rpartition("@")[2]
