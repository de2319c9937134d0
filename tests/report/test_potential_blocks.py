"""The page on what customers may yet buy: where most is left to win, the check, and the cases without either."""

from typing import Any

import pytest

from custlib.project import Project, build
from custlib.report.blocks import Figure, Table
from custlib.report.formats import share
from custlib.report.pages import potential_page
from custlib.report.texts import Texts, texts


def product(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "product": name, "users": 400, "not_yet": 600, "profit": 12.0, "expected_next": 50.0, "potential": 600.0,
        "expected": 48.0, "actual": 52, "brier": 0.07, "base_brier": 0.08, "by": "model",
    } | changes  # fmt: skip


TENTHS = [{"tenth": n, "customers": 1000.0, "expected": n / 40, "actual": n / 50} for n in range(1, 11)]
FOUND: dict[str, Any] = {
    "products": [product("tea"), product("cake", potential=900.0, profit=30.0, expected_next=30.0, by="rate")],
    "tenths": TENTHS, "customers": 1000, "is_checked": True, "reason": "", "window_days": 120.0,
}  # fmt: skip


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


@pytest.fixture
def project() -> Project:
    return build({"id": "s", "name": "S", "as_of": "2024-12-30", "currency": "EUR", "source": {"path": "x.csv"}})


def test_the_finding_names_the_product_with_most_left_to_win(project: Project) -> None:
    said = potential_page.finding(texts("en"), project, FOUND, "profit")
    assert said.title == "Most coming profit is left to win with cake: EUR 900"
    assert "600 customers do not use it yet. Within 120 days about 30 of them" in said.text
    assert "a profit of EUR 30 each" in said.text and "EUR 1.5 k of coming profit (potential value)" in said.text


def test_the_products_are_ranked(t: Texts, project: Project) -> None:
    figure = potential_page.by_product(t, project, FOUND, "profit")
    assert isinstance(figure, Figure)
    assert [row[0] for row in figure.table.rows] == ["cake", "tea"]
    assert "60" in figure.table.title and "cake" in figure.table.title


def test_products_that_are_not_drawn_are_said(t: Texts, project: Project) -> None:
    sold_out = FOUND | {"products": [*FOUND["products"], product("cups", potential=0.0)]}
    drawn, all_drawn = (potential_page.by_product(t, project, record, "profit") for record in (sold_out, FOUND))
    assert isinstance(drawn, Figure) and drawn.caption.endswith(t("potential.bars_unsold"))
    assert isinstance(all_drawn, Figure) and t("potential.bars_unsold") not in all_drawn.caption


def test_the_check_stands_beside_what_came(project: Project) -> None:
    said = potential_page.table(
        texts("en"),
        build({"id": "s", "name": "S", "as_of": "2024-12-30", "source": {"path": "x"}}),
        FOUND,
        "profit",
    )
    assert isinstance(said, Table)
    assert said.title == "Asked for the last 120 days, 96 beginners were expected and 104 came"
    assert said.rows[0] == ("tea", "400", "600", "12", "50", "48", "52", "model")
    assert said.rows[1][-1] == "one rate"


def test_the_likeliest_tenth_is_the_title() -> None:
    figure = potential_page.deciles(texts("en"), FOUND)
    assert isinstance(figure, Figure)
    assert figure.table.title == "Of the likeliest tenth 20 % began with the product; 25 % were expected"


def test_a_product_that_everybody_uses_is_told_by_nothing(t: Texts, project: Project) -> None:
    everybody = product("staple", not_yet=0, expected_next=0.0, potential=0.0, expected=None, actual=0, by="rate")
    table = potential_page.table(t, project, FOUND | {"products": [product("tea"), everybody]}, "profit")
    assert table is not None and table.rows[1][-1] == table.rows[1][-3] == "–"


def test_few_beginners_are_not_counted(t: Texts, project: Project) -> None:
    found = FOUND | {"products": [product("tea", actual=4)]}
    table = potential_page.table(t, project, found, "profit")
    assert table is not None and table.rows[0][-2] == "<10" and table.title == t("potential.table_plain")


def test_what_was_not_checked_is_said(t: Texts, project: Project) -> None:
    found = FOUND | {"products": [product("tea", expected=None)], "tenths": [], "is_checked": False}
    table = potential_page.table(t, project, found, "profit")
    assert table is not None and table.note == t("potential.unchecked")
    assert potential_page.deciles(t, found) is None


def test_a_short_history_is_one_sentence(t: Texts, project: Project) -> None:
    found = FOUND | {"products": [], "tenths": [], "is_checked": False, "reason": "too_short"}
    assert potential_page.finding(t, project, found, "profit").text == t("potential.too_short", days="120")
    assert (
        potential_page.by_product(t, project, found, "profit")
        is potential_page.table(t, project, found, "profit")
        is None
    )


def test_nothing_left_to_win_is_one_sentence(t: Texts, project: Project) -> None:
    found = FOUND | {"products": [product("tea", not_yet=0, expected_next=0.0, potential=0.0)]}
    assert potential_page.finding(t, project, found, "profit").text == t(
        "potential.nothing_left", kind=t("money.profit"), days="120"
    )
    assert potential_page.by_product(t, project, found, "profit") is None


def test_products_left_out_are_said(t: Texts, project: Project) -> None:
    said = t("potential.some_products", looked="2", known="40")
    assert said in potential_page.finding(t, project, FOUND | {"known_products": 40}, "profit").text
    assert (
        "2 products" not in potential_page.finding(texts("en"), project, FOUND | {"known_products": 2}, "profit").text
    )


@pytest.mark.parametrize(("actual", "off"), [(39, False), (38, True), (64, False), (65, True), (0, True)])
def test_a_check_that_went_wrong_is_a_warning(t: Texts, project: Project, actual: int, off: bool) -> None:
    # 48 expected: within a quarter of those that came from 38.4 to 64
    said = potential_page.finding(t, project, FOUND | {"products": [product("tea", actual=actual)]}, "profit")
    assert said.tone == ("warn" if off else "note")
    assert (t("potential.off", days="120", limit=share(0.25, t.language)) in said.text) == off


def test_without_a_check_nothing_is_off(t: Texts, project: Project) -> None:
    said = potential_page.finding(t, project, FOUND | {"products": [product("tea", expected=None)]}, "profit")
    assert said.tone == "note"


def test_the_cost_to_serve_is_said_not_to_be_taken_off(t: Texts, project: Project) -> None:
    assert t("potential.not_served") not in potential_page.finding(t, project, FOUND, "profit").text
    assert (
        t("potential.not_served") in potential_page.finding(t, project.replace(cost_to_serve=2.0), FOUND, "profit").text
    )


def tenths(*began: int) -> dict[str, Any]:
    rows = [{"tenth": n, "customers": 100.0, "expected": 0.2, "actual": x / 100} for n, x in enumerate(began, 1)]
    return FOUND | {"tenths": rows}


def test_tenths_in_which_few_began_are_joined(t: Texts) -> None:
    figure = potential_page.deciles(t, tenths(0, 4, 5, 3, 12, 20, 30, 31, 40, 9))
    assert isinstance(figure, Figure)
    # 4 + 5 + 3 = 12 of 300; the last, 9, goes to the one before: 49 of 200
    assert [row[0] for row in figure.table.rows] == ["1", "2–4", "5", "6", "7", "8", "9–10"]
    assert figure.table.title.startswith(t("potential.tenths_plain", actual="24 %", expected="20 %")[:8])
    assert t("potential.tenths_joined") in str(figure)


def test_where_few_began_at_all_there_are_no_tenths(t: Texts) -> None:
    assert potential_page.deciles(t, tenths(0, 0, 0, 1, 0, 2, 1, 0, 0, 3)) is None
