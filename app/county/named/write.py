"""Playing all twelve families and listing, per family, every row in which each of its people stands."""

import json
from collections.abc import Callable

from app.county.books import Books
from app.county.facts import Facts
from app.county.named import one_to_six as a
from app.county.named import seven_to_twelve as b
from app.county.named.stage import Stage
from app.county.roster import Roster

FAMILIES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("Refuge move: the father has parental responsibility and knows the old address", a.refuge),
    ("Adopted toddler: new NHS number, same date of birth and first name", a.adoption),
    ("Vulnerable pregnancy after an earlier child was removed", a.earlier_removal),
    ("Twins Baby Jones 1 and 2, one row with the mother's number", a.twins),
    ("Late loss: a booking without a birth, and a sibling's worker with access", a.late_loss),
    ("Separated parents, two households, opposed wishes", a.separated),
    ("Foster home: two unrelated placements and the carers' own child", b.foster_home),
    ("Hostel: forty families at one address, one with three moves", b.hostel),
    ("English maternity, Welsh health visitor", b.border),
    ("Duplicate NHS number, the protection plan on the superseded one", b.duplicate_number),
    ("Same-name cousins born on 1 January, a declined funded place", b.cousins),
    ("A worker's own niece in a Reception class of eight", b.niece),
)


def write_named_families(books: Books, facts: Facts, roster: Roster) -> None:
    """Write the rows, ties and facts of the twelve families, and named_families.json beside them."""
    stage = Stage(books, facts, roster)
    families: dict[str, object] = {}
    for number, (title, play) in enumerate(FAMILIES, 1):
        stage.open(number)
        books.trace = {}
        play(stage)
        books.end_ties()
        families[str(number)] = {"title": title, "people": books.trace}
    books.trace = None
    text = json.dumps(families, ensure_ascii=False, indent=1)
    (books.folder / "named_families.json").write_text(text + "\n", encoding="utf-8")
