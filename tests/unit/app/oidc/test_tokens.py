"""An ID token is believed whole or not at all: every changed character, header and key of the wrong kind is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.oidc.refusals import SignInRefused
from app.oidc.tokens import Expected, KeyMissing, half_hash, id_token

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
SHARED = OctKey.generate_key(256, {"kid": "three"})
KEYS = [KEY.as_dict(private=False), CURVE.as_dict(private=False)]
EXPECTED = Expected("https://idp.example", "record", ("RS256", "ES256"), NOW)
CLAIMS = {
    "iss": "https://idp.example", "aud": "record", "sub": "s-1", "nonce": "n-1", "iat": NOW.timestamp(),
    "exp": NOW.timestamp() + 300,
}  # fmt: skip
TOKEN = jwt.encode({"alg": "RS256", "kid": "one"}, CLAIMS, KEY)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def read(text: str, keys: Any = KEYS, nonce: str = "n-1", expected: Expected = EXPECTED) -> Any:
    return id_token(text, keys, expected, nonce)


def test_a_good_token_is_read() -> None:
    assert read(TOKEN)["sub"] == "s-1"
    assert read(jwt.encode({"alg": "ES256", "kid": "two"}, CLAIMS, CURVE))["sub"] == "s-1"


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(LETTERS))
def test_no_character_may_change(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    # The last letter of a part may stand for the same bytes as another; such a token is the same token.
    if changed == TOKEN or _bytes(changed) == _bytes(TOKEN):
        return
    with pytest.raises(SignInRefused):
        read(changed)


def _bytes(token: str) -> list[int | None]:
    values = [LETTERS.index(letter) if letter != "." else None for letter in token]
    for place in [i - 1 for i, letter in enumerate(token) if letter == "."] + [len(token) - 1]:
        values[place] = None if values[place] is None else (values[place] or 0) // 16 * 16
    return values


@given(st.text(max_size=200) | st.text(LETTERS, max_size=200))
def test_nothing_that_is_no_token_is_read_or_breaks_anything(text: str) -> None:
    with pytest.raises(SignInRefused):
        read(text)


@pytest.mark.parametrize("seconds", [-301, -59, 0, 359, 361])
def test_a_token_holds_until_it_expires_give_or_take_a_minute(seconds: int) -> None:
    later = Expected("https://idp.example", "record", ("RS256",), NOW + timedelta(seconds=seconds))
    if -60 <= seconds < 360:
        assert read(TOKEN, expected=later)
    else:
        with pytest.raises(SignInRefused):
            read(TOKEN, expected=later)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [SHARED.as_dict()],
        [{**KEYS[0], "use": "enc"}],
        [{**KEYS[0], "alg": "RS512"}],
        [{**KEYS[0], "kty": "oct", "k": "AAAA"}],
        [{**KEYS[0], "kid": "other"}],
        [{"kty": "RSA", "kid": "one"}],
    ],
)
def test_only_a_published_signing_key_of_the_right_kind_is_used(keys: Any) -> None:
    with pytest.raises(SignInRefused):
        read(TOKEN, keys)


def test_without_a_key_id_the_key_must_be_the_only_one() -> None:
    bare = jwt.encode({"alg": "RS256"}, CLAIMS, KEY)
    assert read(bare)["sub"] == "s-1"
    with pytest.raises(KeyMissing):
        read(bare, [*KEYS, RSAKey.generate_key(2048, {"kid": "four"}).as_dict(private=False)])


def test_an_empty_nonce_is_no_nonce() -> None:
    with pytest.raises(SignInRefused):
        read(jwt.encode({"alg": "RS256", "kid": "one"}, {**CLAIMS, "nonce": ""}, KEY), nonce="")


@pytest.mark.parametrize("value", ["soon", True, None, float("inf"), 1e300])
def test_a_time_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(SignInRefused):
        read(jwt.encode({"alg": "RS256", "kid": "one"}, {**CLAIMS, "exp": value}, KEY))


def test_the_half_hash_is_that_of_the_standard() -> None:
    # OpenID Connect Core 1.0, appendix A.3 (its example access token).
    assert half_hash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"
