"""The machine's assertions say what they compared, as those of a test do."""

import pytest

pytest.register_assert_rewrite("tests.people.machine", "tests.people.laws")
