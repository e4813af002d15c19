"""How well persons are found, beside Splink on the readable data, in one run on the same rows.

Ours sees keyed encodings only and joins at the default threshold, which no label has touched; the peer sees names and
is given the threshold and the way of clustering that the truth says are best. Only the truth is kept from both while
they train. F1 is pairwise over all rows."""

import hmac
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from app.county.county import write_county
from benchmarks import samples
from benchmarks.peers import splink_cleartext as peer
from benchmarks.samples import Sample
from benchmarks.section import Section
from linkage import run
from linkage.encoding.encode import encode, rekey
from linkage.grouping import persons
from linkage.matching import exclusions, matching, profiles, thresholds
from linkage.zone import live
from linkage.zone.zone import Zone, open_zone

JOINS = tuple(half / 2 for half in range(-10, 13))
"""The thresholds tried to see how far the default lies from the best."""
COUNTY_FAMILIES = 7_800
_AT_ONCE = 20_000
_MEMORY = "4GB"


class Keys:
    """Keyed hashing by label under a secret that protects nobody: the people are invented."""

    def mac(self, label: str, data: bytes) -> bytes:
        return hmac.digest(self.subkey(label, "mac"), data, "sha256")

    def subkey(self, label: str, info: str) -> bytes:
        return hmac.digest(b"benchmark", f"{label}\0{info}".encode(), "sha256")


KEYS = Keys()


@dataclass(frozen=True)
class Score:
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Ours:
    """The default's score, the best score over thresholds, and whom each row was taken for by default."""

    default: Score
    best: Score
    best_at: float
    found: Sequence[int]


@contextmanager
def loaded(sample: Sample) -> Iterator[Zone]:
    """A zone with the sample's encoded rows, as loads leave it."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        zone = open_zone(Path(folder) / "zone", KEYS, memory_limit=_MEMORY)
        try:
            _load(zone, sample)
            yield zone
        finally:
            zone.close()


def _load(zone: Zone, sample: Sample) -> None:
    held = sorted(sample.roles, key=lambda role: role.dataset)
    for at, (dataset, rows) in enumerate(groupby(held, key=lambda role: role.dataset)):
        roles = list(rows)
        zone.begin(f"{at:032x}", at + 1, dataset)
        zone.add_records([(record, record, "") for record in dict.fromkeys(role.record_id for role in roles)])
        for start in range(0, len(roles), _AT_ONCE):
            zone.add_encoded(rekey(encode(roles[start : start + _AT_ONCE], KEYS), KEYS))
        zone.commit()
    live.note_roles(zone, run.notes(sample.specs))
    matching.lay_decisions(zone, [])


def linked(sample: Sample) -> Ours:
    """Link the sample as a full run does, then group again at other thresholds over the same scores."""
    bounds = persons.Bounds(join=thresholds.join(), doubt=thresholds.join() - 3.0)
    with loaded(sample) as zone:
        found = matching.full(zone, bounds)
        ids = found.grouping.profiles
        held = zone.table(f"SELECT a, b, {profiles.WEIGHT} AS weight FROM pair")
        pairs = persons.Pairs(*(held.column(name).to_numpy() for name in ("a", "b", "weight")))
        claims = exclusions.read(zone)
        members = zone.rows("SELECT profile, role_id FROM member")
    profile_of = np.empty(len(sample.roles), np.int64)
    for profile, role_id in members:
        profile_of[int(role_id, 16)] = profile
    place = np.searchsorted(ids, profile_of)
    by_join = {bounds.join: np.asarray(found.grouping.group_of)}
    for join in JOINS:
        if join not in by_join:
            at = replace(bounds, join=join, doubt=join - 3.0)
            by_join[join] = np.asarray(persons.group(ids, pairs, claims, at).group_of)
    scores = {join: Score(*peer.agreement(sample.truth, of[place].tolist())) for join, of in by_join.items()}
    best = max(scores, key=lambda join: scores[join].f1)
    return Ours(scores[bounds.join], scores[best], best, by_join[bounds.join][place].tolist())


def county_sample(folder: Path, errors: str, families: int, seed: int = 20) -> Sample:
    """A freshly written county."""
    out = folder / errors
    write_county(families, seed, errors, out)  # type: ignore[arg-type]
    return samples.county(out, f"County, {errors} damage")


def plans(sample: Sample) -> list[peer.Plan]:
    if sample.name.startswith("FEBRL 3"):
        return peer.febrl_3()
    return peer.febrl_4() if sample.name.startswith("FEBRL 4") else peer.county(samples.COUNTY_COLUMNS)


def compared(sample: Sample) -> tuple[Ours, peer.Best]:
    """Both sides on one sample."""
    return linked(sample), peer.best(plans(sample), sample.rows, sample.truth)


def _rows(sample: Sample) -> tuple[tuple[str, str], ...]:
    ours, theirs = compared(sample)
    name = f"{sample.name} ({len(sample.truth):,} rows)"
    return (
        (f"{name}: F1 at the default (precision, recall)", _score(ours.default)),
        (f"{name}: best F1 over thresholds", f"{ours.best.f1:.4f} at {ours.best_at:g}"),
        (f"{name}: Splink on readable data, best by the truth", f"{theirs.f1:.4f} ({theirs.how})"),
    )


def _score(score: Score) -> str:
    return f"{score.f1:.4f} ({score.precision:.4f}, {score.recall:.4f})"


def measure(families: int = COUNTY_FAMILIES) -> Section:
    """FEBRL 3 and 4, and a county at each level of damage."""
    rows: list[tuple[str, str]] = []
    for sample in (samples.febrl_3(), samples.febrl_4(), samples.febrl_4(one=True)):
        rows += _rows(sample)
    for errors in ("low", "medium", "high"):
        with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
            rows += _rows(county_sample(Path(folder), errors, families))
    return Section(
        "Accuracy beside Splink on readable data",
        tuple(rows),
        f"Ours joins at {thresholds.join():g}, from stated costs alone; the peer's threshold is chosen by the truth.",
    )


if __name__ == "__main__":
    for title, value in measure().rows:
        print(f"{title}: {value}", flush=True)
