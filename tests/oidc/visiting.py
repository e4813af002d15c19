"""A person with a browser that goes between the service and the identity provider."""

import re
from urllib.parse import urlsplit

import httpx2
from fastapi.testclient import TestClient

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """Two cookie jars, as one browser keeps them: the service's and the provider's."""

    def __init__(self, service: TestClient) -> None:
        self.service = service
        self.idp = httpx2.Client(follow_redirects=False, verify=False)

    def leaves(self, name: str = "plain", path: str | None = None) -> str:
        """Go to the provider's address, as the service says."""
        answer = self.service.get(path or f"/sign-in/with/{name}", follow_redirects=False)
        assert answer.status_code == 303, answer.status_code
        return answer.headers["location"]

    def proves(self, address: str, subject: str, acr: str = "AAL2", amr: str = "pwd mfa") -> str:
        """Sign in at the provider; return the address at which the browser comes back."""
        issuer, answer = address.partition("/auth?")[0], self.idp.get(address)
        for _ in range(8):
            assert answer.status_code in (302, 303), answer.text[:500]
            to = answer.headers["location"]
            to = to if to.startswith("http") else issuer + to
            if not to.startswith(issuer):
                return to
            if urlsplit(to).path.startswith("/interaction/"):
                said = {"subject": subject, "acr": acr, "amr": amr}
                answer = self.idp.post(to, data=said)
            else:
                answer = self.idp.get(to)
        raise AssertionError("the provider does not let go")

    def returns(self, address: str) -> httpx2.Response:
        """Come back with the provider's answer; a refusal is told at an address of its own."""
        answer = self.service.get(address, follow_redirects=False)
        to = answer.headers.get("location", "")
        return self.service.get(to) if to.startswith("/sign-in/refused/") else answer

    def signs_in(self, subject: str, name: str = "plain", acr: str = "AAL2", amr: str = "pwd mfa") -> httpx2.Response:
        return self.returns(self.proves(self.leaves(name), subject, acr, amr))

    def is_signed_in(self) -> bool:
        return self.service.get("/sign-in/again", follow_redirects=False).status_code == 200

    def form(self, path: str) -> str:
        """The form token of a page."""
        found = CSRF.search(self.service.get(path).text)
        assert found is not None
        return found[1]
