"""Answers as models write them when they are asked for suggestions or requirements in JSON."""

from __future__ import annotations

from typing import NamedTuple


class Suggested(NamedTuple):
    """An answer and the suggestions in it."""

    name: str
    text: str
    expected: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    stack: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Required(NamedTuple):
    """An answer and the plan in it."""

    name: str
    text: str
    title: str
    expected: list[tuple[str, list[tuple[str, list[str], list[str]]], list[str]]]
    notes: tuple[str, ...] = ()


ANALYSES = (
    Suggested(
        "the schema that the prompt asks for",
        '{"stack": ["Python 3.11", "pytest"], "structure": ["src/words: the counter", "tests"], "suggestions": ['
        '{"title": "Count lines", "why": "People ask for it.", "effort": "2h", "files": ["src/words/core.py"]},'
        '{"title": "Read stdin", "why": "Pipes.", "effort": "small", "files": []}]}',
        (("Count lines", "People ask for it.", "2h", ("src/words/core.py",)), ("Read stdin", "Pipes.", "small", ())),
        ("Python 3.11", "pytest"),
        ("src/words: the counter", "tests"),
    ),
    Suggested(
        "fenced, with a preamble and a farewell",
        'I analyzed the repository. Here are my suggestions:\n\n```json\n{\n  "suggestions": [\n    {"title": "Dark mode",'
        ' "rationale": "Issue #12"}\n  ]\n}\n```\n\nLet me know if you need more detail!',
        (("Dark mode", "Issue #12", "", ()),),
    ),
    Suggested(
        "embedded in prose without a fence",
        'Sure! {"features": [{"name": "Export to CSV", "description": "For spreadsheets", "estimated_effort": 3}]} Done.',
        (("Export to CSV", "For spreadsheets", "3", ()),),
    ),
    Suggested(
        "a bare list of texts",
        '["Add a --version option", "Publish to PyPI"]',
        (("Add a --version option", "", "", ()), ("Publish to PyPI", "", "", ())),
    ),
    Suggested(
        "trailing commas and single quotes",
        "{'suggestions': [{'title': 'Cache results', 'why': 'It is slow', 'files': ['cache.py',],},],}",
        (("Cache results", "It is slow", "", ("cache.py",)),),
    ),
    Suggested(
        "thinking first, nested one level deeper, a mapping as the stack",
        '<think>The user wants {features}.</think>\n```\n{"analysis": {"suggestions": [{"title": "Rate limits", '
        '"why": ["abuse", "cost"], "affected_files": "api.py\\nlimits.py"}]}, "tech_stack": {"web": ["Flask"]}}\n```',
        (("Rate limits", "- abuse\n- cost", "", ("api.py", "limits.py")),),
        ("web: Flask",),
    ),
    Suggested(
        "more than five, one twice, one without a title, and control characters",
        '{"suggestions": [{"title": "A\\u001b[2J"}, {"title": "B"}, {"title": "b"}, {"why": "no title"}, {"title": "C"},'
        ' {"title": "D\\u202e"}, {"title": "E"}, {"title": "F"}, {"title": "G"}]}',
        (("A�[2J", "", "", ()), *((t, "", "", ()) for t in ("B", "C", "D�", "E"))),
        notes=("2 more suggestions left out: only the first 5 count",),
    ),
    Suggested(
        "Markdown",
        "# Suggestions\n\n1. **Undo**: people lose work\n2. **Search**: long lists\n",
        (("Undo", "people lose work", "", ()), ("Search", "long lists", "", ())),
    ),
    Suggested("one sentence of prose", "Add retries to the client.\n", (("Add retries to the client.", "", "", ()),)),
)
REQUIREMENTS = (
    Required(
        "the schema that the prompt asks for",
        '{"title": "Line counter", "summary": "Count lines, too.", "tasks": [{"id": "t1", "title": "Count lines", '
        '"description": "In core.", "estimate": "1h", "depends": [], "acceptance_criteria": ["run: `make test`", '
        '"The help is clear"]}, {"id": "t2", "title": "An option --lines", "depends": ["t1"]}]}',
        "Line counter",
        [
            (
                "Build",
                [("Count lines", [], ["run: `make test`", "The help is clear"]), ("An option --lines", ["1.1"], [])],
                [],
            )
        ],
    ),
    Required(
        "milestones in a fence, with validation",
        'Here is the PRD.\n```json\n{"title": "T", "milestones": [{"name": "Core", "validation": ["run: `make`"], '
        '"features": [{"title": "A"}]}, {"name": "Shell", "tasks": [{"title": "B", "dependencies": ["A"]}]}]}\n```',
        "T",
        [("Core", [("A", [], [])], ["run: `make`"]), ("Shell", [("B", ["1.1"], [])], [])],
    ),
    Required(
        "user stories in the form of Ralph, ordered by priority",
        '{"project": "P", "branchName": "ralph/p", "userStories": [{"id": "US-2", "title": "Second", "priority": 2, '
        '"acceptanceCriteria": ["Typecheck passes"], "passes": false, "dependencies": ["US-1", "US-9"]}, '
        '{"id": "US-1", "title": "First", "priority": 1, "acceptanceCriteria": [], "passes": false}]}',
        "P",
        [("Build", [("First", [], []), ("Second", ["1.1"], ["Typecheck passes"])], [])],
        ("`Second` depends on `US-9`, which is not in the document: left out",),
    ),
    Required(
        "below prd, with words as priorities and wishes without titles",
        '{"prd": {"title": "T", "summary": "S", "requirements": [{"iWant": "to log out", "priority": "Low"}, '
        '{"iWant": "to log in", "priority": "MUST"}]}}',
        "T",
        [("Build", [("to log in", [], []), ("to log out", [], [])], [])],
    ),
    Required(
        "criteria as mappings, commands without backticks, and one that cannot be run",
        '{"title": "T", "tasks": [{"title": "A", "acceptance_criteria": [{"run": "pytest -q"}, {"id": "c", '
        '"description": "It is fast"}, {"given": "a list", "when": "sorted", "then": "in order"}, "run: ``", '
        '"metric: `wc -l` is small"]}]}',
        "T",
        [
            (
                "Build",
                [
                    (
                        "A",
                        [],
                        [
                            "run: pytest -q",
                            "It is fast",
                            "given: a list, when: sorted, then: in order",
                            "manual: run: ``",
                            "manual: metric: `wc -l` is small",
                        ],
                    )
                ],
                [],
            )
        ],
        (
            "the criterion `run: ``` cannot be run as it is written: a person judges it",
            "the criterion `metric: `wc -l` is small` cannot be run as it is written: a person judges it",
        ),
    ),
    Required(
        "a document without tasks is one task",
        '```json\n{"title": "Add search", "summary": "A box above the list."}\n```',
        "Add search",
        [("Build", [("Add search", [], [])], [])],
    ),
    Required(
        "Markdown, whose commands are criteria because a person approves them",
        "# Search\n\n## Tasks\n\n- An index\n  - Acceptance: run: `make index`\n- A box\n",
        "Search",
        [("Requirements", [("An index", [], ["run: `make index`"]), ("A box", [], [])], [])],
    ),
    Required(
        "prose only",
        "Add a search box above the list.\nIt filters while one types.\n",
        "Add a search box above the list. It filters while one types.",
        [("Requirements", [("Add a search box above the list. It filters while one types.", [], [])], [])],
    ),
)
BROKEN: tuple[tuple[str, str], ...] = (
    ("", "1: it is empty"),
    (" \n\x00\n", "1: it is empty"),
    ('{"title": "T",\n "tasks": [{"title": "A"},\n  {"title":', "3: not valid JSON"),
    ('Here it is:\n```json\n{"suggestions": [{"title": "A"},\n {"ti\n', "4: not valid JSON"),
    ('{"suggestions": [], "tasks": []}', "1: it contains no"),
    ("[]", "1: it contains no"),
    ("{}", "1: it contains no"),
)
