"""Names of people: cleaned as sent, and folded for matching.

Invariants: `clean` keeps spelling, accents and case; `fold` gives one spelling for those that people write in several
(accents, apostrophes, hyphens, order of case) and drops what stands for no name ("BABY", "TWIN 1", "UNKNOWN").
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from linkage.normalise.text import ascii_fold, tidy
from linkage.reasons import Reason

LONGEST = 200
_NOT_WORD = re.compile(r"[^A-Z0-9]+")
_APOSTROPHES = re.compile(r"['.]")

_NOT_KNOWN = """
UNKNOWN|NOT KNOWN|UNKOWN|NK|N K|NOT STATED|NOT RECORDED|NOT GIVEN|NOT PROVIDED|NOT AVAILABLE|NO NAME|NO NAME GIVEN|NONE
NULL|N A|TBC|TBA|TEST|TEST PATIENT|TEST RECORD|DO NOT USE|DUMMY|ANON|ANONYMOUS|UNNAMED|NOT YET NAMED|NAME UNKNOWN
FORENAME UNKNOWN|SURNAME UNKNOWN|MISSING|X|XX|XXX|XXXX
"""
PLACEHOLDERS = frozenset(_NOT_KNOWN.replace("\n", "|").strip("|").split("|"))
"""Folded words that stand for 'no name'. NA, NAN and NIL are also people's names and are not among them."""

_NEWBORN = "BABY INFANT NEWBORN UNBORN TWIN TRIPLET BOY GIRL MALE FEMALE OF BO BABE ONE TWO THREE BB BG I II III A B"
NEWBORN_WORDS = frozenset(_NEWBORN.split())
"""A given name made only of these and digits, with BABY, INFANT, NEWBORN, UNBORN, TWIN, TRIPLET or BABE in it."""

_NEWBORN_MARKS = frozenset({"BABY", "INFANT", "NEWBORN", "UNBORN", "TWIN", "TRIPLET", "BABE"})

NICKNAMES: Mapping[str, str] = MappingProxyType(
    {
        short: full
        for full, shorts in {
            "ALEXANDER": "ALEX ALEC SANDY", "ALEXANDRA": "ALEXA LEXI SASHA", "ANDREW": "ANDY DREW",
            "ANTHONY": "TONY ANT", "BENJAMIN": "BEN BENJI BENNY", "CATHERINE": "CATH CATHY CAT",
            "CHARLOTTE": "LOTTIE CHARLIE", "CHRISTOPHER": "CHRIS", "DANIEL": "DAN DANNY", "DAVID": "DAVE DAI DEWI",
            "EDWARD": "ED EDDIE TED TEDDY NED", "ELIZABETH": "LIZ BETH LIZZIE BETTY ELIZA LIBBY", "EMILY": "EM MILLY",
            "FREDERICK": "FRED FREDDIE", "GEORGINA": "GEORGIE GINA", "GWENLLIAN": "GWEN", "ISABELLA": "BELLA IZZY",
            "JACOB": "JAKE", "JAMES": "JIM JIMMY JAMIE", "JENNIFER": "JEN JENNY", "JESSICA": "JESS JESSIE",
            "JOHN": "JOHNNY JACK", "JONATHAN": "JON JONNY", "JOSEPH": "JOE JOEY", "JOSHUA": "JOSH",
            "KATHERINE": "KATE KATIE KATHY KAT", "MARGARET": "MAGGIE PEGGY MEG", "MATTHEW": "MATT MATTY",
            "MICHAEL": "MIKE MICK MICKEY", "MOHAMMED": "MOHAMED MUHAMMAD MUHAMMED MOHAMMAD MOHD MD MOHAMAD",
            "NICHOLAS": "NICK NICKY", "OLIVER": "OLLIE OLLY", "PATRICIA": "PAT PATSY TRISH", "PATRICK": "PADDY",
            "PETER": "PETE", "REBECCA": "BECKY BECCA", "RICHARD": "RICK RICKY DICK RICH",
            "ROBERT": "ROB BOB BOBBY ROBBIE",
            "SAMUEL": "SAM SAMMY", "STEPHEN": "STEVE STEVEN STEPHAN", "SUSAN": "SUE SUZIE", "THEODORE": "THEO",
            "THOMAS": "TOM TOMMY", "VICTORIA": "VICKY TORI", "WILLIAM": "WILL BILL BILLY LIAM WILF",
            "ZACHARY": "ZAC ZACK ZAK",
        }.items()
        for short in shorts.split()
    }
)  # fmt: skip
"""Short form -> full form, folded. Small on purpose: evidence, never proof."""


def clean(text: str) -> str | Reason:
    """The name as sent, tidied. Fillers for 'not known' are missing; 'Baby' is kept, as it is what people say."""
    kept = tidy(text, LONGEST)
    if isinstance(kept, Reason):
        return kept
    if kept.isalpha() and kept.isascii():
        return Reason.PLACEHOLDER if kept.upper() in PLACEHOLDERS else kept
    if not any(map(str.isalpha, kept)):
        return Reason.NOT_A_NAME
    return Reason.PLACEHOLDER if is_placeholder(kept) else kept


def _words(name: str) -> list[str]:
    return _NOT_WORD.sub(" ", _APOSTROPHES.sub("", ascii_fold(name))).split()


def is_placeholder(name: str) -> bool:
    """Whether the whole name stands for 'not known'."""
    return " ".join(_words(name)) in PLACEHOLDERS


def is_newborn_placeholder(given_name: str) -> bool:
    """Whether a given name only says 'the baby', 'twin 2' and the like."""
    words = [word for word in _words(given_name) if not word.isdigit()]
    marked = not _NEWBORN_MARKS.isdisjoint(word.rstrip("0123456789") for word in words)
    return marked and all(word.rstrip("0123456789") in NEWBORN_WORDS for word in words)


def fold(name: str) -> str:
    """Words in ASCII capitals for matching, one space between; "" when the name says nothing.

    O'Brien and OBrien are OBRIEN; Smith-Jones and Smith Jones are SMITH JONES. Names in other scripts, which do not
    fold to ASCII, are kept in capitals rather than lost.
    """
    words = _words(name)
    if not words:
        upper = " ".join(name.upper().split())
        return upper if any(sign.isalpha() for sign in upper) else ""
    if " ".join(words) in PLACEHOLDERS or is_newborn_placeholder(name):
        return ""
    return " ".join(words)


def tokens(name: str) -> tuple[str, ...]:
    """The folded words of a name."""
    return tuple(fold(name).split())


def formal(folded_word: str) -> str:
    """The full form of a folded short name, or the word itself."""
    return NICKNAMES.get(folded_word, folded_word)
