"""Money that cannot be read is estimated and said, and with too much of it the source is refused."""

from pathlib import Path

import pytest

from custlib.errors import TableError
from custlib.identify.contract import make_transactions
from custlib.project import build
from tests.bases import SharedDuckDB
from tests.identify.conftest import Check

HEADER = "customer_id,timestamp,amount\n"


def lines(n: int, amount: str = "10") -> str:
    return "".join(f"c{place},2025-01-{place % 28 + 1:02},{amount}\n" for place in range(n))


def test_what_stands_in_unreadable_amounts_is_said_by_hand(check: Check) -> None:
    amounts = ('"n. 50,25 x"', "12.50 pcs", "1.00 x", "none at all of it here")
    bad = "".join(f"ann,2025-01-01,{amount}\n" for amount in amounts)
    shop = check(HEADER + lines(96) + bad, max_unreadable=0.1)
    assert shop.quality["reasons"] == {"unreadable_amount": 4}
    assert shop.quality["money_unreadable"] == 63.75
    assert shop.quality["cautions"]["unreadable_money"] == (
        "amount is no number in 4 of 100 rows (4.0%), for instance '1.00 x', '12.50 pcs', 'n. 50,25 x'; about 63.75 "
        "stands in them, 6.2% of all money. It is in no figure: set decimal and thousands (a thousands separator that "
        "may be a decimal mark must be declared), or correct the rows"
    )


def test_more_rows_than_allowed_are_refused(check: Check) -> None:
    text = HEADER + lines(97) + "ann,2025-01-01,? 1\n" * 3
    said = (
        r"^sales.csv: amount is no number in 3 of 100 rows \(3.0%\), for instance '\? 1'; about 3.00 stands in them, "
        r"0.3% of all money; max_unreadable allows 1.0%. Set .*; or set max_unreadable = 0.03 to leave that money out.$"
    )
    with pytest.raises(TableError, match=said):
        check(text, max_unreadable=0.01)
    assert check(text, max_unreadable=0.03).quality["rows_quarantined"] == 3


def test_few_rows_with_much_money_are_refused(check: Check) -> None:
    text = HEADER + lines(999) + "ann,2025-01-01,? 1,000,000.00\n".replace("? 1,000,000.00", '"? 1,000,000.00"')
    with pytest.raises(
        TableError, match=r"1 of 1,000 rows \(0.1%\).*about 1,000,000.00 stands in them, 99.0% of all money"
    ):
        check(text, max_unreadable=0.01)


def test_the_limit_by_default_is_one_in_a_hundred() -> None:
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}
    assert build(shop).source.max_unreadable == 0.01


@pytest.mark.parametrize("text", ["1e309", "#DIV/0!", "6.2E+17 x", "99999999999999"])
def test_what_is_no_money_is_not_estimated(check: Check, text: str) -> None:
    assert check(HEADER + lines(200) + f"ann,2025-01-01,{text}\n").quality["money_unreadable"] == 0


def test_a_long_text_is_cut(check: Check) -> None:
    said = check(HEADER + lines(200) + f"ann,2025-01-01,{'x' * 90}\n").said
    assert f"'{'x' * 24}'" in said
    assert "x" * 25 not in said


def test_each_source_has_a_limit_of_its_own(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / f"{name}.csv").write_text(
            HEADER + lines(90) + "ann,2025-01-01,? 1\n" * (10 if name == "bad" else 0)
        )
    sources = [{"path": "good.csv"}, {"path": "bad.csv", "max_unreadable": 0.05}]
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "folder": tmp_path}
    engine = SharedDuckDB(tmp_path / "tables")
    with pytest.raises(TableError, match=r"^bad.csv: amount is no number in 10 of 100 rows.*allows 5.0%"):
        make_transactions(engine, build(shop | {"sources": sources}))
    sources[1]["max_unreadable"] = 0.1
    quality = make_transactions(engine, build(shop | {"sources": sources}))
    engine.close()
    assert quality["rows_quarantined"] == 10
