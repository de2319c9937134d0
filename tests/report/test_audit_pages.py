"""The blocks of the audit and of the three methods: findings as headings, small groups hidden and not to be derived."""

import datetime as dt

import pandas as pd
import pytest

from custlib.audit.changes import MOVES
from custlib.audit.months import Clock, unit
from custlib.project import Project, build
from custlib.report.blocks import Callout, Figure, Table
from custlib.report.pages import audit_changes_page, audit_cohorts_page, audit_page, methods_page
from custlib.report.pages.audit_page import View, main_factor
from custlib.report.texts import Texts, texts
from custlib.segment.definitions import Definition

CLOCK = Clock(dt.date(2025, 12, 31), unit("quarter"), unit("month"), 12, True)
DEFINITION = Definition(
    "abc", "2025-12-31", {}, tuple({"id": s, "name": {"en": s, "zh": f"{s} 类"}} for s in ("A", "B", "C"))
)


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


@pytest.fixture
def project(t: Texts) -> Project:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "sales.csv"}}
    return build(mapping | {"language": t.language})


@pytest.fixture
def view(t: Texts, project: Project) -> View:
    return View(t, project, CLOCK)


def totals(*customers: float) -> pd.DataFrame:
    """Periods, the oldest first; everybody buys once for 10."""
    frame = pd.DataFrame({"period": range(len(customers) - 1, -1, -1), "customers": [float(n) for n in customers]})
    money = frame["customers"] * 10
    return frame.assign(
        new_customers=0.0, purchase_days=frame["customers"], revenue=money, profit=money, new_revenue=0.0
    )


def moved(**customers: float) -> pd.DataFrame:
    """Moves between two periods; everybody there spends 10."""
    count = pd.Series([float(customers.get(move, 0)) for move in MOVES])
    before = [0.0 if move in ("new", "returned") else 10.0 * n for move, n in zip(MOVES, count, strict=True)]
    now = [0.0 if move == "lapsed" else 10.0 * n for move, n in zip(MOVES, count, strict=True)]
    frame = pd.DataFrame({"move": MOVES, "customers": count, "before": before, "now": now})
    return frame.assign(change=frame["now"] - frame["before"])


# --- words ---


def test_the_headline_says_what_the_change_is_made_of() -> None:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "sales.csv"}}
    view = View(texts("en"), build(mapping), CLOCK)
    said = audit_page.headline(view, totals(50, 60, 100, 70)).text
    assert said == "Q4 2025: 70 customers, revenue USD 700, −30 % on Q3 2025, mostly because fewer customers bought"
    assert audit_page.headline(view, totals(50, 60, 9, 70)).text == "Q4 2025: 70 customers, revenue USD 700"
    assert audit_page.headline(view, totals(50, 60, 70, 9)).text == "Fewer than ten customers bought in Q4 2025"


def test_periods_that_are_not_the_calendars_are_named_by_their_end(t: Texts, project: Project) -> None:
    view = View(t, project, Clock(dt.date(2025, 12, 30), unit("quarter"), unit("month"), 12, True))
    assert view.tick(0) != view.name(0)
    assert "30" in view.tick(1) and "30" in view.name(1)  # never one by its end and one by the calendar


def test_a_factor_against_the_change_is_not_its_cause() -> None:
    assert main_factor({"customers": 60.0, "frequency": -40.0, "spend": -30.0, "other": 0.0}) is None
    assert main_factor({"customers": 0.0, "frequency": 0.0, "spend": 0.0, "other": 0.0}) is None
    assert main_factor({"customers": 1.0, "frequency": 0.0, "spend": 9.0, "other": 0.0}) == "spend_up"


# --- lens 1 ---


def test_groups_of_few_show_a_callout(view: View) -> None:
    frame = pd.DataFrame({"low": [1.0], "high": [2.0], "customers": [4.0], "revenue": [9.0], "profit": [9.0]})
    assert isinstance(audit_page.days(view, frame), Callout)
    assert audit_page.spend(view, frame) is None
    assert isinstance(audit_page.days(view, frame.head(0)), Callout)


def test_a_share_that_few_have_is_not_told(view: View) -> None:
    once = {"customers": 300.0, "once": 4.0, "old_customers": 200.0, "old_once": 2.0}
    assert audit_page.kpis(view, totals(50, 60), once).items[3].value == "–"
    few = audit_page.kpis(view, totals(50, 6), once).items
    assert (few[1].value, few[2].value) == ("<10", "–")


# --- lens 2 ---


def test_parts_of_the_change_stand_in_the_table(view: View) -> None:
    figure = audit_changes_page.factors(view, totals(50, 60, 100, 70))
    assert isinstance(figure, Figure) and figure.table is not None
    assert figure.table.rows[0][1:] == ("100", "70", figure.table.rows[-1][3], "−300")
    assert figure.table.rows[-1][-1] == "−300"


def test_two_periods_need_ten_customers_each(view: View) -> None:
    assert isinstance(audit_changes_page.factors(view, totals(50, 60, 9, 70)), Callout)


@pytest.mark.parametrize("small", ["new", "returned", "more", "same", "less", "lapsed"])
def test_neither_count_nor_money_of_a_small_group_can_be_derived(view: View, small: str) -> None:
    groups = {"new": 40, "returned": 50, "more": 60, "same": 70, "less": 80, "lapsed": 90} | {small: 4}
    table = audit_changes_page.moves(view, moved(**groups))
    assert isinstance(table, Table) and table.note
    rows = dict(zip(MOVES, table.rows, strict=False))
    assert rows[small][1] == "<10"
    assert rows["new"][1] == ("<10" if small == "new" else "40")  # as the key figures have it
    assert all(row[1].startswith("≈") for move, row in rows.items() if move not in ("new", small))
    for column, there in ((2, ("more", "same", "less", "lapsed")), (3, ("new", "returned", "more", "same", "less"))):
        if small in there:
            assert sum(rows[move][column] == "–" for move in there) >= 2


def test_large_groups_are_told_exactly(view: View) -> None:
    table = audit_changes_page.moves(view, moved(new=40, more=60, less=80, lapsed=90))
    assert isinstance(table, Table)
    assert table.rows[-1][1:] == ("270", view.bare(2300), view.bare(1800), view.bare(-500))
    assert len(table.rows) == 7  # nobody only gave back


# --- lenses 3 to 5 ---


def ages(cohorts: dict[int, int]) -> pd.DataFrame:
    """Cohorts by size; half of them come back at every age, and spend 10."""
    rows = [(c, age, n, n if age == 0 else n / 2) for c, n in cohorts.items() for age in range(c + 1)]
    frame = pd.DataFrame(rows, columns=["cohort", "age", "customers", "active"])
    frame["purchase_days"], frame["revenue"] = frame["active"], frame["active"] * 10
    so_far = frame.groupby("cohort")[["revenue", "purchase_days"]].cumsum().div(frame["customers"], axis=0)
    frame = frame.join(so_far.add_prefix("cumulated_"))
    return frame.assign(active_share=frame["active"] / frame["customers"], purchases_per_active=1.0,
                        spend_per_purchase=10.0)  # fmt: skip


def test_cohorts_are_compared_at_an_equal_age() -> None:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "sales.csv"}}
    view = View(texts("en"), build(mapping), CLOCK)
    found = audit_cohorts_page.cohorts(view, ages({6: 100, 4: 60}))
    assert found.title == (
        "By the age of 3 months: revenue per customer USD 25 for those of Jun 2025, USD 25 for those of Aug 2025 (±0 %)"
    )


def test_one_cohort_cannot_be_compared(view: View) -> None:
    assert isinstance(audit_cohorts_page.cohorts(view, ages({6: 100})), Callout)
    assert isinstance(audit_cohorts_page.one_cohort(view, ages({6: 100}).head(0)), Callout)
    assert audit_cohorts_page.tiles(view, ages({0: 100})) is None


def test_the_curves_of_cohorts_do_not_tell_what_few_customers_spent() -> None:
    """Of 50 customers 3 came back for 60: at 10.00 and 11.20 a customer the difference would tell it."""
    frame = ages({3: 50})
    brought = pd.Series([500.0, 560.0, 900.0, 1000.0])
    few = frame.assign(active=[50.0, 3.0, 20.0, 12.0], cumulated_revenue=brought / 50)
    told = audit_cohorts_page.as_told(few)["cumulated_revenue"] * 50
    assert told.tolist() == [500.0, 550.0, 900.0, 1000.0]  # to 50: from 0 to 100 were added
    many = audit_cohorts_page.as_told(few.assign(active=[50.0, 12.0, 20.0, 12.0]))["cumulated_revenue"] * 50
    assert many.tolist() == pytest.approx(brought.tolist())


def test_purchases_per_customer_do_not_undo_the_rounding_of_those_active() -> None:
    """27 of 100 and 5 of 40 are the 32 there before; purchase days over those of each are what is told of the 27."""
    frame = pd.DataFrame({"cohort": [2, 2, 2, 1, 1], "age": [0, 1, 2, 0, 1], "customers": [100.0] * 3 + [40.0] * 2,
                          "active": [100.0, 50, 27, 40, 5], "purchase_days": [100.0, 60, 54, 40, 5]})  # fmt: skip
    frame = frame.assign(active_share=frame["active"] / frame["customers"], cumulated_revenue=1.0,
                         purchases_per_active=frame["purchase_days"] / frame["active"])  # fmt: skip
    told = audit_cohorts_page.as_told(frame)
    implied = (told["purchase_days"] / told["purchases_per_active"])[2]
    assert implied == pytest.approx(told["active_share"][2] * 100) and implied != 27
    assert implied % 10 == 0


def test_cohorts_are_compared_with_another_and_nobody_with_nothing(view: View) -> None:
    """Of ten cohorts six are drawn: the second oldest is not, so that only the oldest is half its age old."""
    found = audit_cohorts_page.cohorts(view, ages({24: 50, 13: 40, **dict.fromkeys(range(7, -1, -1), 30)}))
    assert isinstance(found, Figure)
    assert len({view.cohort_name(cohort) in found.title for cohort in (24, 13)}) == 2
    assert any(view.cohort_name(cohort) in found.title for cohort in range(8))
    nobody = pd.DataFrame(columns=["cohort", "period", "customers", "revenue"], dtype=float)
    assert isinstance(audit_cohorts_page.base(view, nobody), Callout)


def test_bands_stay_in_their_order_when_the_first_period_lacks_some(view: View) -> None:
    cells = pd.DataFrame({"cohort": [9, 9, 6, 0], "period": [3, 0, 0, 0], "customers": [50.0, 20, 20, 20],
                          "revenue": [500.0, 200, 200, 200]})  # fmt: skip
    found = audit_cohorts_page.base(view, cells)
    assert isinstance(found, Figure) and found.table is not None
    assert [c.label for c in found.table.columns][1:] == [view.cohort_tick(n) for n in (9, 6, 0)]
    assert isinstance(audit_cohorts_page.base(view, cells.assign(customers=2.0)), Callout)


def test_few_new_customers_are_counted_with_the_others(view: View) -> None:
    found = audit_cohorts_page.active(view, totals(50, 60).assign(new_customers=[50.0, 4.0]))
    assert isinstance(found, Figure) and found.table is not None and found.table.note
    assert found.table.rows[1][1:] == ("60", "–")


# --- three methods ---


def test_tops_are_counted_to_the_ten(t: Texts) -> None:
    frame = pd.DataFrame({"method": ["abc", "rfm", "clv"], "customers": [471.0, 448, 6], "historic_share": 0.5,
                          "value_share": 0.5})  # fmt: skip
    rows = methods_page.tops(t, frame, "profit").rows
    assert [row[1] for row in rows] == ["≈ 470", "≈ 450", "<10"]
    assert rows[2][2:] == ("–", "–")


def test_a_single_small_tile_cannot_be_derived(t: Texts, project: Project) -> None:
    frame = pd.DataFrame({"abc": ["A"] * 3 + ["B"] * 3, "tier": [1, 2, 3] * 2,
                          "customers": [300.0, 4, 77, 40, 60, 50], "value": [900.0, 8, 90, 60, 50, 40]})  # fmt: skip
    found = methods_page.tiles(t, project, DEFINITION, frame, "profit").cells[0]
    assert [cell.text for cell in found] == ["≈ 300", "<10", "≈ 80", "0", "0"]
    assert {(cell.note, cell.weight) for cell in found} == {("", 0.0)}


def test_where_no_step_hides_a_tile_none_is_told(t: Texts, project: Project) -> None:
    """Eleven customers in two tiles, one of them under ten and one not: they are one and ten."""
    frame = pd.DataFrame({"abc": "A", "tier": [1, 2], "customers": [10.0, 1], "value": [900.0, 8]})
    found = methods_page.tiles(t, project, DEFINITION, frame, "profit").cells[0]
    assert [cell.text for cell in found] == ["–", "–", "–", "–", "–"]


def test_with_a_small_tile_no_sum_of_a_row_or_column_gives_it_away(t: Texts, project: Project) -> None:
    cells = {("A", 1): (300.0, 900.0), ("A", 2): (4.0, 8.0), ("B", 1): (111.0, 90.0), ("B", 2): (96.0, 50.0)}
    frame = pd.DataFrame([(*key, *row) for key, row in cells.items()], columns=["abc", "tier", "customers", "value"])
    found = methods_page.tiles(t, project, DEFINITION, frame, "profit")
    assert [[cell.text for cell in row[:2]] for row in found.cells[:2]] == [["≈ 300", "<10"], ["≈ 110", "≈ 100"]]
    assert [bool(cell.note) for cell in found.cells[1][:2]] == [True, True]
    assert not any(cell.note for cell in found.cells[0])
    assert t("methods.tiles_hidden") in found.caption


def test_large_tiles_are_told_exactly(t: Texts, project: Project) -> None:
    frame = pd.DataFrame({"abc": "A", "tier": [1, 2], "customers": [301.0, 77], "value": [900.0, 90]})
    found = methods_page.tiles(t, project, DEFINITION, frame, "profit")
    assert [cell.text for cell in found.cells[0]] == ["301", "77", "0", "0", "0"]
    assert found.cells[0][1].note and t("methods.tiles_hidden") not in found.caption


def test_equal_finds_are_called_equal(t: Texts, project: Project) -> None:
    frame = pd.DataFrame({"method": ["abc", "rfm", "clv"], "customers": 50.0, "actual": 10.0,
                          "actual_share": [0.66, 0.65, 0.66]})  # fmt: skip
    since = dt.date(2025, 6, 30)
    close, apart = (
        methods_page.tested(t, project, f, since, "profit") for f in (frame, frame.assign(actual_share=[0.5, 0.4, 0.7]))
    )
    assert close is not None and apart is not None
    assert t("methods.clv") not in close.title and t("methods.clv") in apart.title
    assert methods_page.tested(t, project, frame.assign(actual_share=float("nan")), since, "profit") is None


def test_few_whom_the_methods_judge_unlike_are_not_named(t: Texts, project: Project) -> None:
    frame = pd.DataFrame({"kind": ["fading"], "rfm": ["A"], "customers": [9], "profit": [9.0], "value": [1.0]})
    assert methods_page.unlike(t, project, DEFINITION, frame, "fading", "profit") is None
    found = methods_page.unlike(t, project, DEFINITION, frame.assign(customers=49), "fading", "profit")
    assert found is not None and "≈ 50" in found.title
