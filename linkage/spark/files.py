"""Parquet that only one run can read: every file it hands to a cluster, and every file it gets back, is encrypted.

Invariants: each file is encrypted whole, footer included (AES-256-GCM), under a fresh key of its own, which lies in
the file wrapped with the key of the run; the key of the run is in memory only, here and in the cluster's processes,
which get it over their own encrypted channel; a file that does not open with it is refused.
Source: Apache Parquet modular encryption (parquet-format, Encryption.md), key management after PARQUET-1373. The
cluster's side of the key wrapping is the Java class below, compiled in the driver by the compiler that Spark itself
carries (Janino), since Parquet asks for its key client by class name."""

import base64
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from py4j.java_gateway import JavaGateway

CLIENT_CLASS = "familyrecord.RunKey"
_CLIENT_SOURCE = """
package familyrecord;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;
import org.apache.parquet.crypto.keytools.KmsClient;

public final class RunKey implements KmsClient {
    private byte[] key;

    public void initialize(Configuration configuration, String instance, String address, String token) {
        this.key = Base64.getDecoder().decode(token);
    }

    public String wrapKey(byte[] plain, String name) {
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        byte[] sealed = this.apply(Cipher.ENCRYPT_MODE, nonce, plain, name);
        byte[] wrapped = Arrays.copyOf(nonce, 12 + sealed.length);
        System.arraycopy(sealed, 0, wrapped, 12, sealed.length);
        return Base64.getEncoder().encodeToString(wrapped);
    }

    public byte[] unwrapKey(String text, String name) {
        byte[] wrapped = Base64.getDecoder().decode(text);
        byte[] sealed = Arrays.copyOfRange(wrapped, 12, wrapped.length);
        return this.apply(Cipher.DECRYPT_MODE, Arrays.copyOf(wrapped, 12), sealed, name);
    }

    private byte[] apply(int mode, byte[] nonce, byte[] from, String name) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, new SecretKeySpec(this.key, "AES"), new GCMParameterSpec(128, nonce));
            cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(from);
        } catch (GeneralSecurityException refused) {
            throw new ParquetCryptoRuntimeException("a file's key does not open with the key of this run");
        }
    }
}
"""
_NAME = "run"
_NONCE = 12


class Unreadable(Exception):
    """A file that the key of this run does not open."""

    def __init__(self) -> None:
        super().__init__("a file does not open with the key of this run")


class _RunKey(pe.KmsClient):  # type: ignore[misc]
    """The driver's side of the key wrapping; the same bytes as the Java class makes."""

    def __init__(self, connection: pe.KmsConnectionConfig) -> None:
        super().__init__()
        self._cipher = AESGCM(base64.b64decode(connection.key_access_token))

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, key_bytes, master_key_identifier.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        wrapped = base64.b64decode(wrapped_key)
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], master_key_identifier.encode())
        except InvalidTag:
            raise Unreadable from None


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Reads and writes the encrypted files of one run; `key` is 32 random bytes."""

    key: bytes

    def __repr__(self) -> str:
        return "RunFiles()"

    def _connection(self) -> pe.KmsConnectionConfig:
        return pe.KmsConnectionConfig(key_access_token=base64.b64encode(self.key).decode())

    def write(self, folder: Path, parts: Iterable[pa.Table]) -> int:
        """Write each part as a file of its own; how many rows."""
        folder.mkdir(mode=0o700)
        factory = pe.CryptoFactory(_RunKey)
        configuration = pe.EncryptionConfiguration(
            footer_key=_NAME, uniform_encryption=True, double_wrapping=False, data_key_length_bits=256
        )
        rows = 0
        for at, part in enumerate(parts):
            properties = factory.file_encryption_properties(self._connection(), configuration)
            pq.write_table(part, folder / f"part-{at:05d}.parquet", encryption_properties=properties)
            rows += len(part)
        return rows

    def read(self, folder: Path) -> Iterator[pa.Table]:
        """Each file of a folder, one after the other."""
        factory = pe.CryptoFactory(_RunKey)
        configuration = pe.DecryptionConfiguration(cache_lifetime=timedelta(minutes=5))
        for path in sorted(folder.glob("*.parquet")):
            properties = factory.file_decryption_properties(self._connection(), configuration)
            try:
                yield pq.ParquetFile(path, decryption_properties=properties).read()
            except (OSError, pa.ArrowException):
                raise Unreadable from None

    def settings(self) -> Mapping[str, str]:
        """What a cluster's Hadoop configuration must hold to read and write such files, and no others."""
        return {
            "parquet.crypto.factory.class": "org.apache.parquet.crypto.keytools.PropertiesDrivenCryptoFactory",
            "parquet.encryption.kms.client.class": CLIENT_CLASS,
            "parquet.encryption.key.access.token": base64.b64encode(self.key).decode(),
            "parquet.encryption.uniform.key": _NAME,
            "parquet.encryption.double.wrapping": "false",
            "parquet.encryption.data.key.length.bits": "256",
        }


def compiled_client(gateway: JavaGateway, jar: Path) -> None:
    """Compile the cluster's key client with the compiler that Spark carries, into a jar that its processes load."""
    jvm: Any = gateway.jvm
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(jvm.java.lang.Thread.currentThread().getContextClassLoader())
    compiler.cook(_CLIENT_SOURCE)
    with zipfile.ZipFile(jar, "w") as held:
        for name, code in compiler.getBytecodes().items():
            held.writestr(name.replace(".", "/") + ".class", bytes(code))
