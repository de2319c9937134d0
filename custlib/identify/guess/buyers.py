"""Finds the customer and the order: an order is of one customer and one day, a customer comes back on other days."""

from collections.abc import Sequence

from custlib.errors import TableError, counted
from custlib.identify.guess.columns import Column, are_one_to_one, constant_days, share_constant
from custlib.identify.guess.headings import folded
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding

_NESTED = 0.97
_EMAIL, _PERSON = 0.75, 0.62
_CLEARER = 0.12
_ENOUGH = 0.6
_FINER = 1.3
_MOST_ANSWERS = 4
_LEAST_IDS = 5
_FEW_GROUPS = 5
_MOSTLY_BLANK = 0.5


def find_order(understanding: Understanding) -> None:
    """Give the role ``order_id`` to a column whose values stand in rows of one day only."""
    scored = [(score, column) for column in understanding.columns if (score := _order_score(understanding, column)) > 0]
    if not scored:
        return
    scored.sort(key=lambda pair: (-round(pair[0], 1), pair[1].distinct))
    _, best = scored[0]
    groups = share_constant(best, best)[1]
    lines = f"{groups:,} of {best.distinct:,} orders with several lines" if groups else "one line each"
    understanding.take("order_id", best, f"{best.name!r}: each of one day; {lines}")


def _order_score(understanding: Understanding, column: Column) -> float:
    """Score a column as the order by its heading and by its rows, which are of one day."""
    if (
        not understanding.is_free(column)
        or column.filled < _MOSTLY_BLANK * len(column.values)
        or column.distinct < _LEAST_IDS
    ):
        return 0.0
    if column.has_decimals:
        return 0.0
    heading = max(column.kind("order_id"), 0.9 if _is_marked(column) else 0.0)
    same_day = constant_days(column, understanding.days)
    groups = share_constant(column, column)[1]
    if heading:
        others = max((score for kind, score in column.kinds.items() if kind != "order_id"), default=0.0)
        return heading if same_day >= _NESTED and (heading >= others or _is_marked(column)) else 0.0
    if column.kinds or groups < _FEW_GROUPS or column.distinct < 0.2 * column.filled:
        return _serial_score(column) if not column.kinds else 0.0
    return 0.5 if same_day == 1.0 and column.distinct > len(set(understanding.days)) / 3 and _is_code(column) else 0.0


def _serial_score(column: Column) -> float:
    """Score a column without a heading whose values are all different."""
    return 0.3 if column.distinct == column.filled and _is_code(column) else 0.0


def _is_code(column: Column) -> bool:
    """Tell whether values look like ids: texts or whole numbers with a digit in them."""
    return not column.has_decimals and all(any(sign.isdigit() for sign in text) for text in list(column.counts)[:200])


def _is_marked(column: Column) -> bool:
    """Tell whether values are marked as numbers of orders: #1001."""
    texts = list(column.counts)[:200]
    return bool(texts) and all(text.startswith("#") and text[1:2].isdigit() for text in texts)


def find_customer(understanding: Understanding) -> None:
    """Give the role ``customer_id``; ask where several columns could be the customer."""
    scored = [(score, column) for column in understanding.columns if (score := _score(understanding, column)) > 0]
    scored.sort(key=lambda pair: -pair[0])
    if not scored or scored[0][0] < _ENOUGH:
        _find_by_values(understanding, [column for _, column in scored])
        return
    best = scored[0][1]
    if constant_days(best, understanding.days) == 1.0 and best.filled >= _LEAST_IDS:
        scored = _of_those_who_return(understanding, scored)
    best = scored[0][1]
    rivals = [
        column for score, column in scored[1:] if scored[0][0] - score < _CLEARER and _parts_otherwise(best, column)
    ]
    rivals += [column for _, column in scored[1:] if _is_coarser(best, column) and column not in rivals]
    understanding.take("customer_id", best, _why(best))
    if rivals:
        _ask(understanding, [best, *rivals])
    elif best.kind("customer_id") < _ENOUGH and best.kind("person") > best.kind("email"):
        understanding.assumptions.append(
            f"customers are told by name ({best.name!r}): two people of one name are one customer"
        )


def _of_those_who_return(
    understanding: Understanding, scored: list[tuple[float, Column]]
) -> list[tuple[float, Column]]:
    """Of the candidates take one whose values come back on other days, where there is one; an id of visits does not."""
    returning = [pair for pair in scored if constant_days(pair[1], understanding.days) < 0.9]
    if not returning:
        understanding.assumptions.append(
            f"no customer of {scored[0][1].name!r} comes back on another day in the rows looked at"
        )
        return scored
    return [(max(returning[0][0], scored[0][0]), returning[0][1]), *(pair for pair in scored if pair != returning[0])]


def _score(understanding: Understanding, column: Column) -> float:
    heading = max(column.kind("customer_id"), _EMAIL * column.kind("email"), _PERSON * column.kind("person"))
    if heading == 0 or not understanding.is_free(column) or column.distinct < 2 or column.has_decimals:
        return 0.0
    order = understanding.roles.get("order_id")
    if order is not None and share_constant(order, column)[0] < _NESTED:
        return 0.0
    blank = 0.3 if column.filled < _MOSTLY_BLANK * _rows(understanding, column) else 0.0
    return heading - blank - (0.3 if column.distinct == column.filled and column.filled >= 50 else 0.0)


def _rows(understanding: Understanding, column: Column) -> int:
    """Rows in which a customer may stand: the first of each order, where nothing stands on the others."""
    order = understanding.roles.get("order_id")
    return min(len(column.values), order.distinct) if order is not None else len(column.values)


def _parts_otherwise(best: Column, column: Column) -> bool:
    """Tell whether a column would make other customers than the best."""
    is_better_kind = best.kind("customer_id") > max(column.kind("customer_id"), 0.0) + _CLEARER
    return not are_one_to_one(best, column) and not is_better_kind


def _is_coarser(best: Column, column: Column) -> bool:
    """Tell whether e-mail addresses come back where ids do not: then ids are of visits."""
    return (
        column.kind("email") >= _ENOUGH
        and column.filled >= 0.8 * best.filled
        and best.distinct > _FINER * column.distinct
    )


def _why(column: Column) -> str:
    return f"{column.name!r}: {counted(column.distinct, 'id', 'ids')} in {counted(column.filled, 'line', 'lines')}"


def _find_by_values(understanding: Understanding, named: Sequence[Column]) -> None:
    """Take the only column that could be the customer by its values, or ask."""
    others = [column for column in understanding.columns if column not in named and _could_be(understanding, column)]
    columns = [*named, *sorted(others, key=lambda column: -column.distinct)]
    columns = [c for n, c in enumerate(columns) if not any(are_one_to_one(c, earlier) for earlier in columns[:n])]
    if not columns:
        raise TableError(_nothing(understanding))
    best = columns[0]
    understanding.take("customer_id", best, _why(best))
    is_named = any(column.kinds for column in understanding.columns)
    if len(columns) > 1 or (is_named and not named):
        _ask(understanding, columns)
    else:
        understanding.assumptions.append(
            f"{best.name!r} is the customer: the only column whose values come back on other days"
        )


def _could_be(understanding: Understanding, column: Column) -> bool:
    """Tell whether values come back on other days, are of one order each way, and no money or few words."""
    if (
        not understanding.is_free(column)
        or column.has_decimals
        or column.distinct < _LEAST_IDS
        or column.distinct == column.filled
    ):
        return False
    if column.kinds and max(column.kinds.values()) >= 0.9 and column.kind("customer_id", "email", "person") == 0:
        return False
    if (column.dates is not None and not column.dates.is_number) or constant_days(column, understanding.days) > 0.9:
        return False
    if column.is_number and _is_small(column):
        return False
    order = understanding.roles.get("order_id")
    return order is None or share_constant(order, column)[0] >= _NESTED


def _is_small(column: Column) -> bool:
    """Tell whether most numbers are small, as quantities are; codes with leading zeros are none."""
    texts = list(column.counts)
    if any(text.startswith("0") and len(text) > 1 for text in texts):
        return False
    small = sum(count for text, count in column.counts.items() if len(text.lstrip("-")) <= 2)
    return small >= 0.9 * column.filled and column.distinct <= 30


def _ask(understanding: Understanding, columns: Sequence[Column]) -> None:
    names = [column.name for column in columns[:_MOST_ANSWERS]]
    which = ", ".join(repr(name) for name in names[:-1]) + f" or {names[-1]!r}" if len(names) > 1 else repr(names[0])
    text = f"Which column names the customer: {which}?" if len(names) > 1 else f"Does {which} name the customer?"
    answers = [_choice(column) for column in columns[:_MOST_ANSWERS]]
    understanding.ask("columns.customer_id", text, *answers)


def _choice(column: Column) -> Answer:
    examples = ", ".join(list(column.counts)[:3])
    return Answer(
        f"{column.name}: {column.distinct:,} in {column.filled:,} lines ({examples[:60]} ...)",
        {"columns.customer_id": column.name},
    )


def _nothing(understanding: Understanding) -> str:
    sample = understanding.sample
    names = ", ".join(sample.names[:12])
    return (
        f"{sample.path.name}: no column could name a customer who comes back (columns: {names}). Give a file of "
        "purchases with the customer on each line."
    )


def is_guest(text: str, guests: frozenset[str]) -> bool:
    """Tell whether an id is a word for customers who are not known."""
    return folded(text) in guests
