"""An agent that adds a greeting to a page, in every phase of a mission; only with the standard library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

GREET = '''"""A page that greets."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def page(path):
    return {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = page(self.path).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''
TESTS = """import unittest

import greet


class Page(unittest.TestCase):
    def test_root(self):
        self.assertIn("Ada", greet.page("/"))
"""
SUGGESTED = "I looked around. My suggestions:\n\n```json\n" + json.dumps(
    {
        "stack": ["Python"],
        "structure": ["greet.py: the page"],
        "suggestions": [
            {"title": "Dark mode", "why": "It is bright.", "effort": "1h"},
            {"title": "Greet on the page", "why": "It is empty.", "effort": "30m", "files": ["greet.py"]},
        ],
    }
) + "\n```\n"  # fmt: skip
CRITERION = "run: `python3 -c \"import greet; assert greet.page('/')\"`"
TASK = {"id": "t1", "title": "Greet on the page", "description": "In greet.py.", "acceptance_criteria": [CRITERION]}
REQUIRED = {"title": "A greeting", "summary": "The page greets.", "tasks": [TASK]}
EDITED = {
    "title": "A greeting",
    "summary": "The page greets Ada.",
    "milestones": [{"name": "Greeting", "validation": [CRITERION], "tasks": [TASK]}],
}
BUILT = {"greet.py": GREET.format("'Hello, Ada!'"), "tests/test_page.py": TESTS, "tests/__init__.py": ""}
FIXED = {"greet.py": GREET.format("'Welcome, Ada!'")}


def deeds(prompt: str, review: str) -> dict[str, str] | str:
    """What an agent does with a prompt: the files that it commits, or its answer, which is `review` for a reviewer."""
    if prompt.startswith("# Review"):
        return review
    feature = prompt.partition("## Your feature: ")[2].partition(" ")[0]
    folder = prompt.partition("under `")[2].partition("/`")[0]
    if feature == "1.1":
        return {f"{folder}/suggestions.json": SUGGESTED, f"{folder}/analysis.md": "The page is empty.\n"}
    if feature == "2.1":
        assert (
            "Greet on the page" in prompt.partition("## The feature that a person chose")[2].partition("## The doc")[0]
        )
        return {f"{folder}/prd.json": json.dumps(REQUIRED)}
    return FIXED if "say welcome" in prompt else BUILT


def main(root: str) -> None:
    """Be a worker: read the prompt, commit the files."""
    done = deeds(sys.stdin.read(), (Path(root) / "review.json").read_text(encoding="utf-8"))
    if isinstance(done, str):
        sys.stdout.write(done)
        return
    for name, text in done.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "add", "--all"], check=True)
    words = f"Do it\n\nCompletes-feature: {os.environ['MISSION_FEATURE']}"
    subprocess.run(["git", "commit", "-qm", words], check=True)
