"""Text for shells on the other machine.

The login shell may be bash, zsh, fish or any POSIX shell, may print what it likes, and may lack half of PATH. It gets
one constant line, which all of them read alike: run a POSIX shell that reads a script of so many bytes from its
standard input. What the script prints stands between two lines with a number that is used once.
"""

from __future__ import annotations

import shlex

_SHELLS = "bash|zsh|fish|dash|ash|ksh|mksh|sh"
"""Those that know `-l` together with `-c`."""


def reader(size: int) -> str:
    """Return the command line for the login shell: it runs a script of `size` bytes from its standard input."""
    return f"exec /bin/sh -c 'eval \"$(head -c {size})\"'"


def begin_mark(nonce: str) -> bytes:
    """Return what stands before the output."""
    return f"\n<{nonce}>\n".encode()


def end_mark(nonce: str) -> bytes:
    """Return what stands behind the output, before the exit status."""
    return f"\n</{nonce}>".encode()


def framed(script: str, nonce: str, *, login: bool) -> str:
    """Return a script that runs `script`, whose input is what follows, between the marks.

    `login`: with the environment that the startup files of a login shell make. They get no input, and what they print
    is dropped.
    """
    begin = f"printf '\\n<{nonce}>\\n'; "
    end = f"\nprintf '\\n</{nonce}>%s\\n' \"$?\"\n"
    if not login:
        return f"{begin}/bin/sh -c {shlex.quote(script)}{end}"
    body = f"exec <&3 >&4 2>&5 3<&- 4>&- 5>&-; unset MISSION_BODY; {begin}\n{script}"
    return (
        f"{login_shell()}; MISSION_BODY={shlex.quote(body)}; export MISSION_BODY; exec 3<&0 4>&1 5>&2\n"
        '"$shell" -l -c \'exec /bin/sh -c "$MISSION_BODY"\' </dev/null >/dev/null 2>/dev/null'
        f"{end}"
    )


def login_shell() -> str:
    """Return a command that sets `shell` to the person's shell, or to a POSIX one where that is an unusual one."""
    return f'shell=${{SHELL:-/bin/sh}}; case "${{shell##*/}}" in {_SHELLS}) ;; *) shell=/bin/sh;; esac'


def learn_path() -> str:
    """Return a script that sets PATH to that of an interactive login shell if that tells it within ten seconds.

    Prints it, too, last. Installers of agents and of Node add their folders in files that only interactive shells read.
    """
    return (
        f'{login_shell()}; MISSION_BODY=\'printf "<PATH>%s</PATH>" "$PATH"\'; export MISSION_BODY\n'
        "limit=; command -v timeout >/dev/null && limit='timeout -k 1 10'\n"
        'said=$($limit "$shell" -l -i -c \'exec /bin/sh -c "$MISSION_BODY"\' </dev/null 2>/dev/null | tr -d "\\000")\n'
        "unset MISSION_BODY; found=${said##*<PATH>}; found=${found%%</PATH>*}\n"
        'case "$said" in *"<PATH>"*"</PATH>"*) PATH=$found; export PATH;; *) found=;; esac\n'
        'printf "<PATH>%s</PATH>" "$found"'
    )
