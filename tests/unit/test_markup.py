"""Changes and logs as HTML: what is in them is shown, and nothing of it runs."""

from __future__ import annotations

import re
import subprocess
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.markup import Walk
from tests.kit.nightly import NIGHTLY, only_at_night

from mission_cli.adapters.git.code.compare import diff
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.branches.landing import LandedFile
from mission_cli.domain.ids import Sha
from mission_cli.ports.agents.logs import LogEntry, LogKind
from mission_cli.surfaces.lines import line, linked
from mission_cli.surfaces.markup.changes import change_html
from mission_cli.surfaces.markup.colors import CLASSES, ENDINGS, colored
from mission_cli.surfaces.markup.elements import style
from mission_cli.surfaces.markup.logs import lines_html
from mission_cli.surfaces.markup.patches import Row, read_patch
from mission_cli.surfaces.views.log import LogView

if TYPE_CHECKING:
    from pathlib import Path

PATCH = """\
diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -1,3 +1,4 @@ def main():
 def main():
-    return "<b>"
+    # <script>
+    return 1
 \t
diff --git a/new file.txt b/new file.txt
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ b/new file.txt\t
@@ -0,0 +1,2 @@
+--- a/not-a-file
+diff --git a/x b/x
\\ No newline at end of file
diff --git "a/tab\\there \\303\\251" "b/tab\\there \\303\\251"
deleted file mode 100644
--- "a/tab\\there \\303\\251"
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/old.py b/new.py
similarity index 100%
rename from old.py
rename to new.py
diff --git a/logo.png b/logo.png
index 1..2
Binary files a/logo.png and b/logo.png differ
"""


def walked(html: str) -> Walk:
    walk = Walk(html)
    assert walk.tags <= {
        *("div", "details", "summary", "code", "small", "span", "table", "thead", "tbody"),
        *("tr", "th", "td", "p", "a"),
    }
    assert walk.names <= {"class", "open", "scope", "colspan", "href", "rel"}
    return walk


def test_a_patch_is_read_by_the_sizes_of_its_hunks() -> None:
    found = read_patch(PATCH)
    assert [
        (file.path, file.kind, file.binary, file.count("added"), file.count("removed")) for file in found
    ] == snapshot(
        [
            ("app.py", "changed", False, 2, 1),
            ("new file.txt", "new", False, 2, 0),
            ("tab\there é", "deleted", False, 0, 1),
            ("new.py", "renamed", False, 0, 0),
            ("logo.png", "changed", True, 0, 0),
        ]
    )
    assert found[1].hunks[0].rows == snapshot(
        [
            Row(kind="added", old=0, new=1, text="--- a/not-a-file"),
            Row(kind="added", old=0, new=2, text="diff --git a/x b/x"),
            Row(kind="note", old=0, new=0, text="No newline at end of file"),
        ]
    )


def test_a_change_as_html() -> None:
    html = change_html(PATCH).text
    walked(html)
    assert html.replace("<details", "\n<details").replace("<tr", "\n<tr").replace("<p", "\n<p") == snapshot("""\
<div class="diff">
<details class="diff-file" open><summary><code class="path">app.py</code> <span class="plus">+2</span> <span class="minus">-1</span></summary><table><thead>
<tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead><tbody>
<tr class="d-hunk"><td colspan="4">def main():</td></tr>
<tr class="d-same"><td class="n">1</td><td class="n">1</td><td class="m"></td><td class="t"><span class="t-k">def</span> <span class="t-f">main</span>():</td></tr>
<tr class="d-removed"><td class="n">2</td><td class="n"></td><td class="m">-</td><td class="t">    <span class="t-k">return</span> <span class="t-s">&quot;&lt;b&gt;&quot;</span></td></tr>
<tr class="d-added"><td class="n"></td><td class="n">2</td><td class="m">+</td><td class="t">    <span class="t-c"># &lt;script&gt;</span></td></tr>
<tr class="d-added"><td class="n"></td><td class="n">3</td><td class="m">+</td><td class="t">    <span class="t-k">return</span> <span class="t-m">1</span></td></tr>
<tr class="d-same"><td class="n">3</td><td class="n">4</td><td class="m"></td><td class="t">    </td></tr></tbody></table></details>
<details class="diff-file" open><summary><code class="path">new file.txt</code> <small>new</small> <span class="plus">+2</span> <span class="minus">-0</span></summary><table><thead>
<tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead><tbody>
<tr class="d-added"><td class="n"></td><td class="n">1</td><td class="m">+</td><td class="t">--- a/not-a-file</td></tr>
<tr class="d-added"><td class="n"></td><td class="n">2</td><td class="m">+</td><td class="t">diff --git a/x b/x</td></tr>
<tr class="d-note"><td class="n"></td><td class="n"></td><td class="m"></td><td class="t">No newline at end of file</td></tr></tbody></table></details>
<details class="diff-file" open><summary><code class="path">tab	here é</code> <small>deleted</small> <span class="plus">+0</span> <span class="minus">-1</span></summary><table><thead>
<tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead><tbody>
<tr class="d-removed"><td class="n">1</td><td class="n"></td><td class="m">-</td><td class="t">gone</td></tr></tbody></table></details>
<details class="diff-file" open><summary><code class="path">new.py</code> <small>renamed</small> <span class="plus">+0</span> <span class="minus">-0</span></summary>
<p>no line has changed</p></details>
<p class="diff-left"><code class="path">logo.png</code> <small>too large to show</small></p></div>\
""")


def test_files_without_lines_are_named_with_the_reason() -> None:
    files = [LandedFile("big.json", 90_000, 2), LandedFile("x.bin", None, None), LandedFile("a.txt", 1, 0)]
    patch = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -0,0 +1 @@\n+one\n"
    long = "diff --git a/big.json b/big.json\n--- a/big.json\n+++ b/big.json\n@@ -0,0 +1,3000 @@\n" + "+x\n" * 3000
    for more in ("", long):
        told = " ".join(walked(change_html(more + patch, files).text).text.split())
        assert told == snapshot(
            "big.json +90000 -2 too large to showx.bin binary filea.txt +1 -0Old lineNew lineChangeText1+one"
        )
    many = [LandedFile(f"{n}.txt", 1, 0) for n in range(310)]
    assert "and 10 more files" in change_html("", many).text


def test_long_lines_and_controls_are_cut_and_replaced() -> None:
    text = "\x1b[31m\u202e" + "y" * 5000
    html = change_html(f"diff --git a/a.py b/a.py\n+++ b/a.py\n@@ -0,0 +1 @@\n+{text}\r\n").text
    walked(html)
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert len(html) < 3000


HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table>",
    '" onload="x',
    "&lt;",
    "]]>",
    "\x1b]8;;javascript:x\x07",
    "\ud800",
]


LINES = st.text(max_size=20) | st.sampled_from([*HOSTILE, *PATCH.split("\n")])


@settings(max_examples=200 if NIGHTLY else 20)
@given(lines=st.lists(LINES, max_size=30), whole=st.booleans())
def test_any_patch_is_inert(lines: list[str], *, whole: bool) -> None:
    text = "\n".join(lines)
    body = "\n".join(f"+{one}" for one in text.split("\n"))
    head = f"diff --git a/x.py b/x.py\n+++ b/x.py\n@@ -0,0 +1,{len(text.split(chr(10)))} @@\n"
    walked(change_html(text if whole else head + body).text)
    if not whole:
        assert [row.text for row in read_patch(head + body)[0].hunks[0].rows] == text.split("\n")


@only_at_night
@pytest.mark.parametrize("ending", {name: end for end, name in ENDINGS.items()}.values())
def test_no_text_makes_the_colors_slow(ending: str) -> None:
    for piece in ('"', "'", "(", "<", "\\", "/*", " ", "a", "<!--", "${", "`", "#", "0", 'r"', "=>", "\\\n"):
        lines = [(piece * 900)[:900]] * 22
        began = process_time()
        found = [colored(lines[:n], f"x.{ending}") for n in (4, len(lines))][-1]
        assert process_time() - began < 3, piece
        assert len(found) == len(lines)


def test_the_style_sheet_knows_every_class_and_loads_nothing() -> None:
    sheet = style()
    assert "url(" not in sheet
    assert set(CLASSES.values()) <= {one[1:] for one in re.findall(r"\.t-\w", sheet)}


def test_a_log_looks_as_in_the_terminal() -> None:
    entries = [
        LogEntry(LogKind.TEXT, "I look <b>around</b>\x1b[2J."),
        LogEntry(LogKind.TOOL, "ls <img src=x onerror=alert(1)>", tool="bash"),
        LogEntry(LogKind.RESULT, "a\nb\nc\nd\n", failed=True),
        LogEntry(LogKind.EDIT, "app.py", added=3, removed=1),
    ]
    html = lines_html([*LogView(0).lines(entries), line(linked("page", "https://example.org/?a=1&b=2", "bold"))]).text
    walked(html)
    assert html == snapshot("""\
I look &lt;b&gt;around&lt;/b&gt;�[2J.

<span class="l-cyan">● </span><span class="l-bold">bash</span> ls &lt;img src=x onerror=alert(1)&gt;
<span class="l-dim">  … 1 more line</span>
<span class="l-red">  ✗ b</span>
<span class="l-red">    c</span>
<span class="l-red">    d</span>
<span class="l-cyan">✎ </span>app.py<span class="l-green"> +3 −1</span>
<a href="https://example.org/?a=1&amp;b=2" rel="noreferrer"><span class="l-bold">page</span></a>
""")  # noqa: RUF001 - the minus sign of the terminal's view


def test_the_change_of_real_files_runs_no_program_of_the_settings(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        told = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *told, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet", ".")
    git("commit", "--quiet", "--allow-empty", "-m", "begin")
    names = ["a b.py", "t\t\u00e9.txt", "<b>.txt", ":(top)x.txt"]
    for name in names:
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "large.txt").write_text("y\n" * 600_000)
    (tmp_path / ".gitattributes").write_text("*.txt diff=bad\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "more")
    for key in ("diff.external", "diff.bad.command", "diff.bad.textconv"):
        git("config", key, f"touch '{tmp_path}/ran'; cat")
    for key, value in (("diff.noprefix", "true"), ("color.diff", "always"), ("diff.renames", "copies")):
        git("config", key, value)
    base, commit = (Sha(git("rev-parse", name)) for name in ("HEAD^", "HEAD"))
    found = read_patch(diff(Git(tmp_path / ".git"), base, commit, [*names, "large.txt"]))
    assert {file.path: (file.kind, file.binary, file.count("added")) for file in found} == {
        **dict.fromkeys(names, ("new", False, 1)),
        "large.txt": ("new", True, 0),
    }
    assert not (tmp_path / "ran").exists()
