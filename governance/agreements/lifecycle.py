"""The life of an agreement: which status may follow which, who may make the move, and what it must rest on.

Invariants: what is not in the table is refused; who assures a version is not who wrote it, and neither signs it; a
version is assured by a named group on a day that has come; it is signed once both ends of a flow have; it comes into
force on its first day at the earliest, so that its predecessor is not ended before; ended is ended.
Sources: the WASPI framework (draft, consultation, quality assurance by a regional group, signature by designated
persons, review); Caldicott principle 7; four eyes as in ISO 27001 A.5.3 (segregation of duties).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Final

from governance.agreements.flows import Standing
from governance.terms import AgreementStatus

S = AgreementStatus


class Hand(StrEnum):
    """Who may make a move: any officer, any but the version's author, or the register by its own rules."""

    OFFICER = "officer"
    ANOTHER = "another"
    REGISTER = "register"


class Need(StrEnum):
    """What a move must rest on."""

    ASSURANCE = "assurance"
    SIGNATURES = "signatures"
    BEGUN = "begun"
    RUN_OUT = "run_out"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Assurance:
    """The quality assurance group that passed a version, and the day it did."""

    group: str
    on: date


@dataclass(frozen=True, slots=True)
class Move:
    hand: Hand
    needs: frozenset[Need] = frozenset()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A move as somebody wants to make it on a day. `author` is who brought the version in."""

    standing: Standing
    to: AgreementStatus
    today: date
    by: str
    author: str
    by_register: bool = False
    reason: str | None = None
    assurance: Assurance | None = None


def _move(hand: Hand, *needs: Need) -> Move:
    return Move(hand, frozenset(needs))


MOVES: Final[Mapping[tuple[AgreementStatus, AgreementStatus], Move]] = MappingProxyType(
    {
        (S.DRAFT, S.CONSULTATION): _move(Hand.OFFICER),
        (S.DRAFT, S.ASSURED): _move(Hand.ANOTHER, Need.ASSURANCE),
        (S.DRAFT, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
        (S.CONSULTATION, S.DRAFT): _move(Hand.OFFICER),
        (S.CONSULTATION, S.ASSURED): _move(Hand.ANOTHER, Need.ASSURANCE),
        (S.CONSULTATION, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
        (S.ASSURED, S.SIGNED): _move(Hand.OFFICER, Need.SIGNATURES),
        (S.ASSURED, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
        (S.SIGNED, S.IN_FORCE): _move(Hand.OFFICER, Need.BEGUN),
        (S.SIGNED, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
        (S.IN_FORCE, S.SUSPENDED): _move(Hand.OFFICER, Need.REASON),
        (S.IN_FORCE, S.EXPIRED): _move(Hand.REGISTER, Need.RUN_OUT),
        (S.IN_FORCE, S.SUPERSEDED): _move(Hand.REGISTER),
        (S.IN_FORCE, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
        (S.SUSPENDED, S.IN_FORCE): _move(Hand.OFFICER, Need.REASON),
        (S.SUSPENDED, S.EXPIRED): _move(Hand.REGISTER, Need.RUN_OUT),
        (S.SUSPENDED, S.SUPERSEDED): _move(Hand.REGISTER),
        (S.SUSPENDED, S.WITHDRAWN): _move(Hand.OFFICER, Need.REASON),
    }
)
"""From and to, who may, and what it needs."""

NEXT: Final[Mapping[AgreementStatus, frozenset[AgreementStatus]]] = MappingProxyType(
    dict.fromkeys(S, frozenset[AgreementStatus]())
    | {start: frozenset(to for _, to in moves) for start, moves in groupby(MOVES, key=lambda move: move[0])}
)
"""Status → what may follow."""


def refusal(wanted: Proposal) -> str | None:
    """Return why this move cannot be made, or None."""
    now = wanted.standing.status
    move = MOVES.get((now, wanted.to))
    if move is None:
        return f"an agreement cannot go from {now} to {wanted.to}"
    if not _HANDS[move.hand](wanted):
        return _HANDS_SAID[move.hand]
    return next((_NEEDS_SAID[need] for need in Need if need in move.needs and not _NEEDS[need](wanted)), None)


def one_and_the_same(names: Collection[str], others: Collection[str]) -> bool:
    """Tell whether somebody is in both, however the name is written."""
    return not {_plain(name) for name in names}.isdisjoint(_plain(name) for name in others)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _some_flow_signed(wanted: Proposal) -> bool:
    standing = wanted.standing
    return any(
        {flow.source, to.organisation} <= standing.signed_by for flow in standing.agreement.flows for to in flow.to
    )


def _assured(wanted: Proposal) -> bool:
    held = wanted.assurance
    return held is not None and bool(held.group.strip()) and held.on <= wanted.today


_HANDS: Final[Mapping[Hand, Callable[[Proposal], bool]]] = {
    Hand.OFFICER: lambda _wanted: True,
    Hand.ANOTHER: lambda wanted: not one_and_the_same([wanted.by], [wanted.author]),
    Hand.REGISTER: lambda wanted: wanted.by_register,
}
_HANDS_SAID: Final[Mapping[Hand, str]] = {
    Hand.OFFICER: "an officer makes this move",
    Hand.ANOTHER: "who brought an agreement in cannot assure it: another person must",
    Hand.REGISTER: "the register makes this move by itself, when it is due",
}
_NEEDS: Final[Mapping[Need, Callable[[Proposal], bool]]] = {
    Need.ASSURANCE: _assured,
    Need.SIGNATURES: _some_flow_signed,
    Need.BEGUN: lambda wanted: wanted.standing.agreement.effective_from <= wanted.today,
    Need.RUN_OUT: lambda wanted: wanted.standing.agreement.expires <= wanted.today,
    Need.REASON: lambda wanted: bool((wanted.reason or "").strip()),
}
_NEEDS_SAID: Final[Mapping[Need, str]] = {
    Need.ASSURANCE: "assurance needs the quality assurance group and the day it passed the agreement",
    Need.SIGNATURES: "no flow has been signed at both its ends yet",
    Need.BEGUN: "an agreement comes into force on its first day at the earliest",
    Need.RUN_OUT: "the agreement has not run out yet",
    Need.REASON: "this move needs a reason",
}
