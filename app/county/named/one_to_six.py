"""Named families 1–6: refuge, adoption, an earlier child removed, twins, a late loss, separated parents."""

from datetime import date

from app.county.early_help import FATHER, MOTHER
from app.county.early_years import ACCEPTED, Offer
from app.county.named.stage import ACORNS, ALWAYS, Stage, other
from app.county.social_care import ADOPTER, BIRTH_FATHER, BIRTH_MOTHER, FOSTER, Case


def refuge(stage: Stage) -> None:
    """Mother and children flee to a refuge; the father holds parental responsibility and knows the old address."""
    old, fled = stage.home(41, 17), date(2026, 8, 15)
    safe = stage.home(402, 3, name="Rowan House")
    moved = [(ALWAYS, old), (fled, safe)]
    mother = stage.person("mother", "F", date(1994, 3, 9), "Chloe", "Farrant", moved, former="Denby")
    father = stage.person("father", "M", date(1991, 7, 30), "Craig", "Farrant", old)
    child = stage.person("child", "F", date(2023, 4, 18), "Ivy", "Farrant", moved, middle="Rose")
    baby = stage.person("baby", "M", date(2026, 1, 27), "Albie", "Farrant", moved)
    [birth] = stage.bear(mother, child)
    stage.bear(mother, baby)
    seen = [stage.contacts(child), stage.contacts(baby), stage.contact(baby, "13", date(2026, 9, 3))]
    stage.offer(child, Offer(date(2026, 8, 24), ACCEPTED, date(2026, 9, 7), nursery=ACORNS))
    stage.help(child, mother, MOTHER, True, date(2026, 3, 2), "EPF0001", closed=date(2026, 8, 20))
    known = stage.help(child, father, FATHER, True, date(2026, 3, 2), "EPF0001", closed=date(2026, 8, 20))
    case = Case(date(2026, 8, 16), assessed=date(2026, 9, 20), cin=date(2026, 10, 1), source="5A")
    care = stage.care(child, mother, BIRTH_MOTHER, True, case)
    him = other(known, "parent")
    stage.facts.caseload("aw.stone", *him, "caseload", date(2026, 5, 4))
    stage.facts.caseload("fsw.evans", *known, "caseload", date(2026, 3, 2))
    stage.facts.caseload("sw.okoro", *care, "caseload", date(2026, 8, 16))
    for subject in (birth, other(birth, "mother"), seen[1]):
        stage.facts.block("refuge", subject, him, fled)
    stage.facts.wish(
        "consent", known, "given", "early_help;family_support", "parent", "parental_responsibility", date(2026, 3, 2)
    )
    stage.kin(child, baby, household=(mother, child, baby))


def adoption(stage: Stage) -> None:
    """An adopted toddler: new number and family, same date of birth and first name. The two must never join."""
    before, after = stage.home(78, 4), stage.home(187, 29)
    fostered, placed = stage.home(150, 8), date(2024, 11, 4)
    born, taken = date(2023, 5, 9), date(2024, 2, 19)
    birth_mother = stage.person("birth-mother", "F", date(2001, 10, 2), "Kayleigh", "Rudd", before)
    foster = stage.person("foster", "F", date(1968, 1, 25), "Maureen", "Tranter", fostered)
    old = stage.person("old", "M", born, "Oscar", "Rudd", [(ALWAYS, before), (taken, fostered)])
    adopter = stage.person("adopter", "F", date(1985, 6, 14), "Philippa", "Wendale", after)
    new = stage.person("new", "M", born, "Oscar", "Wendale", after)
    [birth] = stage.bear(birth_mother, old)
    stage.contacts(old, until=date(2024, 10, 30), caseload=False)
    case = Case(
        date(2023, 8, 1), assessed=date(2023, 9, 12), protection=date(2023, 9, 20), protection_end=taken, abuse="NEG",
        looked_after=taken, looked_after_end=placed, placement="U4", removed=taken, closed=placed, source="3E",
    )  # fmt: skip
    stage.care(old, birth_mother, BIRTH_MOTHER, True, case)
    stage.care(old, foster, FOSTER, False, case)
    seen = stage.contacts(new, since=date(2025, 3, 1))
    stage.care(new, adopter, ADOPTER, True, Case(date(2024, 11, 4), closed=date(2025, 6, 2), source="1B"))
    stage.facts.seal(old.nhs, new.nhs)
    stage.facts.block("adoption", seen, other(birth, "mother"), placed)
    stage.kin(household=(adopter, new))


def earlier_removal(stage: Stage) -> None:
    """A vulnerable pregnancy after an earlier child was removed; the placed child must not be reachable from it."""
    hers, theirs, taken = stage.home(115, 52), stage.home(224, 11), date(2022, 5, 6)
    mother = stage.person("mother", "F", date(2002, 12, 11), "Shannon", "Pike", hers)
    removed = stage.person("removed", "F", date(2021, 8, 23), "Lyra", "Pike", [(ALWAYS, hers), (taken, theirs)])
    foster = stage.person("foster", "F", date(1972, 4, 4), "Janice", "Okell", theirs)
    unborn = stage.person("unborn", "F", None, "", "", hers)
    [birth] = stage.bear(mother, removed)
    case = Case(
        date(2022, 3, 1), assessed=date(2022, 3, 30), protection=date(2022, 4, 5), protection_end=taken, abuse="NEG",
        looked_after=taken, placement="U4", removed=taken, source="3E",
    )  # fmt: skip
    stage.care(removed, mother, BIRTH_MOTHER, True, case)
    placed = stage.care(removed, foster, FOSTER, False, case)
    stage.contacts(removed, since=taken, caseload=False)
    [expected] = stage.expect(mother, date(2027, 2, 10), [unborn])
    stage.contact(mother, "08", date(2026, 11, 16))
    stage.facts.caseload("mw.rees", *other(expected, "mother"), "caseload", date(2026, 7, 15))
    stage.facts.caseload("sw.okoro", *other(expected, "mother"), "caseload", date(2026, 9, 1))
    stage.facts.block("placement", placed, other(birth, "mother"), taken)


def twins(stage: Stage) -> None:
    """Twins registered as Baby Jones 1 and 2; one birth row carries the mother's NHS number."""
    home, born = stage.home(262, 6), date(2024, 6, 11)
    mother = stage.person("mother", "F", date(1992, 2, 20), "Bethan", "Jones", home, former="Pritchard", group="welsh")
    father = stage.person("father", "M", date(1990, 9, 3), "Gareth", "Jones", home, group="welsh")
    first = stage.person("twin-1", "F", born, "Mali", "Jones", home, group="welsh")
    second = stage.person("twin-2", "M", born, "Macsen", "Jones", home, group="welsh")
    stage.mark(first, "maternity-births", given="Baby 1")
    stage.mark(second, "maternity-births", given="Baby 2", nhs=mother.nhs)
    births = stage.bear(mother, first, second, gestation=254)
    stage.mark(first, "community-contacts", given="Baby 1")
    stage.mark(second, "community-contacts", given="Baby 2")
    for child in (first, second):
        stage.contact(child, "09", date(2024, 6, 23))
        stage.mark(child, "community-contacts")
        stage.contacts(child, since=date(2024, 7, 1))
    stage.help(first, father, FATHER, True, date(2025, 10, 6), "EPF0004")
    known = stage.help(second, father, FATHER, True, date(2025, 10, 6), "EPF0005")
    stage.facts.caseload("fsw.evans", *known, "caseload", date(2025, 10, 6))
    for birth in births:
        stage.facts.wish(
            "consent",
            birth,
            "given",
            "early_help;family_support",
            "mother",
            "parental_responsibility",
            date(2025, 10, 6),
        )
    stage.kin(first, second, household=(mother, father, first, second))


def late_loss(stage: Stage) -> None:
    """A booking without a birth: the pregnancy was lost late. The health visitor has access to the sibling."""
    home = stage.home(299, 33)
    mother = stage.person("mother", "F", date(1993, 11, 5), "Adaeze", "Okonkwo", home, group="nigerian")
    sibling = stage.person("sibling", "M", date(2023, 10, 1), "Tomiwa", "Okonkwo", home, group="nigerian")
    unborn = stage.person("unborn", "F", None, "", "", home)
    stage.bear(mother, sibling)
    stage.contacts(sibling)
    stage.expect(mother, date(2026, 11, 5), [unborn], booked=date(2026, 4, 14), lost=date(2026, 9, 20))
    stage.contact(mother, "08", date(2026, 9, 10))
    stage.kin(household=(mother, sibling))


def separated(stage: Stage) -> None:
    """Separated parents, two households and opposed wishes; the father is first seen in early help."""
    hers, his = stage.home(336, 21), stage.home(361, 70)
    mother = stage.person("mother", "F", date(1995, 5, 17), "Magdalena", "Kowalska", hers, group="polish")
    father = stage.person("father", "M", date(1989, 8, 8), "Daniel", "Whitlock", his)
    child = stage.person("child", "F", date(2022, 6, 3), "Zofia", "Kowalska-Whitlock", hers, group="polish")
    stage.bear(mother, child)
    stage.contacts(child)
    stage.pupil(child, mother, "Mother", 14, 2026)
    hers_ref = stage.help(child, mother, MOTHER, True, date(2026, 6, 1), "EPF0006")
    his_ref = stage.help(child, father, FATHER, True, date(2026, 6, 1), "EPF0006")
    stage.care(child, father, BIRTH_FATHER, True, Case(date(2026, 6, 20), closed=date(2026, 7, 10), source="1A"))
    stage.facts.caseload("fsw.evans", *hers_ref, "caseload", date(2026, 6, 1))
    stage.facts.caseload("hs.bevan", *hers_ref, "referral", date(2026, 7, 1))
    scope, basis = "early_help;family_support;strengths", "parental_responsibility"
    stage.facts.wish("consent", hers_ref, "given", scope, "parent", basis, date(2026, 6, 2))
    stage.facts.wish("consent", his_ref, "refused", scope, "parent", basis, date(2026, 6, 9))
    stage.kin(household=(mother, child))
