"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SpecFile = Annotated[Path, typer.Option("--dataset", help="The data set's spec, a YAML file.")]
ReadFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
