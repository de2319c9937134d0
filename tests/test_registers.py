"""The keys of [customers] and [invoices]: those of a source, and columns of their own."""

from typing import Any

import pytest

from custlib import project as projects
from custlib.errors import UsageError
from custlib.project import Project

LEAST: dict[str, Any] = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}


def project(**registers: Any) -> Project:
    return projects.build(LEAST | registers)


def test_registers_are_optional() -> None:
    assert project().registers == {}
    both = project(invoices={"path": "i.csv"}, customers={"url_env": "CRM_URL", "table": "crm"})
    assert list(both.registers) == ["customers", "invoices"]


def test_roles_are_the_id_and_every_attribute() -> None:
    found = project(customers={"path": "c.csv", "columns": {"customer_id": "Nr"}, "attributes": {"region": "Gebiet"}})
    assert found.customers
    assert found.customers.roles == ("customer_id", "attribute_region")
    assert found.customers.mapped == {"customer_id": "Nr", "attribute_region": "Gebiet"}


def test_a_copy_of_a_project_keeps_its_registers() -> None:
    found = project(invoices={"path": "i.csv", "columns": {"due": "faellig"}}, customers={"path": "c.csv"})
    copy = found.replace(horizon_days=30)
    assert (copy.registers, copy.horizon_days) == (found.registers, 30)


@pytest.mark.parametrize(
    ("registers", "said"),
    [
        ({"customers": {"path": "c.csv", "attribute": {}}}, "attribute: unknown key. Did you mean 'attributes'"),
        ({"customers": {"path": "c.csv", "attributes": {"Region": "x"}}}, "customers.attributes.Region.*match pattern"),
        ({"customers": {"path": "c.csv", "attributes": {"a b": "x"}}}, "customers.attributes.a b.*match pattern"),
        ({"customers": {"path": "c.csv", "attributes": {"a": ""}}}, "customers.attributes.a: .*at least 1 character"),
        ({"customers": {"path": "c.csv", "columns": {"due": "x"}}}, "customers.columns.due"),
        ({"customers": {}}, "customers: give a path to files, or url_env"),
        ({"customers": {"path": "postgresql://me:secret@db/crm"}}, "path holds the address of a database"),
        ({"invoices": {"path": "i.csv", "columns": {"timestamp": "x"}}}, "invoices.columns.timestamp"),
        ({"invoices": {"path": "i.csv", "cancel_prefix": "C"}}, r"cancel_prefix: of purchases only; \[invoices\] has"),
        ({"invoices": {"path": "i.csv", "max_amount": 5}}, "max_amount: of purchases only"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_key(registers: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as fault:
        project(**registers)
    assert "secret" not in str(fault.value)
