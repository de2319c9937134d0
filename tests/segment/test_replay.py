"""CDNOW replayed month by month, July 1997 to June 1998, by definitions frozen at the end of June 1997.

Three ways to keep clusters from one month to the next: fitted anew and named anew (naive), fitted anew with the groups
matched to those of the month before (aligned), and assigned by what was frozen. Only the last moves customers by what
they did alone.
"""

import datetime as dt
from itertools import pairwise

import pytest

from custlib import project
from custlib.move import ledger, paths
from custlib.run import HOME, Run
from custlib.segment import customer_segments, profiles, registry, snapshots
from custlib.value.history import Money

MONTHS = [dt.date(1997 + (5 + n) // 12, (5 + n) % 12 + 1, 1) for n in range(1, 14)]
ENDS = [first - dt.timedelta(days=1) for first in MONTHS]
SYSTEMS = ("clusters", "rfm", "rfm125", "rfm_product", "abc", "pyramid", "lifecycle")
MOST_FROZEN = 0.12

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    """Every month's customers, and the definitions of June 1997."""
    opened = Run(project.load(HOME / "data" / "cdnow.toml"), tmp_path_factory.mktemp("replay"))
    engine, options = opened.make("transactions"), opened.project.segments.options
    needs = sorted({need for name in SYSTEMS for need in registry.needs(name, options.get(name, {}))})
    wanted = list(dict.fromkeys(point for pair in pairwise(ENDS) for point in snapshots.between(*pair)))
    snapshots.make_history(engine, wanted, needs, Money())
    for point in wanted:
        snapshots.make_snapshot(engine, point, needs, last=ENDS[-1], daily_rate=0.0)
    opened.make("customer_value")

    def define(name, day):
        given = {"k": 5} if name == "clusters" else options.get(name, {})
        return customer_segments.define(engine, name, snapshots.at(day).table, as_of=day, options=given)

    return engine, define, {name: define(name, ENDS[0]) for name in SYSTEMS}


def relabelled(engine, first, first_day, second, second_day, matched=None):
    """Share of customers there on both dates who carry another name on the second."""
    selects = [customer_segments.assigned(engine.dialect, one, snapshots.at(day).table)
               for one, day in ((first, first_day), (second, second_day))]  # fmt: skip
    frame = profiles.cross_table(engine, *selects, worth="")
    names = frame["second"] if matched is None else frame["second"].map(matched)
    return frame.loc[names != frame["first"], "customers"].sum() / frame["customers"].sum()


def test_the_months_are_those_of_the_year():
    assert (ENDS[0], ENDS[1], ENDS[-1], len(ENDS)) == (
        dt.date(1997, 6, 30), dt.date(1997, 7, 31), dt.date(1998, 6, 30), 13
    )  # fmt: skip


def test_clusters_by_what_was_frozen_move_fewer_than_twelve_in_a_hundred_in_any_month(replay, capsys):
    engine, define, frozen = replay
    shares = []
    before = frozen["clusters"]
    for earlier, later in pairwise(ENDS):
        anew = define("clusters", later)
        matched = profiles.agree(
            profiles.cross_table(
                engine,
                *(customer_segments.assigned(engine.dialect, one, snapshots.at(later).table) for one in (anew, before)),
                worth="",
            )
        ).matched
        shares.append(
            (
                relabelled(engine, before, earlier, anew, later),
                relabelled(engine, before, earlier, anew, later, matched),
                relabelled(engine, frozen["clusters"], earlier, frozen["clusters"], later),
            )
        )
        before = anew
    with capsys.disabled():
        print("\nmonth      naive  aligned  frozen")
        for day, share in zip(ENDS[1:], shares, strict=True):
            print(day, *(f"{100 * one:6.1f}" for one in share))
    assert max(frozen for _, _, frozen in shares) <= MOST_FROZEN


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_causes_add_up_to_the_whole_in_every_month_in_customers_and_money(replay, name):
    engine, _, frozen = replay
    definition = frozen[name]
    engine.make("segment_paths", paths.plan(engine.dialect, ENDS, [(definition, definition)]))
    engine.make("segment_moves", paths.segment_moves_sql(engine.dialect))
    for earlier, later in pairwise(ENDS):
        book = ledger.ledger(ledger.moves(engine, name, since=earlier), definition.ids)
        for kind in ("customers", "money"):
            gained = sum(book[f"{kind}_{cause}"] for cause in paths.CAUSES)
            assert (book[f"{kind}_before"] + gained).tolist() == pytest.approx(book[f"{kind}_after"].tolist(), abs=1e-6)
        select = customer_segments.assigned(engine.dialect, definition, snapshots.at(later).table)
        found = engine.fetch(
            f"select count(*) as n, sum(a.profit) as money from ({select}) join {snapshots.at(later).table} a"
            " using (customer_id)"
        ).iloc[0]
        assert book["customers_after"].sum() == found["n"]
        assert book["money_after"].sum() == pytest.approx(float(found["money"]), abs=1e-6)
