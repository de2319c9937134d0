"""Two tables are the same: whole numbers, texts and days alike, money and forecasts to nine digits."""

import numpy as np
import pandas as pd


def differences(first: pd.DataFrame, second: pd.DataFrame) -> list[str]:
    """What differs between two tables, whatever the order of their rows; one line for each column."""
    if list(first.columns) != list(second.columns):
        return [f"columns {list(first.columns)} and {list(second.columns)}"]
    if len(first) != len(second):
        return [f"{len(first)} and {len(second)} rows"]
    one, other = _sorted(first), _sorted(second)
    return [f"{name}: {said}" for name in one.columns if (said := _column(one[name], other[name]))]


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    plain = frame.apply(lambda column: column.astype(float) if _is_number(column) else column.astype(object))
    exact = sorted(plain.columns, key=lambda name: bool(_is_number(plain[name])))
    keys = plain.apply(lambda column: column.round(6) if _is_number(column) else column.astype(str))
    return plain.loc[keys.sort_values(exact, ignore_index=False).index].reset_index(drop=True)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def _column(one: pd.Series, other: pd.Series) -> str:
    if _is_number(one) and _is_number(other):
        same = np.isclose(one.to_numpy(), other.to_numpy(), rtol=1e-9, atol=1e-12, equal_nan=True)
    else:
        same = ((one == other) | (one.isna() & other.isna())).to_numpy()
    if same.all():
        return ""
    first = int(np.argmin(same))
    return f"{int((~same).sum())} of {len(one)} rows (first: {one[first]!r} and {other[first]!r})"
