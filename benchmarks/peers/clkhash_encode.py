"""The peer: clkhash on the same file and fields, in an environment of its own (it pins an old cryptography).

Run as `python clkhash_encode.py FILE PROCESSES`; prints its seconds. The schema follows its tutorial: letter pairs for
names, addresses and postcodes, single signs for date and sex, 1,024 bits, 100 to 300 bits a field."""

import json
import sys
import time

from clkhash import clk  # type: ignore[import-not-found]
from clkhash.schema import from_json_dict  # type: ignore[import-not-found]

NAMES = {"Id": None, "First": 2, "Last": 2, "Born": 1, "Sex": 1, "Address": 2, "Postcode": 2, "NHS": 2}


def schema(columns: list[str]) -> dict[str, object]:
    """The linkage schema of the file's columns."""
    features: list[dict[str, object]] = []
    for name in columns:
        n = NAMES[name]
        if n is None:
            features.append({"identifier": name, "ignored": True})
            continue
        features.append(
            {
                "identifier": name,
                "format": {"type": "string", "encoding": "utf-8"},
                "hashing": {
                    "comparison": {"type": "ngram", "n": n, "positional": n == 1},
                    "strategy": {"bitsPerFeature": 200},
                    "hash": {"type": "doubleHash"},
                },
            }
        )
    kdf = {"type": "HKDF", "hash": "SHA256", "salt": "AAAA", "info": "", "keySize": 64}
    return {"version": 3, "clkConfig": {"l": 1024, "kdf": kdf}, "features": features}


def main() -> None:
    """Encode the file and print the wall and processor seconds."""
    path, processes = sys.argv[1], int(sys.argv[2])
    with open(path, encoding="utf-8") as file:
        columns = file.readline().strip().split(",")
    with open(path, encoding="utf-8") as file:
        before = time.perf_counter()
        made = clk.generate_clk_from_csv(
            file, "secret", from_json_dict(schema(columns)), validate=False, progress_bar=False, max_workers=processes
        )
        seconds = time.perf_counter() - before
    print(json.dumps({"rows": len(made), "seconds": seconds}))


if __name__ == "__main__":
    main()
