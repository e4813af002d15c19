"""Where a browser goes after signing in, and what it proves itself with."""

from urllib.parse import urljoin, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from app.attempts import browser_secret, challenge, choice_token, local_path


@given(st.text("/\\.:@?#%ajsx \t\n\r\x00", max_size=12) | st.text(max_size=20))
@example("/\t/elsewhere.example")
@example("/\\elsewhere.example")
@example("//elsewhere.example")
@example("/sign-out")
def test_a_way_back_never_leaves_the_service(asked: str) -> None:
    path = local_path(asked)
    parts = urlsplit(urljoin("https://record.example/sign-in/again", path))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "record.example", "", "")
    assert path in (asked, "/")
    assert not path.startswith("/sign-")


@given(st.text(max_size=60) | st.none())
def test_a_browsers_secret_is_kept_only_if_it_could_be_ours(held: str | None) -> None:
    secret = browser_secret(held)
    assert len(secret) == 43
    assert browser_secret(secret) == secret


def test_what_a_sign_in_sends_along_is_its_own_and_the_same_each_time() -> None:
    one, two = browser_secret(None), browser_secret(None)
    made = challenge(one, "state")
    assert made == challenge(one, "state")
    others = [challenge(two, "state"), challenge(one, "other")]
    values = {made.nonce, made.verifier, choice_token(one), choice_token(two)}
    values |= {value for other in others for value in (other.nonce, other.verifier)}
    assert len(values) == 8
    assert all(43 <= len(value) <= 128 for value in values)
