"""The decision: facts in, a frozen outcome with reasons out. Pure but for `facts`, which reads the store."""
