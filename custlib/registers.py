"""Registers beside the purchases, as the project file names them: a list of customers, and their invoices.

Each is a source like that of the purchases, read through the same doors, with columns of its own.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from custlib.source import Source

ATTRIBUTE = "attribute_"
INVOICE_COLUMNS = ("customer_id", "due", "paid", "amount", "invoice_id")
_OF_PURCHASES = ("cancel_prefix", "order_lines", "zero_is_purchase", "max_amount")
_Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,60}$")]
_Column = Annotated[str, Field(min_length=1)]


class Customers(Source):
    """A list of customers with attributes: one row per customer.

    Attributes
    ----------
    columns : dict of str to str
        ``customer_id`` to the name that it has in the source.
    attributes : dict of str to str
        Our name of an attribute to the column of the source that holds it.

    Examples
    --------
    >>> Customers(path="crm.csv", attributes={"region": "Gebiet"}).roles
    ('customer_id', 'attribute_region')
    """

    section: ClassVar[str] = "customers"
    required: ClassVar[tuple[str, ...]] = ("customer_id",)

    columns: dict[Literal["customer_id"], _Column] = Field(default_factory=dict)
    attributes: dict[_Name, _Column] = Field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """What its columns stand for: the id, and every attribute."""
        return ("customer_id", *(ATTRIBUTE + name for name in self.attributes))

    @property
    def mapped(self) -> dict[str, str]:
        """The name in the source of every role that the project file maps."""
        return dict(self.columns) | {ATTRIBUTE + name: column for name, column in self.attributes.items()}

    @model_validator(mode="after")
    def _is_no_purchase(self) -> "Customers":
        _refuse_keys_of_purchases(self)
        return self


class Invoices(Source):
    """Invoices with the day they are due and the day they were paid: one row per invoice.

    Attributes
    ----------
    columns : dict of str to str
        ``customer_id``, ``due``, ``paid``, ``amount`` and ``invoice_id`` to the names that they have in the source;
        the last two may be absent. ``paid`` is blank for what is not paid.

    Examples
    --------
    >>> Invoices(path="open_items.csv", columns={"due": "faellig"}).mapped
    {'due': 'faellig'}
    """

    section: ClassVar[str] = "invoices"
    required: ClassVar[tuple[str, ...]] = ("customer_id", "due", "paid")

    columns: dict[Literal[INVOICE_COLUMNS], _Column] = Field(default_factory=dict)  # type: ignore[valid-type]

    @property
    def roles(self) -> tuple[str, ...]:
        """What its columns may stand for."""
        return INVOICE_COLUMNS

    @model_validator(mode="after")
    def _is_no_purchase(self) -> "Invoices":
        _refuse_keys_of_purchases(self)
        return self


def _refuse_keys_of_purchases(given: Source) -> None:
    """Refuse keys that would change nothing here; a copy of a checked project carries their defaults."""
    fields: dict[str, Any] = dict(Source.model_fields)
    unfit = [name for name in _OF_PURCHASES if getattr(given, name) != fields[name].default]
    if unfit:
        raise ValueError(f"{', '.join(unfit)}: of purchases only; [{given.section}] has no such key")
