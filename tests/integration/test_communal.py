"""A listed hostel makes nobody a household, however few live there; a faulty list is refused whole."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.referencing import import_reference
from linkage.intake.reference_files import ReferenceRefused
from linkage.kin import communal
from linkage.kin.households import households
from linkage.rows import Identity
from tests.factories import deployed
from tests.integration.linking import KEYS, Partnership

HOSTEL = Identity(address="Hafod House, Mill Lane, Marlford", postcode="MR1 1AA")
HOME = Identity(address="12 Alder Road, Marlford", postcode="MR1 1AB")


def _who(given: str, family: str, born: date, place: Identity) -> Identity:
    return Identity(
        given_name=given, family_name=family, date_of_birth=born, address=place.address, postcode=place.postcode
    )


def _shared(partnership: Partnership) -> int:
    with Session(partnership.engine) as session, partnership.zone() as zone:
        return len(households(session, zone, []))


def test_a_listed_hostel_makes_nobody_a_household(tmp_path: Path) -> None:
    partnership = Partnership(tmp_path)
    people = [
        _who("Ann", "Lee", date(1990, 1, 2), HOSTEL), _who("Ben", "Ray", date(1985, 3, 4), HOSTEL),
        _who("Cai", "Orr", date(1980, 5, 6), HOME), _who("Dee", "Orr", date(2015, 7, 8), HOME),
    ]  # fmt: skip
    partnership.load("d", {str(n): {"self": who} for n, who in enumerate(people)})
    partnership.link()
    assert _shared(partnership) == 2
    with partnership.zone() as zone:
        communal.keep(zone, KEYS, [Identity(address="HAFOD HOUSE, MILL LN", postcode="MR1 1AA")])
    assert _shared(partnership) == 1
    with partnership.zone() as zone:
        communal.keep(zone, KEYS, [])
    assert _shared(partnership) == 2


@pytest.mark.parametrize(
    "rows", ["Hafod,,MR1 1AA,\n", "Hafod,12 Mill Lane,not one,\n", "Hafod,12 Mill Lane,MR1 1AA,abc\n"]
)
def test_a_place_that_cannot_be_read_is_refused_by_line_and_column(
    tmp_path: Path, migrated_sqlite: Path, rows: str
) -> None:
    path = tmp_path / "communal.csv"
    path.write_text(f"name,address,postcode,uprn\n{rows}", encoding="utf-8")
    with deployed(tmp_path / "home", migrated_sqlite) as deployment:
        assert isinstance(deployment, Deployment)
        with pytest.raises(ReferenceRefused, match="line 2") as caught:
            import_reference(deployment, [path])
        assert "Hafod" not in str(caught.value)
        path.write_text("name,address,postcode,uprn\nHafod,12 Mill Lane,MR1 1AA,\n", encoding="utf-8")
        assert import_reference(deployment, [path]) == {"communal.csv": 1}
