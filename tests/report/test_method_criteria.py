"""The three methods compared on three criteria, the last of them measured where they could be tested."""

import pandas as pd
import pytest

from custlib.report.pages import methods_page
from custlib.report.texts import texts


def outcome(*shares: float, customers: float = 50.0) -> pd.DataFrame:
    return pd.DataFrame({"method": ["abc", "rfm", "clv"], "customers": customers, "actual_share": shares})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_method_is_judged_by_ease_cost_and_accuracy(language: str) -> None:
    t = texts(language)
    found = methods_page.criteria(t, "revenue")
    labels = {"en": ["Method", "Ease of use", "Cost of use", "Accuracy of the judged value"],
              "zh": [t("methods.column_method"), "使用难易", "操作成本", "判断价值的准确程度"]}  # fmt: skip
    assert [column.label for column in found.columns] == labels[language]
    assert [row[0] for row in found.rows] == [t(f"methods.{method}") for method in ("abc", "rfm", "clv")]
    assert all(all(row) for row in found.rows)


def test_accuracy_is_measured_where_the_methods_were_tested() -> None:
    found = methods_page.criteria(texts("en"), "revenue", outcome(0.5, 0.61, 0.7))
    assert [row[-1] for row in found.rows] == ["50 %", "61 %", "70 %"]
    assert len(methods_page.criteria(texts("en"), "revenue", outcome(0.5, 0.61, 0.7, customers=4.0)).columns) == 4
    nothing = methods_page.criteria(texts("en"), "revenue", outcome(*[float("nan")] * 3))
    assert {row[-1] for row in nothing.rows} == {"–"}
