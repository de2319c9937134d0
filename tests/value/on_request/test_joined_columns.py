"""Who is under contract has no columns from the model of purchases; every column on request has its table."""

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


@pytest.mark.parametrize("name", ON_REQUEST)
def test_customers_under_contract_have_a_row_of_nulls(under_contract, name):
    engine = under_contract.make(name)
    tables.check(name, engine.columns(name))
    rows = engine.fetch(f"select * from {name}").drop(columns="customer_id")
    assert len(rows) == 60
    if name == "next_purchase":
        assert (rows.pop("next_purchase_reason") == "contract").all()
    assert rows.isna().all().all()
