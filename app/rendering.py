"""Pages: one template environment for each language.

Invariants: everything put into a page is escaped; a page names no script or style of another origin and holds no inline
style; templates see only what their view was given, the language, the signed-in person and the request's own address.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app import labels
from app.language import COOKIE, NAMES, Code, Language, chosen, language
from app.navigation import WHAT_FOR, navigation
from app.views.meanings import MEANS, SAID
from app.views.services import LOOKS

FOLDER: Final = Path(__file__).resolve().parent
STATIC: Final = FOLDER / "static"
YEAR: Final = 365 * 24 * 3600


@cache
def environment(code: Code) -> Environment:
    """The templates in one language; they hold no data."""
    words = language(code)
    made = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(FOLDER / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        t=words, asset=asset, labels=labels, htmlLang=str(code), language_names=NAMES, navigation=navigation
    )
    made.globals.update(
        what_for=WHAT_FOR, looks=LOOKS, meanings=[(state, (said, MEANS[state])) for state, said in SAID.items()]
    )
    made.filters.update(day=words.day, short_day=words.short_day, instant=words.instant, number=words.number)
    made.filters.update(said=words.gettext, telephone=spaced_telephone)
    made.filters["field_message"] = lambda unclear: (unclear.field, unclear.message)
    return made


def spaced_telephone(number: str) -> str:
    """Write a UK number in the groups in which people say it."""
    if not (number.isascii() and number.isdigit() and len(number) == 11):
        return number
    return f"{number[:3]} {number[3:7]} {number[7:]}" if number.startswith("02") else f"{number[:5]} {number[5:]}"


@cache
def asset(name: str) -> str:
    """Return a static file's address with a digest of its content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def render(request: Request, template: str, status: int = 200, **view: Any) -> Response:
    """Return a page in the language this request asks for."""
    words = chosen(request)
    settings = request.app.state.deployment.settings
    text = (
        environment(words.code)
        .get_template(template)
        .render(
            **view,
            settings=settings,
            signed_in=getattr(request.state, "signed_in", None),
            reference=request.state.request_id,
            cspNonce=request.state.nonce,
            themeColor=settings.brand_colour,
            here=request.url.path,
            toggle=_toggle(request, words),
            repost=repost(request),
        )
    )
    response = HTMLResponse(text, status, {"content-language": str(words.code), "vary": "Cookie, Accept-Language"})
    if request.query_params.get("lang") == words.code:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, str(words.code), max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    return response


def _toggle(request: Request, words: Language) -> list[tuple[Code, str, bool]]:
    """Each language with the address that shows this very page in it, and whether it is the one shown."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return [
        (code, f"{request.url.path}?{urlencode([*kept, ('lang', str(code))])}", code is words.code) for code in Code
    ]


def repost(request: Request) -> Mapping[str, str] | None:
    """The fields of a page that answers a form; the language toggle sends them again, outside the address."""
    fields: Mapping[str, str] | None = getattr(request.state, "fields", None)
    return fields
