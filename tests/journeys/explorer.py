"""A visitor who tries every route, every link and every form as one worker, and keeps all that comes back.

Nothing here knows what a page is for: routes come from the app, links and forms from its own pages, bodies of `/v1`
from its own description. So a route that is added tomorrow is walked tomorrow.
"""

import io
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.routing import Match

from tests.journeys.visitor import Visitor

SKIPPED = ("/sign-out", "/sign-in", "/signed-out", "/static", "/v1/sessions", "/v1/openapi.json")
"""Ways in and out, and files that are the same for everybody."""

FULL = os.environ.get("NAMED_FAMILIES") == "full"
"""Whether to try everything, as the proof does, or as much as a run of all tests has time for."""

MOST = 40 if FULL else 6
"""Visits of one route for one person and way of asking; forms that lead to forms would otherwise have no end."""


BLIND = ({"format": "fhir"}, {"step": "released", "in_interest": "yes"})
"""What a form may hold that its page would never have offered this worker."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought: the route that answered, where it was asked, and everything said."""

    method: str
    route: str
    path: str
    status: int
    said: str


@dataclass
class Form:
    action: str
    method: str
    fixed: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "a" and held.get("href", "").startswith("/"):
            self.links.append(held["href"])
        elif tag == "form":
            self.forms.append(Form(held.get("action", ""), held.get("method", "get").lower()))
        elif self.forms and held.get("name"):
            self._field(tag, held)
        elif tag == "option" and self.forms and self._select:
            self.forms[-1].choices[self._select].append(held.get("value", ""))

    def _field(self, tag: str, held: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], held["name"], held.get("type", "text")
        if tag == "select":
            self._select = name
            form.choices[name] = []
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(held.get("value", "on"))
        elif kind == "hidden" or tag == "button":
            form.fixed[name] = held.get("value", "")
        elif tag in ("input", "textarea"):
            form.typed.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every route of the app, those of its parts too."""
    held = [
        inner for outer in app.routes for inner in getattr(getattr(outer, "original_router", None), "routes", [outer])
    ]
    return [route for route in held if isinstance(route, APIRoute)]


class Explorer:
    """Walks the whole app as one worker. `people` are person ids to try in addresses; `typed` what to type in forms."""

    def __init__(
        self, app: FastAPI, username: str, role: str, people: Sequence[str], typed: Sequence[Mapping[str, str]]
    ) -> None:
        client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
        self.app, self.people, self.typed = app, people, typed
        self.visitor = Visitor(client).signed_in(f"{username}|{role}")
        made = client.post("/v1/sessions", json={"username": username, "role": role})
        self.bearer = {"authorization": f"Bearer {made.json()['token']}"}
        self.answers: list[Answer] = []
        self._seen: set[str] = set()
        self._often: Counter[str] = Counter()

    def walk(self, purposes: Sequence[str]) -> list[Answer]:
        """Read and try everything under each purpose; return every answer."""
        for purpose in purposes:
            self._seen.clear()
            self._often.clear()
            for person in self.people:
                self._keep("POST", self.visitor.open_family(person, purpose))
                self._json("POST", f"/v1/families/{person}/purpose", {"purpose": purpose})
            for path in self._addresses("GET"):
                self._visit(path)
            self._knock()
            self._describe()
        return self.answers

    def _knock(self) -> None:
        """Send every form of a page without having opened the page."""
        token = self.visitor.token()
        for path in self._addresses("POST"):
            if not path.startswith(("/v1", *SKIPPED)):
                for fields in (self.typed[0] if self.typed else {}, *BLIND):
                    data = {"csrf_token": token, **fields}
                    self._keep("POST", self.visitor.client.post(path, data=data))

    def _addresses(self, method: str) -> Iterator[str]:
        for route in routes_of(self.app):
            if method in (route.methods or ()):
                fillings = [self._candidates(name) for name in route.param_convertors]
                for filling in product(*fillings):
                    yield route.path.format(**dict(zip(route.param_convertors, filling, strict=True)))

    def _candidates(self, name: str) -> Sequence[str]:
        if name == "person_id":
            return self.people
        return ["1" if name == "version" else "0" * 32]

    def _visit(self, path: str) -> None:
        """Open an address and everything it leads to."""
        waiting = [path]
        while waiting:
            here = waiting.pop()
            if here in self._seen or here.startswith(SKIPPED) or "lang=" in here or self._of_others(here):
                continue
            self._seen.add(here)
            if self._enough("GET", urlsplit(here).path):
                continue
            headers = self.bearer if here.startswith("/v1") else {}
            answer = self.visitor.client.get(here, headers=headers)
            waiting += self._keep("GET", answer)
            for form in Page(answer.text).forms if "html" in answer.headers.get("content-type", "") else []:
                waiting += self._submit(form, here)

    def _enough(self, method: str, path: str) -> bool:
        """Count a visit; tell whether this route was asked often enough for this person."""
        person = re.search("[0-9a-f]{32}", path)
        key = f"{method} {self.route_of(path, method)} {person[0] if person and person[0] in self.people else ''}"
        self._often[key] += 1
        return self._often[key] > MOST

    def _of_others(self, path: str) -> bool:
        """A family that is not under test: a caseload links to fifty."""
        found = re.match(r"(?:/v1)?/families/([0-9a-f]{32})", path)
        return found is not None and found[1] not in self.people

    def _submit(self, form: Form, here: str) -> list[str]:
        action = form.action or urlsplit(here).path
        if action.startswith(SKIPPED):
            return []
        found: list[str] = []
        for fields in self._filled(form):
            told = f"{action} {sorted((k, v) for k, v in fields.items() if k != 'csrf_token')}"
            if told in self._seen or self._enough(form.method.upper(), action):
                continue
            self._seen.add(told)
            if form.method == "get":
                answer = self.visitor.client.get(action, params=fields)
            else:
                answer = self.visitor.client.post(action, data=fields)
            found += self._keep(form.method.upper(), answer)
        return found

    def _filled(self, form: Form) -> Iterator[dict[str, str]]:
        """The form filled in: each thing to type once, each choice at least once."""
        widest = max([len(options) for options in form.choices.values()], default=1)
        rounds = max(widest, len(self.typed) if form.typed else 1, 1)
        for turn in range(rounds):
            typed = self.typed[turn % len(self.typed)] if self.typed else {}
            chosen = {name: options[turn % len(options)] for name, options in form.choices.items() if options}
            written = {name: typed.get(name, self._anything(name)) for name in form.typed}
            yield {**written, **chosen, **form.fixed}

    def _anything(self, name: str) -> str:
        if any(word in name for word in ("date", "since", "until", "received", "from", "expires")):
            return "2026-11-22"
        return "A child may be in danger and I cannot wait any longer."

    def _describe(self) -> None:
        """Send every act of `/v1` a body that its own description allows."""
        described = self.app.openapi()
        for path, acts in described["paths"].items():
            body = acts.get("post", {}).get("requestBody")
            if "post" not in acts or path.startswith(SKIPPED):
                continue
            schema = body["content"]["application/json"]["schema"] if body else {}
            for person in self.people if "{person_id}" in path else ["0" * 32]:
                address = _filled_in(path, person)
                for typed in self.typed if "search" in path or "placement" in path else [{}]:
                    for turn in range(2 if FULL else 1):
                        self._json("POST", address, _sample(schema, described, dict(typed), turn))

    def _json(self, method: str, path: str, body: Any) -> None:
        answer = self.visitor.client.request(method, path, json=body, headers=self.bearer)
        self._keep(method, answer)

    def _keep(self, method: str, answer: Response) -> list[str]:
        """Keep an answer with those that redirected to it; return the links in it."""
        for each in (*answer.history, answer):
            path = urlsplit(str(each.url)).path
            said = f"{each.url} {dict(each.headers)} {_said(each)}"
            self.answers.append(Answer(method, self.route_of(path, each.request.method), path, each.status_code, said))
        html = "html" in answer.headers.get("content-type", "")
        return Page(answer.text).links if html else []

    def route_of(self, path: str, method: str) -> str:
        """The template of the route that answers an address."""
        scope = {"type": "http", "path": path, "method": method, "root_path": ""}
        for route in routes_of(self.app):
            if route.matches(scope)[0] is Match.FULL:
                return route.path
        return path


def _filled_in(path: str, person: str) -> str:
    """An address with this person in it, and nobody and nothing else that is known."""
    return re.sub(r"{\w+}", "0" * 32, path.replace("{person_id}", person))


def _said(answer: Response) -> str:
    if "zip" in answer.headers.get("content-type", ""):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
            return "".join(files.read(name).decode("utf-8", "replace") for name in files.namelist())
    return answer.content.decode("utf-8", "replace")


def _sample(schema: Mapping[str, Any], described: Mapping[str, Any], typed: dict[str, str], turn: int) -> Any:
    """A value that a JSON schema allows; what is to be typed goes where its name fits."""
    if "$ref" in schema:
        held = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return _sample(held, described, typed, turn)
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], described, typed, turn)
    if "enum" in schema:
        return schema["enum"][turn % len(schema["enum"])]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return _object(schema, described, typed, turn)
    if kind == "array":
        return [_sample(schema.get("items", {}), described, typed, turn)]
    return {"integer": 1, "number": 1, "boolean": True, "null": None}.get(str(kind), _text(schema))


def _object(schema: Mapping[str, Any], described: Mapping[str, Any], typed: dict[str, str], turn: int) -> Any:
    required = set(schema.get("required", ()))
    made = {}
    for name, held in schema.get("properties", {}).items():
        if name in typed:
            made[name] = typed[name]
        elif name in required or not typed:
            made[name] = _sample(held, described, {}, turn)
    return made


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date":
        return "2026-11-22"
    if schema.get("format") == "date-time":
        return "2026-11-22T09:30:00Z"
    if "0-9a-f" in schema.get("pattern", ""):
        return "0" * 32
    return "A child may be in danger and I cannot wait."[: schema.get("maxLength", 60)]


def spoken(answers: Sequence[Answer], word: str) -> list[str]:
    """Where a word was said, in any case."""
    low = word.casefold()
    return [f"{a.method} {a.route} {a.status}" for a in answers if low in a.said.casefold()]
