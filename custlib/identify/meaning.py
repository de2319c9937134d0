"""Asks about what single lines may mean: amounts that look like unit prices, statuses and currencies without a word.

Reads ``transactions_checked``, in one aggregate pass for each question that the columns raise. Nothing is changed: a
caution says what was found, with the money at stake and what to write. Only what must be wrong is refused: money of
several currencies without rates, and a status that is mapped while nothing says which of its values count.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import TableError, UsageError
from custlib.identify.casts import is_product
from custlib.identify.numbers import currency_named
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import Opened
from custlib.identify.store import Kept
from custlib.project import Project

_NAMED = 8
_PRICE_ALONE = (
    "amount is read from column {0!r}, whose name says that it is the price of one piece, and no quantity is mapped. "
    'If it is, set columns.unit_price = "{0}" and columns.quantity in place of columns.amount'
)
_TWO_ERRORS, _NEARLY_NONE = 2.0, 1e-9
# Any round price is a multiple of quantities without a factor other than 2 and 5: they tell nothing.
_LARGEST = 1000
_ROUND = ", ".join(
    str(2**twos * 5**fives) for twos in range(10) for fives in range(5) if 2**twos * 5**fives <= _LARGEST
)
_SUMS = (
    "n", "many", "tellable", "multiples", "money", "money_product", "gross", "gross_product",
    "x", "y", "xx", "xy", "yy",
)  # fmt: skip
# Options that are words, the column they are looked for in, and the lines that have one.
_WORDS = (
    ("guest_ids", "customer_id", "reason = 'guest'"),
    ("exclude_products", "product", "reason = 'excluded_product'"),
    ("count", "status", "coalesce(reason, '') <> 'status_not_counted'"),
)


@dataclass(frozen=True)
class Lines:
    """The checked lines of the inputs of a project."""

    engine: Engine
    project: Project
    inputs: list[Input]
    entries: list[Kept]
    together: Opened

    @property
    def name(self) -> str:
        """The first input, and how many others."""
        others = len(self.inputs) - 1
        return self.inputs[0].name + (f" and {others:,} other input{'s' if others > 1 else ''}" if others else "")


def cautions(lines: Lines) -> list[str]:
    """Say what the lines may mean beside what they were taken for.

    Raises TableError where amounts are of several currencies without rates, and UsageError where a status is mapped
    and ``count`` is not set; both name the values with their rows and money.
    """
    statuses, currencies = (_values(lines, role) for role in ("status", "currency"))
    _refuse_statuses(lines, statuses)
    _refuse_currencies(lines, currencies)
    return [
        *_price_for_amount(lines),
        *_noticed(lines, "status", statuses),
        *_noticed(lines, "currency", currencies),
        *_other_currency(lines, currencies),
        *_idle_words(lines),
        *_idle_margin(lines),
    ]


# --- status and currency ----------------------------------------------------------------------------------------------


def _values(lines: Lines, role: str) -> pd.DataFrame:
    """Count the lines and the money of every value of a column, most lines first; without rows if nothing is read."""
    if role not in lines.together.read:
        return pd.DataFrame({"value": [], "n": [], "money": []})
    most = _kind(role)["most_values"]
    return lines.engine.fetch(
        f"select {role} as value, count(*) as n, coalesce(sum(amount), 0) as money from transactions_checked"
        f" group by {role} order by n desc, money desc, value limit {most + 1}"
    )


def _kind(role: str) -> dict[str, Any]:
    kind: dict[str, Any] = next(kind for kind in rules.load("contract")["noticed"] if kind["role"] == role)
    return kind


def _listed(values: pd.DataFrame) -> str:
    """Write the values with their rows and money."""
    rows = values.head(_NAMED)
    shown = [
        f"{'(blank)' if pd.isna(value) else value} {n:,} rows {float(money):,.2f}"
        for value, n, money in zip(rows["value"], rows["n"], rows["money"], strict=True)
    ]
    return ", ".join(shown) + (" ..." if len(values) > _NAMED else "")


def _refuse_statuses(lines: Lines, values: pd.DataFrame) -> None:
    for entry, stored in zip(lines.inputs, lines.entries, strict=True):
        if "status" in stored.opened.columns and not entry.source.count:
            first = next((value for value in values["value"] if not pd.isna(value)), "completed")
            column = stored.opened.columns["status"]
            raise UsageError(
                f"{entry.source.section}.columns.status: nothing says which values of column {column!r} count in "
                f'{stored.name} ({_listed(values)}). Set count, for instance count = ["{first}"].'
            )


def _refuse_currencies(lines: Lines, values: pd.DataFrame) -> None:
    """Refuse amounts of several currencies, in any inputs together, that no rates make comparable."""
    bare = [stored for entry, stored in zip(lines.inputs, lines.entries, strict=True) if not entry.source.rates]
    written = {_currency(str(value)): str(value).strip() for value in reversed(values["value"].dropna().tolist())}
    named = sorted(written.values())
    if len(named) > 1 and any("currency" in stored.opened.columns for stored in bare):
        column = lines.together.read["currency"]
        rates = ", ".join(f"{_key(name)} = 1.0" for name in named[:2])
        raise TableError(
            f"{lines.name}: amounts are in several currencies (column {column!r}: {_listed(values)}). Set their rates, "
            f"for instance currency_rates = {{ {rates} }}, or make one project per currency."
        )


def _currency(value: str) -> str:
    """The one name of a currency, however it is written."""
    return currency_named(value) or value.strip().upper()


def _key(name: str) -> str:
    """Write a key of a TOML table."""
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _noticed(lines: Lines, role: str, values: pd.DataFrame) -> list[str]:
    """Ask about a column that is named like a role and has several values, and is not mapped."""
    kind, known = _kind(role), [str(value) for value in values["value"].dropna()]
    several = 1 < len(values) <= kind["most_values"] and not all(re.search(kind["regions"], name) for name in known)
    if role not in lines.together.noticed or role in lines.together.columns or not several:
        return []
    column = lines.together.noticed[role]
    write = {
        "status": f'map it and say which values count, as columns.status = "{column}" and count = ["{known[0]}"]',
        "currency": f'map it and give rates, as columns.currency = "{column}" and currency_rates = '
        f"{{ {', '.join(f'{_key(name)} = 1.0' for name in known[:2])} }}",
    }
    whole = {"status": "every line counts, whatever it says", "currency": "all amounts are added up as one currency"}
    return [
        f"column {column!r} looks like a {role} and is not read, so {whole[role]}: {_listed(values)}. If that is "
        f"wrong, {write[role]}"
    ]


def _other_currency(lines: Lines, values: pd.DataFrame) -> list[str]:
    """Say where the one currency of the amounts is not the one that results are shown in."""
    known = [str(value).strip().upper() for value in values["value"].dropna()]
    is_converted = any(entry.source.rates for entry in lines.inputs)
    if len(set(known)) != 1 or is_converted or not re.fullmatch("[A-Z]{3}", known[0]):
        return []
    if known[0] == lines.project.currency:
        return []
    return [
        f"amounts are in {known[0]}, as column {lines.together.read['currency']!r} says, but the currency of the "
        f'project is {lines.project.currency}: set currency = "{known[0]}"'
    ]


# --- words of options that no line has --------------------------------------------------------------------------------


def _idle_words(lines: Lines) -> list[str]:
    """Name the ids, products and statuses of options that no line has: they may be written in another way."""
    sentences = []
    for option, column, which in _WORDS:
        words = {word.strip() for entry in lines.inputs for word in getattr(entry.source, option)}
        seen = _seen(lines, column, which) if words else set()
        if idle := sorted(word for word in words if word.lower() not in seen):
            more = " ..." if len(idle) > _NAMED else ""
            sentences.append(f"{option} names what no line has: {', '.join(idle[:_NAMED])}{more}")
    return sentences


def _seen(lines: Lines, column: str, which: str) -> set[str]:
    frame = lines.engine.fetch(
        f"select distinct regexp_replace(lower(cast({column} as string)), '[.]0$', '') as word"
        f" from transactions_checked where {which}"
    )
    return set(frame["word"].dropna())


def _idle_margin(lines: Lines) -> list[str]:
    """Say where a margin is set and every line has a cost or profit of its own."""
    if lines.project.margin == 1 or not {"cost", "profit"} & lines.together.columns.keys():
        return []
    seen = lines.engine.fetch(
        "select count(*) as n from transactions_checked where reason is null and amount is not null"
        " and margin_amount is null"
    )
    return [] if seen["n"].item() else [f"margin {lines.project.margin:g} is used for no line: all have cost or profit"]


# --- unit prices ------------------------------------------------------------------------------------------------------


def _price_for_amount(lines: Lines) -> list[str]:
    """Ask whether the amount is the price of one piece."""
    opened = lines.together
    if "amount" not in opened.columns or is_product(opened):
        return []
    column = opened.columns["amount"]
    is_named = bool(re.search(rules.load("contract")["unit_price"]["names"], column.casefold()))
    if "quantity" not in opened.columns:
        return [_PRICE_ALONE.format(column)] if is_named else []
    totals = lines.engine.fetch(_of_quantities()).astype(float).iloc[0]
    if not _looks_like_price(totals, is_named=is_named, has_products="product" in opened.columns):
        return []
    return [
        f"amount (column {column!r}) looks like the price of one piece: it does not grow with quantity (column "
        f"{opened.columns['quantity']!r}, above 1 in {totals['many'] / totals['n']:.0%} of the lines). Read as it is, "
        f"the money is {totals['money']:,.2f}; as quantity * unit price it is {totals['money_product']:,.2f}. If it is "
        f'a unit price, set columns.unit_price = "{column}" in place of columns.amount'
    ]


def _of_quantities() -> str:
    """Write the pass over lines with a quantity: how amounts go with it, in logarithms and in cents, by product."""
    size, paid = "abs(quantity)", "abs(cast(amount as double))"
    tells = f"{size} = floor({size}) and {size} between 3 and {_LARGEST} and not {size} in ({_ROUND})"
    sums = ", ".join(f"sum({name}) as {name}" for name in _SUMS)
    return f"""
        select {sums}, sum(yy - y * y / n) as yy_within, sum(n - 1) as n_within
        from (select product, count(*) as n, sum(case when size > 1 then 1 else 0 end) as many,
                     sum(case when tells then 1 else 0 end) as tellable,
                     sum(case when tells and cents % cast(size as bigint) = 0 then 1 else 0 end) as multiples,
                     sum(money) as money, sum(sign(money) * paid * size) as money_product, sum(paid) as gross,
                     sum(paid * size) as gross_product, sum(x) as x, sum(y) as y, sum(x * x) as xx, sum(x * y) as xy,
                     sum(y * y) as yy
              from (select product, {size} as size, {paid} as paid, cast(amount as double) as money,
                           ln({size}) as x, ln({paid}) as y, {tells} as tells,
                           cast(round({paid} * 100) as bigint) as cents
                    from transactions_checked
                    where reason is null and amount <> 0 and {size} between 1e-6 and 1e9)
              group by product)"""


def _looks_like_price(totals: "pd.Series[float]", *, is_named: bool, has_products: bool) -> bool:
    """Tell whether amounts are rather prices than the money of whole lines.

    Amounts of lines grow with their quantity, by about one percent for each percent; prices do not. Where totals do
    not either, they are still whole multiples of their quantity in cents, as prices are only by chance, and differ
    between the lines of one product, as prices do little.
    """
    rule, n = rules.load("contract")["unit_price"], totals["n"]
    is_more = totals["many"] > n / 2 or totals["gross_product"] >= rule["least_money"] * totals["gross"]
    if not is_more or is_named:
        return bool(is_more)
    if n < rule["least_lines"] or totals["xx"] - totals["x"] ** 2 / n <= _NEARLY_NONE * n:
        return False
    if _elasticity(totals) >= rule["most_elasticity"]:
        return False
    if totals["tellable"] >= rule["least_tellable"] and totals["multiples"] >= rule["divisible"] * totals["tellable"]:
        return False
    within = totals["n_within"]
    is_spread = totals["yy_within"] > rule["most_spread"] ** 2 * within
    return not (has_products and within >= rule["least_lines"] and is_spread)


def _elasticity(totals: "pd.Series[float]") -> float:
    """The most percent by which amounts may grow for each percent of quantity: least squares, two standard errors."""
    n, x, y = totals["n"], totals["x"], totals["y"]
    xx, xy, yy = totals["xx"] - x * x / n, totals["xy"] - x * y / n, totals["yy"] - y * y / n
    slope = xy / xx
    return float(slope + _TWO_ERRORS * max(yy / xx - slope**2, 0.0) ** 0.5 / (n - 2) ** 0.5)
