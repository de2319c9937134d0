"""Every segmentation on both engines: the demonstration shop, which has all that any of them asks for."""

from collections.abc import Iterator

import pytest

from custlib import project as projects
from custlib.differentiate import segments
from custlib.workspace import HOME, Workspace
from tests.engine.same import differences

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]
Pair = tuple[Workspace, Workspace]
TABLES = ("customer_segments", "segment_moves", "customer_structure")


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("shops")
    given = projects.load(HOME / "data" / "crm_demo.toml")
    given = given.replace(segments=given.segments.model_copy(update={"replay": 1}))
    pair = Workspace(given, folder / "duckdb"), Workspace(given, folder / "spark", engine="spark")
    yield pair
    for one in pair:
        one.engine.close()


def test_the_shop_has_what_every_segmentation_asks_for(shops: Pair) -> None:
    for shop in shops:
        assert shop.grouping.names == tuple(segments.FAMILIES)
        assert shop.grouping.missing == {}


@pytest.mark.parametrize("name", sorted(segments.FAMILIES))
def test_both_engines_put_every_customer_in_the_same_segment(shops: Pair, name: str) -> None:
    found = [
        shop.need("customer_segments").fetch(
            "select customer_id, segment from customer_segments where segmentation = :name", name=name
        )
        for shop in shops
    ]
    assert differences(*found) == []
    assert found[0]["customer_id"].is_unique


@pytest.mark.parametrize("table", TABLES[1:])
def test_both_engines_tell_the_same_moves_and_structure(shops: Pair, table: str) -> None:
    first, second = (shop.need(table).fetch(f"select * from {table}") for shop in shops)
    assert differences(first, second) == []
