"""Makes each identifier canonical, or says why it cannot: pure functions from text to a value or a `Reason`.

Invariants: one spelling in, one spelling out, so that one number has one token; no function raises on any text, and
nothing here keeps, logs or repeats what it was given.
"""
