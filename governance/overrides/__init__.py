"""Overrides and their reviews, alarms, claims, delegations, meetings and decisions to share, as they are stored."""
