"""Finds the columns of a source by the names that the project file gives them, and refuses what is missing."""

from collections.abc import Collection, Sequence

from custlib.errors import TableError, hint
from custlib.identify.inputs import Input

MONEY = ("amount", "cost", "quantity")
DAYS = ("timestamp", "due", "paid")
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
_NO_NUMBER = ("BOOLEAN", "DATE", "TIME", "BLOB", "UUID", "INTERVAL")


def match(given: Input, available: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the column of each standard name; a name given in the mapping must be there.

    Raises TableError if a required or mapped column is missing; all of them are named.
    """
    folded = {name.strip().casefold(): name for name in available}
    columns, faults, remarks = {}, [], []
    source = given.source
    for standard in source.roles:
        wanted = source.mapped.get(standard, standard)
        found = wanted if wanted in available else folded.get(wanted.strip().casefold())
        if found is not None:
            columns[standard] = found
            if found != wanted:
                remarks.append(f"column name {found!r} was read as {wanted!r}")
        elif standard in source.mapped or standard in source.required:
            mapped = f" (mapped from {standard})" if wanted != standard else ""
            faults.append(f"{given.name}: column {wanted!r}{mapped} is missing. {hint(wanted, available)}")
    if faults:
        faults.append(f'Name your columns, for instance [{source.section}.columns] customer_id = "client".')
        raise TableError("\n".join(faults))
    return columns, tuple(remarks)


def used(given: Input, available: Sequence[str]) -> list[str]:
    """List the columns that are read of a source, in its order; those that folders give are none of them.

    Raises TableError if a required or mapped column is missing.
    """
    everything = [*available, *(name for name in given.partitions if name not in available)]
    named = set(match(given, everything)[0].values())
    return [name for name in available if name in named]


def in_role(given: Input, roles: Collection[str], available: Sequence[str]) -> set[str]:
    """Find the columns that are read as one of some standard columns."""
    everything = [*available, *given.partitions]
    return {name for standard, name in match(given, everything)[0].items() if standard in roles}


def distinct(name: str, header: Sequence[str]) -> list[str]:
    """Name the columns without a name by their place; refuse names that stand twice.

    Raises TableError if two names differ at most by upper and lower case.

    Examples
    --------
    >>> distinct("sales.csv", ["", "day"])
    ['column_1', 'day']
    """
    names = [column.strip("\ufeff") or f"column_{place}" for place, column in enumerate(header, 1)]
    folded = [column.casefold() for column in names]
    twice = [column for column in names if folded.count(column.casefold()) > 1]
    if twice:
        raise TableError(f"{name}: column {twice[0]!r} stands twice in the header. Rename one.")
    return names


def check_types(name: str, columns: dict[str, str], types: dict[str, str]) -> None:
    """Refuse columns of types that hold no single value, and money that is no number.

    Raises TableError if there are such columns; all of them are named.
    """
    faults = []
    for standard, given in columns.items():
        kind = types[given]
        no_number = standard in MONEY and kind.startswith(_NO_NUMBER)
        if kind.endswith("]") or kind.startswith(_NESTED) or no_number:
            mapped = f" (mapped from {standard})" if given != standard else ""
            what = "a list or nested value" if not kind.startswith(_NO_NUMBER) else "no number"
            faults.append(f"{name}: column {given!r}{mapped} has type {kind}, {what}. Write one value per row.")
    if faults:
        raise TableError("\n".join(faults))
