"""The same lines in two inputs are counted to the line and the cent, and by option used once."""

import gzip
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from custlib import project as projects
from custlib.errors import UsageError
from custlib.identify.contract import make_transactions
from custlib.identify.overlap import shared_days
from tests.bases import SharedDuckDB

HEADER = "customer_id,timestamp,amount,order_id,product\n"


def read(folder: Path, files: dict[str, str], **options: Any) -> tuple[dict[str, Any], Decimal]:
    """The quality record of a folder of files, and the money of its transactions."""
    (folder / "sales").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "sales" / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "folder": folder, "source": {"path": "sales"}}
    engine = SharedDuckDB(folder / f"tables{len(list(folder.iterdir()))}")
    quality = make_transactions(engine, projects.build(shop | options))
    money = engine._execute("select coalesce(sum(amount), 0) from transactions").fetchone()[0]
    engine.close()
    return quality, money


def money(quality: dict[str, Any]) -> list[float]:
    return [quality[f"money_{part}"] for part in ("read", "used", "quarantined", "removed")]


def rows(quality: dict[str, Any]) -> list[int]:
    return [quality[f"rows_{part}"] for part in ("read", "used", "quarantined", "removed")]


def test_two_files_by_hand(tmp_path: Path) -> None:
    # bob's line stands once in the first and twice in the second, so it is used twice
    files = {
        "a.csv": HEADER + "ann,2025-01-01,10,1,tea\nbob,2025-01-02,5,2,tea\n",
        "b.csv": HEADER + "bob,2025-01-02,5,2,tea\nbob,2025-01-02,5,2,tea\ncid,2025-01-02,7,3,tea\n",
    }
    quality, _ = read(tmp_path, files)
    assert rows(quality) == [5, 5, 0, 0]
    assert (quality["overlap_rows"], quality["overlap_money"]) == (1, 5)
    assert quality["cautions"]["overlap"] == (
        "a.csv and b.csv: 1 line stands in two inputs and counts twice (money 5.00, 20.0% of the lines used). Set "
        'overlap = "keep_one" to count one of them, or leave an input out'
    )
    once, used = read(tmp_path, files, overlap="keep_one")
    assert rows(once) == [5, 4, 0, 1]
    assert money(once) == [32, 27, 0, 5]
    assert used == 27
    assert once["removed"] == {"overlap": 1}
    assert "overlap" not in once["cautions"]


def thousands(*, orders: bool, seed: int = 1) -> tuple[list[str], list[str]]:
    """Two exports of a year, the second from July on, the first until the end of September; some lines stand twice."""
    draw = random.Random(seed)
    lines = []
    for n in range(5000):
        month, day = draw.randint(1, 12), draw.randint(1, 28)
        line = f"c{draw.randint(1, 900)},2025-{month:02}-{day:02},{draw.randint(100, 9999) / 100:.2f}"
        line += f",o{n},p{draw.randint(1, 20)}" if orders else ""
        lines += [line] * (2 if n % 50 == 0 else 1)
    first = [line for line in lines if line.split(",")[1] < "2025-10"]
    second = [line for line in lines if line.split(",")[1] >= "2025-07"]
    draw.shuffle(second)
    return first, second


@pytest.mark.parametrize("orders", [True, False], ids=["order ids", "no order ids"])
@pytest.mark.sampled
def test_two_exports_that_overlap_are_counted_to_the_line_and_the_cent(tmp_path: Path, orders: bool) -> None:
    first, second = thousands(orders=orders)
    header = HEADER if orders else "customer_id,timestamp,amount\n"
    files = {"a.csv": header + "\n".join(first) + "\n", "b.csv": header + "\n".join(second) + "\n"}
    one, other = Counter(first), Counter(second)
    both = one & other
    cents = sum((Decimal(line.split(",")[2]) * n for line, n in both.items()), Decimal(0))
    assert sum(both.values()) > 1000
    quality, _ = read(tmp_path, files)
    assert (quality["overlap_rows"], quality["overlap_money"]) == (sum(both.values()), float(cents))
    once, used = read(tmp_path, files, overlap="keep_one")
    assert rows(once)[1:] == [sum((one | other).values()), 0, sum(both.values())]
    assert used == sum((Decimal(line.split(",")[2]) * n for line, n in (one | other).items()), Decimal(0))
    assert money(once)[3] == float(cents)


def test_a_file_beside_its_compressed_copy(tmp_path: Path) -> None:
    text = HEADER + "".join(f"c{n},2025-01-{n % 28 + 1:02},{n},o{n},tea\n" for n in range(50))
    quality, _ = read(tmp_path, {"a.csv": text, "a.csv.gz": text})
    assert quality["overlap_rows"] == 50
    assert "a.csv.gz" in quality["cautions"]["overlap"]
    once, used = read(tmp_path, {}, overlap="keep_one")
    assert (rows(once), used) == ([100, 50, 0, 50], Decimal(49 * 25))


def test_the_same_file_under_two_names_is_used_once(tmp_path: Path) -> None:
    text = HEADER + "ann,2025-01-01,10,1,tea\nann,2025-01-01,10,1,tea\n"
    once, used = read(tmp_path, {"a.csv": text, "b.csv": text}, overlap="keep_one")
    assert (rows(once), used) == ([4, 2, 0, 2], 20)
    assert not any("hold the same content" in warning for warning in once["warnings"])


def monthly(month: int, *, seed: int) -> str:
    draw = random.Random(seed)
    lines = [
        f"c{draw.randint(1, 300)},2025-{month:02}-{draw.randint(1, 28):02},{draw.randint(1, 99)}\n" for _ in range(900)
    ]
    return "customer_id,timestamp,amount\n" + "".join(lines)


def test_files_by_month_are_no_overlap(tmp_path: Path) -> None:
    quality, _ = read(tmp_path, {f"{month}.csv": monthly(month, seed=month) for month in (1, 2, 3)})
    assert "overlap" not in quality["cautions"]


def test_customers_who_buy_alike_in_two_shops_are_no_overlap(tmp_path: Path) -> None:
    equal = "ann,2025-01-05,5\nbob,2025-01-06,7\n"
    quality, _ = read(tmp_path, {"web.csv": monthly(1, seed=1) + equal, "till.csv": monthly(1, seed=2) + equal})
    assert "overlap" not in quality["cautions"]
    assert "overlap_rows" not in quality


def test_one_day_in_two_files_of_months_is_an_overlap(tmp_path: Path) -> None:
    day = "".join(f"d{n},2025-01-31,{n}\n" for n in range(30))
    quality, _ = read(tmp_path, {"a.csv": monthly(1, seed=1) + day, "b.csv": monthly(2, seed=2) + day})
    assert quality["overlap_rows"] == 30


def test_other_inputs_may_lack_columns(tmp_path: Path) -> None:
    files = {
        "a.csv": "customer_id,timestamp,amount,order_id\n" + "".join(f"c{n},2025-01-01,5,{n}\n" for n in range(9)),
        "b.csv": HEADER + "".join(f"c{n},2025-01-01,5,{n},tea\n" for n in range(4, 12)),
    }
    quality, _ = read(tmp_path, files)
    assert quality["overlap_rows"] == 5
    once, _ = read(tmp_path, {}, overlap="keep_one")
    assert rows(once) == [17, 12, 0, 5]


def test_lines_that_cannot_be_used_stand_in_no_two_inputs(tmp_path: Path) -> None:
    text = HEADER + "ann,2025-01-01,10,1,tea\n,2025-01-01,10,2,tea\nbob,2026-01-01,10,3,tea\n"
    once, _ = read(tmp_path, {"a.csv": text, "b.csv": text + "\n"}, overlap="keep_one")
    assert rows(once) == [6, 1, 4, 1]
    assert once["reasons"] == {"after_as_of": 2, "missing_customer_id": 2, "overlap": 1}


def test_an_order_that_two_inputs_undo_is_undone_once(tmp_path: Path) -> None:
    text = HEADER + "ann,2025-01-01,10,1,tea\nann,2025-01-02,-10,1,tea\nbob,2025-01-01,3,2,tea\n"
    source = {"path": "sales", "net_to_nothing": "no_purchase"}
    once, _ = read(tmp_path, {"a.csv": text, "b.csv": text}, overlap="keep_one", source=source)
    assert (once["purchase_rows"], once["undone_orders"]) == (1, 1)


def test_the_option_is_one_of_two_words() -> None:
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "x.csv"}}
    with pytest.raises(UsageError, match="overlap: Input should be 'keep_all' or 'keep_one'"):
        projects.build(shop | {"overlap": True})


def test_days_that_several_inputs_have() -> None:
    assert shared_days([]) == []
    assert shared_days([("2025-01-01", "2025-03-31"), ("2025-02-01", "2025-02-10"), ("2025-02-05", "2025-02-20")]) == [
        ("2025-02-01", "2025-02-20")
    ]
    many = [(f"20{n:02}-01-01", f"20{n + 1:02}-01-01") for n in range(10, 50)]
    assert shared_days(many) == [("2011-01-01", "2049-01-01")]
