"""Full-size measurements, each a module with `measure() -> Section`; `python -m benchmarks.prove` runs them all."""
