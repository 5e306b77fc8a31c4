"""When a limit ends, in the words of providers and agents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mission_cli.adapters.agents.resets import reset_time
from mission_cli.adapters.agents.stream import cause_of_error
from mission_cli.domain.status import Cause

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("Usage limit reached, try again in 2h", "2026-11-23T18:00:00Z"),
        ("Rate limited. Please try again in 20s.", "2026-11-23T16:00:20Z"),
        ("limit resets at 2026-11-24T01:30:00Z", "2026-11-24T01:30:00Z"),
        ("You've hit your session limit · resets 3pm (Europe/Berlin)", "2026-11-24T14:00:00Z"),
        ("You've hit your weekly limit · resets Nov 26 at 9:30am (UTC)", "2026-11-26T09:30:00Z"),
        ("You've hit your weekly limit · resets Jan 2, 12am (UTC)", "2027-01-02T00:00:00Z"),
        ("usage limit. Try again at Nov 24th, 2026 6:05 PM (UTC).", "2026-11-24T18:05:00Z"),
        ("resets Feb 31 at 3pm (UTC)", ""),
        ("try again in a moment", ""),
        ("available again soon", ""),
    ],
)
def test_the_end_of_a_limit_is_read_from_words(words: str, moment: str) -> None:
    assert reset_time(words, now=NOW) == moment


@pytest.mark.parametrize("zone", ["", " (Nowhere/Atall)"])
def test_a_clock_without_a_zone_that_is_known_is_the_local_one(zone: str) -> None:
    local = NOW.astimezone() + timedelta(hours=1)
    assert reset_time(f"try again at {local:%I:%M %p}{zone}", now=NOW) == "2026-11-23T17:00:00Z"


def test_the_header_is_believed_before_the_words() -> None:
    assert reset_time("try again in 2h", {"Retry-After": "60"}, NOW) == "2026-11-23T16:01:00Z"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("cannot connect to https://example.org:443/v1", Cause.PROVIDER_ERROR),
        ("refusing to use /srv/429-long/home", Cause.PROVIDER_ERROR),
        ("API Error: Request rejected (429) · Rate limit reached", Cause.RATE_LIMIT),
        ("unexpected status 404 Not Found: no such model", Cause.INFRASTRUCTURE),
        ("It may not exist or you may not have access to it", Cause.INFRASTRUCTURE),
        ("Incomplete response returned, reason: max_output_tokens", Cause.WRONG_OUTPUT),
        ("Claude's response exceeded the 64000 output token maximum", Cause.WRONG_OUTPUT),
    ],
)
def test_an_error_message_names_its_cause(words: str, cause: Cause) -> None:
    assert cause_of_error(words) is cause
