"""Print a page as PDF with the Chromium of the system, headless and without network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.proc.run import run
from mission_cli.domain.criteria.extras import BROWSERS
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 120


def print_pdf(page: str, environment: Mapping[str, str]) -> bytes:
    """Return the PDF of a self-contained page. Raises ToolError if there is no Chromium, or it fails."""
    program = next((found for name in BROWSERS if (found := shutil.which(name, path=environment.get("PATH")))), None)
    if program is None:
        words = f"a PDF needs Chromium, and none of {', '.join(BROWSERS)} is on PATH"
        raise ToolError(words, hint="install chromium, or write --format html and print it in a browser")
    with tempfile.TemporaryDirectory(prefix="mission-report-") as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8", errors="replace")
        flags = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--disable-dev-shm-usage", "--no-first-run"]
        flags += ["--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile"]
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []
        argv = [program, *flags, f"--print-to-pdf={target}", source.as_uri()]
        done = run(argv, cwd=folder, env={**environment, "HOME": folder}, timeout=_SECONDS)
        try:
            return target.read_bytes()
        except OSError as error:
            lines = done.err.decode("utf-8", "replace").strip().splitlines()
            hint = lines[-1] if lines else "run it with --debug"
            raise ToolError(f"{program} made no PDF (exit {done.code})", hint=hint) from error
