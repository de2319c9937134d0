"""Tells how the text of a file is encoded, and rewrites other encodings as UTF-8, block by block.

A declared encoding is obeyed, but for a byte order mark that says another. Nothing is guessed unless the project
says ``encoding = "auto"``, and then only what the bytes say clearly: else the likely ones are named and asked for.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from custlib.errors import TableError

HEAD_BYTES = 1 << 20
_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = ("utf-8", "ascii")
_OLD = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251")
_HAN = re.compile("[\u4e00-\u9fff]")
_HAN_SIGNS = re.compile("[\u3000-\u303f\uff00-\uffef\u2014\u2018-\u201d\u2026\u00b7\u00a5\uffe5]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_WORDS = re.compile("客户|日期|金额|订单|产品|数量|会员|商品|时间|渠道|价格|成本")
_FIRST_LEVEL = range(0xB0, 0xD8)
_CLEARLY, _MOSTLY = 0.95, 0.8


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, unpacked when it is gzip."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def head_of(path: Path, name: str) -> bytes:
    """Read the start of a file.

    Raises TableError if it cannot be read.
    """
    try:
        with open_bytes(path) as file:
            return file.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as fault:
        raise TableError(f"{name}: cannot be read, truncated or corrupt ({_message(fault)}).") from None


def encoding_of(head: bytes, declared: str, name: str) -> tuple[str, tuple[str, ...]]:
    r"""Tell the encoding of a file by its first bytes and what the project says.

    Raises TableError if the bytes cannot be of that encoding, or what they are is not clear; the likely ones are
    named.

    Examples
    --------
    >>> encoding_of("客户,日期,金额\n".encode("gb18030"), "auto", "sales.csv")
    ('gb18030', ('encoding gb18030 was taken, as the bytes say',))
    """
    marked = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
    wanted = declared if declared == "auto" else codecs.lookup(declared).name.removesuffix("-sig")
    if wanted == "auto":
        encoding = marked or _clear(head, name)
        return encoding, (f"encoding {encoding} was taken, as the bytes say",) if encoding != "utf-8" else ()
    if marked in (None, "utf-8") and wanted in _PLAIN:
        check_utf8(head, name)
        return "utf-8", ()
    if marked and wanted in _PLAIN:
        raise TableError(
            f'{name}: encoding is {marked.upper()}, not UTF-8. Save it as UTF-8, or set encoding = "{marked}".'
        )
    if marked and not wanted.startswith(marked):
        return marked, (f"encoding {marked} was taken, as the byte order mark says, not {declared}",)
    _refuse_unmarked(head, marked or wanted, name)
    return marked or wanted, ()


def check_utf8(head: bytes, name: str) -> None:
    """Refuse the start of a file that is not UTF-8.

    The TableError says the first wrong byte, its line, and which encoding it could be.
    """
    if b"\0" in head:
        raise TableError(
            f"{name}: encoding is not UTF-8: a zero byte at byte {head.index(0):,}, as in UTF-16 or a binary "
            "file. Save it as UTF-8."
        )
    fault = _fault(head, "utf-8")
    if fault is None:
        return
    likely = candidates(head)
    could = f"; it could be {likely[0].upper()}" if likely else ""
    declare = f', or set encoding = "{likely[0]}" if it is' if likely else ""
    line = head[: fault.start].count(b"\n") + 1
    raise TableError(
        f"{name}: encoding is not UTF-8 at byte {fault.start:,} (line {line:,}){could}. Save it as UTF-8{declare}."
    )


def candidates(head: bytes) -> list[str]:
    r"""Name the old encodings that the bytes would fit, those that charset-normalizer thinks likelier first.

    They are GB18030, Big5, Shift JIS, EUC-KR, Windows 1252 and 1251.

    Examples
    --------
    >>> candidates("zoë,1\n".encode("cp1252"))
    ['cp1252', 'cp1251']
    """
    fitting = [encoding for encoding in _OLD if _fault(head, encoding) is None]
    try:
        from charset_normalizer import from_bytes
    except ImportError:  # of the extra [reports]; a base install names the same ones, in the order of _OLD
        return fitting
    whole = head[: head.rfind(b"\n") + 1]  # a sign cut off at the end would rule out its own encoding
    guesses = from_bytes(whole, cp_isolation=fitting) if fitting else ()
    scores = {guess.encoding: (guess.chaos, -guess.coherence) for guess in guesses}
    if _is_chinese(head):  # of a few short names, charset-normalizer would say Korean
        scores["gb18030"] = (-1.0, 0.0)
    return sorted(fitting, key=lambda encoding: scores.get(encoding, (1.0, 0.0)))


def transcode(
    path: Path, encoding: str, target: Path, name: str, *, skipped: int = 0, newline: str | None = ""
) -> None:
    """Rewrite a file as UTF-8, block by block, without its first lines.

    Line ends stay as they are, or all become line feeds with ``newline=None``, as in :func:`open`. Raises TableError if
    bytes are not of that encoding, at which byte and line; or the file is truncated.
    """
    with target.open("w", encoding="utf-8", newline="") as out:
        for text in _below(_decoded(path, encoding, name, newline), skipped):
            out.write(text)


def _decoded(path: Path, encoding: str, name: str, newline: str | None) -> Iterator[str]:
    """Give the text of a file in blocks without a byte order mark."""
    inner = codecs.getincrementaldecoder(encoding)()
    decoder = io.IncrementalNewlineDecoder(inner, translate=True) if newline is None else inner
    lines, done = 1, 0
    try:
        with open_bytes(path) as file:
            while block := file.read(_BLOCK):
                text = decoder.decode(block)
                yield text.removeprefix("\ufeff") if not done else text
                lines, done = lines + text.count("\n"), done + len(block)
            yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        raise TableError(
            f"{name}: is not {encoding} after line {lines:,} (near byte {done + fault.start:,}). "
            "Set the right encoding, or save it as UTF-8."
        ) from None
    except (OSError, EOFError, zlib.error) as fault:
        raise TableError(f"{name}: cannot be read, truncated or corrupt ({_message(fault)}).") from None


def _below(texts: Iterator[str], skipped: int) -> Iterator[str]:
    """Pass over the first lines of a text that comes in blocks."""
    for text in texts:
        *above, below = text.split("\n", skipped)
        skipped -= len(above)
        if not skipped:
            yield below


def has_mixed_ends(path: Path, name: str) -> bool:
    """Tell whether the lines of a file do not all end in one way, which no engine reads.

    Raises TableError if it cannot be read.
    """
    both = feeds = returns = 0
    last = b""
    try:
        with open_bytes(path) as file:
            while block := file.read(_BLOCK):
                joined, last = last + block, block[-1:] if block.endswith(b"\r") else b""
                joined = joined.removesuffix(b"\r") if last else joined
                if b"\r" in joined:
                    both, returns = both + joined.count(b"\r\n"), returns + joined.count(b"\r")
                feeds += joined.count(b"\n") if returns else b"\n" in joined
    except (OSError, EOFError, zlib.error) as fault:
        raise TableError(f"{name}: cannot be read, truncated or corrupt ({_message(fault)}).") from None
    returns += len(last)
    return bool(returns and feeds and not both == feeds == returns)


def _clear(head: bytes, name: str) -> str:
    """Tell the encoding where the bytes leave no doubt: UTF-8, UTF-16 without mark, or Chinese GB18030.

    charset-normalizer always has a guess, also of text in none of these, so it does not decide here.
    """
    if b"\0" in head:
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > len(zeros) / 2 and _fault(head, encoding) is None:
                return encoding
    if b"\0" not in head and _fault(head, "utf-8") is None:
        return "utf-8"
    if b"\0" not in head and _is_chinese(head):
        return "gb18030"
    likely = candidates(head) if b"\0" not in head else []
    named = f" It could be {', '.join(likely)}." if likely else ""
    raise TableError(f'{name}: encoding is not UTF-8 and what it is is not clear.{named} Set encoding = "...".')


def _is_chinese(head: bytes) -> bool:
    """Tell whether bytes are common Chinese in GB18030, and nothing that Korean or Latin text would be too."""
    if _fault(head, "gb18030") is not None:
        return False
    foreign = [sign for sign in text_of(head, "gb18030") if sign > "\x7f"]
    han = [sign for sign in foreign if _HAN.match(sign)]
    signs = sum(bool(_HAN_SIGNS.match(sign)) for sign in foreign)
    if not han or len(han) + signs < _CLEARLY * len(foreign):
        return False
    if sum(map(_is_common, han)) < _MOSTLY * len(han):
        return False
    if _WORDS.search(text_of(head, "gb18030")):
        return True
    korean = text_of(head, "euc_kr") if _fault(head, "euc_kr") is None else ""
    return len(_HANGUL.findall(korean)) < _CLEARLY * max(sum(sign > "\x7f" for sign in korean), 1)


def _is_common(sign: str) -> bool:
    """Tell whether a sign is of the first level of GB 2312: Latin or Cyrillic misread as Chinese gives rarer ones."""
    try:
        lead = sign.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return lead in _FIRST_LEVEL


def text_of(head: bytes, encoding: str, *, errors: str = "strict") -> str:
    """Decode the start of a file; a sign cut off at the end is left out."""
    return codecs.getincrementaldecoder(encoding)(errors).decode(head)


def _refuse_unmarked(head: bytes, encoding: str, name: str) -> None:
    """Refuse a file without the mark that its encoding begins with.

    Raises TableError for UTF-16 and UTF-32 without a byte order mark.
    """
    try:
        text_of(head, encoding, errors="replace")
    except UnicodeError as fault:
        raise TableError(
            f'{name}: encoding is not {encoding} ({fault}). Set encoding = "utf-8", or {encoding}-le or '
            f"{encoding}-be where the bytes have no mark."
        ) from None


def _fault(head: bytes, encoding: str) -> UnicodeDecodeError | None:
    """Find the first byte that is not of an encoding; a sign cut off at the end is none."""
    try:
        text_of(head, encoding)
    except UnicodeDecodeError as fault:
        return fault
    return None


def _message(fault: Exception) -> str:
    return fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
