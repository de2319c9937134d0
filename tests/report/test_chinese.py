"""Pages in Chinese are Chinese: the dictionary, the rules, and what pages write with their numbers."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from custlib import rules
from custlib.report import charts, formats
from custlib.report.blocks import Bullets, Table
from custlib.report.pages import identify_page
from custlib.report.texts import texts
from tests.report.chinese import faults, signs

ZH = texts("zh")
FILES = [
    *rules.names(""),
    *(f"{folder}/{name}" for folder in ("ahp", "maps", "playbooks", "tiers", "scores") for name in rules.names(folder)),
]
QUALITY: dict[str, Any] = {
    "reasons": {"missing_amount": 3, "guest": 2},
    "removed": {"guest": 2},
    "warnings": [
        "3 rows set aside: amount is missing. Correct the rows or leave them out",
        "153 returns (negative or cancelled lines) are netted, never a purchase",
        "invoices: 2 amounts no number: the invoices count, their money is unknown",
    ],
}


def in_chinese(entry: Any) -> Iterator[str]:
    """Every Chinese text of a rule file."""
    if isinstance(entry, dict):
        if {"en", "zh"} <= set(entry):
            yield from [entry["zh"]] if isinstance(entry["zh"], str) else entry["zh"]
        else:
            for key, part in entry.items():
                yield from [part] if str(key).endswith("_zh") else in_chinese(part)
    elif isinstance(entry, list):
        for part in entry:
            yield from in_chinese(part)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("收入 12.3 万 EUR，BG/NBD 与 Pareto/NBD", []),
        ("收入 123 k", ["3 k"]),
        ("153 returns are netted", ["returns", "are", "netted"]),
        ('按 net_to_nothing = "no_purchase" 设置', []),
        ("最长逾期 longest overdue", ["longest", "overdue"]),
        ("sales/*.csv、customers.csv，SHA-256 bd13ff6ec64e8462", []),
    ],
)
def test_english_is_found_and_terms_are_not(text: str, found: list[str]) -> None:
    assert faults(text) == found


def test_the_dictionary_has_no_english_left() -> None:
    bare = {key: re.sub(r"\{[^}]*\}", " ", words) for key, words in ZH.words.items()}
    assert {key: faults(words) for key, words in bare.items() if faults(words)} == {}


@pytest.mark.parametrize("name", FILES)
def test_rules_have_no_english_left_in_chinese(name: str) -> None:
    said = [re.sub(r"(?<!= )\{\w+\}", " ", text) for text in in_chinese(rules.load(name))]
    assert {text: found for text in said if (found := faults(text) + signs(text))} == {}


def test_the_page_of_data_gives_reasons_and_remarks_in_chinese() -> None:
    table, remarks = identify_page.reasons(ZH, QUALITY), identify_page.remarks(ZH, QUALITY)
    assert isinstance(table, Table) and isinstance(remarks, Bullets)
    assert table.rows[0] == ("缺少 amount", "剔除", "3", "更正这些行，或不要导出")
    assert remarks.items[1] == "153 行退货（金额为负或已取消），从收入中扣减，不计为购买"
    said = " ".join([*(cell for row in table.rows for cell in row), *remarks.items])
    assert (faults(said), signs(said)) == ([], [])


def test_the_page_of_data_stays_english_in_english() -> None:
    remarks = identify_page.remarks(texts("en"), QUALITY)
    assert isinstance(remarks, Bullets) and list(remarks.items) == QUALITY["warnings"]


@pytest.mark.parametrize("amount", [950, 9_800, 123_000, 2_500_000, 7e8, 3.2e9])
def test_amounts_have_no_english_units(amount: float) -> None:
    said = [
        formats.compact(amount, "zh"),
        formats.money(amount, "EUR", "zh"),
        formats.interval(amount / 2, amount, "zh"),
    ]
    assert [text for text in said if faults(text)] == []


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_000, "CNY", "12.3 万元"),
        (123_000, "EUR", "12.3 万 EUR"),
        (9_800, "CNY", "9,800 元"),
        (7e8, "CNY", "7 亿元"),
    ],
)
def test_amounts_are_written_in_ten_thousands(amount: float, currency: str, text: str) -> None:
    assert formats.money(amount, currency, "zh") == text


@pytest.mark.parametrize(
    ("key", "values", "text"),
    [
        ("structure.plain", {"attribute": "RFM"}, "按 RFM 的客户结构"),
        ("structure.plain", {"attribute": "地区"}, "按地区的客户结构"),
        ("audit.name_quarter", {"year": 2025, "quarter": 4}, "2025年第4季度"),
        ("drift.more", {"count": "3"}, "另外 3 个"),
        ("money.named", {"kind": "收入", "amount": "12 EUR"}, "收入 12 EUR"),
    ],
)
def test_blanks_stand_between_chinese_and_latin_only(key: str, values: dict[str, Any], text: str) -> None:
    assert ZH(key, **values) == text


def test_tooltips_of_charts_have_signs_of_full_width() -> None:
    frame = pd.DataFrame({"label": ["新客户"], "value": [9.0], "low": [5.0], "high": [12.0]})
    figure = charts.dot_intervals(frame, title="题", description="述", x_label="元", language="zh")
    assert "新客户：9（5 – 12）" in figure.svg and "新客户: " not in figure.svg
    assert "新客户: 9 (5 – 12)" in charts.dot_intervals(frame, title="T", description="D", x_label="EUR").svg


def test_a_text_of_a_playbook_has_its_blanks_too() -> None:
    assert ZH.placed("让{whom}提前一周预留", "{whom}", "116 位冠军客户") == "让 116 位冠军客户提前一周预留"
    assert ZH.placed("让{whom}提前一周预留", "{whom}", "冠军客户") == "让冠军客户提前一周预留"
    assert formats.interval(-11, 56, "zh") == "−11 至 56"
