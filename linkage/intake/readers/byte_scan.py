"""The first look at a text file: encoding, line ends, NULs, control characters, longest line; bytes only, no fields.

Invariants: constant memory; refuses before any line is read whole, so that one endless line costs nothing.
UTF-8 unless a byte order mark, the spec or the bytes themselves say otherwise; Windows-1252 is taken only when nothing
in the file is valid UTF-8 beyond ASCII.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from linkage.intake.readers.outcome import FileRefused, Limits
from linkage.intake.readers.sniff import Kind, kind_of, unpacked
from linkage.reasons import FileReason

_CHUNK = 1 << 18
_CONTROLS = bytes([*range(1, 9), 11, 12, *range(14, 32), 127])
_NOT_CONTROLS = bytes(sorted(set(range(256)) - set(_CONTROLS)))
_SURROGATE = re.compile("[\ud800-\udfff]")
_UTF8_SURROGATE = re.compile("\udced[\udca0-\udcbf][\udc80-\udcbf]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class ByteScan:
    """What the bytes say. `line_end` is None when there are several kinds; `encoding` is a Python codec name."""

    encoding: str
    errors: str
    line_end: str | None
    has_bad_text: bool
    has_controls: bool
    longest_line: int


class _Tally:
    """Running counts over chunks of UTF-8 or other 8-bit text."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held_cr = False
        self._open_line = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.crlf = self.cr = self.lf = 0
        self.longest = 0
        self.good = self.bad = self.controls = 0

    def add(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            raise FileRefused(FileReason.NUL_BYTES)
        self._count_line_ends(chunk)
        self._measure(chunk)
        self.controls += len(chunk.translate(None, _NOT_CONTROLS))
        self._judge_text(chunk, final=False)

    def finish(self) -> None:
        self._judge_text(b"", final=True)
        self.cr += self._held_cr

    def _count_line_ends(self, chunk: bytes) -> None:
        if self._held_cr:
            chunk = b"\r" + chunk
        self._held_cr = chunk.endswith(b"\r")
        if self._held_cr:
            chunk = chunk[:-1]
        pairs = chunk.count(b"\r\n")
        self.crlf += pairs
        self.cr += chunk.count(b"\r") - pairs
        self.lf += chunk.count(b"\n") - pairs

    def _measure(self, chunk: bytes) -> None:
        ends = [place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0]
        if ends:
            self.longest = max(self.longest, self._open_line + min(ends), len(max(chunk.splitlines(), key=len)))
            self._open_line = len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        else:
            self._open_line += len(chunk)
        self.longest = max(self.longest, self._open_line)
        if self.longest > self._limits.line:
            raise FileRefused(FileReason.LINE_TOO_LONG)

    def _judge_text(self, chunk: bytes, *, final: bool) -> None:
        if chunk.isascii() and not self._decoder.getstate()[0]:
            return
        text = self._decoder.decode(chunk, final)
        bad = len(_SURROGATE.findall(text))
        self.bad += bad
        self.good += len(_NOT_ASCII.findall(text)) - bad + len(_UTF8_SURROGATE.findall(text))

    def line_end(self) -> str | None:
        used = [end for end, count in (("\r\n", self.crlf), ("\n", self.lf), ("\r", self.cr)) if count]
        return used[0] if len(used) == 1 else None if used else "\n"


def _utf16(head: bytes, declared: str | None) -> str | None:
    """The UTF-16 codec to use, or None for 8-bit text. Raises `FileRefused` when it cannot be told."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRefused(FileReason.ENCODING_UNKNOWN)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if declared not in (None, "utf-16"):
            raise FileRefused(FileReason.ENCODING_WRONG, detail="The file is UTF-16.")
        return "utf-16"
    odd, even = head[1::2].count(0), head[::2].count(0)
    likely = "utf-16-le" if odd > even else "utf-16-be"
    looks_so = max(odd, even) * 10 > len(head) * 3 and min(odd, even) * 10 < len(head)
    if declared == "utf-16":
        if not looks_so:
            raise FileRefused(FileReason.ENCODING_WRONG, detail="The file is not UTF-16.")
        return likely
    if looks_so:
        raise FileRefused(FileReason.ENCODING_UNKNOWN, detail="It may be UTF-16 without a byte order mark.")
    return None


def _chunks(stream: BinaryIO, path: Path, kind: Kind, limits: Limits) -> Iterator[bytes]:
    packed = path.stat().st_size
    total = 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
        bomb = kind is Kind.GZIP and total > limits.ratio_from and total > packed * limits.ratio
        if bomb or total > limits.expanded:
            raise FileRefused(FileReason.EXPANDS_TOO_FAR)
        yield chunk


def _as_utf8(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    broken = False
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        broken = True
    if broken:
        raise FileRefused(FileReason.ENCODING_WRONG, detail="The UTF-16 text is cut or damaged.")


def scan(path: Path, kind: Kind, declared: str | None, limits: Limits) -> ByteScan:
    """Look at every byte once. Raises `FileRefused`."""
    with unpacked(path, kind) as stream:
        head = stream.read(4096)
        if not head.strip(b"\0 \t\r\n\xef\xbb\xbf") and not head.strip(b" \t\r\n\xef\xbb\xbf"):
            raise FileRefused(FileReason.FILE_EMPTY)
        if kind is Kind.GZIP and kind_of(head) is not Kind.TEXT:
            raise FileRefused(FileReason.NOT_DECLARED_FORMAT, detail="Only text may be gzipped.")
        codec = _utf16(head, declared)
    tally = _Tally(limits)
    with unpacked(path, kind) as stream:
        chunks = _chunks(stream, path, kind, limits)
        for chunk in _as_utf8(chunks, codec) if codec else chunks:
            tally.add(chunk)
    tally.finish()
    return _verdict(tally, codec, declared, head)


def _verdict(tally: _Tally, codec: str | None, declared: str | None, head: bytes) -> ByteScan:
    encoding, errors = codec, "surrogatepass"
    if encoding is None:
        bom = head.startswith(codecs.BOM_UTF8)
        if bom and declared not in (None, "utf-8"):
            raise FileRefused(FileReason.ENCODING_WRONG, detail="The file is UTF-8.")
        if declared == "windows-1252" and tally.good > tally.bad:
            raise FileRefused(FileReason.ENCODING_WRONG, detail="The file is UTF-8.")
        guessed = "windows-1252" if tally.bad and not tally.good and not bom else "utf-8"
        encoding, errors = declared or guessed, "surrogateescape"
    bad_text = tally.bad > 0 or (encoding == "windows-1252" and tally.good > 0)
    if encoding == "utf-8":
        encoding = "utf-8-sig"
    return ByteScan(encoding, errors, tally.line_end(), bad_text, tally.controls > 0, tally.longest)
