"""Runs commands inside of a room: one JSON request a line on stdin, one JSON answer a line on stdout."""

from __future__ import annotations

import json
import subprocess
import sys

for line in sys.stdin:
    request = json.loads(line)
    done = subprocess.run(
        request["argv"],
        cwd=request["cwd"],
        env=request["env"],
        input=request["stdin"].encode("latin-1"),
        capture_output=True,
        check=False,
    )
    answer = {"code": done.returncode, "out": done.stdout.decode("latin-1"), "err": done.stderr.decode("latin-1")}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
