"""What a file cannot tell is asked, each by a question of its own."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from custlib.identify.guess.first_project import understand
from custlib.identify.guess.sampling import sample_of
from custlib.identify.guess.understanding import Understanding

HEAD = "customer_id,date,order_id,product,quantity,amount"


def understood(folder: Path, head: str, row: Callable[[int], str], lines: int = 120) -> Understanding:
    path = folder / "sales.csv"
    path.write_text(head + "\n" + "".join(row(n) + "\n" for n in range(lines)), encoding="utf-8")
    return understand(sample_of(path), dt.date(2026, 3, 1))


def base(n: int) -> str:
    return f"c{n * 7 % 31},2025-{1 + n // 12:02d}-{1 + n % 12:02d},o{n}"


@pytest.mark.parametrize(
    ("head", "row", "keys"),
    [
        (HEAD, lambda n: f"{base(n)},p{n % 3},{1 + n % 4},{(1 + n % 4) * (2.5 + n % 3):.2f}", []),
        (HEAD, lambda n: f"{base(n)},p{n % 3},{1 + n % 4},{2.5 + n % 3:.2f}", ["columns.amount"]),
        (HEAD, lambda n: f"{base(n)},p{n % 3},1,{-2.5 - n % 3:.2f}", ["sign of amount"]),
        ("customer,date,total,subtotal", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5},{n + 1}", []),
        ("customer,date,net,gross", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5},{n + 3.5}", ["columns.amount"]),
        ("customer,date,total,state", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5},{'ok' if n % 5 else 'odd'}", ["count"]),
        ("customer,date,total,currency", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5},{'EUR' if n % 5 else 'CHF'}", ["currency_rates"]),
        ("customer,date,total", lambda n: f"{0 if n % 2 else 100 + n % 40},2025-{1 + n // 12:02d}-13,{n + 1.5}", ["guest_ids"]),
        ("customer,booked,delivered,total", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,2025-{1 + n // 12:02d}-17,{n + 1.5}", ["columns.timestamp"]),
        ("customer,date,price_cents", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{1995 + n}", ["currency_rates"]),
        ("customer,date,order_id,total", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{'K' if n % 9 == 0 else ''}{1000 + n},{n + 1.5}", ["cancel_prefix"]),
        ("customer,date,total", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5} din", ["letters of total"]),
        ("customer,date,total", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5} kr", ["currency"]),
        ("customer,date,total", lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5} {'kr' if n % 5 else 'EUR'}", ["columns.currency"]),
    ],
    ids=["line", "unit", "below", "subtotal", "net_gross", "state", "currency", "guest", "days", "cents", "prefix", "letters", "kr", "two codes"],
)  # fmt: skip
def test_a_doubt_is_one_question(head: str, row: Callable[[int], str], keys: list[str], tmp_path: Path) -> None:
    questions = understood(tmp_path, head, row).questions
    assert [question.key for question in questions] == keys
    assert all(question.text.strip() and (question.answers or not question.can_guess) for question in questions)


def test_a_sum_of_another_column_is_said(tmp_path: Path) -> None:
    row = lambda n: f"c{n % 9},2025-{1 + n // 12:02d}-13,{n + 1.5},{n + 1}"  # noqa: E731
    assert (
        "the money is 'total', not 'subtotal': other sums"
        in understood(tmp_path, "customer,date,total,subtotal", row).assumptions
    )
