"""Serving the pages and the API, and the demonstration."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from app.commands.options import AsJson
from app.commands.output import errors, show
from app.demo import Demonstration, prepare
from app.deployment import Deployment, open_deployment
from app.main import create_app
from app.settings import Mode, Settings


def serve(as_json: AsJson = False) -> None:
    """Serve the pages and the API."""
    settings = Settings()
    with open_deployment(settings) as deployment:
        if settings.sign_in_file is None and not settings.demo:
            errors.print("nobody can sign in: no provider is configured (FAMILY_RECORD_SIGN_IN_FILE)", highlight=False)
        if as_json:
            show({"serving": f"http://{settings.host}:{settings.port}"}, as_json=True)
        _serve(deployment)


def demo(
    families: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    county: Annotated[Path | None, typer.Option(file_okay=False, help="Where the county's extracts are kept.")] = None,
    serving: Annotated[bool, typer.Option("--serve/--no-serve")] = True,
    as_json: AsJson = False,
) -> None:
    """Run the whole job on a synthetic county, then serve it on loopback."""
    settings = Settings(mode=Mode.DEMO)
    place = county or settings.home.with_name(settings.home.name + ".county")
    summary = prepare(settings, Demonstration(families=families, seed=seed, county=place))
    show(summary, as_json=as_json, title="The demonstration")
    if serving:
        with open_deployment(settings) as deployment:
            errors.print(f"serving on http://{settings.host}:{settings.port} (Ctrl-C ends it)", highlight=False)
            _serve(deployment)


def _serve(deployment: Deployment) -> None:
    settings = deployment.settings
    uvicorn.run(
        create_app(deployment),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
    )
