"""Plans of all segments of a run, and the product that their texts speak of."""

from pathlib import Path

import pandas as pd
import pytest

from custlib.customise import segment_plans
from custlib.errors import UsageError
from custlib.report.page_list import check_made, pages
from custlib.run import Run, open_run
from tests.notebooks.shops import SHOP, make_shop


def shop_with_products(folder: Path, text: str = SHOP) -> Run:
    """A shop whose customers buy tea, the even ones cups as well: 300 customers, so that no product has a rate."""
    path = make_shop(folder, text=text)
    sold = pd.read_csv(folder / "sales.csv")
    even = sold["customer_id"].astype("category").cat.codes % 2 == 0
    sold.assign(product=even.map({True: "cups", False: "tea"})).to_csv(folder / "sales.csv", index=False)
    return open_run(str(path))


def test_every_segment_has_a_plan_and_only_those(tmp_path: Path) -> None:
    run = open_run(str(make_shop(tmp_path)))
    plans = run.get("segment_plans")
    assert tuple(plans) == run.get("definitions")["rfm"].ids
    counted = run.make("customer_segments").fetch(
        "select segment, count(*) as n from customer_segments where segmentation = 'rfm' group by segment"
    )
    sizes = dict(zip(counted["segment"], counted["n"].astype(int), strict=True))
    assert {name: one.plan.customers for name, one in plans.items() if one.plan.customers} == sizes
    assert all(one.plan.margin >= 0.5 for one in plans.values() if one.is_recommended)
    assert segment_plans.segment_plans.__doc__


@pytest.mark.slow
def test_switched_off_there_are_no_plans_and_no_pages(tmp_path: Path) -> None:
    run = open_run(str(make_shop(tmp_path, text=f'{SHOP}\n[segments]\nplaybook = ""\n')))
    assert run.get("segment_plans") == run.get("segment_products") == {}
    names = [page.name for page in pages(run)]
    assert "overview" in names
    assert not [name for name in names if name.startswith("playbook")]


@pytest.mark.slow
def test_the_product_is_known_only_where_products_are(tmp_path: Path) -> None:
    assert open_run(str(make_shop(tmp_path / "without"))).get("segment_products") == {}
    run = shop_with_products(tmp_path / "with")
    named = run.get("segment_products")
    assert named
    assert set(named.values()) <= {"cups", "tea"}
    plans = run.get("segment_plans")
    assert all(plans[segment].plan.customers >= 10 for segment in named)


def test_a_segmentation_that_the_data_do_not_allow_is_refused_before_its_tables(tmp_path: Path) -> None:
    run = open_run(str(make_shop(tmp_path, text=f'{SHOP}\n[segments]\nplaybook = "value_cube"\n')))
    with pytest.raises(UsageError, match='segments.playbook: value_cube needs .*products.*Set playbook = "rfm"'):
        check_made(run)
    assert not run.engine.has("customer_segments")
    check_made(open_run(str(make_shop(tmp_path / "other", text=f'{SHOP}\n[segments]\nplaybook = "abc"\n'))))
