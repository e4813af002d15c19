"""The named families walked in full: every route, link and form, as every worker who must not learn of them."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.section import Section

ROOT = Path(__file__).resolve().parent.parent
WALKS = (
    "tests/journeys/test_named_families_every_route.py",
    "tests/journeys/test_named_families_wishes.py",
)


def measure() -> Section:
    """Run the walks with nothing left out; raise where one finds what it must not."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *WALKS],
        cwd=ROOT, env={**os.environ, "NAMED_FAMILIES": "full"}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError("a walk found what must stay secret, or did not reach every route")
    passed = re.search(r"(\d+) passed", done.stdout)
    return Section(
        "Named families, every route",
        (
            ("Walks and comparisons that found nothing", passed[1] if passed else "0"),
            ("Seconds", f"{time.perf_counter() - started:.0f}"),
        ),
        "Each worker opens every route, follows every link and sends every form, with the ids, numbers and names they "
        "may know; all bodies, headers and files are searched for what is new to them.",
    )
