"""Numbers are valid by an independent implementation, distinct, and the same for the same seed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.gb import nhs, upn

from app.county import numbers


def test_the_whole_range_is_distinct_and_then_used_up() -> None:
    source = numbers.NhsNumbers(3)
    drawn = [source.late() for _ in range(1000)]
    with pytest.raises(ValueError, match="used up"):
        drawn.extend(iter(source.next, None))
    assert len(set(drawn)) == len(drawn) >= 900_000
    assert not set(drawn) & set(numbers.reserved_nhs_numbers())
    with pytest.raises(ValueError, match="used up"):
        source.late()


@given(st.integers(0, 10**6))
def test_numbers_pass_modulus_11(seed: int) -> None:
    source = numbers.NhsNumbers(seed)
    for number in (source.next(), source.late(), numbers.unused_nhs_number(Random(seed))):
        assert nhs.is_valid(number)
        assert number.startswith("999")
        assert not nhs.is_valid(numbers.break_check_digit(number))


def test_reserved_numbers_hold_the_named_families() -> None:
    reserved = numbers.reserved_nhs_numbers()
    assert len(reserved) > 1000
    assert all(map(nhs.is_valid, reserved))


@given(st.integers(0, 9999), st.integers(2015, 2030), st.integers(0, 2299), st.booleans())
def test_upns_pass_modulus_23(school: int, year: int, serial: int, temporary: bool) -> None:
    number = numbers.upn(885, school, year, serial, temporary)
    assert upn.is_valid(number)
    assert number[-1].isalpha() is temporary
