"""Which spellings of an address are one dwelling, told from tokens and encodings alone.

Invariants: an equal address token is one dwelling; any other spelling leans on a dwelling only when one person or one
record has it (a slip of the pen is not made twice) or the two have kin in common, when the rest of the address agrees,
and when only one dwelling fits; a spelling leans on one that is better attested, never the other way, so that there is
no circle and no chain from neighbour to neighbour; kin in common are the same person, a shared surname in the same
postcode, or persons tied by a row's own word.
Source: single-character damage touches two letter pairs of an address; two houses of one street differ by as little, so
likeness alone never joins two."""

import pyarrow as pa

from linkage.zone.zone import Database

ALIKE = 0.80
"""Least Dice likeness of address letter pairs between spellings of one dwelling: one or two letters off."""
SAME_PLACE = 0.60
"""Least likeness where the UPRN or the street with its numbers is equal."""
POSTCODE_ALIKE = 0.50
"""Least likeness of postcodes that slips may part: of kin's dwellings, or where all the rest of an address agrees."""
_SURNAMES = ("family", "family_first", "family_last", "former")


def _dice(name: str) -> str:
    bits = "bit_count({side}.{name}{half})"
    shared = " + ".join(f"bit_count(w.{name}{half} & h.{name}{half})" for half in (0, 1))
    whole = " + ".join(bits.format(side=side, name=name, half=half) for side in "wh" for half in (0, 1))
    return f"2.0 * CAST({shared} AS INTEGER) / CAST({whole} AS INTEGER)"


_TOLD = ("street", "postcode", "sector", "uprn", "address_f0", "address_f1", "postcode_f0", "postcode_f1")
_FIRST = ", ".join(f"arg_min({name}, role_id) AS {name}" for name in _TOLD)
_PLACE = f"""
CREATE OR REPLACE TABLE place AS
SELECT home, count(DISTINCT record_id) AS records, count(DISTINCT person) AS people,
    count(DISTINCT person) = 1 OR count(DISTINCT record_id) = 1 AS slip,
    {_FIRST}
FROM sighted GROUP BY home
"""
_KIN = """
CREATE OR REPLACE TABLE place_kin AS
SELECT DISTINCT w, h FROM (
    SELECT a.home AS w, b.home AS h FROM place_person a JOIN place_person b USING (person)
    UNION ALL
    SELECT a.home, b.home FROM place_name a JOIN place_name b USING (postcode, name)
    UNION ALL
    SELECT a.home, b.home FROM kin k JOIN place_person a ON a.person = k.a JOIN place_person b ON b.person = k.b
    UNION ALL
    SELECT a.home, b.home FROM kin k JOIN place_person a ON a.person = k.b JOIN place_person b ON b.person = k.a
) WHERE w <> h
"""
_PROPOSED = """
SELECT w, h, max(kin) AS kin FROM (
    SELECT w, h, TRUE AS kin FROM place_kin
    UNION ALL
    SELECT a.home, b.home, FALSE FROM place a JOIN place b USING (street) WHERE a.slip
    UNION ALL
    SELECT a.home, b.home, FALSE FROM place a JOIN place b USING (uprn) WHERE a.slip
) WHERE w <> h GROUP BY w, h
"""
_NEAR = "(w.postcode IS NULL OR h.postcode IS NULL OR w.sector = h.sector)"
_COMPATIBLE = f"({_NEAR} OR pc_alike >= {POSTCODE_ALIKE} AND (kin OR coalesce(alike >= {ALIKE}, FALSE)))"
"""Streets of one name lie in several towns: where no kin bear it out, a postcode is a slip only if the town agrees."""
_LEAN = f"""
CREATE OR REPLACE TABLE lean AS
SELECT w.home AS home, h.home AS onto,
    CASE WHEN coalesce(w.uprn = h.uprn, FALSE) THEN 8 ELSE 0 END + CASE WHEN kin THEN 4 ELSE 0 END
    + CASE WHEN coalesce(w.street = h.street, FALSE) THEN 2 ELSE 0 END
    + coalesce({_dice("address_f")}, 0) AS fit,
    {_dice("address_f")} AS alike, {_dice("postcode_f")} AS pc_alike
FROM ({_PROPOSED}) p JOIN place w ON w.home = p.w JOIN place h ON h.home = p.h
WHERE (w.records, w.people, w.home) < (h.records, h.people, h.home) AND (w.slip OR kin)
AND CASE
    WHEN w.uprn = h.uprn THEN coalesce(alike >= {SAME_PLACE}, TRUE)
    WHEN w.street = h.street THEN coalesce(alike >= {SAME_PLACE}, FALSE) AND {_COMPATIBLE}
    ELSE kin AND w.slip AND coalesce(alike >= {ALIKE}, FALSE) AND {_COMPATIBLE}
END
"""
_CHOSEN = """
SELECT home, onto FROM (
    SELECT home, onto, fit, row_number() OVER best AS place, lead(fit) OVER best AS second
    FROM lean WINDOW best AS (PARTITION BY home ORDER BY fit DESC, onto)
) WHERE place = 1 AND (second IS NULL OR second < fit OR fit >= 4)
"""


def settle(zone: Database) -> None:
    """Give every row of `sighted` the dwelling its spelling stands for (column `home`).

    `sighted` holds role_id, person, record_id, address, street, uprn, postcode, sector, address_f0/1, postcode_f0/1 and
    surnames; `kin` (a, b) the persons that rows tie to each other.
    """
    zone.run(
        "CREATE OR REPLACE TABLE sighted AS SELECT s.*, coalesce(s.address, u.address, s.uprn) AS home FROM sighted s"
        " LEFT JOIN (SELECT uprn, arg_min(address, role_id) AS address FROM sighted"
        " WHERE address IS NOT NULL AND uprn IS NOT NULL GROUP BY 1) u ON u.uprn = s.uprn"
    )
    zone.run(_PLACE)
    zone.run("CREATE OR REPLACE TABLE place_person AS SELECT DISTINCT home, person FROM sighted")
    names = " UNION ".join(
        f"SELECT home, postcode, {name} AS name FROM sighted WHERE {name} IS NOT NULL AND postcode IS NOT NULL"
        for name in _SURNAMES
    )
    zone.run(f"CREATE OR REPLACE TABLE place_name AS {names}")
    zone.run(_KIN)
    zone.run(_LEAN)
    onto = _rooted(dict(zone.rows(_CHOSEN)))
    table = pa.table({"home": pa.array(onto.keys(), pa.int64()), "onto": pa.array(onto.values(), pa.int64())})
    with zone.lent("leaning", table):
        zone.run("UPDATE sighted SET home = leaning.onto FROM leaning WHERE sighted.home = leaning.home")
    for name in ("place", "place_person", "place_name", "place_kin", "lean"):
        zone.run(f"DROP TABLE {name}")


def _rooted(onto: dict[int, int]) -> dict[int, int]:
    """Each leaning spelling with the dwelling at the end of its chain. Chains are short and end: support only grows."""
    roots: dict[int, int] = {}
    for home in onto:
        at = onto[home]
        while at in onto:
            at = onto[at]
        roots[home] = at
    return roots
