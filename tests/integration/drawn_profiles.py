"""Profiles drawn at random straight into `profile`, as the preparation of a run leaves it: several noisy rows a person.

Tokens are arbitrary numbers, so nothing here depends on how names are encoded.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.encoding.encode import FILTERS, TOKENS
from linkage.matching import blocking, frequencies, model, profiles
from linkage.zone.encrypted import Database, connect

Ints = NDArray[np.int64]
_RANGE = {"sex": 2, "birth_order": 2, "dob_y": 12, "dob_my": 140, "dob_dy": 370, "dob_dm": 360, "given_sound": 90}
_OFTEN_MISSING = {"nhs": 0.6, "upn": 0.8, "upn_temporary": 0.97, "birth_order": 0.95, "local": 0.5, "former": 0.9}


def _token(rng: np.random.Generator, name: str, person: Ints, people: int) -> pa.Array:
    """A person's value of a column, with one row in twelve mistaken and some missing."""
    values = rng.integers(1, _RANGE.get(name, 4 * people), people)[person] * 2_654_435_761
    wrong = rng.random(len(person)) < 1 / 12
    values[wrong] = rng.integers(1, _RANGE.get(name, 4 * people), wrong.sum()) * 2_654_435_761
    return pa.array(values, pa.int64(), mask=rng.random(len(person)) < _OFTEN_MISSING.get(name, 0.1))


def _filter(rng: np.random.Generator, name: str, person: Ints, people: int) -> dict[str, pa.Array]:
    bits = (rng.random((people, 128)) < 0.3)[person] ^ (rng.random((len(person), 128)) < 0.04)
    words = np.packbits(bits, axis=1).view("<i8")
    missing = rng.random(len(person)) < 0.1
    return {
        **{f"{name}{half}": pa.array(np.ascontiguousarray(words[:, half]), mask=missing) for half in (0, 1)},
        f"{name}n": pa.array(bits.sum(axis=1).astype(np.int32), mask=missing),
    }


def _columns(rows: int, people: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    person = rng.integers(0, people, rows)
    sets = rng.integers(0, 3, rows)
    made: dict[str, Any] = {
        "profile": pa.array(np.sort(rng.choice(rows * 3, rows, replace=False)), pa.int64()),
        "dataset": pa.array([f"set-{at}" for at in sets]), "provider": pa.array([f"P{at}" for at in sets]),
        "role": pa.array(np.where(rng.random(rows) < 0.8, "self", "mother").tolist()),
        "one_row_per_person": pa.array([False] * rows),
    }  # fmt: skip
    made |= {name: _token(rng, name, person, people) for name in TOKENS}
    made["dob_default"] = pa.array(rng.random(rows) < 0.02)
    for name in FILTERS:
        made |= _filter(rng, name, person, people)
    return made


def drawn(folder: Path, rows: int, people: int, seed: int = 1) -> tuple[Database, dict[str, Any], list[int]]:
    """A database with `profile` and all that scoring needs; the stated model for it, and the blocking rules in use."""
    folder.mkdir(exist_ok=True)
    zone = Database(connect(folder, "1GB", 2), folder)
    with zone.lent("fresh", pa.table(_columns(rows, people, seed))):
        zone.run(
            "CREATE TABLE profile AS SELECT *, nhs IS NOT NULL AS numbered, FALSE AS single, FALSE AS established,"
            " CAST(NULL AS VARCHAR) AS generation, hash(profile) AS content FROM fresh ORDER BY profile"
        )
    zone.run("CREATE TABLE singly (described UBIGINT)")
    filled = profiles.filled_columns(zone)
    blocks = blocking.add_blocks(zone, rows, filled)
    settings = model.settings(filled, blocks, 1e-3)
    frequencies.learn(zone, settings)
    frequencies.attach(zone, settings)
    return zone, settings, blocks
