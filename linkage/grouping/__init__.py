"""From scored pairs to persons: pure rules over arrays."""
