"""Who is under contract has no columns from the model of purchases; every column on request has its table."""

import numpy as np
import pytest

from custlib import tables
from custlib.project import ON_REQUEST
from custlib.run import nodes
from tests.subscription.subscribers import open_run, subscribers


@pytest.fixture(scope="module")
def under_contract(tmp_path_factory):
    return open_run(tmp_path_factory.mktemp("contract"), subscribers(60), subscription="month")


@pytest.mark.parametrize("name", ON_REQUEST)
def test_every_column_on_request_has_a_table_of_its_name(name):
    assert nodes()[name].kind == "table"
    assert tables.describe(name).key == ("customer_id",)


@pytest.mark.parametrize("name", [name for name in ON_REQUEST if name != "coming_months"])
def test_customers_under_contract_have_a_row_of_nulls(under_contract, name):
    engine = under_contract.make(name)
    tables.check(name, engine.columns(name))
    rows = engine.fetch(f"select * from {name}").drop(columns="customer_id")
    assert len(rows) == 60
    if name == "next_purchase":
        assert (rows.pop("next_purchase_reason") == "contract").all()
    assert rows.isna().all().all()


def test_the_months_of_a_contract_sum_to_the_horizon(under_contract):
    engine = under_contract.make("coming_months")
    rows = engine.fetch("select * from coming_months join customer_value using (customer_id)")
    assert len(rows) == 60 and (rows["value"] > 0).any() and (rows["value"] == 0).any()
    for name in ("expected_purchases", "value"):
        months = rows[[column for column in rows if column.startswith(f"{name}_2026_")]]
        assert months.shape[1] == 12
        np.testing.assert_allclose(months.sum(axis=1), rows[name], rtol=1e-9, atol=1e-12)
    # who pays by the month pays once in most of them
    there = rows[rows["value"] > 0]
    assert there["expected_purchases_2026_01"].between(0.5, 1.0).mean() > 0.8
