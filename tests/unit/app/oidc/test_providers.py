"""The file of providers is taken whole or refused whole, without repeating what it says."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from app.oidc.client import open_clients
from app.oidc.providers import ProvidersRefused, read_providers
from app.settings import Settings
from tests.oidc.running import private_file

CANARY = "canary-of-a-secret-value"


def written(folder: Path, *more: dict[str, Any]) -> Path:
    secret = private_file(folder / "secret", CANARY)
    held = {"name": "idp", "title": "Provider", "issuer": "https://idp.example", "client_id": CANARY}
    providers = [held | {"client_secret_file": secret} | one for one in more]
    path = folder / "providers.yaml"
    path.write_text(yaml.safe_dump({"providers": providers}))
    return path


def test_a_file_that_is_right_is_read(tmp_path: Path) -> None:
    (one,) = read_providers(written(tmp_path, {}))
    assert one.secret() == CANARY
    assert one.algorithms == ("RS256", "PS256", "ES256")


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": CANARY},
        {"issuer": f"http://{CANARY}.example"},
        {"issuer": f"https://idp.example/?q={CANARY}"},
        {"shape": CANARY},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"scopes": [CANARY]},
        {"roles": {"A": CANARY}},
        {"assurance": {"acr": {CANARY: 4}}},
        {"client_secret_file": None},
        {"client_authentication": "private_key_jwt"},
        {"shape": "entra", "match": "email"},
        {"match": "username"},
        {"name": "Not A Name"},
    ],
)
def test_what_is_wrong_refuses_the_file_and_is_not_repeated(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ProvidersRefused) as raised:
        read_providers(written(tmp_path, wrong))
    assert CANARY not in str(raised.value)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvidersRefused):
        read_providers(written(tmp_path, {}, {"issuer": "https://other.example"}))


def test_a_secret_that_others_may_read_or_that_is_short_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {})
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ProvidersRefused):
        read_providers(path)
    private_file(tmp_path / "secret", "short")
    with pytest.raises(ProvidersRefused):
        read_providers(path)


@pytest.mark.parametrize("text", ["", "providers: []", "- a", "providers: {", "\x00"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ProvidersRefused):
        read_providers(tmp_path / "p.yaml")
    with pytest.raises(ProvidersRefused):
        read_providers(tmp_path / "none.yaml")


def test_a_private_key_that_is_none_is_refused(tmp_path: Path) -> None:
    key = private_file(tmp_path / "key", CANARY)
    file = written(tmp_path, {"client_authentication": "private_key_jwt", "client_key_file": key})
    settings = Settings(home=tmp_path / "var", public_url="https://record.example", sign_in_file=file)
    with pytest.raises(ProvidersRefused):
        open_clients(settings)


@pytest.mark.parametrize(
    "address",
    [
        "http://record.example",
        "https://record.example/path",
        "https://user@record.example",
        "record.example",
        "https://",
    ],
)
def test_the_public_address_is_a_whole_origin_over_tls(tmp_path: Path, address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(home=tmp_path / "var", public_url=address)


def test_providers_need_the_public_address(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(home=tmp_path / "var", sign_in_file=tmp_path / "p.yaml")
    assert open_clients(Settings(home=tmp_path / "var")) == {}


def test_the_pages_own_example_is_a_file_that_is_taken(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[4] / "docs" / "sign-in.md").read_text("utf-8")
    held = yaml.safe_load(page.split("```yaml")[1].split("```")[0])
    for provider in held["providers"]:
        for name in ("client_secret_file", "client_key_file"):
            if name in provider:
                provider[name] = private_file(tmp_path / provider["name"], CANARY)
    (tmp_path / "providers.yaml").write_text(yaml.safe_dump(held))
    assert [one.name for one in read_providers(tmp_path / "providers.yaml")] == ["nhs", "council", "schools"]
