"""The blocks of the pages: figures as text, small groups hidden, what is not known said."""

import math
from typing import Any

import pandas as pd
import pytest

from custlib.project import Project, build
from custlib.report.blocks import Callout, Facts, Table
from custlib.report.front import trust_line
from custlib.report.pages import foot, identify_page, segments_page, trust, validation_page, value_page
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts, texts
from custlib.segment.definitions import Definition
from tests.report.tested import held

QUALITY: dict[str, Any] = {
    "rows_read": 1204, "rows_used": 1200, "rows_quarantined": 4, "rows_removed": 0, "rows_repaired": 0,
    "money_read": 5000.0, "money_used": 4900.0, "money_quarantined": 100.0, "money_removed": 0.0,
    "reasons": {"missing_amount": 4}, "warnings": ["columns ignored: note"], "has_amount": True, "columns": {},
    "has_cost": False, "first_day": "2024-01-01",
}  # fmt: skip


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


@pytest.fixture
def project() -> Project:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2024-12-30", "source": {"path": "sales.csv"}}
    return build(mapping)


def frame(*customers: int) -> pd.DataFrame:
    """A summary of segments, each customer worth 10."""
    total = sum(customers)
    share = [n / total for n in customers]
    money = [10.0 * n for n in customers]
    return pd.DataFrame(
        {
            "segment": [f"s{n}" for n in range(len(customers))], "name": [f"S{n}" for n in range(len(customers))],
            "customers": customers, "customer_share": share, "revenue": money, "value": money, "value_share": share,
            "frequency": 1.0, "probability_alive": 0.5,
        }
    )  # fmt: skip


def test_a_hidden_group_shows_no_money(t: Texts, project: Project) -> None:
    table = value_page.table(t, project, frame(335, 5, 77), title="Segments", money_kind="revenue")
    small = table.rows[1]
    assert small[1] == "<10"
    assert set(small[2:]) == {"–"}
    assert table.note


def test_a_single_hidden_count_cannot_be_derived(t: Texts, project: Project) -> None:
    rows = value_page.table(t, project, frame(335, 5, 77), title="Segments", money_kind="revenue").rows
    assert [row[1] for row in rows] == ["335", "<10", "≈ 80"]


@pytest.mark.parametrize("small", range(1, 10))
def test_no_count_from_one_to_nine_is_written(small: int) -> None:
    assert is_small(small)
    assert counts([small, 100])[0] == "<10"


def test_ten_and_nothing_are_no_secret() -> None:
    assert counts([10, 0, 200]) == ["10", "0", "200"]


def test_an_unknown_chance_of_return_is_said(t: Texts, project: Project) -> None:
    rows, names = frame(335, 77, 90), {"title": "x", "money_kind": "revenue"}
    once = rows.assign(frequency=[0.0, 0.0, 2.0], probability_alive=[math.nan, math.nan, 0.5])
    said = [row[-1] for row in value_page.table(t, project, once, **names).rows]
    assert [text == t("value.alive_unknown") for text in said] == [True, True, False]
    # a model in the average tells of one-time buyers too
    told = value_page.table(t, project, rows.assign(frequency=0.0), **names)
    assert t("value.alive_unknown") not in {row[-1] for row in told.rows} and not told.note


def test_tiles_hide_small_cells_and_unknown_money(project: Project) -> None:
    t = texts("en")
    cells = {"all": [[r, f] for r in range(1, 6) for f in range(1, 6)]}
    names = ({"id": "all", "name": {"en": "All", "zh": "全部"}},)
    definition = Definition("rfm", "2024-12-30", {"cells": cells}, names)
    found = pd.DataFrame({"R": [5, 5, 1], "F": [5, 4, 1], "customers": [7, 30, 12], "value": [70.0, 300.0, 1.0]})
    tiles = {c.text: c for row in segments_page.tiles(t, definition, found, project, "revenue").cells for c in row}
    assert tiles[t("segments.under_ten")].note == "" and tiles[t("segments.under_ten")].weight == 0
    assert tiles["≈ 30"].weight == 1, (
        "one cell of a name is hidden: the others are blurred, as the name has a known sum"
    )
    unknown = segments_page.tiles(t, definition, found.assign(value=float("nan")), project, "revenue")
    assert {cell.note for row in unknown.cells for cell in row} == {""}


def test_reasons_name_rule_and_remedy(t: Texts) -> None:
    table = identify_page.reasons(t, QUALITY)
    assert isinstance(table, Table)
    assert table.rows[0][1] == "4" and table.rows[0][2]


def test_what_an_option_removed_is_not_set_aside(t: Texts, project: Project) -> None:
    record = QUALITY | {"reasons": {"guest": 3, "missing_amount": 4}, "removed": {"guest": 3}, "rows_removed": 3}
    table = identify_page.reasons(t, record)
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows] == [t("identify.quarantined_row"), t("identify.removed_row")]
    assert [kpi.value for kpi in identify_page.kpis(t, record, project).items][-1] == "3"


def test_nothing_set_aside_is_good_news(t: Texts) -> None:
    block = identify_page.reasons(t, QUALITY | {"reasons": {}})
    assert isinstance(block, Callout) and block.tone == "good"


def test_without_amounts_no_money_is_stated(t: Texts, project: Project) -> None:
    bare = QUALITY | {"has_amount": False}
    assert {kpi.note for kpi in identify_page.kpis(t, bare, project).items} == {""}
    stated = dict(foot.footer(t, project, bare, "a" * 64, "1.0").items)
    assert t("footer.money") not in stated


def test_the_footer_states_rows_hash_and_version(t: Texts, project: Project) -> None:
    stated = dict(foot.footer(t, project, QUALITY, "abcdef" * 11, "1.0").items)
    assert "abcdefabcdefabcd" in stated[t("footer.data")]
    assert "1,204" in stated[t("footer.rows")]
    assert stated[t("footer.version")] == "custlib 1.0"


@pytest.mark.parametrize(("light", "tone"), [("green", "good"), ("amber", "warn"), ("red", "bad")])
def test_the_light_is_said_in_words(t: Texts, light: str, tone: str) -> None:
    block = trust.light(t, held(light))
    assert block.tone == tone
    assert "88" in block.text and "100" in block.text


def test_the_overview_says_how_many_rows_were_set_aside(t: Texts) -> None:
    assert "1,204" in trust_line.health(t, QUALITY).text
    assert trust_line.health(t, QUALITY).text != trust_line.health(t, QUALITY | {"rows_quarantined": 0}).text


def test_columns_are_listed_by_name(t: Texts) -> None:
    block = identify_page.columns(t, QUALITY | {"columns": {"timestamp": "date", "amount": "paid"}})
    assert isinstance(block, Facts)
    assert [name for name, _ in block.items] == ["amount", "timestamp"]


# --- intervals of single customers ---


def inside(**columns: Any) -> pd.DataFrame:
    tenths = {"window": ["holdout", "holdout", "origins", "origins"], "tenth": [1.0, 10.0, 1.0, 10.0]}
    counts = {"customers": [200.0, 9.0, 400.0, 400.0], "purchases": [186.0, 9.0, 364.0, 384.0]}
    return pd.DataFrame(tenths | counts | {"revenue": [178.0, 8.0, 356.0, 376.0]} | columns)


def test_shares_inside_by_hand(t: Texts) -> None:
    table = validation_page.customer_intervals(t, inside())
    assert isinstance(table, Table)
    percent = [[cell.replace(" ", "") for cell in row] for row in table.rows]
    assert percent[0] == ["1", "93%", "89%", "91%", "89%"]
    assert percent[9] == ["10", "–", "–", "96%", "94%"], "nine customers are not told of"
    assert all(set(row[1:]) == {"–"} for row in percent[1:9]), "equal customers stay together"
    # (186 + 364 + 384) / 1000
    assert "93" in table.title and len(table.columns) == 5


def test_without_money_only_purchases_are_told(t: Texts) -> None:
    table = validation_page.customer_intervals(t, inside(revenue=math.nan))
    assert isinstance(table, Table) and len(table.columns) == 3


def test_the_measure_that_is_too_narrow_is_named(t: Texts) -> None:
    titles = []
    for measure in ("purchases", "revenue"):
        table = validation_page.customer_intervals(t, inside(**{measure: [150.0, 9.0, 364.0, 384.0]}))
        assert isinstance(table, Table) and "75" in table.title
        titles.append(table.title)
    words = {"en": ("purchases", "revenue"), "zh": ("购买次数", "收入")}[t.language]
    assert [word in title for word, title in zip(words, titles, strict=True)] == [True, True]


def test_where_nobody_asked_there_is_no_table(t: Texts) -> None:
    assert validation_page.customer_intervals(t) is None
