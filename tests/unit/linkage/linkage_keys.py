"""A key ring for linkage tests, and short ways to make identities."""

import hmac
from typing import Any

from linkage.encoding.encode import RoleIdentity
from linkage.rows import Identity


class TestKeys:
    """Keyed hashing by label under one secret."""

    __test__ = False

    def __init__(self, secret: bytes = b"a secret for tests") -> None:
        self._secret = secret

    def mac(self, label: str, data: bytes) -> bytes:
        return hmac.digest(self.subkey(label, "mac"), data, "sha256")

    def subkey(self, label: str, info: str) -> bytes:
        return hmac.digest(self._secret, f"{label}\0{info}".encode(), "sha256")


def role(
    at: int = 0, *, dataset: str = "d", record: int | None = None, name: str = "self", **identity: Any
) -> RoleIdentity:
    """Role number `at` of a record with this identity."""
    number = at if record is None else record
    return RoleIdentity(f"{at:032x}", f"{number:031x}r", dataset, "P", name, False, False, Identity(**identity))
