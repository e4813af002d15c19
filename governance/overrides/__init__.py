"""Overrides and their reviews, alarms, self-claims, delegations, meetings and decisions to share, as they are stored."""
