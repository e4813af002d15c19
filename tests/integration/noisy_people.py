"""People whose records are spoilt a little, seeded, with the truth beside them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from linkage.rows import Identity, Sex

GIVEN = (
    "Ffion", "Gareth", "Megan", "Aled", "Zofia", "Oliver", "Amira", "Dylan", "Seren", "Tomos", "Isla", "Noah", "Leila",
    "Rhys", "Eira", "Jakub", "Priya", "Owain", "Nia", "Harri", "Ava", "Idris", "Cerys", "Yusuf", "Lowri", "Mabli",
)  # fmt: skip
FAMILY = (
    "Jones", "Williams", "Davies", "Evans", "Nowak", "Khan", "Thomas", "Roberts", "Patel", "Hughes", "Okafor", "Rees",
    "Morgan", "Lewis", "Price", "Vaughan", "Ahmed", "Lloyd", "Powell", "Begum", "Kowalski", "Ellis", "Griffiths",
)  # fmt: skip
STREETS = ("High Street", "Mill Lane", "Station Road", "Church Close", "Chapel Row", "Park View", "Elm Drive")
SETS = ("health", "school", "council")


def _spelt(word: str, draw: Random) -> str:
    at = draw.randrange(1, len(word))
    return word[:at] + draw.choice("aeioulrn") + word[at + (draw.random() < 0.6) :]


def _person(draw: Random) -> Identity:
    postcode = f"CF{draw.randint(10, 14)} {draw.randint(1, 9)}{draw.choice('ABDEFGH')}{draw.choice('ABDEFGH')}"
    return Identity(
        given_name=draw.choice(GIVEN), family_name=draw.choice(FAMILY),
        date_of_birth=date(2018, 1, 1) + timedelta(days=draw.randrange(2200)), sex=draw.choice((Sex.FEMALE, Sex.MALE)),
        address=f"{draw.randint(1, 90)} {draw.choice(STREETS)}", postcode=postcode,
    )  # fmt: skip


def _spoilt(who: Identity, draw: Random) -> Identity:
    given, family, born = who.given_name, who.family_name, who.date_of_birth
    assert given is not None
    assert family is not None
    assert born is not None
    if draw.random() < 0.2:
        who = replace(who, given_name=_spelt(given, draw))
    if draw.random() < 0.2:
        who = replace(who, family_name=draw.choice(FAMILY) if draw.random() < 0.3 else _spelt(family, draw))
    if draw.random() < 0.1:
        who = replace(who, date_of_birth=born + timedelta(days=draw.choice((-1, 1, 30, 365))))
    if draw.random() < 0.3:
        moved = _person(draw)
        who = replace(who, address=moved.address, postcode=moved.postcode)
    return replace(who, postcode=None, address=None) if draw.random() < 0.1 else who


def noisy(people: int, seed: int) -> tuple[dict[str, Mapping[str, Mapping[str, Identity]]], dict[tuple[str, str], int]]:
    """Data set → record id → role → identity; and (data set, "row role") → the person it truly is."""
    draw = Random(seed)
    persons = [_person(draw) for _ in range(people)]
    rows: dict[str, dict[str, Mapping[str, Identity]]] = {name: {} for name in SETS}
    truth: dict[tuple[str, str], int] = {}
    for name in SETS:
        for who in draw.sample(range(people), int(people * 0.75)):
            rows[name][f"{name}{who}"] = {"self": _spoilt(persons[who], draw)}
            truth[(name, f"{len(rows[name])} self")] = who
    return dict(rows), truth
