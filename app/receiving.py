"""Receiving a partner's encoded file: the same load as at the door, from marks and encodings instead of names.

Invariants: the file is checked whole before anything is taken; what it holds is re-keyed before it is kept; the area
of a home is found by the postcode's token, so that no postcode need be sent; identities are opened only into the
vault.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.load_rows import LoadScope, Place, PlacedRow, RoleFacts
from linkage.encoding.encode import SCHEMA, postcode_tokens, transport
from linkage.intake import reference
from linkage.intake.readers.outcome import FileRefused
from linkage.intake.spec import DatasetSpec
from linkage.partner.encoded_file import ENCODED, EncodedFile, EncodedStretch, open_encoded
from linkage.partner.sealed_identities import Recipient
from linkage.reasons import FileReason, RowReason
from linkage.rows import KeyedHash, Problem, Rejection, Sex

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class PostcodeTokens:
    """Which known postcode a token stands for, as the encoder makes tokens."""

    def __init__(self, session: Session, keys: KeyedHash) -> None:
        postcodes = reference.postcodes(session)
        tokens = np.asarray(postcode_tokens(keys, postcodes), dtype=np.int64)
        order = np.argsort(tokens)
        self._tokens, self._postcodes = tokens[order], [postcodes[at] for at in order]

    def places(self, session: Session, tokens: Sequence[int | None]) -> dict[int, Place]:
        asked = np.array(sorted({token for token in tokens if token is not None}), dtype=np.int64)
        at = np.searchsorted(self._tokens, asked)
        found = {
            int(token): self._postcodes[place]
            for token, place in zip(asked, at, strict=True)
            if place < len(self._tokens) and self._tokens[place] == token
        }
        areas = reference.area_of(session, sorted(found.values()))
        return {token: Place(*areas[postcode]) for token, postcode in found.items() if postcode in areas}


class PartnerStretch:
    """Rows encoded by a partner."""

    def __init__(
        self,
        stretch: EncodedStretch,
        spec: DatasetSpec,
        scope: LoadScope,
        postcodes: PostcodeTokens,
        recipient: Recipient | None,
    ) -> None:
        self._stretch, self._spec, self._scope = stretch, spec, scope
        self._postcodes, self._recipient = postcodes, recipient
        self.rows = stretch.rows
        self.marks = [row.mark for row in stretch.rows]
        self.contents = [row.content for row in stretch.rows]
        self.rejections = [Rejection(problem) for problem in stretch.rejections]
        self.refused_marks, self.opted_out_marks = stretch.refused, stretch.opted_out
        self.unnamed = stretch.unnamed

    def clash(self, at: int) -> Rejection:
        return Rejection(Problem(self.rows[at].row_number, None, RowReason.DUPLICATE_RECORD_ID))

    def encoded(self, placed: Sequence[PlacedRow]) -> pa.Table:
        chosen = [(row, role, line) for row in placed for role, line in self.rows[row.at].people.items()]
        lines = self._stretch.people.take(pa.array([line for *_, line in chosen], pa.int64()))
        columns = {name: lines.column(name) for name in ENCODED}
        columns["role_id"] = pa.array([row.role_ids[role] for row, role, _ in chosen], pa.string())
        columns["record_id"] = pa.array([row.record_id for row, *_ in chosen], pa.string())
        columns["role"] = pa.array([role for _, role, _ in chosen], pa.string())
        columns["unborn"] = pa.array([role in row.row.unborn for row, role, _ in chosen], pa.bool_())
        columns["dataset"] = pa.repeat(pa.scalar(self._scope.dataset), len(chosen))
        columns["provider"] = pa.repeat(pa.scalar(self._scope.provider), len(chosen))
        columns["one_row_per_person"] = pa.repeat(pa.scalar(self._spec.one_row_per_person), len(chosen))
        return pa.table(columns, schema=SCHEMA)

    def facts(self, session: Session, placed: Sequence[PlacedRow]) -> Mapping[int, Mapping[str, RoleFacts]]:
        told = {
            name: self._stretch.people.column(name).to_pylist() for name in ("birth_month", "stated_sex", "postcode")
        }
        places = self._postcodes.places(session, told["postcode"])
        return {
            row.at: {
                role: RoleFacts(
                    told["birth_month"][line], told["stated_sex"][line], places.get(told["postcode"][line], Place())
                )
                for role, line in self.rows[row.at].people.items()
            }
            for row in placed
        }

    def identities(self, placed: Sequence[PlacedRow]) -> list[tuple[str, bytes]]:
        if self._recipient is None:
            return []
        sealed = self._stretch.people.column("envelope").to_pylist()
        return [
            (row.role_ids[role], self._recipient.open(sealed[line], self.rows[row.at].mark, role))
            for row in placed
            for role, line in self.rows[row.at].people.items()
            if sealed[line] is not None
        ]


def open_received(path: Path, spec: DatasetSpec, keys: KeyedHash) -> EncodedFile:
    """Check a partner's file whole, its sealed identities too. Raises FileRefused."""
    found = open_encoded(path, keys.subkey(*transport(spec.provider.code)))
    header = found.header
    if (header.dataset, header.provider, header.spec) != (spec.dataset, spec.provider.code, spec.digest()):
        raise FileRefused(FileReason.ENCODED_OTHER_SPEC)
    recipient = recipient_of(found, keys)
    for stretch in found.stretches():
        _check(stretch, spec, recipient)
    return found


def recipient_of(found: EncodedFile, keys: KeyedHash) -> Recipient | None:
    sender = found.header.sender
    return None if sender is None else Recipient(keys, bytes.fromhex(sender))


def _check(stretch: EncodedStretch, spec: DatasetSpec, recipient: Recipient | None) -> None:
    """Refuse what the spec or the record store could not hold."""
    columns = [
        stretch.people.column(name).to_pylist() for name in ("row", "role", "birth_month", "stated_sex", "envelope")
    ]
    sexes, unborn = frozenset(map(str, Sex)), {name for name, person in spec.people.items() if person.unborn}
    for row, role, month, sex, sealed in zip(*columns, strict=True):
        sound = role in spec.people and (month is None or _MONTH.fullmatch(month)) and (sex is None or sex in sexes)
        if not sound or (sealed is None) != (recipient is None):
            raise FileRefused(FileReason.ENCODED_DAMAGED)
        if recipient is not None:
            recipient.open(sealed, stretch.rows[row].mark, role)
    if any(row.unborn != unborn & row.people.keys() for row in stretch.rows):
        raise FileRefused(FileReason.ENCODED_DAMAGED)


def received(
    found: EncodedFile, spec: DatasetSpec, scope: LoadScope, postcodes: PostcodeTokens, keys: KeyedHash
) -> Iterator[PartnerStretch]:
    """The file's stretches, ready to be loaded."""
    recipient = recipient_of(found, keys)
    for stretch in found.stretches():
        yield PartnerStretch(stretch, spec, scope, postcodes, recipient)
