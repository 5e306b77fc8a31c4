"""Which secret values the workers of a feature get, by reference; and how a failed delivery is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.resources.rows import Resource, named_resource, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NO_VALUE = "there is no value for "
"""How the end of a job begins whose program did not start because a value could not be read; its variable follows."""


def given(resources: Iterable[Resource], needs: Iterable[str]) -> Iterator[Resource]:
    """Yield the resources of a feature whose values its workers get, or the use of them.

    A row that is gone, or has an error, is yielded as broken: its worker must not start without the value.
    """
    rows = tuple(resources)
    for need in needs:
        one = named_resource(rows, need)
        if one is None:
            yield Resource(need, broken=True)
        elif one.env or one.broken:
            yield one


def references(rows: Iterable[Resource]) -> dict[str, str]:
    """Return the references to give to a worker, by variable; an empty one where there is none that can be read."""
    told = [one for one in rows if not one.is_proxied or one.broken]
    return {one.env or variable_of(one.key): "" if one.broken else one.reference for one in told}


def withheld(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield the variables that only workers of features get that need a resource."""
    for one in resources:
        scheme, _, name = one.reference.partition(":")
        if scheme == "env" and not one.broken:
            yield name
