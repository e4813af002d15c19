"""The record store's tables: loads, records, events, involvements, ties, persons, reference data.

Invariants: no clear identifier and no token is a column here (tokens stay in the linkage zone, clear values in the
vault); every id that names a row or a person is random; a birth is held to the month; history stays (superseded and
ended rows are marked, never deleted); every column is classified in `info["class"]`.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OPERATIONAL = {"class": "operational"}
PSEUDONYM = {"class": "pseudonym"}
SPECIAL = {"class": "special"}

UTC = DateTime(timezone=True)
HEX = String(32)


dataset = Table(
    "dataset",
    metadata,
    Column("name", String(80), primary_key=True, info=OPERATIONAL),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("spec_hash", String(64), nullable=False, info=OPERATIONAL),
    Column("spec", JSON, nullable=False, info=OPERATIONAL),
    Column("one_row_per_person", Boolean, nullable=False, info=OPERATIONAL),
    Column("registered_at", UTC, nullable=False, info=OPERATIONAL),
)

load = Table(
    "load",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("dataset", ForeignKey("dataset.name"), nullable=False, info=OPERATIONAL),
    Column("kind", String(10), nullable=False, info=OPERATIONAL),
    Column("file_digest", String(64), nullable=False, info=OPERATIONAL),
    Column("scope_digest", String(64), nullable=False, info=OPERATIONAL),
    Column("physical", Integer, nullable=False, info=OPERATIONAL),
    Column("accepted", Integer, nullable=False, info=OPERATIONAL),
    Column("rejected", Integer, nullable=False, info=OPERATIONAL),
    Column("duplicates", Integer, nullable=False, info=OPERATIONAL),
    Column("ended", Integer, nullable=False, info=OPERATIONAL),
    Column("not_covered", JSON, nullable=False, info=OPERATIONAL),
    Column("started_at", UTC, nullable=False, info=OPERATIONAL),
    Column("completed_at", UTC, info=OPERATIONAL),
    Column("ordinal", Integer, nullable=False, unique=True, info=OPERATIONAL),
    Index("ix_load_dataset_digest", "dataset", "file_digest"),
)
"""One load: `physical = accepted + rejected + duplicates`; until `completed_at` its rows are staged, none `current`.
`not_covered` counts by category what no agreement in force covered, and so was not stored; `scope_digest` names the
spec and the categories that were covered."""

load_problem = Table(
    "load_problem",
    metadata,
    Column("load_id", ForeignKey("load.id"), primary_key=True, info=OPERATIONAL),
    Column("ordinal", Integer, primary_key=True, info=OPERATIONAL),
    Column("row_number", Integer, nullable=False, info=OPERATIONAL),
    Column("column", String(200), info=OPERATIONAL),
    Column("code", String(40), nullable=False, info=OPERATIONAL),
    Column("severity", String(10), nullable=False, info=OPERATIONAL),
)

coverage = Table(
    "coverage",
    metadata,
    Column("load_id", ForeignKey("load.id"), primary_key=True, info=OPERATIONAL),
    Column("service", String(40), primary_key=True, info=OPERATIONAL),
    Column("dataset", String(80), nullable=False, info=OPERATIONAL),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("covers_from", Date, info=OPERATIONAL),
    Column("covers_to", Date, info=OPERATIONAL),
    Column("areas", JSON, nullable=False, info=OPERATIONAL),
    Column("population", String(200), info=OPERATIONAL),
)

source_record = Table(
    "source_record",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("dataset", ForeignKey("dataset.name"), nullable=False, info=OPERATIONAL),
    Column("load_id", ForeignKey("load.id"), nullable=False, index=True, info=OPERATIONAL),
    Column("row_number", Integer, nullable=False, info=OPERATIONAL),
    Column("ended_by_load", HEX, info=OPERATIONAL),
    Column("supersedes", HEX, index=True, info=PSEUDONYM),
    Index("ix_source_record_dataset", "dataset"),
)
"""One version of one record. The record id's own token is in the linkage zone, beside this id."""

record_role = Table(
    "record_role",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("record_id", ForeignKey("source_record.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("role", String(40), nullable=False, info=OPERATIONAL),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("unborn", Boolean, nullable=False, info=SPECIAL),
    Column("birth_month", String(7), info=PSEUDONYM),
    Column("sex", String(15), info=PSEUDONYM),
    Column("ward", String(12), info=PSEUDONYM),
    Column("locality", String(40), info=PSEUDONYM),
    Column("nation", String(10), info=OPERATIONAL),
    Column("current", Boolean, nullable=False, info=OPERATIONAL),
    Column("supersedes", HEX, info=PSEUDONYM),
    Column("person_id", ForeignKey("person.id"), index=True, info=PSEUDONYM),
)
"""One person in one version of a record. `supersedes` is the same role of the version before, whose person it keeps."""

event = Table(
    "event",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("role_id", ForeignKey("record_role.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("about_role_id", HEX, info=PSEUDONYM),
    Column("load_id", ForeignKey("load.id"), nullable=False, index=True, info=OPERATIONAL),
    Column("category", String(30), nullable=False, info=OPERATIONAL),
    Column("type", String(40), nullable=False, info=SPECIAL),
    Column("service", String(40), nullable=False, info=SPECIAL),
    Column("organisation", String(120), nullable=False, info=OPERATIONAL),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("occurred_on", Date, nullable=False, info=SPECIAL),
    Column("precision", String(5), nullable=False, info=OPERATIONAL),
    Column("until", Date, info=SPECIAL),
    Column("status", String(15), nullable=False, info=SPECIAL),
    Column("values", JSON, nullable=False, info=SPECIAL),
    Column("current", Boolean, nullable=False, info=OPERATIONAL),
)

involvement = Table(
    "involvement",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("role_id", ForeignKey("record_role.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("load_id", ForeignKey("load.id"), nullable=False, index=True, info=OPERATIONAL),
    Column("category", String(30), nullable=False, info=OPERATIONAL),
    Column("service", String(40), nullable=False, info=SPECIAL),
    Column("organisation", String(120), nullable=False, info=OPERATIONAL),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("team", String(160), info=OPERATIONAL),
    Column("professional", String(160), info=OPERATIONAL),
    Column("professional_role", String(160), info=OPERATIONAL),
    Column("accountable", String(160), info=OPERATIONAL),
    Column("telephone", String(30), info=OPERATIONAL),
    Column("since", Date, info=SPECIAL),
    Column("until", Date, info=SPECIAL),
    Column("current", Boolean, nullable=False, info=OPERATIONAL),
)

tie_claim = Table(
    "tie_claim",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("record_id", ForeignKey("source_record.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("load_id", ForeignKey("load.id"), nullable=False, index=True, info=OPERATIONAL),
    Column("from_role_id", ForeignKey("record_role.id"), nullable=False, info=PSEUDONYM),
    Column("relation", String(30), nullable=False, info=SPECIAL),
    Column("to_role_id", ForeignKey("record_role.id"), nullable=False, info=PSEUDONYM),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("standing", String(12), nullable=False, info=OPERATIONAL),
    Column("since", Date, info=SPECIAL),
    Column("until", Date, info=SPECIAL),
    Column("current", Boolean, nullable=False, info=OPERATIONAL),
)

person = Table(
    "person",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("unborn", Boolean, nullable=False, info=SPECIAL),
    Column("birth_month", String(7), info=PSEUDONYM),
    Column("sex", String(15), info=PSEUDONYM),
    Column("merged_into", HEX, index=True, info=PSEUDONYM),
    Column("created_run", HEX, nullable=False, info=OPERATIONAL),
)

person_history = Table(
    "person_history",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("run_id", HEX, nullable=False, index=True, info=OPERATIONAL),
    Column("kind", String(10), nullable=False, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("other_id", HEX, info=PSEUDONYM),
    Column("role_ids", JSON, nullable=False, info=PSEUDONYM),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("undoes", HEX, info=OPERATIONAL),
)
"""kind: created, merged (into other_id), split (from other_id), restored (`undoes` names the merge taken back).
`role_ids` lists what moved, so it can be reversed."""

tie = Table(
    "tie",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("person_a", ForeignKey("person.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("relation", String(30), nullable=False, info=SPECIAL),
    Column("person_b", ForeignKey("person.id"), nullable=False, index=True, info=PSEUDONYM),
    Column("provider", String(120), nullable=False, info=OPERATIONAL),
    Column("dataset", String(80), nullable=False, info=OPERATIONAL),
    Column("standing", String(12), nullable=False, info=OPERATIONAL),
    Column("since", Date, info=SPECIAL),
    Column("until", Date, info=SPECIAL),
    Column("evidence", JSON, nullable=False, info=PSEUDONYM),
    Column("run_id", HEX, nullable=False, info=OPERATIONAL),
    Column("ended_run", HEX, info=OPERATIONAL),
    UniqueConstraint("person_a", "relation", "person_b", "provider", "dataset", "since", "run_id"),
)
"""A dated, evidenced relation between persons. A run ends ties it no longer finds (`ended_run`); nothing is deleted."""

link_run = Table(
    "link_run",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("engine", String(10), nullable=False, info=OPERATIONAL),
    Column("started_at", UTC, nullable=False, info=OPERATIONAL),
    Column("completed_at", UTC, nullable=False, info=OPERATIONAL),
    Column("threshold", Float, nullable=False, info=OPERATIONAL),
    Column("counts", JSON, nullable=False, info=OPERATIONAL),
    Column("ordinal", Integer, nullable=False, unique=True, info=OPERATIONAL),
    Column("mode", String(12), nullable=False, server_default="full", info=OPERATIONAL),
    Column("model_version", Integer, info=OPERATIONAL),
)
"""One finished run. `mode` is full (everything compared afresh) or incremental (what is new against what stands)."""

link_model = Table(
    "link_model",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False, info=OPERATIONAL),
    Column("trained_at", UTC, nullable=False, info=OPERATIONAL),
    Column("digest", String(64), nullable=False, info=OPERATIONAL),
    Column("settings", JSON, nullable=False, info=OPERATIONAL),
    Column("facts", JSON, nullable=False, info=OPERATIONAL),
)
"""A trained model: Splink settings with m and u (probabilities only, no token), and what it was trained on."""

link_decision = Table(
    "link_decision",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("kind", String(10), nullable=False, info=OPERATIONAL),
    Column("role_a", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("role_b", HEX, nullable=False, index=True, info=PSEUDONYM),
    Column("reason", String(40), nullable=False, info=OPERATIONAL),
    Column("origin", String(12), nullable=False, info=OPERATIONAL),
    Column("match_weight", Float, info=OPERATIONAL),
    Column("decided_by", String(120), nullable=False, info=OPERATIONAL),
    Column("decided_at", UTC, nullable=False, info=OPERATIONAL),
    Column("withdrawn_by", String(120), info=OPERATIONAL),
    Column("withdrawn_at", UTC, info=OPERATIONAL),
)
"""A steward's word on two roles: `same` or `different` person. Binding in every run until withdrawn; never deleted.
`origin` is review (a doubtful pair), sample (drawn to estimate quality) or undo (a merge taken back)."""

review_pair = Table(
    "review_pair",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("run_id", HEX, nullable=False, index=True, info=OPERATIONAL),
    Column("role_a", HEX, nullable=False, info=PSEUDONYM),
    Column("role_b", HEX, nullable=False, info=PSEUDONYM),
    Column("stratum", String(40), nullable=False, info=OPERATIONAL),
    Column("reason", String(30), nullable=False, info=OPERATIONAL),
    Column("match_weight", Float, info=OPERATIONAL),
    Column("linked", Boolean, nullable=False, info=OPERATIONAL),
    Column("chance", Float, info=OPERATIONAL),
    Column("priority", Float, nullable=False, info=OPERATIONAL),
    Column("fields", JSON, nullable=False, server_default="[]", info=PSEUDONYM),
    Column("answer", String(10), info=OPERATIONAL),
    Column("answered_by", String(120), info=OPERATIONAL),
    Column("answered_at", UTC, info=OPERATIONAL),
)
"""A pair put to a steward. `chance` is the probability with which a sampled pair was drawn (null where it was chosen
for information); `priority` orders the queue; `fields` says how far each field agreed, never a value; `answer` is same,
different or unsure."""

link_quality = Table(
    "link_quality",
    metadata,
    Column("run_id", HEX, primary_key=True, info=OPERATIONAL),
    Column("recorded_at", UTC, nullable=False, info=OPERATIONAL),
    Column("facts", JSON, nullable=False, info=OPERATIONAL),
)
"""What one run showed of its own quality: counts and weights by stratum, data set and field. No token, no person."""

link_incident = Table(
    "link_incident",
    metadata,
    Column("id", HEX, primary_key=True, info=OPERATIONAL),
    Column("run_id", HEX, nullable=False, index=True, info=OPERATIONAL),
    Column("history_id", HEX, nullable=False, info=OPERATIONAL),
    Column("person_id", HEX, nullable=False, info=PSEUDONYM),
    Column("other_id", HEX, nullable=False, info=PSEUDONYM),
    Column("opened_at", UTC, nullable=False, info=OPERATIONAL),
    Column("uses", JSON, nullable=False, info=OPERATIONAL),
    Column("closed_by", String(120), info=OPERATIONAL),
    Column("closed_at", UTC, info=OPERATIONAL),
)
"""A split of persons whose segments may have been seen together: `uses` names the log entries that saw them."""

possible_duplicate = Table(
    "possible_duplicate",
    metadata,
    Column("id", HEX, primary_key=True, info=PSEUDONYM),
    Column("person_a", ForeignKey("person.id"), nullable=False, info=PSEUDONYM),
    Column("person_b", ForeignKey("person.id"), nullable=False, info=PSEUDONYM),
    Column("reason", String(30), nullable=False, info=OPERATIONAL),
    Column("match_weight", Float, info=OPERATIONAL),
    Column("run_id", HEX, nullable=False, info=OPERATIONAL),
)

postcode_area = Table(
    "postcode_area",
    metadata,
    Column("postcode", String(8), primary_key=True, info=OPERATIONAL),
    Column("ward", String(12), nullable=False, info=OPERATIONAL),
    Column("lsoa", String(12), info=OPERATIONAL),
    Column("locality", String(40), info=OPERATIONAL),
    Column("nation", String(10), nullable=False, info=OPERATIONAL),
    Column("imd_decile", Integer, info=OPERATIONAL),
    Column("version", String(40), nullable=False, info=OPERATIONAL),
)

area = Table(
    "area",
    metadata,
    Column("code", String(40), primary_key=True, info=OPERATIONAL),
    Column("kind", String(20), nullable=False, info=OPERATIONAL),
    Column("name_en", String(120), nullable=False, info=OPERATIONAL),
    Column("name_cy", String(120), info=OPERATIONAL),
    Column("version", String(40), nullable=False, info=OPERATIONAL),
)

milestone = Table(
    "milestone",
    metadata,
    Column("schedule", String(40), primary_key=True, info=OPERATIONAL),
    Column("version", String(20), primary_key=True, info=OPERATIONAL),
    Column("code", String(40), primary_key=True, info=OPERATIONAL),
    Column("nation", String(10), nullable=False, info=OPERATIONAL),
    Column("title_en", String(160), nullable=False, info=OPERATIONAL),
    Column("title_cy", String(160), info=OPERATIONAL),
    Column("from_days", Integer, nullable=False, info=OPERATIONAL),
    Column("to_days", Integer, nullable=False, info=OPERATIONAL),
    Column("event_types", JSON, nullable=False, info=OPERATIONAL),
    Column("service", String(40), nullable=False, info=OPERATIONAL),
)
