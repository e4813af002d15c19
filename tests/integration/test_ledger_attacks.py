"""A ledger in the hands of its database's owner, in small; `make prove` does ten thousand."""

from benchmarks.ledger_attacks import ATTACKS, attacked


def test_whatever_touches_an_anchored_entry_is_found_and_honest_growth_never_is() -> None:
    found = attacked(100, 25, seed=2)
    assert found.missed == ()
    assert found.found == found.covered > 60
    assert set(found.tried) == set(ATTACKS)
    assert (found.honest, found.alarms) == (25, 0)
