"""Makes the quality record: rows and money by what became of them, and a word on everything that was done.

Reads ``transactions_checked``. Repairs, findings and ids that look alike are data (``rules/contract.toml``). Makes
``product_margins`` too, the share of revenue that is profit by product, and counts the lines without one: they take
the margin of the project. A source with a cost column needs no margins, so both together are refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import UsageError, counted, listed
from custlib.identify.reading.sources import Opened
from custlib.project import Project

Parts = Sequence[Mapping[str, Any]]  # rows of the counts, one for each reason

_FLOAT_ID = "customer_id_float"
_WITHOUT_PURCHASE = (
    "select count(*) as n from (select distinct customer_id from transactions_checked where reason is null"
    " and not is_purchase) anti join (select customer_id from transactions_checked where reason is null"
    " and is_purchase) using (customer_id)"
)
_NAMED = 3


def count(engine: Engine, opened: Opened) -> dict[str, Any]:
    """Count rows and money by what became of them.

    Returns the quality record: ``rows_*``, ``money_*``, ``reasons``, ``removed`` and ``repairs`` {code: rows},
    ``money_by_reason``, one count per finding, ``currency_signs``, ``customers_*`` and ``warnings``. ``reasons`` holds
    every reason for which a row is not used, ``removed`` those of them by which an option leaves it out.
    """
    texts = engine.columns("transactions_checked")["customer_id"] == "VARCHAR"
    rows = engine.fetch(_by_reason(texts=texts)).to_dict("records")
    counts = [{str(name): value for name, value in row.items()} for row in rows]
    good = [part for part in counts if pd.isna(part["reason"])]
    bad = sorted((part for part in counts if not pd.isna(part["reason"])), key=lambda part: str(part["reason"]))
    removed = [part for part in bad if part["reason"] in removals()]
    quarantined = [part for part in bad if part not in removed]
    quality: dict[str, Any] = {
        **_conserved({"read": counts, "used": good, "quarantined": quarantined, "removed": removed}),
        **_repeated(counts, removed),
        "rows_repaired": _repaired(good),
        "reasons": _rows_by_reason(bad),
        "removed": _rows_by_reason(removed),
        "money_by_reason": {str(part["reason"]): _money(part["money"]) for part in bad},
        "repairs": {r["id"]: n for r in _contract("repair") if (n := _repair(r["id"], good))},
        "has_amount": "amount" in opened.columns,
        "has_cost": bool({"cost", "profit"} & opened.columns.keys()),
        **{finding["id"]: int(_sum(good, finding["id"])) for finding in _contract("finding")},
        "currency_signs": sorted({*_known(good, "least_sign"), *_known(good, "greatest_sign")}),
        "ignored_columns": list(opened.ignored),
        "columns": opened.columns,
        **_purchases(good),
    }
    quality["customers_without_purchase"], alike = _customers(engine, good)
    return quality | {"warnings": _warnings(quality, alike, opened)}


def _purchases(good: Parts) -> dict[str, Any]:
    """Purchases among the rows that are used, their money, and their first and last day."""
    return {
        "purchase_rows": int(_sum(good, "purchases")),
        "gross_money": float(_sum(good, "gross")),
        "first_day": _day(min(_known(good, "first_day"), default=None)),
        "last_day": _day(max(_known(good, "last_day"), default=None)),
    }


def _contract(kind: str) -> list[dict[str, Any]]:
    return rules.load("contract")[kind]


def _by_reason(*, texts: bool) -> str:
    """Write the one aggregate pass over the checked rows; ids that are numbers have no spelling to look at.

    Rows are counted by all that holds of them at once, and those few counts are added up: far less work than to count
    every row for each predicate.
    """
    repairs = {r["id"]: r["done"] if texts or not r.get("of_text") else "false" for r in _contract("repair")}
    screens = [rule["screen"].format("customer_id") for rule in _contract("alike")] if texts else []
    predicates = {"purchases": "is_purchase", **repairs, **{f["id"]: f["holds"] for f in _contract("finding")}}
    predicates |= {f"screen_{place}": screen for place, screen in enumerate(screens)}
    anything = " or ".join(name for name in repairs if name != _FLOAT_ID)
    named = [f"{predicate} as {name}" for name, predicate in predicates.items()]
    counts = [f"coalesce(sum(case when {name} then n end), 0) as {name}" for name in predicates]
    return f"""
        select reason, sum(n) as n, coalesce(sum(money), 0) as money, coalesce(sum(gross), 0) as gross,
               coalesce(sum(repeated), 0) as repeated,
               coalesce(sum(case when {anything} then n end), 0) as repaired, min(first_day) as first_day,
               max(last_day) as last_day, min(least_sign) as least_sign, max(greatest_sign) as greatest_sign,
               {", ".join(counts)}
        from (select reason, {", ".join(predicates)}, count(*) as n, sum(amount) as money, sum(abs(amount)) as gross,
                     sum(amount_repeated) as repeated,
                     min(case when purchases and reason is null then day end) as first_day,
                     max(case when reason is null then day end) as last_day,
                     min(symbol) as least_sign, max(symbol) as greatest_sign
              from (select reason, amount, amount_repeated, day, symbol, {", ".join(named)}
                    from transactions_checked)
              group by reason, {", ".join(predicates)})
        group by reason"""


def removals() -> list[str]:
    """The rules by which a row that can be read is left out, because an option says so."""
    return [rule["id"] for rule in _contract("rule") if rule.get("action") == "remove"]


def _sum(parts: Parts, name: str) -> Any:
    return sum(part[name] for part in parts)


def _known(parts: Parts, name: str) -> list[Any]:
    return [part[name] for part in parts if not pd.isna(part[name])]


def _conserved(parts: Mapping[str, Parts]) -> dict[str, Any]:
    """Rows and money read, and where they went; nothing is removed without a reason."""
    rows = {f"rows_{name}": int(_sum(part, "n")) for name, part in parts.items()}
    return rows | {f"money_{name}": _money(_sum(part, "money")) for name, part in parts.items()}


def _repeated(counts: Parts, removed: Parts) -> dict[str, Any]:
    """Money of totals that repeat on lines of their order: it is read and removed, while the lines stay."""
    repeated = _sum(counts, "repeated")
    return {
        "money_read": _money(_sum(counts, "money") + repeated),
        "money_removed": _money(_sum(removed, "money") + repeated),
        "money_repeated": _money(repeated),
    }


def _rows_by_reason(counts: Parts) -> dict[str, int]:
    return {str(part["reason"]): int(part["n"]) for part in counts}


def _money(amount: Any) -> float:
    return round(float(amount), 4)


def _day(value: Any) -> str | None:
    """Write a day; None where there is none."""
    return None if pd.isna(value) else str(value)[:10]


def _repair(code: str, good: Parts) -> int:
    """Rows repaired in one way; '.0' is taken off ids only when every id has it."""
    rows = int(_sum(good, code))
    return rows if code != _FLOAT_ID or rows == int(_sum(good, "n")) else 0


def _repaired(good: Parts) -> int:
    return _repair(_FLOAT_ID, good) or int(_sum(good, "repaired"))


def _customers(engine: Engine, good: Parts) -> tuple[int, dict[str, int]]:
    """Count customers without a purchase, and ids that differ only in how they are written, by how."""
    without = 0 if _sum(good, "purchases") == _sum(good, "n") else engine.fetch(_WITHOUT_PURCHASE)["n"].item()
    if not _may_be_alike(engine, good):
        return int(without), {}
    counts = engine.fetch(_alike())
    return int(without), {str(kind): int(n) for kind, n in zip(counts["kind"], counts["ids"], strict=True)}


def _may_be_alike(engine: Engine, good: Parts) -> bool:
    """Tell whether the screens of any rule hold for some id; the second is looked at where the first holds."""
    for place, rule in enumerate(_contract("alike")):
        if not sum(part.get(f"screen_{place}", 0) for part in good):
            continue
        also = rule.get("and_screen", "true").format("customer_id")
        seen = engine.fetch(f"select bool_or({also}) as seen from transactions_checked where reason is null")
        if bool(seen["seen"].item()):
            return True
    return False


def _alike() -> str:
    """Write the pass over the distinct ids: those that one spelling would merge, by the rule that does."""
    spelling, kinds = "id", ""
    for rule in _contract("alike"):
        spelling = rule["spelling"].format(spelling)
        same = f"{rule['spelling'].format('first_id')} = {rule['spelling'].format('last_id')}"
        kinds += f" when {same} then '{rule['id']}'"
    return f"""
        select kind, sum(ids) as ids from (
            select ids, case{kinds} else 'several' end as kind from (
                select min(id) as first_id, max(id) as last_id, count(*) as ids
                from (select distinct customer_id as id from transactions_checked where reason is null)
                group by {spelling} having count(*) > 1))
        group by kind"""


def _warnings(quality: dict[str, Any], alike: dict[str, int], opened: Opened) -> list[str]:
    """Say everything that was done to the rows and everything odd about them."""
    messages = list(opened.remarks)
    broken = {rule["id"]: f"{rule['what']}. {rule['remedy']}" for rule in _contract("rule")}
    messages += [
        f"{_rows(n)} {'removed' if code in quality['removed'] else 'set aside'}: {broken[code]}"
        for code, n in quality["reasons"].items()
    ]
    done = {repair["id"]: repair["what"] for repair in _contract("repair")}
    messages += [f"{_rows(n)} repaired: {done[code]}" for code, n in quality["repairs"].items()]
    if quality["currency_signs"]:
        messages.append(f"currency sign {', '.join(quality['currency_signs'])} was taken as the currency of every row")
    if quality["ignored_columns"]:
        messages.append(f"columns ignored: {listed(quality['ignored_columns'])}")
    findings = [finding for finding in _contract("finding") if finding.get("says") and quality[finding["id"]]]
    messages += [counted(quality[f["id"]], f["says_of_one"], f["says"]) for f in findings]
    differ = {"several": "differ only in how they are written"}
    differ |= {rule["id"]: rule["says"] for rule in _contract("alike")}
    messages += [f"{n:,} ids {differ[kind]}: each was left a customer of its own" for kind, n in sorted(alike.items())]
    if n := quality["customers_without_purchase"]:
        who = counted(n, "customer has returns but no purchase", "customers have returns but no purchase")
        messages.append(f"{who}: in no model")
    if not quality["has_amount"]:
        messages.append("there is no amount column: purchases are forecast, money is not")
    return messages


def _rows(n: int) -> str:
    return counted(n, "row", "rows")


def refuse_margins(project: Project, columns: Mapping[str, str], file: str) -> None:
    """Refuse margins by product where they cannot hold.

    Raises UsageError if the source has no product column, or has a cost column too.

    Examples
    --------
    >>> shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}
    >>> from custlib.project import build
    >>> refuse_margins(build(shop | {"product_margins": {"tea": 0.4}}), {"amount": "total"}, "x.csv")
    Traceback (most recent call last):
    custlib.errors.UsageError: product_margins: x.csv has no product column. Map one under [source.columns], ...
    """
    if not project.product_margins:
        return
    for role in [role for role in ("cost", "profit") if role in columns]:
        raise UsageError(
            f"product_margins: {file} also has a {role} (column {columns[role]!r}), so profit would be stated twice. "
            f"Take out [product_margins], or leave the {role} column out of the source."
        )
    if "product" not in columns:
        raise UsageError(
            f"product_margins: {file} has no product column. Map one under [source.columns], or take out "
            "[product_margins] and give one margin."
        )


def make_product_margins(engine: Engine, margins: Mapping[str, float]) -> None:
    """Make the table of margins."""
    frame = pd.DataFrame(
        {"product": [name.strip() for name in margins], "margin": [float(m) for m in margins.values()]}
    )
    engine.attach_frame("product_margins", frame)


def margin_gaps(engine: Engine, project: Project, warnings: list[str]) -> dict[str, Any]:
    """Count the lines whose product has no margin of its own, and the margins that no line needs."""
    counts = engine.fetch(
        "select count(*) as n, count(distinct product) as products, coalesce(sum(abs(amount)), 0) as money"
        " from transactions_checked anti join product_margins using (product) where reason is null"
    )
    rows, products, money = (counts[name].item() for name in ("n", "products", "money"))
    messages = list(warnings)
    if rows:
        whole = engine.fetch("select sum(abs(amount)) as money from transactions_checked where reason is null")
        share = float(money) / float(whole["money"].item() or 1)
        messages.append(
            f"{counted(rows, 'line has', 'lines have')} no margin in [product_margins] (products: {products:,}; "
            f"{share:.1%} of the money): margin {project.margin:g} was taken"
        )
    if idle := _idle(engine):
        more = " and others" if len(idle) > _NAMED else ""
        messages.append(f"[product_margins] names products that no line has: {', '.join(idle[:_NAMED])}{more}")
    return {"margin_unknown_rows": int(rows), "margin_unknown_products": int(products), "warnings": messages}


def _idle(engine: Engine) -> list[str]:
    frame = engine.fetch(
        "select product from product_margins anti join (select product from transactions_checked"
        " where reason is null) using (product) order by product"
    )
    return [str(name) for name in frame["product"]]
