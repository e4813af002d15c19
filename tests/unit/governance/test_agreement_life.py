"""The life of an agreement: its table, four eyes, evidence, keys and signatures."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from governance import people
from governance.agreements import register, signing
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.agreements.documents import AgreementRefused, read_agreement, shipped
from governance.agreements.flows import Agreement, Standing, flow_lapse
from governance.agreements.lifecycle import MOVES, NEXT, Assurance, Hand, Need, Proposal, refusal
from governance.agreements.standings import signed_bytes, standings, verify_signature
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.store import agreement_signature, audit_entry, metadata, signing_key
from governance.terms import AgreementStatus

START = datetime(2026, 2, 2, 9, tzinfo=UTC)
S = AgreementStatus
PASSED = Assurance("North Wales quality assurance group", date(2026, 1, 30))
LIVE = shipped("isp-family-support")
ORGANISATIONS = ("ZMH", "ZCH", "ZWB", "ZMC", "ZGC", "ZNF", "ZFS")


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine) as session:
        for code in ORGANISATIONS:
            people.add_organisation(session, RING, START, "test", code=code, name_en=code, kind="nhs")
        yield session


RING = SoftwareKeyRing(new_keys(FIRST_LABELS))


def drafted(session: Session, by: str = "author", agreement: Agreement = LIVE) -> str:
    return register.import_agreement(session, RING, agreement, START, by)


def assured(session: Session, by: str = "assurer") -> str:
    held = drafted(session)
    register.set_status(session, RING, held, S.ASSURED, START, by, assurance=PASSED)
    return held


def keyed(session: Session, code: str, holder: str | None = None) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    person = next(p.designated_person for p in LIVE.parties if p.organisation == code)
    public = key.public_key().public_bytes_raw()
    signing.register_key(session, RING, code, holder or person, public, START, "test")
    return key


def entries(session: Session, kind: str) -> list[dict[str, str]]:
    query = select(audit_entry.c.body).where(audit_entry.c.kind == kind).order_by(audit_entry.c.recorded_at)
    return [json.loads(body)["detail"] for body in session.scalars(query)]


def test_the_table_names_every_status_and_ends() -> None:
    assert set(NEXT) == set(AgreementStatus)
    assert {status for status, after in NEXT.items() if not after} == {S.EXPIRED, S.SUPERSEDED, S.WITHDRAWN}
    assert all(S.IN_FORCE not in after for status, after in NEXT.items() if status not in (S.SIGNED, S.SUSPENDED))
    assert {move.hand for move in MOVES.values()} == set(Hand)
    assert {need for move in MOVES.values() for need in move.needs} == set(Need)


EVERYBODY = frozenset(LIVE.organisations)


def proposal(start: AgreementStatus, to: AgreementStatus, **changes: object) -> Proposal:
    whole: dict[str, object] = {
        "standing": Standing(LIVE, start, EVERYBODY), "to": to, "today": LIVE.expires, "by": "assurer",
        "author": "author", "by_register": True, "reason": "Because.", "assurance": PASSED,
    }  # fmt: skip
    return Proposal(**(whole | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "to"), list(product(S, S)))
def test_a_move_with_everything_it_needs_is_made_exactly_where_the_table_has_it(
    start: AgreementStatus, to: AgreementStatus
) -> None:
    assert (refusal(proposal(start, to)) is None) is ((start, to) in MOVES)


LACKING: dict[Need, dict[str, object]] = {
    Need.ASSURANCE: {"assurance": None},
    Need.BEGUN: {"today": LIVE.effective_from - timedelta(days=1)},
    Need.RUN_OUT: {"today": LIVE.expires - timedelta(days=1)},
    Need.REASON: {"reason": "  "},
}
BESIDES = {Need.BEGUN: (Need.RUN_OUT, Need.ASSURANCE)}
"""Before its first day an agreement has not run out either, nor come to the day of its assurance."""
WRONG_HAND: dict[Hand, dict[str, object]] = {
    Hand.OFFICER: {}, Hand.ANOTHER: {"by": "Author"}, Hand.REGISTER: {"by_register": False},
}  # fmt: skip


@pytest.mark.parametrize(("start", "to"), list(MOVES))
def test_a_move_without_what_it_needs_or_by_the_wrong_hand_is_refused(
    start: AgreementStatus, to: AgreementStatus
) -> None:
    unsigned: dict[str, object] = {"standing": Standing(LIVE, start, frozenset({"ZMC"}))}
    for need, change in {**LACKING, Need.SIGNATURES: unsigned}.items():
        refused = refusal(proposal(start, to, **change)) is not None
        assert refused is not {need, *BESIDES.get(need, ())}.isdisjoint(MOVES[start, to].needs), need
    for hand, change in WRONG_HAND.items():
        if change:
            assert (refusal(proposal(start, to, **change)) is not None) is (MOVES[start, to].hand is hand)


def test_an_assurance_of_tomorrow_or_of_nobody_is_none() -> None:
    for held in (Assurance(" ", LIVE.expires), Assurance("A group", LIVE.expires + timedelta(days=1))):
        assert refusal(proposal(S.DRAFT, S.ASSURED, assurance=held)) is not None


def test_only_allowed_moves_are_made_and_each_is_logged(session: Session) -> None:
    held = drafted(session)
    with pytest.raises(AgreementRefused, match="cannot go from draft to in_force"):
        register.set_status(session, RING, held, S.IN_FORCE, START, "test")
    register.set_status(session, RING, held, S.WITHDRAWN, START, "test", "Nobody wants it.")
    with pytest.raises(AgreementRefused):
        register.set_status(session, RING, held, S.DRAFT, START, "test")
    assert [detail["status"] for detail in entries(session, "agreement_changed")] == ["draft", "withdrawn"]


def test_nobody_supersedes_or_expires_an_agreement_by_hand(session: Session) -> None:
    held = bring_into_force(session, RING, LIVE, new_signing_keys(LIVE), START, "test")
    late = datetime(2028, 2, 1, tzinfo=UTC)
    for status in (S.SUPERSEDED, S.EXPIRED):
        with pytest.raises(AgreementRefused, match="by itself"):
            register.set_status(session, RING, held, status, late, "test", "Because.")
    assert register.expire(session, RING, START, "register") == 0
    assert [register.expire(session, RING, late, "register") for _ in range(2)] == [1, 0]
    assert register.status_of(session, held) is S.EXPIRED


def test_the_author_does_not_assure(session: Session) -> None:
    held = drafted(session)
    with pytest.raises(AgreementRefused, match="another person"):
        register.set_status(session, RING, held, S.ASSURED, START, "author", assurance=PASSED)
    with pytest.raises(AgreementRefused, match="quality assurance group"):
        register.set_status(session, RING, held, S.ASSURED, START, "assurer")
    assert register.status_of(session, held) is S.DRAFT


def test_neither_author_nor_assurer_signs(session: Session) -> None:
    staff = people.add_staff(
        session, RING, START, "test", username="owen.bright", name="Owen  bright", organisation_code="ZFS"
    )
    held = assured(session, by=staff)
    with pytest.raises(AgreementRefused, match="cannot sign it"):
        signing.sign(session, RING, held, "ZFS", keyed(session, "ZFS"), START, "test")
    signing.sign(session, RING, held, "ZMC", keyed(session, "ZMC"), START, "test")


def test_only_a_party_signs_and_only_once_assured(session: Session) -> None:
    held, key = drafted(session), keyed(session, "ZFS")
    with pytest.raises(AgreementRefused, match="once it is assured"):
        signing.sign(session, RING, held, "ZFS", key, START, "test")
    register.set_status(session, RING, held, S.ASSURED, START, "assurer", assurance=PASSED)
    with pytest.raises(AgreementRefused, match="only a party"):
        signing.sign(session, RING, held, "ZNF", key, START, "test")
    signing.sign(session, RING, held, "ZFS", key, START, "test")
    with pytest.raises(AgreementRefused, match="signed this version already"):
        signing.sign(session, RING, held, "ZFS", key, START, "test")
    (standing,) = standings(session, START)
    assert standing.signed_by == {"ZFS"}
    other = keyed(session, "ZMC").public_key().public_bytes_raw()
    with pytest.raises(AgreementRefused, match="does not verify"):
        signing.add_signature(session, RING, held, "ZMC", other, b"0" * 64, START, "test")
    assert [detail["organisation"] for detail in entries(session, "agreement_signed")] == ["ZFS"]


def test_only_the_designated_persons_registered_key_signs(session: Session) -> None:
    held = assured(session)
    with pytest.raises(AgreementRefused, match="not registered"):
        signing.sign(session, RING, held, "ZFS", Ed25519PrivateKey.generate(), START, "test")
    with pytest.raises(AgreementRefused, match="not registered"):
        signing.sign(session, RING, held, "ZFS", keyed(session, "ZMC"), START, "test")
    with pytest.raises(AgreementRefused, match="not the designated person"):
        signing.sign(session, RING, held, "ZFS", keyed(session, "ZFS", "Somebody Else"), START, "test")


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stands(session: Session) -> None:
    held, key = assured(session), keyed(session, "ZFS")
    other = keyed(session, "ZMC")
    later = START + timedelta(hours=1)
    signing.sign(session, RING, held, "ZFS", key, START, "test")
    for one in signing.keys_of(session):
        signing.revoke_key(session, RING, one.id, later, "test")
    with pytest.raises(AgreementRefused, match="not registered"):
        signing.sign(session, RING, held, "ZMC", other, later, "test")
    assert standings(session, later)[0].signed_by == {"ZFS"}
    with pytest.raises(AgreementRefused, match="no such key"):
        signing.revoke_key(session, RING, signing.keys_of(session)[0].id, later, "test")
    again = key.public_key().public_bytes_raw()
    with pytest.raises(AgreementRefused, match="registered already"):
        signing.register_key(session, RING, "ZFS", "Owen Bright", again, later, "test")
    said = [detail["act"] for detail in entries(session, "key_ceremony")]
    assert sorted(said) == ["signing-key-registered"] * 2 + ["signing-key-revoked"] * 2


def test_a_signature_by_a_key_that_was_never_registered_counts_for_nothing(session: Session) -> None:
    held = bring_into_force(session, RING, LIVE, new_signing_keys(LIVE), START, "test")
    assert standings(session, START)[0].signed_by == EVERYBODY
    forged = Ed25519PrivateKey.generate()
    public, mark = forged.public_key().public_bytes_raw(), forged.sign(signed_bytes(LIVE.hash, "ZFS"))
    table = agreement_signature
    session.execute(table.update().where(table.c.organisation == "ZFS").values(public_key=public, signature=mark))
    assert verify_signature(public, mark, LIVE.hash, "ZFS")
    assert standings(session, START)[0].signed_by == EVERYBODY - {"ZFS"}
    assert register.status_of(session, held) is S.IN_FORCE


def test_a_party_that_signs_late_makes_its_own_flows_live(session: Session) -> None:
    held = assured(session)
    for code in ("ZFS", "ZMC"):
        signing.sign(session, RING, held, code, keyed(session, code), START, "test")
    for status in (S.SIGNED, S.IN_FORCE):
        register.set_status(session, RING, held, status, START, "officer")
    flow = next(f for f in LIVE.flows if f.source == "ZFS" and any(t.organisation == "ZGC" for t in f.to))
    assert flow_lapse(standings(session, START)[0], flow, "ZMC", START.date()) is None
    assert flow_lapse(standings(session, START)[0], flow, "ZGC", START.date()) is not None
    signing.sign(session, RING, held, "ZGC", keyed(session, "ZGC"), START, "test")
    assert flow_lapse(standings(session, START)[0], flow, "ZGC", START.date()) is None


def test_it_comes_into_force_on_its_first_day_at_the_earliest(session: Session) -> None:
    later = {**json.loads(json.dumps(LIVE.document)), "version": 2, "effective_from": "2026-03-01"}
    first = bring_into_force(session, RING, LIVE, new_signing_keys(LIVE), START, "test")
    second = read_agreement(json.dumps(later))
    with pytest.raises(AgreementRefused, match="first day"):
        bring_into_force(session, RING, second, new_signing_keys(second), START, "test")
    assert register.status_of(session, first) is S.IN_FORCE


def test_what_is_no_key_is_not_registered_nor_for_nobody(session: Session) -> None:
    with pytest.raises(AgreementRefused, match="no Ed25519"):
        signing.register_key(session, RING, "ZFS", "Owen Bright", b"short", START, "test")
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(AgreementRefused, match="no such organisation"):
        signing.register_key(session, RING, "ZXX", "Owen Bright", public, START, "test")


@given(
    st.sampled_from(LIVE.flows), st.frozensets(st.sampled_from(sorted(EVERYBODY))), st.sampled_from(sorted(EVERYBODY)),
    st.sampled_from(S), st.integers(-40, 1000),
)  # fmt: skip
def test_a_flow_is_live_only_in_force_and_signed_by_both_ends(
    flow: object, signed: frozenset[str], organisation: str, status: AgreementStatus, days: int
) -> None:
    standing = Standing(LIVE, status, signed)
    today = LIVE.effective_from + timedelta(days=days)
    if flow_lapse(standing, flow, organisation, today) is None:  # type: ignore[arg-type]
        assert status is S.IN_FORCE
        assert {flow.source, organisation} <= signed  # type: ignore[attr-defined]
        assert LIVE.effective_from <= today < min(LIVE.expires, LIVE.review_due + timedelta(days=90))


def test_a_signature_is_of_one_version_by_one_party() -> None:
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), key.sign(signed_bytes("a" * 64, "ZMC"))
    assert verify_signature(public, signature, "a" * 64, "ZMC")
    assert not verify_signature(public, signature, "b" * 64, "ZMC")
    assert not verify_signature(public, signature, "a" * 64, "ZGC")
    assert not verify_signature(b"short", signature, "a" * 64, "ZMC")


def test_a_key_is_registered_once(session: Session) -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    made = [signing.register_key(session, RING, "ZFS", "Owen Bright", public, START, "test") for _ in range(2)]
    assert made[0] == made[1]
    assert session.execute(select(func.count()).select_from(signing_key)).scalar_one() == 1
