"""Every segmentation on both engines: the demonstration shop, which has all that any of them asks for.

Spark is held to what ``tests/segment/test_customer_segments.py`` asks of a segmentation on DuckDB: equal segments, also
of the same shop with its lines in another order, in other files, and its customers renamed; nobody and one customer.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from custlib import project as projects
from custlib.project import Project
from custlib.run import HOME, Run
from custlib.segment import customer_segments, registry
from custlib.segment.snapshots import alive_table, table_of
from tests.engine.same import differences

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]
EVERY = pytest.mark.parametrize("name", sorted(registry.names()))
Pair = tuple[Run, Run]
SHOP = HOME / "data" / "crm_demo"
TABLES = ("customer_segments", "segment_moves", "customer_structure")


def load(file: Path) -> Project:
    given = projects.load(file)
    every = {"replay": 1, "segmentations": registry.names(), "options": {"bank5": {"scale": 0.0001}}}
    return given.replace(segments=given.segments.model_copy(update=every))


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder, given = tmp_path_factory.mktemp("shops"), load(SHOP.with_suffix(".toml"))
    pair = Run(given, folder / "duckdb"), Run(given, folder / "spark", engine="spark")
    yield pair
    for one in pair:
        one.engine.close()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same shop on Spark: lines in any order, in eleven files, every customer under another name."""
    folder = tmp_path_factory.mktemp("mixed")
    sales = folder / "crm_demo" / "sales"
    sales.mkdir(parents=True)
    head, lines = rows_of(*sorted((SHOP / "sales").glob("*.csv")))
    random.Random(5).shuffle(lines)
    for number in range(11):
        write(sales / f"{number}.csv", head, lines[number::11])
    for name in ("customers.csv", "invoices.csv"):
        head, lines = rows_of(SHOP / name)
        write(folder / "crm_demo" / name, head, lines[::-1])
    (folder / "crm_demo.toml").write_text(SHOP.with_suffix(".toml").read_text())
    opened = Run(load(folder / "crm_demo.toml"), folder / "work", engine="spark")
    yield opened
    opened.engine.close()


def rows_of(*files: Path) -> tuple[list[str], list[list[str]]]:
    """The head and the lines of files of the same columns, with their customers renamed."""
    read = [list(csv.reader(file.read_text().splitlines())) for file in files]
    head, at = read[0][0], read[0][0].index("customer_id")
    return head, [[*row[:at], renamed(row[at]), *row[at + 1 :]] for rows in read for row in rows[1:]]


def renamed(customer: str) -> str:
    return f"{customer[::-1]}!"


def write(file: Path, head: list[str], lines: list[list[str]]) -> None:
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([head, *lines])


def segments_of(shop: Run, name: str) -> pd.DataFrame:
    select = "select customer_id, segment from customer_segments where segmentation = :name"
    return shop.make("customer_segments").fetch(select, name=name)


def test_the_shop_has_what_every_segmentation_asks_for(shops: Pair) -> None:
    for shop in shops:
        assert shop.get("segmentation_names") == tuple(registry.names())
        assert shop.get("missing_segmentations") == {}


@EVERY
def test_both_engines_put_every_customer_in_the_same_segment(shops: Pair, name: str) -> None:
    found = [segments_of(shop, name) for shop in shops]
    assert differences(*found) == []
    assert found[0]["customer_id"].is_unique
    assert set(found[1]["segment"]) <= set(shops[1].get("definitions")[name].ids)


@EVERY
def test_order_files_and_names_change_nothing_on_spark(shops: Pair, mixed: Run, name: str) -> None:
    first = segments_of(shops[1], name)
    first["customer_id"] = first["customer_id"].map(renamed)
    assert mixed.get("definitions")[name] == shops[1].get("definitions")[name]
    assert differences(first, segments_of(mixed, name)) == []


@pytest.mark.parametrize("customers", [0, 1])
def test_nobody_and_one_customer_on_spark(shops: Pair, customers: int) -> None:
    engine, point = shops[1].make("customer_segments"), f"activity_{shops[1].project.as_of:%Y%m%d}"
    definitions = list(shops[1].get("definitions").values())
    engine.make("few", f"select * from {point} order by customer_id limit {customers}")
    for chances in (definition.frozen.get("potential") for definition in definitions):
        if chances:
            of = f"select p.* from {table_of(point, chances)} p join few f on f.customer_id = p.customer_id"
            engine.make(table_of("few", chances), of)
    for model in (definition.frozen.get("probability_alive") for definition in definitions):
        if model:
            engine.make(alive_table("few", model), f"select * from {alive_table(point, model)}")
    customer_segments.make_customer_segments(
        engine, "segments_of_few", "few", definitions
    )  # proves that each is there once
    found = engine.fetch("select segmentation, segment from segments_of_few")
    assert sorted(found["segmentation"]) == [name for name in sorted(registry.names()) if customers]
    assert found["segment"].notna().all()


@pytest.mark.parametrize("table", TABLES[1:])
def test_both_engines_tell_the_same_moves_and_structure(shops: Pair, table: str) -> None:
    first, second = (shop.make(table).fetch(f"select * from {table}") for shop in shops)
    assert differences(first, second) == []
