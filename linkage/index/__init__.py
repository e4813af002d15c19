"""One record placed among all persons, at once, through a sealed index."""
