"""The web service, put together.

Invariants: nothing is opened at import; one app serves one deployment; while it runs, committed ledger entries are
given their places and anchored outside the database, once more at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from app import anchoring, escalating, problems, reminding
from app.deployment import Deployment
from app.edge import Edge
from app.identity import PLAIN_COOKIE
from app.logs import Log, make_log
from app.metrics import Metrics
from app.oidc.client import open_clients
from app.rendering import STATIC
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
from app.searching import SearchIndex

PAGES = (
    session, signed_in, pages, search, families, leaflets, overrides, relations, sharing, wishes, audit,
    access_requests, agreements, cohorts, reviews,
)  # fmt: skip


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(deployment: Deployment, clock: Callable[[], datetime] = utc_now, log: Log | None = None) -> FastAPI:
    """Return the service over this deployment."""
    app = FastAPI(
        title="Linked Family Record", version="1.0.0", lifespan=_running, docs_url=None, redoc_url=None,
        openapi_url="/v1/openapi.json",
    )  # fmt: skip
    app.state.deployment = deployment
    app.state.clock = clock
    app.state.log = log or make_log()
    app.state.metrics = Metrics()
    app.state.index = SearchIndex(deployment)
    app.state.providers = open_clients(deployment.settings)
    app.add_middleware(Edge, log=app.state.log, metrics=app.state.metrics, https=deployment.settings.https)
    problems.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(status.router, include_in_schema=False)
    for part in PAGES:
        app.include_router(part.router, include_in_schema=False)
    app.include_router(api.router)
    app.include_router(api_acts.router)
    app.include_router(api_wishes.router)
    app.include_router(api_agreements.router)
    describe(app)
    return app


def describe(app: FastAPI) -> None:
    """Say in the description of `/v1` how one signs in, and what a problem is."""
    made = app.openapi()
    schemas = made["components"]["schemas"]
    schemas["ProblemDocument"] = api.ProblemDocument.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": PLAIN_COOKIE},
    }
    made["security"] = [{"bearer": []}, {"cookie": []}]
    made["paths"]["/v1/sessions"]["post"]["security"] = []


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """Sequence and anchor the ledger, once more at the end; escalate late reviews and warn of those to come."""
    anchor = anchoring.Anchor(app.state.deployment, app.state.clock, app.state.log, app.state.metrics)
    watch = escalating.Watch(app.state.deployment, app.state.clock, app.state.log, app.state.metrics)
    reminder = reminding.Reminder(app.state.deployment, app.state.clock, app.state.log)
    tasks = [asyncio.create_task(work.keep_on()) for work in (anchor, watch, reminder)]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await asyncio.to_thread(anchor.once)
    app.state.index.close()
