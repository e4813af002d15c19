"""The gate of a deployment, with the limits its settings set: the one way for pages, `/v1` and commands to get one.

Invariant: nothing else in the service makes a gate (a test holds that), so no route can forget the limits, nor that
refusals that must look alike take alike long.
"""

from app.deployment import Deployment
from app.evenness import Evenness
from app.gate import Gate


def gate_of(deployment: Deployment) -> Gate:
    """Return the gate of this deployment."""
    settings = deployment.settings
    evenness = Evenness(settings.refusal_milliseconds / 1000, overrun=deployment.overrun)
    return Gate(deployment.database, deployment.ring, settings.limits, evenness)
