"""The log of every access: entries, one Merkle tree over them, signed checkpoints, anchors, proofs."""
