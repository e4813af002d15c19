"""The medium county of 20,000 people, from extracts to persons and families, against its own truth."""

import tempfile
from pathlib import Path

from benchmarks.section import Ran, Section, family_record

FAMILIES = 7_800


def measure() -> Section:
    """Run the whole path by command line and report accuracy, time and memory of each step."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        home, out = place / "home", place / "county"
        steps = {
            "synth": family_record(home, "synth", "--families", str(FAMILIES), "--seed", "20", "--out", str(out)),
            "init": family_record(home, "init"),
        }
        people = steps["synth"].result["people"]
        steps |= {"demo": family_record(home, "demo", "--no-serve", "--county", str(out))}
        truth, ties = str(out / "truth_persons.csv"), str(out / "truth_ties.csv")
        steps["evaluate"] = family_record(home, "evaluate", "--truth", truth, "--ties", ties)
    return Section(f"Medium county of {people:,} people", (*_accuracy(steps["evaluate"].result), *_costs(steps)))


def _accuracy(found: dict[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{value:.4f}") for name, value in found.items() if isinstance(value, float))


def _costs(steps: dict[str, Ran]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{name}: wall, peak", f"{ran.seconds:.1f} s, {ran.peak_mib:.0f} MiB") for name, ran in steps.items())
