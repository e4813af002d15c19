"""The small, seeded run of the one-record measurement: the same code, the right person first."""

from benchmarks.one_record import ours, rows_and_records


def test_held_out_records_are_placed_with_their_own_person() -> None:
    rows, records = rows_and_records(1_500, 40)
    assert len(rows) == 1_500
    assert len(set(rows.column("person").to_pylist())) == 1_500
    times, megabytes, _ = ours(rows, records)
    assert len(times.milliseconds) == len(records) == 40
    assert times.right >= 36
    assert megabytes < 20
