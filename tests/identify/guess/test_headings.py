"""Headings are known in many languages, whatever their case, accents and punctuation."""

import pytest

from custlib.identify.guess.headings import kinds_of


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Customer ID", "customer_id"), ("KUNDEN-NR.", "customer_id"), ("N° client", "customer_id"),
        ("Código de cliente", "customer_id"), ("Nr klienta", "customer_id"), ("Müşteri No", "customer_id"),
        ("顧客コード", "customer_id"), ("고객번호", "customer_id"),
        ("Код клиента", "customer_id"), ("客户编号", "customer_id"),
        ("InvoiceDate", "timestamp"), ("Data da compra", "timestamp"),
        ("Besteldatum", "timestamp"), ("注文日時", "timestamp"),
        ("Importo totale", "amount"), ("Betrag (€)", "amount"), ("Belopp", "amount"), ("Tutar", "amount"),
        ("Prix unitaire", "unit_price"), ("単価", "unit_price"), ("Ilość", "quantity"), ("Order #", "order_id"),
        ("Order Status", "status"), ("Total HT", "net"), ("Summe", "amount"), ("Total Refunded", "refund"),
    ],
)  # fmt: skip
def test_a_heading_names_a_kind(heading: str, kind: str) -> None:
    kinds = kinds_of(heading)
    assert kinds and max(kinds, key=lambda name: kinds[name]) == kind


@pytest.mark.parametrize("heading", ["f7", "xyz", "column_1"])
def test_other_headings_name_none(heading: str) -> None:
    assert not kinds_of(heading)


def test_a_heading_with_more_words_is_less_clear() -> None:
    assert 0 < kinds_of("customer_unique_id")["customer_id"] < 1
