"""From extract to persons, families and timelines; knows no user, no purpose and no web.

The path of a row: `extracts` reads it, `spec` says what its columns mean, `normalise` makes each value canonical or
gives a reason, `encode` turns clear identifiers into keyed tokens and filters (clear identifiers end there), `zone`
holds those encrypted, `splink_engine` scores pairs, `persons` forms persons that keep their ids, `families` ties them,
`timeline` orders what a permit let through. Everything after `encode` names rows by random ids.
"""
