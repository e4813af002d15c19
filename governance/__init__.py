"""Who may see what, why, and the proof of it; knows no linkage and no web.

Rules (`policy`, `wishes`, `merkle`, `disclosure`) take values and return frozen values. Stores take a session.
Keys are used by label through `keys.KeyRing`; no caller holds one that it does not need.
"""
