"""Consents, objections, restrictions and opt-outs: what stands at an instant, and how they are recorded."""
