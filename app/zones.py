"""Opening a deployment's linkage zone with its settings and keys."""

from app.deployment import Deployment
from linkage.zone.zone import Zone, open_zone


def deployment_zone(deployment: Deployment) -> Zone:
    """Open the zone for this process alone; raise ZoneBusy while another holds it."""
    settings = deployment.settings
    return open_zone(settings.zone, deployment.ring, memory_limit=settings.zone_memory, threads=settings.zone_threads)
