"""What a person does with a browser, without one: follow links, fill in forms, read the page's text."""

import re
from html import unescape

from fastapi.testclient import TestClient
from httpx2 import Response


class Visitor:
    def __init__(self, client: TestClient) -> None:
        self.client = client

    def signed_in(self, account: str) -> "Visitor":
        answer = self.client.post("/sign-in", data={"account": account}, follow_redirects=False)
        assert answer.status_code == 303, answer.status_code
        return self

    def get(self, path: str, follow: bool = True) -> Response:
        return self.client.get(path, follow_redirects=follow)

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/privacy").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: str) -> Response:
        data = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=data, follow_redirects=True)

    def open_family(self, person_id: str, purpose: str = "direct_care") -> Response:
        return self.post(f"/families/{person_id}/purpose", purpose=purpose)


def text_of(answer: Response) -> str:
    """The page's words, without markup, with single spaces."""
    body = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", answer.text)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()
