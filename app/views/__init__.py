"""What pages show: frozen values made by pure functions from what was read under a permit."""
