"""The service: composes linkage and governance behind one gate, and shows what a permit lets through."""
