"""Finds what is not Chinese on pages in Chinese: English words and units, and signs of half width."""

import re
from collections.abc import Iterable

# Terms of the field and names that a Chinese page writes in Latin letters: methods, models, people, packages.
TERMS = {
    "abc", "ahp", "aic", "alive", "alpha", "bdw", "beta", "bg", "ccv", "clv", "cnbd", "cny", "cpv", "derl", "eur",
    "excel", "gamma", "iso", "jaccard", "johnson", "mbg", "nbd", "nfc", "nfd", "pareto", "platzer", "reutterer",
    "rfa", "rfm", "sbg", "sha", "unicode", "usd", "utc", "vip", "yeo", "custlib", "lifetimes", "pip", "install",
    "csv",
}  # fmt: skip
# Columns of the contract, its options and the commands: they are written as they must be typed.
CODES = {
    "amount", "channel", "columns", "count", "currency", "customers", "decimal", "due", "encoding", "invoices",
    "margin", "overlap", "paid", "product", "quantity", "segmentations", "segments", "status", "subscription",
    "thousands", "timestamp", "timezone",
}  # fmt: skip
_CODE = re.compile(
    r"`[^`]*`|[\w.]+ = (?:\{.*?\}|\[.*?\]|\"[^\"]*\"|\w+)|\"[^\"]*\""  # settings, as they are typed
    r"|\S*[\w*]\.(?:csv|toml|html|json|parquet)\b|\b\w+_\w+\b|\b(?=\w*\d)[0-9a-f]{6,}\b",  # files, columns, hashes
    re.ASCII,
)
_WORD = re.compile(r"(?<![A-Za-z%])[A-Za-z]{2,}")
_UNIT = re.compile(r"\d ?[kMB]\b", re.ASCII)
_HALF_WIDTH = re.compile("[\u3400-\u9fff] ?[,;:?!(]|[。；：，、？！] (?=[\u3400-\u9fff])")


def faults(text: str, names: Iterable[str] = ()) -> list[str]:
    """List the English words and units of a text in Chinese, beside the given names of products, places and columns.

    >>> faults("收入 12.3 万 EUR，按 RFM 分群（customer_id）"), faults("收入 12 k EUR, none of them")
    ([], ['2 k', 'none', 'of', 'them'])
    """
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    bare = _CODE.sub(" ", text)
    words = [word for word in _WORD.findall(bare) if word.lower() not in TERMS | CODES]
    return [*_UNIT.findall(bare), *words]


def signs(text: str) -> list[str]:
    """List the signs of half width that follow Chinese, and signs of full width with a blank before Chinese.

    >>> signs("客户: 12，收入 (EUR)"), signs("客户：12，收入（EUR）"), signs("数据。 未知")
    (['户:', '入 ('], [], ['。 '])
    """
    return _HALF_WIDTH.findall(text)
