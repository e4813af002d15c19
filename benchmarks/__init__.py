"""Measurements at full size, each a module with `measure() -> Section`; `python -m benchmarks.prove` runs all of them."""
