"""Reference data of the county: organisations, postcodes and the milestone schedules of both nations.

England: the five mandated contacts of the Healthy Child Programme 0–5, the two-year-old offer and the
EYFSP. Wales: the Healthy Child Wales Programme contacts. Welsh titles are unreviewed translations.
"""

from pathlib import Path
from typing import Any

import yaml

from app.county.books import Table
from app.county.places import ENGLAND, HOSTELS, WALES, Gazetteer

ORGANISATIONS = (
    ("ZMH", "Marlshire Maternity Hospitals NHS Trust", "", "nhs", ENGLAND, "Maternity duty desk", "01632 960101"),
    ("ZCH", "Marlshire Community Health NHS Trust", "", "nhs", ENGLAND, "Health visiting duty desk", "01632 960102"),
    ("ZWB", "Glanwern University Health Board", "Bwrdd Iechyd Prifysgol Glanwern", "nhs", WALES,
     "Health visiting duty desk", "01632 960103"),
    ("ZMC", "Marlshire County Council", "", "council", ENGLAND, "Family front door", "01632 960104"),
    ("ZGC", "Glanwern Council", "Cyngor Glanwern", "council", WALES, "Families First duty desk", "01632 960105"),
    ("ZNF", "Little Acorns Nursery Federation", "", "childcare", ENGLAND, "Safeguarding lead", "01632 960106"),
    ("ZFS", "Hafan Family Support", "Hafan Cymorth i Deuluoedd", "charity", "both", "Duty worker", "01632 960107"),
)  # fmt: skip
OUT_OF_HOURS = {
    ENGLAND: ("Marlshire emergency duty team", "01632 960140"),
    WALES: ("Tîm Dyletswydd Argyfwng Glanwern", "01632 960150"),
}
"""Whom to ring at night, by nation: the emergency duty team of children's services."""
_POSTCODE_COLUMNS = (
    "postcode", "ward", "ward_name", "lsoa", "locality", "locality_name", "nation", "imd_decile",
)  # fmt: skip
_ENGLISH = (
    ("antenatal", "Antenatal contact", "Cyswllt cyn geni", -84, -1, ["antenatal_visit"]),
    ("new_birth", "New birth visit", "Ymweliad geni newydd", 10, 14, ["new_birth_visit"]),
    ("six_weeks", "6 to 8 week review", "Adolygiad 6 i 8 wythnos", 42, 56, ["six_week_review"]),
    ("twelve_months", "12 month review", "Adolygiad 12 mis", 274, 365, ["twelve_month_review"]),
    ("two_years", "2 to 2½ year review", "Adolygiad 2 i 2½ oed", 730, 913, ["two_year_review"]),
    ("funded_two", "Funded place for two-year-olds", "Lle wedi'i ariannu i blant dwy oed", 730, 1095,
     ["funded_place_offer", "funded_place"]),
    ("eyfsp", "Early years foundation stage profile", "Proffil cyfnod sylfaen y blynyddoedd cynnar", 1736,
    2161, ["eyfsp"]),
)  # fmt: skip
_SERVICES = {"funded_two": "early_education", "eyfsp": "school"}
_WELSH = (
    ("new_birth", "10 to 14 day contact", "Cyswllt 10 i 14 diwrnod", 10, 14, ["new_birth_visit"]),
    ("six_weeks", "6 week contact", "Cyswllt 6 wythnos", 42, 49, ["six_week_review"]),
    ("eight_weeks", "8 week contact", "Cyswllt 8 wythnos", 56, 63, ["health_visitor_contact", "immunisation"]),
    ("twelve_weeks", "12 week contact", "Cyswllt 12 wythnos", 84, 91, ["three_month_contact", "immunisation"]),
    ("sixteen_weeks", "16 week contact", "Cyswllt 16 wythnos", 112, 119, ["health_visitor_contact", "immunisation"]),
    ("six_months", "6 month contact", "Cyswllt 6 mis", 180, 213, ["six_month_contact"]),
    ("fifteen_months", "15 month contact", "Cyswllt 15 mis", 450, 485, ["fifteen_month_contact"]),
    ("twenty_seven_months", "27 month contact", "Cyswllt 27 mis", 810, 850, ["two_year_review"]),
    ("three_and_half_years", "3½ year contact", "Cyswllt 3½ oed", 1260, 1310, ["three_and_half_year_contact"]),
)  # fmt: skip


def milestone_schedules() -> dict[str, Any]:
    """Return both nations' schedules as `milestones.yaml` holds them; days count from birth, negative before it."""
    schedules = (("healthy-child-programme", ENGLAND, _ENGLISH), ("healthy-child-wales", WALES, _WELSH))
    return {
        "schedules": [
            {"schedule": name, "version": "2026-04", "nation": nation, "milestones": [_milestone(*row) for row in rows]}
            for name, nation, rows in schedules
        ]
    }


def _milestone(code: str, english: str, welsh: str, first: int, last: int, types: list[str]) -> dict[str, Any]:
    return {
        "code": code,
        "title": {"en": english, "cy": welsh},
        "from_days": first,
        "to_days": last,
        "event_types": types,
        "service": _SERVICES.get(code, "health_visiting"),
    }


def write_reference(folder: Path, gazetteer: Gazetteer) -> None:
    table = Table(folder / "postcodes.csv", _POSTCODE_COLUMNS)
    for p in gazetteer.places():
        table.row((p.postcode, p.ward, p.ward_name, p.lsoa, p.locality, p.locality_name, p.nation, p.imd_decile))
    table.close()
    _write_communal(folder, gazetteer)
    text = yaml.safe_dump(milestone_schedules(), allow_unicode=True, sort_keys=False, width=120)
    (folder / "milestones.yaml").write_text(text, encoding="utf-8")


def _write_communal(folder: Path, gazetteer: Gazetteer) -> None:
    """List the county's hostels, but for the named families' one, and no refuge: crowding must tell those."""
    table = Table(folder / "communal.csv", ("name", "address", "postcode", "uprn"))
    for nation in (ENGLAND, WALES):
        for hostel in range(HOSTELS):
            home = gazetteer.hostel(hostel, nation)
            table.row((home.house, str(home), home.postcode, home.uprn))
    table.close()
