"""The list of communal establishments: hostels, care homes, barracks. Sharing one makes nobody a household.

Invariants: the list is kept as sealed tokens of the zone and replaced whole; a refuge is never on it, since a file that
names refuges is a danger in itself: blocks keep refuge addresses apart, and crowding does the rest."""

from collections.abc import Sequence

import pyarrow as pa

from linkage.encoding.encode import search_table
from linkage.rows import Identity, KeyedHash
from linkage.zone.zone import Zone

KIND = "communal"
_OWNER = "reference"
SCHEMA = pa.schema([("address", pa.int64()), ("uprn", pa.int64())])


def keep(zone: Zone, keys: KeyedHash, places: Sequence[Identity]) -> None:
    """Put these addresses (with postcode, UPRN or both) in place of the list that stood."""
    found = [search_table(place, keys).select(SCHEMA.names).cast(SCHEMA) for place in places]
    zone.run("BEGIN TRANSACTION")
    zone.parts.drop([KIND], [])
    zone.parts.add(KIND, _OWNER, pa.concat_tables(found) if found else SCHEMA.empty_table())
    zone.run("COMMIT")


def lay(zone: Zone) -> None:
    """Make `communal` (address, uprn)."""
    zone.run("CREATE OR REPLACE TABLE communal (address BIGINT, uprn BIGINT)")
    for _, listed in zone.parts.read(KIND, schema=SCHEMA):
        with zone.lent("listed", listed):
            zone.run("INSERT INTO communal SELECT address, uprn FROM listed")
