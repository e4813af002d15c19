"""Making a deployment and keeping its keys."""

from datetime import UTC, datetime

from app.commands.options import AsJson
from app.commands.output import show
from app.deployment import initialise, open_deployment, rotate_vault_key
from app.settings import Settings


def init(as_json: AsJson = False) -> None:
    """Make the data folder, the key file outside it, the keystore and the database."""
    settings = Settings()
    fresh = initialise(settings)
    show(
        {
            "made": fresh,
            "home": str(settings.home),
            "key_file": str(settings.key_path),
            "anchors": str(settings.anchors),
        },
        as_json=as_json,
        title="Ready" if fresh else "Already there",
    )


def key_status(as_json: AsJson = False) -> None:
    """List the keys held, by label; never a key."""
    with open_deployment(Settings()) as deployment:
        keys = {status.label: ", ".join(map(str, status.uses)) for status in deployment.ring.status()}
        wrapped = deployment.wrapped_keys.count()
    show({"keys": keys, "vault_data_keys": wrapped}, as_json=as_json, title="Keys")


def rotate(as_json: AsJson = False) -> None:
    """Make a new vault key and re-wrap every data key under it; safe to repeat after an interruption."""
    settings = Settings()
    label, count = rotate_vault_key(settings, datetime.now(UTC))
    show({"label": label, "data_keys_rewrapped": count}, as_json=as_json, title="Rotated")
