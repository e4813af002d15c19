"""How long refusals take that must look alike, through the HTTP app, and a race of readers against withdrawals."""

import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from io import StringIO
from math import sqrt
from pathlib import Path
from statistics import fmean, variance

from fastapi.testclient import TestClient
from sqlalchemy import update

from app.database import Database
from app.logs import make_log
from app.main import create_app
from benchmarks.section import Section
from governance.store import staff_role
from tests import factories, postgres, silence
from tests.integration.partnership import build
from tests.races import READERS, Raced, race

SAMPLES = 10_000
CLIENTS = 4
LIMIT = 4.5
WITHDRAWALS = 100
UNLIMITED = 10**9
STEPS = {"held to whole steps of 200 ms, as it is served": 200, "not held (1 ms), for comparison": 1}


def measure(samples: int = SAMPLES, withdrawals: int = WITHDRAWALS) -> Section:
    """Return the times by reason, and what the races came to on both databases."""
    rows: list[tuple[str, str]] = []
    for name, step in STEPS.items():
        times = timed(samples if step > 1 else samples // 5, step)
        rows += [(f"{name}: {kind}", _said(times[kind], times["nobody"])) for kind in silence.KINDS]
    for name, found in races(withdrawals).items():
        rows += [
            (f"{name}: withdrawals, reads by {READERS} clients meanwhile", f"{found.withdrawals}, {found.reads:,}"),
            (f"{name}: reads that began after an acknowledged withdrawal", f"{found.after:,}"),
            (f"{name}: of which showed what it had closed", f"{found.wrong:,}"),
        ]
    return Section(
        "What must look alike, and what a withdrawal stops",
        tuple(rows),
        f"{samples:,} samples in random order from {CLIENTS} clients at once; t is Welch's, against an id that nobody "
        f"has, and should stay under {LIMIT}. Work that outlasts a step doubles the step for everybody.",
    )


def timed(samples: int, milliseconds: int) -> dict[str, list[float]]:
    """Return the seconds that each answer took, by why nothing may be told of whom was asked for."""
    with tempfile.TemporaryDirectory() as folder, migrated(Path(folder)) as template:
        made = factories.deployed(
            Path(folder) / "home", template, reads_per_hour=UNLIMITED, reads_per_day=UNLIMITED,
            refusal_milliseconds=milliseconds,
        )  # fmt: skip
        with made as deployment:
            world = factories.populate(deployment)
            ids = silence.unseen(world)
            app = create_app(deployment, lambda: factories.NOW, make_log(StringIO()))
            order = [kind for _ in range(samples // len(ids)) for kind in random.sample(silence.KINDS, len(ids))]
            with ThreadPoolExecutor(CLIENTS) as pool:
                parts = [pool.submit(_ask, app, ids, order[n::CLIENTS]) for n in range(CLIENTS)]
            taken: dict[str, list[float]] = {kind: [] for kind in silence.KINDS}
            for part in parts:
                for kind, seconds in part.result():
                    taken[kind].append(seconds)
    return taken


@contextmanager
def migrated(folder: Path) -> Iterator[Path]:
    """A migrated SQLite file."""
    path = folder / "template.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    yield path


def _ask(app: object, ids: Mapping[str, str], order: list[str]) -> list[tuple[str, float]]:
    client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))  # type: ignore[arg-type]
    with client:
        client.post("/sign-in", data={"account": "hv.vale|health_visitor"}, follow_redirects=False)
        token = client.get("/privacy").text.partition('name="csrf_token" value="')[2].partition('"')[0]
        for person in ids.values():
            said = {"csrf_token": token, "purpose": str(silence.PURPOSE)}
            client.post(f"/families/{person}/purpose", data=said, follow_redirects=False)
        return [(kind, _once(client, ids[kind])) for kind in order]


def _once(client: TestClient, person: str) -> float:
    began = time.perf_counter()
    answer = client.get(f"/v1/families/{person}")
    seconds = time.perf_counter() - began
    if answer.status_code != 404:
        raise RuntimeError(f"answered {answer.status_code}")
    return seconds


def welch(a: list[float], b: list[float]) -> float:
    """Welch's t of two samples."""
    return (fmean(a) - fmean(b)) / sqrt(variance(a) / len(a) + variance(b) / len(b))


def _said(times: list[float], nobody: list[float]) -> str:
    told = f"{fmean(times) * 1000:.2f} ms ± {variance(times) ** 0.5 * 1000:.2f}"
    return told if times is nobody else f"{told}, t = {welch(times, nobody):+.2f}"


def races(withdrawals: int) -> dict[str, Raced]:
    """Race readers against withdrawals on both databases."""
    with tempfile.TemporaryDirectory() as folder, migrated(Path(folder)) as template:
        found = {"SQLite": _raced(f"sqlite:///{template}", withdrawals)}
    with postgres.cluster() as cluster, postgres.fresh_database(cluster, "race") as url:
        return found | {"PostgreSQL": _raced(url, withdrawals)}


def _raced(url: str, withdrawals: int) -> Raced:
    database = Database(url)
    database.migrate()
    partnership = build(database)
    with database.writing() as session:
        session.execute(update(staff_role).values(training_until=date(2099, 1, 1)))
    try:
        return race(partnership, withdrawals)
    finally:
        database.close()
