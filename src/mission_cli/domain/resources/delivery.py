"""Which secret values the workers of a feature get, by reference; and how a failed delivery is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.resources.rows import named_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.resources.rows import Resource

NO_VALUE = "there is no value for "
"""How the end of a job begins whose program did not start because a value could not be read; its variable follows."""


def given(resources: Iterable[Resource], needs: Iterable[str]) -> Iterator[Resource]:
    """Yield the resources that a feature needs and whose values its workers get, or the use of them."""
    rows = tuple(resources)
    for need in needs:
        one = named_resource(rows, need)
        if one is not None and one.available and one.env:
            yield one


def withheld(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield the variables that only workers of features get that need a resource."""
    for one in resources:
        scheme, _, name = one.reference.partition(":")
        if scheme == "env" and not one.broken:
            yield name
