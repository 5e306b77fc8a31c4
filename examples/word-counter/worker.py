"""A small honest worker: it reads its prompt, writes code and tests, runs them, commits.

It stands in for a coding agent, so that a whole mission can be seen without an account. Like many workers
it makes a mistake at first: `count("")` is 1. Its own test does not notice, the milestone's criterion does,
and the fix that the mission asks for is made like any other feature.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FEATURES: dict[str, dict[str, str]] = {
    "1.1": {
        "wordcount/core.py": '''\
"""Counting words."""


def count(text: str) -> int:
    """Return how many words the text has."""
    return len(text.split(" "))
''',
        "tests/test_core.py": """\
import unittest

from wordcount.core import count


class CountTest(unittest.TestCase):
    def test_counts_words(self):
        self.assertEqual(count("one two three"), 3)
""",
    },
    "1.2": {
        "wordcount/files.py": '''\
"""Reading texts."""

from pathlib import Path


def read(path: str) -> str:
    """Return the text of a UTF-8 file."""
    return Path(path).read_text(encoding="utf-8")
''',
        "tests/test_files.py": """\
import tempfile
import unittest
from pathlib import Path

from wordcount.files import read


class ReadTest(unittest.TestCase):
    def test_reads_what_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            path.write_text("grüße", encoding="utf-8")
            self.assertEqual(read(str(path)), "grüße")
""",
    },
    "2.1": {
        "wordcount/__main__.py": '''\
"""Print how many words a file has."""

import sys

from wordcount.core import count
from wordcount.files import read

print(count(read(sys.argv[1])))
''',
    },
    "2.2": {
        "README.md": """\
# wordcount

Counts the words of a file:

    $ python3 -m wordcount notes.txt
    42
""",
    },
}
FIX: dict[str, str] = {
    "wordcount/core.py": FEATURES["1.1"]["wordcount/core.py"].replace('split(" ")', "split()"),
    "tests/test_core.py": FEATURES["1.1"]["tests/test_core.py"]
    + """\

    def test_an_empty_text_has_no_words(self):
        self.assertEqual(count(""), 0)
""",
}


def main() -> int:
    """Do the feature that the environment names."""
    prompt, feature = sys.stdin.read(), os.environ["MISSION_FEATURE"]
    files = FIX if "fix:" in prompt.splitlines()[0] else FEATURES[feature]
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        print("wrote", name)
    if Path("tests").is_dir():
        subprocess.run([sys.executable, "-m", "unittest", "discover", "-s", "tests"], check=True)
    subprocess.run(["git", "add", "--", *files], check=True)
    message = f"Do {feature}\n\nCompletes-feature: {feature}\n"
    subprocess.run(["git", "commit", "--quiet", "-m", message], check=True)
    print(f"{feature} is committed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
