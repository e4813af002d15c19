"""The real app on a real SQLite database with the real policy, and a browser-like client on loopback."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.logs import make_log
from app.main import create_app
from tests import factories
from tests.factories import World
from tests.journeys.visitor import Visitor


class Clock:
    def __init__(self) -> None:
        self.now = factories.NOW

    def __call__(self) -> object:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path) -> Iterator[World]:
    with factories.deployed(tmp_path / "var", migrated_sqlite) as deployment:
        yield factories.populate(deployment)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logs() -> StringIO:
    return StringIO()


@pytest.fixture
def visit(world: World, clock: Clock, logs: StringIO) -> Callable[[], Visitor]:
    """Make visitors, each with cookies of their own."""
    app = create_app(world.deployment, clock, make_log(logs))  # type: ignore[arg-type]

    def make() -> Visitor:
        return Visitor(TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000)))

    return make


@pytest.fixture
def worker(visit: Callable[[], Visitor]) -> Visitor:
    return visit().signed_in("hv.vale|health_visitor")


@pytest.fixture
def officer(visit: Callable[[], Visitor]) -> Visitor:
    return visit().signed_in("ig.gray|ig_officer")
