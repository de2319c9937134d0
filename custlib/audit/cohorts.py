"""Lenses 3 to 5 of a customer-base audit: one cohort, cohort against cohort, and the base as a whole.

Reads ``customer_months``; no model. A cohort is everybody who bought first in the same period; its age is counted
in periods of that length, age 0 being the one of the first purchase. Follows Fader, Hardie and Ross (2022).
"""

import pandas as pd

from custlib import rules
from custlib.audit.months import Clock
from custlib.audit.periods import periods_of
from custlib.engine.base import Engine


def cohort_ages(engine: Engine, clock: Clock) -> pd.DataFrame:
    """Follow every cohort through its ages."""
    months = clock.cohort.months
    cohort = engine.dialect.divide("cohort", str(months))
    found = engine.fetch(
        f"select {cohort} as cohort, {cohort} - period as age, count(*) filter (where purchase_days > 0) as active,"
        " sum(purchase_days) as purchase_days, sum(revenue) as revenue, sum(profit) as profit"
        f" from ({periods_of(engine.dialect, months)}) group by 1, 2"
    )
    cohorts = sorted(found["cohort"].unique(), reverse=True)
    grid = pd.DataFrame([(c, age) for c in cohorts for age in range(int(c) + 1)], columns=["cohort", "age"])
    frame = grid.merge(found, how="left", on=["cohort", "age"]).astype(float).fillna(0.0)
    # Everybody buys at age 0: those active then are the cohort.
    frame.insert(2, "customers", frame.groupby("cohort")["active"].transform("first"))
    so_far = frame.groupby("cohort")[["revenue", "purchase_days"]].cumsum().div(frame["customers"], axis=0)
    frame = frame.join(so_far.add_prefix("cumulated_"))
    return frame.astype({"cohort": int, "age": int}).assign(
        active_share=frame["active"] / frame["customers"],
        purchases_per_active=_ratio(frame["purchase_days"], frame["active"]),
        spend_per_purchase=_ratio(frame["revenue"], frame["purchase_days"]),
    )


def _ratio(over: pd.Series, under: pd.Series) -> pd.Series:
    return over / under.where(under > 0)


def hidden(frame: pd.DataFrame, *, fewest: int = 10) -> pd.DataFrame:
    """Take out of the ages of cohorts what fewer than ten customers did, and cohorts of fewer than ten."""
    kept = frame[frame["customers"] >= fewest].reset_index(drop=True)
    few = kept["active"].between(0, fewest, inclusive="neither")
    named = ["active_share", "purchases_per_active", "spend_per_purchase", "purchase_days", "revenue", "profit"]
    return kept.assign(**{name: kept[name].mask(few) for name in named})


def example_cohort(frame: pd.DataFrame) -> int | None:
    """Choose the cohort that lens 3 follows: the largest of those with at least half the longest history.

    The oldest is passed over where there are others, since it holds older customers if the data begin late.

    Examples
    --------
    >>> ages = pd.DataFrame({"cohort": [2, 1, 0], "age": [0, 0, 0], "customers": [90, 40, 60]})
    >>> example_cohort(ages)
    1
    """
    sizes = frame.drop_duplicates("cohort")
    if sizes.empty:
        return None
    old = sizes[sizes["cohort"] >= sizes["cohort"].max() / 2].sort_values("cohort", ascending=False)
    old = old.iloc[1:] if len(old) > 1 else old
    return int(old.loc[old["customers"].idxmax(), "cohort"])


def common_age(frame: pd.DataFrame) -> int | None:
    """Find the age at which first and last cohort are compared: half the longest, or what two of them reached.

    Examples
    --------
    >>> common_age(pd.DataFrame({"cohort": [5, 4, 1], "age": [0, 0, 0]}))
    2
    """
    cohorts = sorted(frame["cohort"].unique())
    return min(int(cohorts[-2]), int(cohorts[-1]) // 2) if len(cohorts) > 1 else None


def cohort_bands(cohorts: list[int]) -> dict[int, int]:
    """Put cohorts side by side into few bands of equal length.

    Examples
    --------
    >>> cohort_bands([8, 7, 3, 0])
    {8: 0, 7: 0, 3: 2, 0: 4}
    """
    most, oldest = rules.load("audit")["shown"]["bands"], max(cohorts)
    width = -(-(oldest - min(cohorts) + 1) // most)
    return {cohort: (oldest - cohort) // width for cohort in cohorts}


def cohort_periods(engine: Engine, clock: Clock) -> pd.DataFrame:
    """Add up what each cohort did in each period."""
    cohort = engine.dialect.divide("cohort", str(clock.cohort.months))
    found = engine.fetch(
        f"select {cohort} as cohort, period, count(*) filter (where purchase_days > 0) as customers,"
        " sum(purchase_days) as purchase_days, sum(revenue) as revenue, sum(profit) as profit"
        f" from ({periods_of(engine.dialect, clock.period.months)}) group by 1, 2 order by 1 desc, 2 desc"
    )
    return found.astype(float).fillna(0.0).astype({"cohort": int, "period": int})


def stack(frame: pd.DataFrame, bands: dict[int, int], *, measure: str = "revenue", fewest: int = 10) -> pd.DataFrame:
    """Stack the cohorts in every period; cells of few customers are counted with the band beside."""
    summed = frame.assign(band=frame["cohort"].map(bands), value=frame[measure])
    summed = summed.groupby(["period", "band"], as_index=False)[["customers", "value"]].sum()
    rows = [row for _, cells in summed.groupby("period") for row in _told(cells, fewest)]
    return pd.DataFrame(rows, columns=["period", "band", "customers", "value"])


def _told(cells: pd.DataFrame, fewest: int) -> list[tuple[int, int, float, float]]:
    """Count what few customers did with the next younger band that is shown, else with the last one shown."""
    kept: list[tuple[int, int, float, float]] = []
    held = (0.0, 0.0)
    for period, band, customers, value in cells.sort_values("band").itertuples(index=False, name=None):
        held = held[0] + customers, held[1] + value
        if held[0] >= fewest:
            kept.append((int(period), int(band), *held))
            held = (0.0, 0.0)
    if kept and any(held):
        period, band, customers, value = kept.pop()
        kept.append((period, band, customers + held[0], value + held[1]))
    return kept
