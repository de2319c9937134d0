"""The three methods compared: on three criteria, the last of them measured, and where they agree."""

import pandas as pd
import pytest

from custlib.report.blocks import Figure
from custlib.report.pages import methods_page
from custlib.report.texts import texts
from tests.report.segment_views import project


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


@pytest.mark.parametrize(
    ("agreed", "title"),
    [(60, "All three agree on 60 % of those whom any of them has at the top"),
     (6, "All three agree on fewer than ten customers"),
     (0, "All three agree on 0 % of those whom any of them has at the top")],
)  # fmt: skip
def test_a_small_agreement_is_not_told_by_its_share(agreed: int, title: str) -> None:
    frame = pd.DataFrame({"methods": ["abc+rfm+clv", "abc", ""], "customers": [agreed, 100 - agreed, 400],
                          "profit": [500.0, 200.0, 300.0], "value": [50.0, 20.0, 30.0]})  # fmt: skip
    figure = methods_page.overlap(texts("en"), project(), frame, "revenue")
    assert isinstance(figure, Figure) and figure.title == title
    # the money so far is drawn at the left, what is to come at the right
    assert figure.svg.index("Share of the revenue so far") < figure.svg.index("Share of the coming revenue")
    assert "at the left their share of the revenue so far, at the right" in figure.caption
