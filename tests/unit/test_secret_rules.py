"""The rules for secrets are imported by the supervisor of each worker: without what they would only need online."""

from __future__ import annotations

import subprocess
import sys

from mission_cli.adapters.secrets import forms

_KINDS = "print(*(kind for kind, _, _ in forms._forms()), sep=chr(10))"
_ONLINE = {"requests", "urllib3", "http", "ssl"}


def _run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_the_rules_are_all_there_without_what_asks_services() -> None:
    lean = _run(f"import sys; from mission_cli.adapters.secrets import forms; {_KINDS}; print(*sys.modules)")
    whole = _run(f"import requests; from mission_cli.adapters.secrets import forms; {_KINDS}")
    assert lean[:-1] == whole
    assert {"AWS Access Key", "GitHub Token", forms.PRIVATE_KEY} < set(whole)
    assert _ONLINE & set(lean[-1].split()) == set()


def test_rules_that_need_more_of_it_are_imported_with_it() -> None:
    code = "del forms._Requests.Response; forms._forms(); print('requests' in sys.modules)"
    assert _run(f"import sys; from mission_cli.adapters.secrets import forms; {code}") == ["True"]
