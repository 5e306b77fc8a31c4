"""Run in a sandbox with a network of its own: open a port there, hand it to the proxy outside, then run a program.

Usage: `python -I -S bridge.py DESCRIPTOR PORT PROGRAM …`. The proxy is at the other end of DESCRIPTOR. What it accepts
at this port comes from this network, and what it opens itself is outside: the program reaches nothing else.
"""

import os
import socket
import sys


def main() -> None:
    """Hand over the listening socket, close everything, and become the program."""
    link, port, program = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:]
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        socket.send_fds(link, [b"."], [listener.fileno()])
    link.close()
    try:
        os.execvp(program[0], program)  # noqa: S606 - what the job runs
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
