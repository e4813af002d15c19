"""The search for planted identifiers must be able to find them."""

import base64
import hashlib

import pytest

from tests.canaries import CANARIES, found_in


@pytest.mark.parametrize("name", CANARIES)
def test_a_plain_value_is_found(name: str) -> None:
    assert found_in(f"a log line with {CANARIES[name]} in it".encode()) == [name]


def test_spellings_are_found() -> None:
    number, name = CANARIES["nhs"], CANARIES["family"]
    assert found_in(f"{number[:3]} {number[3:6]} {number[6:]}".encode()) == ["nhs"]
    assert found_in(base64.b64encode(f"prefix {name} suffix".encode())) == ["family"]
    assert found_in(hashlib.sha256(number.encode()).hexdigest().encode()) == ["nhs"]
    assert found_in(name.encode("utf-16-le")) == ["family"]
    assert found_in(b"address=77%20Wobblethorpe%20Lane") == ["address"]
    assert found_in(b"born 23/05/2019") == ["dob"]


def test_innocent_text_holds_none() -> None:
    assert found_in(b"health_visiting 2019-05 ZCH " * 50) == []
