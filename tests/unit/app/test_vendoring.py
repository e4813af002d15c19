"""The vendored front end: no brand in it, and nobody has edited it."""

import json
import re

import pytest

from app import vendoring

MANIFEST = json.loads((vendoring.STATIC / "manifest.json").read_text())


@pytest.mark.parametrize("name", sorted(MANIFEST["files"]))
def test_a_vendored_file_is_the_one_that_was_made(name: str) -> None:
    assert vendoring.digest((vendoring.STATIC / name).read_bytes()) == MANIFEST["files"][name]["served"]


def test_no_brand_is_left() -> None:
    css = (vendoring.STATIC / "frontend.css").read_text()
    assert not re.search(r"GDS Transport|@font-face|crest|#1d70b8|url\(", css)
    assert "sourceMappingURL" not in css + (vendoring.STATIC / "frontend.js").read_text()


def test_unbranding_is_told_by_its_rules() -> None:
    branded = (
        "@font-face{font-family:GDS Transport;src:url(x.woff)}a{font-family:GDS Transport,arial,sans-serif}"
        ":root{--govuk-brand-colour:#1d70b8}.govuk-footer__copyright{background:url(/a/govuk-crest.svg)}b{top:0}"
        "/*# sourceMappingURL=x.map */"
    )
    assert vendoring.unbrand_css(branded) == (
        f"a{{font-family:arial,sans-serif}}:root{{--govuk-brand-colour:{vendoring.NEUTRAL}}}b{{top:0}}\n"
    )


def test_unbranding_twice_changes_nothing() -> None:
    css = (vendoring.STATIC / "frontend.css").read_text()
    assert vendoring.unbrand_css(css) == css


def test_the_licence_is_kept() -> None:
    text = (vendoring.STATIC / "LICENSE.govuk-frontend").read_text()
    assert "MIT License" in text
    assert "Crown Copyright" in text
