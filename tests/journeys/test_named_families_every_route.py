"""The named families, walked through every route as the workers who must not learn of them.

What must stay secret is read from the county's own extracts and records, not written down here; what a refusal may look
like is what it looks like for somebody who does not exist.
"""

import io
import re
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from app.logs import make_log
from app.main import create_app
from app.purposes import choices
from governance.terms import Role
from linkage import store
from linkage.rows import Identity, SourceRow
from tests.county import County, copied
from tests.journeys.explorer import FULL, SKIPPED, Answer, Explorer, routes_of
from tests.unit.app.county.reading import DATASETS, read_dataset, truth

FLED = date(2026, 8, 15)
Walk = Callable[..., list[Answer]]


@pytest.fixture(scope="module")
def walk(county: County, built_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Walk as one worker on a county of their own, so that no worker sees what another did."""
    visited: set[str] = set()
    # Refusals that must look alike also take alike long; that is proved elsewhere, and would take these walks minutes.
    at_once = {"refusal_milliseconds": 0}

    def walked(
        username: str, role: Role, people: list[str], typed: list[dict[str, str]], purposes: int = 1
    ) -> list[Answer]:
        with copied(built_county, tmp_path_factory.mktemp("walk")) as own:
            settings = own.deployment.settings.model_copy(update=at_once)
            app = create_app(replace(own.deployment, settings=settings), log=make_log(io.StringIO()))
            explorer = Explorer(app, username, role, people, typed)
            answers = explorer.walk([str(purpose) for purpose in choices(role)][-purposes:] or ["planning"])
            visited.update(answer.route for answer in answers)
            missed = {route.path for route in routes_of(app)} - visited
            assert not {path for path in missed if not path.startswith(SKIPPED)}, "a route was never walked"
        return answers

    return walked


def said_of(county: County, name: str) -> list[Identity]:
    """Everything the extracts say that somebody is."""
    people, found = truth(county.extracts), []
    for dataset in DATASETS:
        for row in read_dataset(county.extracts, dataset):
            if isinstance(row, SourceRow):
                found += [
                    seen for role, seen in row.people.items() if people.get((dataset, row.record_id, role)) == name
                ]
    return found


def words_of(seen: list[Identity], *fields: str) -> set[str]:
    return {str(value) for one in seen for name in fields if (value := getattr(one, name))}


def telling(
    answers: list[Answer], words: set[str], within: Callable[[Answer], bool] = lambda _answer: True
) -> list[str]:
    """Where one of these words was said."""
    return [
        f"{answer.method} {answer.route} {answer.status}: {number}"
        for answer in answers
        for number, word in enumerate(sorted(words))
        if within(answer) and re.search(rf"(?<![\w-]){re.escape(word.casefold())}(?![\w-])", answer.said.casefold())
    ]


def typed_for(one: Identity) -> dict[str, str]:
    born = one.date_of_birth
    known = {"number": one.nhs_number or "", "given_name": one.given_name or "", "family_name": one.family_name or ""}
    day = {"day": str(born.day), "month": str(born.month), "year": str(born.year)} if born else {}
    return known | day | ({"date_of_birth": born.isoformat()} if born else {})


def by_number(typed: dict[str, str]) -> dict[str, str]:
    return {"number": typed["number"]}


def by_name(typed: dict[str, str]) -> dict[str, str]:
    return {**typed, "number": ""}


def alike(answers: list[Answer], person: str) -> Counter[tuple[str, str, int, str]]:
    """What was answered about one person, with all that differs by chance taken out."""
    return Counter(
        (a.method, a.route, a.status, _plain(a.said, person)) for a in answers if person in a.path and a.status != 303
    )


CHANCE = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{32}|\b[0-9a-f]{16}\b|[\w-]{43}|nonce-[\w-]+|nonce=\"[\w-]+\"|'content-length': '\d+'"
)


def _plain(said: str, person: str) -> str:
    return CHANCE.sub("·", said.replace(person, "·"))


def test_the_worker_of_a_violent_father_finds_his_family_by_no_route(county: County, walk: Walk) -> None:
    fled = [county.people[f"F01-{name}"] for name in ("child", "mother", "baby")]
    nobody = secrets.token_hex(16)
    hers = [seen for name in ("child", "mother", "baby") for seen in said_of(county, f"F01-{name}")]
    his = said_of(county, "F01-father")
    secret = words_of(hers, "address", "postcode") - words_of(his, "address", "postcode")
    former = {
        word for word in secret if word in words_of([s for s in hers if _known_to(s, his)], "address", "postcode")
    }
    secret -= former
    assert len(secret) >= 2, "there is a new address to be kept"
    typed = [t(typed_for(one)) for one in (hers[0], said_of(county, "F01-mother")[0]) for t in (by_number, by_name)]
    answers = walk("aw.stone", Role.ADULT_WORKER, [*fled, county.people["F01-father"], nobody], typed, 2 if FULL else 1)
    assert telling(answers, secret | {"Rowan House"}) == []
    near = services_since(county, fled)
    assert near, "somebody works with them at the new place"
    assert telling(answers, near, lambda a: any(person in a.path for person in fled) or "search" in a.route) == []
    listed = re.compile("|".join(rf"/families/{person}(?!/purpose)" for person in fled))
    assert not [a.route for a in answers if "search" in a.route and listed.search(a.said)]
    for person in fled:
        assert sorted((alike(answers, person) - alike(answers, nobody)).elements()) == []
        assert sorted((alike(answers, nobody) - alike(answers, person)).elements()) == []


def _known_to(one: Identity, his: list[Identity]) -> bool:
    return bool(words_of([one], "postcode") & words_of(his, "postcode"))


def services_since(county: County, people: list[str]) -> set[str]:
    """Teams, professionals, telephones and organisations that came to these people after they fled."""
    table, role = store.involvement, store.record_role
    columns = (table.c.team, table.c.professional, table.c.telephone)
    query = select(*columns, table.c.since).join(role, role.c.id == table.c.role_id).where(role.c.person_id.in_(people))
    with county.deployment.database.reading() as session:
        rows = session.execute(query).all()
    late = {str(value) for row in rows if row.since and row.since >= FLED for value in row[:3] if value}
    early = {str(value) for row in rows if not row.since or row.since < FLED for value in row[:3] if value}
    return late - early


BOTH_LIVES = {
    "hv.morgan": Role.HEALTH_VISITOR,
    "sw.okoro": Role.SOCIAL_WORKER,
    "steward.price": Role.DATA_STEWARD,
    "ig.patel": Role.IG_OFFICER,
    "analyst.reid": Role.ANALYST,
    "fsw.evans": Role.FAMILY_SUPPORT_WORKER,
}


@pytest.mark.parametrize("username", list(BOTH_LIVES) if FULL else ["hv.morgan"])
def test_no_output_ever_joins_an_adopted_child_s_two_lives(county: County, walk: Walk, username: str) -> None:
    before = {name: county.people[f"F02-{name}"] for name in ("old", "birth-mother", "foster")}
    after = {name: county.people[f"F02-{name}"] for name in ("new", "adopter")}
    one, other = said_of(county, "F02-old"), said_of(county, "F02-new")
    names = ("family_name", "nhs_number", "postcode", "address")
    old = words_of([*one, *said_of(county, "F02-birth-mother")], *names)
    new = words_of([*other, *said_of(county, "F02-adopter")], *names)
    assert not old & new
    typed = [t(typed_for(seen)) for seen in (one[0], other[0]) for t in (by_number, by_name)]
    answers = walk(
        username,
        BOTH_LIVES[username],
        [*before.values(), *after.values()],
        [*typed, {**by_name(typed[1]), "family_name": ""}],
    )
    for answer in answers:
        said_old = set(before.values()) & set(re.findall("[0-9a-f]{32}", answer.said))
        said_new = set(after.values()) & set(re.findall("[0-9a-f]{32}", answer.said))
        assert not (said_old and said_new), f"{answer.method} {answer.route} names both lives"
        both = telling([answer], old) and telling([answer], new)
        assert not both, f"{answer.method} {answer.route} tells of both lives"


def test_a_worker_is_refused_her_niece_by_every_route(county: County, walk: Walk) -> None:
    niece, mother, pupil = (county.people[f"F12-{name}"] for name in ("niece", "mother", "pupil-2"))
    seen = [one for name in ("niece", "mother") for one in said_of(county, f"F12-{name}")]
    secret = words_of(seen, "given_name", "address", "postcode", "nhs_number") - words_of(seen[:1], "nhs_number")
    typed = [by_number(typed_for(seen[0])), by_name({**typed_for(seen[0]), "given_name": ""})]
    answers = walk("sc.lowe", Role.SCHOOL_LEAD, [niece, mother, pupil], typed)
    assert telling(answers, secret) == []
    about = [a for a in answers if niece in a.path and not a.route.endswith("/purpose")]
    overriding = [a for a in about if "override" in a.route and a.method == "POST"]
    assert overriding
    opened = {(a.method, a.route.rpartition("/")[2]) for a in about if a.status == 200}
    assert opened <= {("GET", "claim"), ("GET", "override")}, "forms that are the same for everybody"
    assert {a.status for a in overriding} <= {403, 404, 422}
    assert any(a.status == 200 for a in answers if pupil in a.path and a.route == "/families/{person_id}")
    assert not [a for a in answers if "search" in a.route and f"/families/{niece}" in a.said]
