"""Named families 7–12: a foster home, a hostel, a border, a superseded number, cousins, a worker's niece."""

from datetime import date, timedelta

from app.county.early_help import MOTHER
from app.county.early_years import ACCEPTED, DECLINED, Offer
from app.county.named.stage import ACORNS, ALWAYS, ENGLAND, WALES, Stage, other
from app.county.names.lists import listed
from app.county.social_care import BIRTH_MOTHER, FOSTER, Case

HOSTEL_FAMILIES = 40
NIECES_SCHOOL = 999
CLASS_SIZE = 8


def foster_home(stage: Stage) -> None:
    """A foster home: two unrelated placements and the carers' own child at one address, and no family but the last."""
    home = stage.home(374, 12)
    carer = stage.person("carer-1", "F", date(1983, 3, 3), "Rosalind", "Amberley", home, former="Teague")
    partner = stage.person("carer-2", "M", date(1981, 12, 19), "Martin", "Amberley", home)
    own = stage.person("own", "M", date(2022, 9, 15), "Jasper", "Amberley", home)
    stage.bear(carer, own)
    stage.contacts(own)
    stage.help(own, partner, "Father", True, date(2025, 2, 3), "EPF0007", closed=date(2025, 7, 1))
    _placement(stage, 1, ("Kirsty", "Dobbs", "Freya"), date(2023, 1, 12), date(2024, 3, 8))
    _placement(stage, 2, ("Nadia", "Haddad", "Zain"), date(2024, 8, 30), date(2025, 9, 22))
    stage.kin(household=(carer, partner, own))


def _placement(stage: Stage, number: int, names: tuple[str, str, str], born: date, taken: date) -> None:
    carer, partner = stage.cast[0], stage.cast[1]
    given, family, child_given = names
    hers = stage.home(380 + 20 * number, 40)
    mother = stage.person(f"mother-{number}", "F", date(2000 + number, 2, 8), given, family, hers)
    homes = [(ALWAYS, hers), (taken, carer.homes[0][1])]
    child = stage.person(f"placed-{number}", "F" if number == 1 else "M", born, child_given, family, homes)
    [birth] = stage.bear(mother, child)
    case = Case(
        taken - timedelta(days=120), assessed=taken - timedelta(days=85),
        protection=taken - timedelta(days=80), protection_end=taken,
        abuse="EMO", looked_after=taken, placement="U4", removed=taken, source="3E",
    )  # fmt: skip
    stage.care(child, mother, BIRTH_MOTHER, True, case)
    placed = stage.care(child, carer, FOSTER, False, case)
    stage.care(child, partner, FOSTER, False, case)
    stage.contacts(child)
    stage.facts.caseload("sw.okoro", *placed, "caseload", case.referred)
    stage.facts.block("placement", placed, other(birth, "mother"), taken)


_HOSTEL_MOTHERS = listed("""
Amber_Begley Fatuma_Warsame Ioana_Lungu Jade_Skelton Sarah_Tully Paulina_Mazur Nasreen_Akhtar
Gemma_Voss Rania_Haddad Ana_Pires Leanne_Crouch Temitope_Bello Hodan_Jama Roxana_Covaci
Kelly_Marsden Simran_Gill Demi_Pollard Amina_Yusuf Tara_Cash Ewa_Lis Stacey_Orme Blessing_Obi
Vicky_Rudge Layla_Nasser Carly_Blunt Monika_Duda Paige_Hollis Sagal_Farah Bianca_Stan Naomi_Thirsk
Rukhsana_Malik Toni_Hebden Grace_Eze Jodie_Pask Catarina_Reis Abbie_Royle Mihaela_Toma Kerry_Stubbs
Noor_Saleh Lauren_Quick
""")
_HOSTEL_CHILDREN = listed("""
Rory Asha Luca Evie Reggie Lena Hafsa Otis Taim Lara Jenson Ayo Idil Eric Elsie Veer Bobby Musa Nora
Leon Arlo Kosi Effie Jana Ronnie Pola Mason Ayub Daria Hallie Omar Kit Zoe Roman Íris Blake Matei
Dolly Anas Wren
""")


def hostel(stage: Stage) -> None:
    """Forty families share a hostel's address and nothing else; the first of them has moved three times."""
    hall = stage.home(391, 2, name="Bridgegate Hostel")
    for n in range(HOSTEL_FAMILIES):
        given, family = _HOSTEL_MOTHERS[n].split(" ")
        came = date(2026, 1, 5) + timedelta(days=7 * n)
        before = stage.home(30 * (n % 15) + 13, 60 + n)
        homes = [(ALWAYS, before), (came, hall)]
        if n == 0:
            first, second = date(2025, 3, 10), date(2025, 9, 29)
            homes = [(ALWAYS, before), (first, stage.home(231, 9)), (second, stage.home(318, 44)), (came, hall)]
        mother = stage.person(
            f"{n + 1:02d}-mother", "F", date(1990 + n % 14, 1 + n % 12, 3 + n % 25), given, family, homes
        )
        born = date(2023, 2, 2) + timedelta(days=29 * n)
        child = stage.person(f"{n + 1:02d}-child", "FM"[n % 2], born, _HOSTEL_CHILDREN[n], family, homes)
        stage.bear(mother, child)
        stage.contacts(child, caseload=n < 8)
        stage.contact(child, "13", max(came, born) + timedelta(days=15))
        if n < 6:
            known = stage.help(child, mother, MOTHER, True, came + timedelta(days=10), f"EPF08{n:02d}")
            stage.facts.caseload("hs.bevan", *known, "referral", came + timedelta(days=10))


def border(stage: Stage) -> None:
    """Booked and born at the English hospital; the home and the health visitor are in Wales."""
    home = stage.home(52, 7, WALES)
    mother = stage.person(
        "mother", "F", date(1994, 6, 30), "Heledd", "ferch Emyr", home, former="Rowlands", group="welsh"
    )
    child = stage.person("child", "M", date(2025, 2, 25), "Llŷr", "ap Gwilym", home, middle="Siôn", group="welsh")
    [birth] = stage.bear(mother, child)
    stage.contacts(child, "hv.cadi")
    known = stage.help(child, mother, MOTHER, True, date(2026, 2, 9), "GFF0009", worker="fw.parry")
    stage.facts.caseload("fw.parry", *known, "caseload", date(2026, 2, 9))
    stage.facts.wish(
        "consent", birth, "given", "early_help;health_visiting", "mother", "parental_responsibility",
        date(2026, 2, 9),
        language="cy",
    )  # fmt: skip
    stage.kin(household=(mother, child))


def duplicate_number(stage: Stage) -> None:
    """One child with two NHS numbers; the protection plan is held under the superseded one."""
    home = stage.home(428, 18)
    mother = stage.person("mother", "F", date(1999, 4, 21), "Courtney", "Hessle", home)
    child = stage.person("child", "M", date(2024, 1, 16), "Reggie", "Hessle", home)
    spare = stage.person("spare-number", "M", date(2024, 1, 16), "Reggie", "Hessle", home)
    stage.cast.remove(spare)
    stage.mark(child, "maternity-births", nhs=spare.nhs)
    stage.mark(child, "social-care", nhs=spare.nhs)
    stage.bear(mother, child)
    stage.contacts(child)
    case = Case(
        date(2026, 5, 11), assessed=date(2026, 6, 15), protection=date(2026, 6, 22), abuse="NEG", source="3E"
    )  # fmt: skip
    plan = stage.care(child, mother, BIRTH_MOTHER, True, case)
    stage.facts.caseload("sw.okoro", *plan, "caseload", date(2026, 5, 11))
    stage.facts.supersede(spare.nhs, child.nhs)
    stage.kin(household=(mother, child))


def cousins(stage: Stage) -> None:
    """Two cousins of one name, both registered as born on 1 January; one declined a funded place."""
    born = date(2023, 1, 1)
    for n, (given, index, house) in enumerate((("Hodan", 455, 5), ("Sahra", 488, 61)), 1):
        home = stage.home(index, house)
        mother = stage.person(
            f"mother-{n}",
            "F",
            date(1990 + n, 1, 1),
            given,
            ("Warsame", "Duale")[n - 1],
            home,
            middle="Abdi",
            group="somali",
        )
        child = stage.person(
            f"cousin-{n}", "M", born, "Mohamed", "Ali", home, middle=("Farah", "Jama")[n - 1], group="somali"
        )
        stage.contacts(child, since=date(2025, 1, 10))
        outcome = (
            Offer(date(2025, 2, 3), DECLINED)
            if n == 1
            else Offer(date(2025, 2, 3), ACCEPTED, date(2025, 4, 22), nursery=ACORNS)
        )
        place = stage.offer(child, outcome)
        if n == 2:
            stage.facts.caseload("np.hart", *place, "caseload", date(2025, 4, 22))
        known = stage.help(child, mother, MOTHER, True, date(2025, 3, 3), f"EPF001{n}", closed=date(2025, 9, 1))
        stage.facts.caseload("fsw.evans", *known, "caseload", date(2025, 3, 3))
        if n == 1:
            stage.facts.wish(
                "objection", known, "made", "early_education", "parent", "parental_responsibility", date(2025, 3, 10)
            )
        stage.kin(household=(mother, child))


_CLASS = (
    ("Matilda", "Fairbrook"), ("Arthur", "Langmoor"), ("Zuzanna", "Brzózka"), ("Yusuf", "Lodhi"), ("Bonnie",
    "Thackray"),
    ("Elijah", "Acheampong"), ("Nancy", "Oxley"), ("Dev", "Vaghela"),
)  # fmt: skip


def niece(stage: Stage) -> None:
    """A Reception class of eight; one pupil is the niece of the school's lead, sc.lowe, who has declared it."""
    assert len(_CLASS) == CLASS_SIZE
    for n, (given, family) in enumerate(_CLASS, 1):
        home = stage.home(495 + 3 * n, 10 + n, ENGLAND)
        parent = stage.person(
            "mother" if n == 1 else f"mother-{n}", "F", date(1987 + n, n, 4 + n), ("Tracey", "Holly", "Kinga",
            "Saima", "Dawn", "Grace",
            "Robyn", "Hetal")[n - 1], family, home, former="Lowe" if n == 1 else "",
        )  # fmt: skip
        child = stage.person(
            "niece" if n == 1 else f"pupil-{n}", "FMFMFMFM"[n - 1], date(2022, n, 2 * n + 5), given, family, home
        )
        pupil = stage.pupil(child, parent, "Mother", NIECES_SCHOOL, 2026)
        stage.contacts(child, caseload=n > 5)
        stage.facts.caseload("sc.lowe", *pupil, "caseload", date(2026, 9, 4))
        if n == 1:
            stage.bear(parent, child)
            stage.facts.declare("sc.lowe", pupil, "family")
            stage.facts.declare("sc.lowe", other(pupil, "contact"), "family")
        stage.kin(household=(parent, child))
