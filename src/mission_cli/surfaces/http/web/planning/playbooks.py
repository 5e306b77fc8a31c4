"""The pages with the playbooks, and with the form of one: a field for each parameter, from which a mission is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.http.planners import need_repo
from mission_cli.surfaces.http.problems import problem_of
from mission_cli.surfaces.http.web.rendering import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from mission_cli.app.playbooks.results import ShownPlaybook
    from mission_cli.ports.templates import PlaybookFiles
    from mission_cli.surfaces.http.problems import Problem
    from mission_cli.surfaces.http.web.site import Site, Visit

_VALUE = "value-"
"""What the names of the fields with values begin with."""


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route("/playbooks", site.show(_list), methods=["GET"]),
        Route("/playbooks/{playbook}", site.show(_ask), methods=["GET"]),
        Route("/playbooks/{playbook}", site.show(_make, Scope.MANAGE), methods=["POST"]),
    ]


def _files(repo: str) -> PlaybookFiles:
    from mission_cli.wiring.host import playbook_files

    return playbook_files(Path(repo))


def _repo(visit: Visit) -> str:
    """Return the repository that is named, or the first one: it decides which playbooks there are."""
    names = visit.site.places.names()
    named = visit.form.get("repo", "") or visit.given("repo")
    return need_repo(names, named) if named or len(names) == 1 else names[0]


def _list(visit: Visit) -> Response:
    from mission_cli.app.playbooks.library import listed

    repo = _repo(visit)
    return visit.page("playbooks.html", found=listed(_files(repo)).playbooks, repo=repo if visit.several else "")


def _ask(visit: Visit) -> Response:
    from mission_cli.app.playbooks.library import choose_known, shown

    repo = _repo(visit)
    return _page(visit, repo, shown(choose_known(_files(repo), visit.part("playbook"))), {})


def _make(visit: Visit) -> Response:
    """Make the mission of a playbook, as `mission new --playbook` does."""
    from mission_cli.app.playbooks.library import choose_known, make_plan, shown

    repo = _repo(visit)
    chosen = choose_known(_files(repo), visit.part("playbook"))
    given = {name.removeprefix(_VALUE): text for name, text in visit.form.items() if name.startswith(_VALUE)}
    try:
        plan, _ = make_plan(chosen, {name: text for name, text in given.items() if text.strip()})
        if identity := visit.form.get("id", "").strip():
            plan.id = identity
        mission, _ = visit.site.places.make(plan, repo, visit.visitor.person)
    except MissionError as error:
        return _page(visit, repo, shown(chosen), visit.form, problem_of(error))
    where = address("missions", mission, repo=repo if visit.several else "")
    return visit.go(where, f"{mission} is planned. Start it when you are ready.")


def _page(
    visit: Visit, repo: str, about: ShownPlaybook, values: Mapping[str, str], problem: Problem | None = None
) -> Response:
    return visit.page(
        "playbook.html",
        status=problem.status if problem is not None else 200,
        about=about,
        values=values,
        problem=problem,
        repo=repo if visit.several else "",
        may=visit.may(Scope.MANAGE),
    )
