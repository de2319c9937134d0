"""Defines the side tables of the project file: the list of customers and the invoices."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from custlib import rules
from custlib.source import Source

ATTRIBUTE = "attribute_"
INVOICE_COLUMNS = ("customer_id", "due", "paid", "amount", "invoice_id")
_OF_PURCHASES = (
    "cancel_prefix", "guest_ids", "exclude_products", "count", "currency_rates", "order_lines", "order_totals",
    "net_to_nothing", "zero_is_purchase", "max_amount", "max_unreadable",
)  # fmt: skip
_Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,60}$")]
_Column = Annotated[str, Field(min_length=1)]


class Customers(Source):
    """A side table of customers with attributes: one row per customer.

    Attributes
    ----------
    columns : dict of str to str
        ``customer_id`` to its name in the source.
    attributes : dict of str to str
        Name of an attribute to its column in the source.
    age_bands : tuple of int
        Full years at which an age band begins, rising; the youngest begins at 0. Needs the attribute ``birth_date``.
        Those of ``rules/structure.toml`` if left out.

    Examples
    --------
    >>> Customers(path="crm.csv", attributes={"region": "Gebiet"}).roles
    ('customer_id', 'attribute_region')
    """

    section: ClassVar[str] = "customers"
    required: ClassVar[tuple[str, ...]] = ("customer_id",)

    columns: dict[Literal["customer_id"], _Column] = Field(default_factory=dict)
    attributes: dict[_Name, _Column] = Field(default_factory=dict)
    age_bands: tuple[Annotated[int, Field(ge=1, le=120)], ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The id and the attributes."""
        return ("customer_id", *(ATTRIBUTE + name for name in self.attributes))

    @property
    def mapped(self) -> dict[str, str]:
        """The name in the source of every role that the project file maps."""
        return dict(self.columns) | {ATTRIBUTE + name: column for name, column in self.attributes.items()}

    @model_validator(mode="after")
    def _check_keys(self) -> "Customers":
        _reject_purchase_keys(self)
        births = rules.load("structure")["birth_dates"]
        if self.age_bands and not set(births) & set(self.attributes):
            raise ValueError(
                f"age_bands: [customers] has no birth date. Name one under attributes: {', '.join(births)}"
            )
        if list(self.age_bands) != sorted(set(self.age_bands)):
            raise ValueError(f"age_bands: {list(self.age_bands)} must rise")
        return self


class Invoices(Source):
    """A side table of invoices with due and payment dates: one row per invoice.

    Attributes
    ----------
    columns : dict of str to str
        ``customer_id``, ``due``, ``paid``, ``amount`` and ``invoice_id`` to their names in the source; the last two
        are optional. ``paid`` is blank for unpaid invoices.

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
        """The standard columns of invoices."""
        return INVOICE_COLUMNS

    @model_validator(mode="after")
    def _check_keys(self) -> "Invoices":
        _reject_purchase_keys(self)
        return self


def _reject_purchase_keys(source: Source) -> None:
    """Reject keys that apply to purchases only, unless at their defaults, as in a copy of a project."""
    fields: dict[str, Any] = dict(Source.model_fields)
    unfit = [name for name in _OF_PURCHASES if getattr(source, name) != fields[name].default]
    if unfit:
        raise ValueError(f"{', '.join(unfit)}: of purchases only; [{source.section}] has no such key")
