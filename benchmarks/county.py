"""The medium county of 20,000 people, from extracts to persons and families, against its own truth."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.section import Ran, Section, family_record

FAMILIES = 7_800


def measure() -> Section:
    """Run the whole path by command line and report accuracy, time and memory of each step."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        home, out = place / "home", place / "county"
        size = ("--families", str(FAMILIES), "--seed", "20", "--county", str(out))
        steps = {"demo": family_record(home, "demo", "--no-serve", *size)}
        people = steps["demo"].result["people_in_the_county"]
        truth, ties = str(out / "truth_persons.csv"), str(out / "truth_ties.csv")
        steps["evaluate"] = family_record(home, "evaluate", "--truth", truth, "--ties", ties)
    return Section(f"Medium county of {people:,} people", (*_accuracy(steps["evaluate"].result), *_costs(steps)))


def _accuracy(found: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    between, apart = found["between"], found["between_no_shared_number"]
    mothers = found["ties"]["relations"]["birth_mother"]
    return (
        ("records", f"{found['records']:,}"),
        ("precision, recall, F1 (all pairs)", _scores(found)),
        ("precision, recall, F1 between data sets", _scores(between)),
        ("the same among pairs that share no valid number", _scores(apart)),
        ("mother and child ties: precision, recall", f"{mothers['precision']:.4f}, {mothers['recall']:.4f}"),
    )


def _scores(found: dict[str, Any]) -> str:
    return ", ".join(f"{found[name]:.4f}" for name in ("precision", "recall", "f1"))


def _costs(steps: dict[str, Ran]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{name}: wall, peak", f"{ran.seconds:.1f} s, {ran.peak_mib:.0f} MiB") for name, ran in steps.items())
