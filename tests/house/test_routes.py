"""Every route is behind sign-in or on a short public list; every form is checked; records are read in one place."""

import ast
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app import dependencies
from app.routes import (
    access_requests,
    agreements,
    api,
    api_acts,
    api_agreements,
    api_wishes,
    audit,
    cohorts,
    families,
    leaflets,
    overrides,
    pages,
    relations,
    reviews,
    search,
    session,
    sharing,
    signed_in,
    status,
    wishes,
)

ROUTERS = (
    access_requests,
    agreements,
    api,
    api_acts,
    api_wishes,
    api_agreements,
    overrides,
    relations,
    sharing,
    audit,
    cohorts,
    families,
    leaflets,
    pages,
    reviews,
    search,
    session,
    signed_in,
    status,
    wishes,
)
PUBLIC = {
    "/healthz", "/readyz", "/metrics", "/brand.css", "/favicon.ico", "/privacy", "/accessibility", "/sign-in",
    "/v1/sessions",
    "/sign-in/refused/{how}/{reference}",
    "/sign-in/with/{provider}", "/sign-in/return/{provider}", "/sign-in/role", "/sign-in/ended/{provider}",
    "/signed-out/{provider}",
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[2] / "app"
ROUTES = [(module, route) for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]


def calls(dependant: Dependant) -> set[object]:
    return {dependant.call} | {call for inner in dependant.dependencies for call in calls(inner)}


@pytest.mark.parametrize(("module", "route"), ROUTES, ids=lambda held: getattr(held, "path", ""))
def test_a_route_needs_a_signed_in_person_or_is_public(module: object, route: APIRoute) -> None:
    held = calls(route.dependant)
    behind = dependencies.signed_in in held or dependencies.signed_in_api in held
    assert behind is (route.path not in PUBLIC)


@pytest.mark.parametrize(("module", "route"), ROUTES, ids=lambda held: getattr(held, "path", ""))
def test_an_act_is_checked_against_forgery(module: object, route: APIRoute) -> None:
    if (route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"} and route.path not in PUBLIC:
        wanted = dependencies.signed_in_api if route.path.startswith("/v1") else dependencies.checked_form
        assert wanted in calls(route.dependant)


def test_only_the_readers_of_records_read_records() -> None:
    for path in ROOT.rglob("*.py"):
        inside = path.relative_to(ROOT).parts
        if inside[0] in ("routes", "views"):
            names = {alias.name for node in ast.walk(ast.parse(path.read_text())) for alias in _imported(node)}
            assert names.isdisjoint({"records", "store", "vault", "load_family"}), path


def _imported(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def test_no_template_holds_an_inline_style_or_script() -> None:
    for path in (ROOT / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert " style=" not in text
        assert "onclick" not in text
        assert "| safe" not in text
