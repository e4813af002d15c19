"""How good the linkage is, with truth and without: review, estimates, reports, charts."""
