"""NHS numbers, UPNs and telephone numbers that are well formed and belong to nobody.

NHS numbers carry a modulus 11 check digit and come from 9990000000–9999999999, which is never issued to a
patient. The range holds 909,091 valid numbers: the size limit of a county. UPNs carry the modulus 23 check
letter of the DfE's UPN guide; a temporary one ends in a letter. Mobile numbers come from 072, which Ofcom
has not allocated (its range for drama holds only a thousand).
"""

from random import Random

PREFIXES = 1_000_000
RESERVED = 2_000
"""Prefixes at the foot of the range that only the named families use."""
UNUSED_FROM = 998_000
"""Prefixes at the head of the range that nobody is given: what a mistyped number may be."""
_STEP = 618_033
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def check_digit(nine: int) -> int:
    """Return the modulus 11 check digit of a 9-digit prefix, or 10 where there is none."""
    total, rest = 0, nine
    for weight in range(2, 11):
        total += weight * (rest % 10)
        rest //= 10
    return (11 - total % 11) % 11


def reserved_nhs_numbers() -> list[str]:
    """Return the numbers kept for named families, the same in every county."""
    prefixes = range(999_000_000, 999_000_000 + RESERVED)
    return [f"{nine}{digit}" for nine in prefixes if (digit := check_digit(nine)) != 10]


class NhsNumbers:
    """Distinct valid numbers in an order that depends on the seed only.

    `next` numbers mothers and children as they are born; `late` serves adults whom a service first asks for a
    number, from the far end of the same order, so that what services do changes nobody's number.
    """

    def __init__(self, seed: int) -> None:
        self._start = seed * 7_919
        self._first, self._last = 0, PREFIXES

    def next(self) -> str:
        while self._first < self._last:
            self._first += 1
            if number := self._at(self._first):
                return number
        raise _used_up()

    def late(self) -> str:
        while self._first < self._last:
            self._last -= 1
            if number := self._at(self._last + 1):
                return number
        raise _used_up()

    def _at(self, ordinal: int) -> str:
        """Return the number at this place of the order, or nothing where there is none to give."""
        prefix = (self._start + ordinal * _STEP) % PREFIXES
        digit = check_digit(999_000_000 + prefix)
        return f"{999_000_000 + prefix}{digit}" if RESERVED <= prefix < UNUSED_FROM and digit != 10 else ""


def _used_up() -> ValueError:
    return ValueError("the 999 range of NHS numbers is used up: generate a smaller county")


def unused_nhs_number(rng: Random) -> str:
    """Return a valid number that no person of the county has."""
    while True:
        nine = 999_000_000 + rng.randrange(UNUSED_FROM, PREFIXES)
        if (digit := check_digit(nine)) != 10:
            return f"{nine}{digit}"


def break_check_digit(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def upn(authority: int, school: int, year: int, serial: int, temporary: bool = False) -> str:
    """Build a UPN; a temporary one has a two-digit serial and a letter at its end."""
    body = f"{authority:03d}{school:04d}{year % 100:02d}"
    body += f"{serial % 100:02d}{UPN_LETTERS[serial // 100 % 23]}" if temporary else f"{serial % 1000:03d}"
    values = [UPN_LETTERS.index(c) if c.isalpha() else int(c) for c in body]
    return UPN_LETTERS[sum(weight * value for weight, value in enumerate(values, 2)) % 23] + body


def mobile(rng: Random) -> str:
    digits = rng.randrange(100_000_000)
    return f"072{digits // 1_000_000:02d} {digits % 1_000_000:06d}"
