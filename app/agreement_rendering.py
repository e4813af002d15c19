"""An agreement's document and leaflet as a file: one accessible page that stands alone, for print or for a website.

Invariant: the file is made of the same views and the same templates as the pages, so that neither can say less.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.identity import Organisation
from app.language import Code, language
from app.reading import organisations
from app.rendering import STATIC, environment
from app.views.agreement_document import document_of
from app.views.leaflet import leaflet
from governance.agreements.flows import Standing
from governance.agreements.signing import Signed, signed_when


class Rendering(StrEnum):
    DOCUMENT = "document"
    LEAFLET = "leaflet"
    JSON = "json"


BODIES: Mapping[Rendering, str] = {
    Rendering.DOCUMENT: "agreement_document_body.html",
    Rendering.LEAFLET: "leaflet_body.html",
}


def rendered(session: Session, standing: Standing, wanted: Rendering, code: Code, at: datetime) -> str:
    """Return a version as one page of HTML in one language."""
    held = standing.agreement
    return page(standing, wanted, code, organisations(session), signed_when(session, held.code, held.version), at)


def page(
    standing: Standing,
    wanted: Rendering,
    code: Code,
    named: Mapping[str, Organisation],
    signed: Mapping[str, Signed],
    at: datetime,
) -> str:
    """Return the page, given what organisations are called and when they signed."""
    words = language(code)
    view = (
        leaflet(words, standing, named, at)
        if wanted is Rendering.LEAFLET
        else document_of(words, standing, named, signed, at)
    )
    template = environment(code).get_template("exported.html")
    css = Markup((STATIC / "document.css").read_text("utf-8"))  # noqa: S704  our own file, holding no one's input
    title = words.pick(standing.agreement.title.en, standing.agreement.title.cy)
    return template.render(page=view, title=title, body=BODIES[wanted], css=css)
