"""Numbers, names, dates, places and contacts become canonical or give a reason."""

import unicodedata
from datetime import date, datetime

import pytest
import stdnum.gb.nhs
import stdnum.gb.upn
from hypothesis import given
from hypothesis import strategies as st

from linkage.normalise import contact, dates, names, numbers, places
from linkage.normalise.text import has_hidden
from linkage.reasons import SENTENCES, Reason

DIGITS = st.text("0123456789", min_size=10, max_size=10)
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


@given(DIGITS)
def test_an_nhs_number_is_taken_exactly_when_the_oracle_takes_it_and_it_is_no_filler(text: str) -> None:
    taken = numbers.nhs_number(text) == text
    assert taken == (stdnum.gb.nhs.is_valid(text) and len(set(text)) > 1)


@given(DIGITS, st.sampled_from(" -"))
def test_spaces_and_hyphens_do_not_change_a_number(text: str, gap: str) -> None:
    spaced = gap.join((text[:3], text[3:6], text[6:]))
    assert numbers.nhs_number(spaced) == numbers.nhs_number(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9434765919\n", Reason.NHS_NUMBER_FORM),
        (" 9434765919", Reason.NHS_NUMBER_FORM),
        ("943-476 5919", Reason.NHS_NUMBER_FORM),
        ("94 3476 5919", Reason.NHS_NUMBER_FORM),
        ("943  476 5919", Reason.NHS_NUMBER_FORM),
        ("9434765919.0", Reason.NHS_NUMBER_FORM),
        ("9.43E+09", Reason.NHS_NUMBER_FORM),
        ("943476591", Reason.NHS_NUMBER_FORM),
        ("9434765918", Reason.CHECK_FAILED),
        ("0000000000", Reason.REPEATED_DIGITS),
        ("9999999999", Reason.REPEATED_DIGITS),
        ("٩٤٣٤٧٦٥٩١٩", Reason.NOT_ASCII_DIGITS),
        ("９４３４７６５９１９", Reason.NOT_ASCII_DIGITS),
        ("943\u00a0476\u00a05919", Reason.NOT_ASCII_DIGITS),
    ],
)
def test_other_spellings_of_an_nhs_number_are_refused(text: str, reason: Reason) -> None:
    assert numbers.nhs_number(text) is reason


def _checked(body: str) -> str:
    value = {sign: place for place, sign in enumerate(LETTERS)} | {str(n): n for n in range(10)}
    return LETTERS[sum(value[sign] * place for place, sign in enumerate(body, start=2)) % 23] + body


@given(st.text("0123456789", min_size=8, max_size=8), st.sampled_from([*"0123456789", *LETTERS]))
def test_a_upn_with_its_check_letter_is_taken_and_the_oracle_agrees(digits: str, last: str) -> None:
    upn = _checked("801" + digits + last)
    assert numbers.upn(upn) == numbers.upn(upn.lower()) == upn
    assert numbers.is_temporary_upn(upn) == last.isalpha()
    assert stdnum.gb.upn.is_valid(upn)


@given(st.text("0123456789", min_size=8, max_size=8), st.sampled_from(LETTERS))
def test_a_upn_with_another_letter_is_refused(digits: str, letter: str) -> None:
    right = _checked("801" + digits + "7")
    wrong = letter + right[1:]
    assert (numbers.upn(wrong) == wrong) == (letter == right[0])
    assert stdnum.gb.upn.is_valid(wrong) == (letter == right[0])


@pytest.mark.parametrize(
    "text", ["", "A12345678901", "I801200001001", "A80120000100É", "A801200001O01", "A8012000010012"]
)
def test_what_has_not_the_form_of_a_upn_is_refused(text: str) -> None:
    assert numbers.upn(text) in (Reason.UPN_FORM, Reason.NOT_ASCII_DIGITS)


def test_a_uprn_has_up_to_twelve_digits_and_no_leading_zeros() -> None:
    assert numbers.uprn("000100010001") == "100010001"
    assert numbers.uprn("1234567890123") is Reason.UPRN_FORM
    assert numbers.uprn("0") is Reason.UPRN_FORM


DATE_FORMS = ["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d-%B-%Y", "%Y-%m-%dT%H:%M:%S"]


def _written(day: date, pattern: str) -> str:
    stamp = datetime(day.year, day.month, day.day)
    return stamp.strftime(pattern.replace("%Y", f"{day.year:04d}"))


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(DATE_FORMS))
def test_any_calendar_date_of_any_century_is_read_in_every_usual_form(day: date, pattern: str) -> None:
    assert dates.parse(_written(day, pattern)) == day


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from([*DATE_FORMS, "%d%m%Y", "%d of %B, %Y"]))
def test_a_declared_form_reads_what_it_writes(day: date, pattern: str) -> None:
    assert dates.parser([pattern])(_written(day, pattern)) == day


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("12/03/19", Reason.TWO_DIGIT_YEAR),
        ("12-Mar-19", Reason.TWO_DIGIT_YEAR),
        ("01/02/15 00:00:00", Reason.TWO_DIGIT_YEAR),
        ("31/02/2019", Reason.DATE_IMPOSSIBLE),
        ("03/13/2019", Reason.DATE_IMPOSSIBLE),
        ("0000-01-01", Reason.DATE_IMPOSSIBLE),
        ("29/02/1900", Reason.DATE_IMPOSSIBLE),
        ("٢٠١٩-٠٣-١٢", Reason.NOT_ASCII_DIGITS),
        ("2019-٠٣-12", Reason.NOT_ASCII_DIGITS),
        ("2019-03", Reason.DATE_FORM),
        ("43536", Reason.DATE_FORM),
        ("12/03-2019", Reason.DATE_FORM),
        ("12 Foo 2019", Reason.DATE_FORM),
        ("2019-W11-2", Reason.DATE_FORM),
        ("1/2/2019", date(2019, 2, 1)),
        ("1 Chwefror 2019", date(2019, 2, 1)),
        ("2019-03-12 00:00:00.000", date(2019, 3, 12)),
        ("2019-03-12T23:30:00+01:00", date(2019, 3, 12)),
        ("12/03/2019 00:00", date(2019, 3, 12)),
        ("3rd March 2019", date(2019, 3, 3)),
    ],
)
def test_dates_that_are_doubtful_are_refused_and_others_read(text: str, outcome: date | Reason) -> None:
    assert dates.parse(text) == outcome


@pytest.mark.parametrize("pattern", ["%d/%m/%y", "%j %Y", "%d/%m", "%d/%d/%Y", "%m %b %Y", "%"])
def test_a_date_pattern_that_cannot_give_a_date_is_a_problem(pattern: str) -> None:
    assert dates.pattern_problem(pattern)


@given(st.text())
def test_no_text_makes_a_normaliser_raise_and_none_returns_hidden_characters(text: str) -> None:
    for normalise in (
        numbers.nhs_number, numbers.upn, numbers.uprn, names.clean, dates.parse, places.postcode, places.postcode_any,
        places.address, contact.telephone, contact.email, dates.parser(["%d/%m/%Y"]),
    ):  # fmt: skip
        found = normalise(text)
        assert isinstance(found, Reason | date) or not has_hidden(found)


@given(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Cn"]))
def test_names_with_invisible_characters_are_refused(sign: str) -> None:
    assert names.clean(f"Ann{sign}e") in (Reason.HIDDEN_CHARACTERS, f"Ann {'e'}")
    assert has_hidden(sign)


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\ufeff", "\u200f", "\u00ad"])
def test_direction_marks_and_zero_width_characters_are_refused(sign: str) -> None:
    assert names.clean(f"Ann{sign}e") is Reason.HIDDEN_CHARACTERS
    assert places.address(f"1 High{sign} Street") is Reason.HIDDEN_CHARACTERS


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@SUM(A1)", "+1+1", "-2+3+cmd|' /C calc'!A0"])
def test_a_name_that_a_spreadsheet_would_run_is_refused(text: str) -> None:
    assert names.clean(text) is Reason.FORMULA


def test_cleaning_keeps_spelling_and_gives_one_unicode_form() -> None:
    assert names.clean("  Siân   O’Brien-Łuczak ") == "Siân O’Brien-Łuczak"
    assert names.clean(unicodedata.normalize("NFD", "Zoë")) == "Zoë"


@pytest.mark.parametrize("text", ["Unknown", "NOT KNOWN", "n/k", "TEST", "X", "Not  stated", "-", "N/A"])
def test_words_for_not_known_are_missing(text: str) -> None:
    assert names.clean(text) is Reason.PLACEHOLDER


@pytest.mark.parametrize("text", ["BABY", "Baby 1", "Twin 2", "Baby boy", "TWIN1", "Newborn female", "unborn"])
def test_words_for_the_baby_stay_to_be_read_and_say_nothing_to_matching(text: str) -> None:
    assert names.clean(text) == text
    assert names.is_newborn_placeholder(text)
    assert names.fold(text) == ""


@pytest.mark.parametrize("text", ["Na", "Nan", "Nil", "Test-Jones", "Barbie", "Babyann", "Boyd", "Null-Smith"])
def test_real_names_near_those_words_stay(text: str) -> None:
    assert names.clean(text) == text
    assert names.fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "OBRIEN"),
        ("O’Brien", "o'brien"),
        ("Siân", "SIAN"),
        ("Łukasz", "Lukasz"),
        ("Smith-Jones", "Smith Jones"),
        ("Müller", "Muller"),
        ("Straße", "STRASSE"),
        ("Nguyễn", "Nguyen"),
        ("St. John", "St John"),
        ("d‘Arcy", "D'ARCY"),
    ],
)
def test_folding_gives_one_spelling(one: str, other: str) -> None:
    assert names.fold(one) == names.fold(other)


@given(st.text(st.characters(categories=["Lu", "Ll"]), min_size=1, max_size=20))
def test_folding_twice_is_folding_once_and_no_letter_is_lost_altogether(name: str) -> None:
    once = names.fold(name)
    assert names.fold(once) == once
    assert once or names.is_placeholder(name) or names.is_newborn_placeholder(name)


def test_short_names_have_their_full_form() -> None:
    assert names.formal("KATIE") == "KATHERINE"
    assert all(names.fold(word) == word for pair in names.NICKNAMES.items() for word in pair)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("sw1a1aa", "SW1A 1AA"),
        ("M1  1AA", "M1 1AA"),
        ("B33 8TH", "B33 8TH"),
        ("DN55 1PT", "DN55 1PT"),
        ("W1A 0AX", "W1A 0AX"),
        ("EC1A1BB", "EC1A 1BB"),
        ("gir 0aa", "GIR 0AA"),
        ("CF10 3NQ", "CF10 3NQ"),
        ("QV1 1AA", Reason.POSTCODE_FORM),
        ("CF10 3CQ", Reason.POSTCODE_FORM),
        ("CF10", Reason.POSTCODE_FORM),
        ("4207", Reason.POSTCODE_FORM),
        ("ZZ99 3VZ", Reason.POSTCODE_PSEUDO),
        ("CF１０ 3NQ", Reason.POSTCODE_FORM),
        ("", Reason.POSTCODE_FORM),
    ],
)
def test_a_postcode_is_canonical_or_refused(text: str, outcome: str | Reason) -> None:
    assert places.postcode(text) == outcome


def test_any_postcode_is_taken_when_the_spec_says_so() -> None:
    assert places.postcode_any(" 4207 ") == "4207"
    assert places.postcode_any("d02 af30") == "D02 AF30"
    assert places.postcode_any("--") is Reason.PLACEHOLDER


def test_an_address_says_the_same_in_short_and_in_full() -> None:
    assert places.address_tokens("Flat 3, 12 High St.") == places.address_tokens("APT 3 12 HIGH STREET")
    assert places.address("No fixed abode") is Reason.PLACEHOLDER


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("+44 (0)1632 960001", "01632960001"),
        ("07700 900123", "07700900123"),
        ("0044 7700900123", "07700900123"),
        ("+353 1 234 5678", "+35312345678"),
        ("7700900123", Reason.TELEPHONE_FORM),
        ("0000000000", Reason.TELEPHONE_FORM),
        ("call mum", Reason.TELEPHONE_FORM),
        ("٠٧٧٠٠٩٠٠١٢٣", Reason.TELEPHONE_FORM),
    ],
)
def test_a_telephone_number_is_canonical_or_refused(text: str, outcome: str | Reason) -> None:
    assert contact.telephone(text) == outcome


def test_an_email_address_is_in_small_letters_or_refused() -> None:
    assert contact.email("Ann.Jones@Example.ORG") == "ann.jones@example.org"
    assert contact.email("ann@localhost") is Reason.EMAIL_FORM
    assert contact.email("ann@exa mple.org") is Reason.EMAIL_FORM
