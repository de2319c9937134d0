"""The contract of every segmentation in ``registry.names()``; a new one is tested by being registered.

On DuckDB, here; `tests/engine/test_systems.py` holds Spark to it.
"""

import datetime as dt
import json
import random
from functools import cache

import pytest

from custlib import project
from custlib.errors import CustlibError, TableError, UsageError
from custlib.run import Run
from custlib.segment import customer_segments, profiles, registry
from custlib.segment.definitions import Definition, from_json
from custlib.value import activity
from tests.bases import AS_OF, make_value, measured, open_base, shop

EVERY = pytest.mark.parametrize("name", sorted(registry.names()))


def define(engine, name, **options):
    seen = measured(needs=registry.needs(name, options))
    return customer_segments.define(engine, name, seen, as_of=AS_OF, options=options)


def assigned(engine, *definitions, activity="customer_activity"):
    needs = sorted({need for definition in definitions for need in definition.needs})
    read = (activity, "transactions")
    engine.define("activity_seen", f"select * from {measured(activity, needs=needs)}", of=read)
    customer_segments.make_customer_segments(engine, "customer_segments", "activity_seen", list(definitions))
    found = engine.fetch("select * from customer_segments order by segmentation, customer_id")
    return found.set_index("customer_id")


def opened(folder, rows):
    """An engine with the activity of these transactions."""
    engine = open_base(folder, rows)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    return engine


def whole(engine, name):
    """Definition and segment of each customer."""
    definition = define(engine, name)
    return definition, assigned(engine, definition)["segment"].to_dict()


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory):
    """Definition and segments of every segmentation for one shop, each computed once."""
    engine = opened(tmp_path_factory.mktemp("as_it_is"), shop(50))
    return cache(lambda name: whole(engine, name))


@pytest.fixture(scope="module")
def in_another_order(tmp_path_factory):
    """The same shop, its rows in another order."""
    rows = shop(50)
    return opened(tmp_path_factory.mktemp("mixed"), random.Random(1).sample(rows, len(rows)))


@pytest.fixture(scope="module")
def renamed(tmp_path_factory):
    """The same shop, its customers with other names."""
    rows = [(f"{customer[::-1]}!", day, amount) for customer, day, amount in shop(50)]
    return opened(tmp_path_factory.mktemp("renamed"), rows)


@pytest.fixture(scope="module")
def in_many_files(tmp_path_factory):
    """The same shop, its transactions in three files."""
    folder = tmp_path_factory.mktemp("parts")
    engine = open_base(folder, shop(50))
    for part in range(3):
        engine.write(f"select * from transactions where hash(day) % 3 = {part}", folder / f"p{part}.parquet")
    engine.make("transactions", " union all ".join(f"select * from '{folder}/p{part}.parquet'" for part in range(3)))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    return engine


@pytest.fixture(scope="module")
def one_customer(tmp_path_factory):
    """A shop with one customer, who bought once."""
    return opened(tmp_path_factory.mktemp("one"), [("a", "2025-12-01", 5)])


@pytest.fixture(scope="module")
def defined(small_shop):
    """The definition of every segmentation for the small shop, each taken once."""
    return cache(lambda name: define(small_shop, name))


# --- the contract ---


@EVERY
@pytest.mark.sampled
def test_the_order_of_rows_changes_nothing(as_it_is, in_another_order, name):
    assert as_it_is(name) == whole(in_another_order, name)


@EVERY
@pytest.mark.sampled
def test_the_names_of_customers_change_nothing(as_it_is, renamed, name):
    definition, found = as_it_is(name)
    again, other = whole(renamed, name)
    assert definition == again
    assert {f"{customer[::-1]}!": segment for customer, segment in found.items()} == other


@EVERY
@pytest.mark.sampled
def test_a_table_of_many_files_is_one_table(as_it_is, in_many_files, name):
    assert whole(in_many_files, name) == as_it_is(name)


@EVERY
@pytest.mark.sampled
def test_every_customer_is_there_once_and_nothing_is_missing(small_shop, defined, name):
    definition = defined(name)
    found = assigned(small_shop, definition)
    wanted = small_shop.fetch("select customer_id from customer_activity order by 1")["customer_id"]
    assert found.index.tolist() == wanted.tolist()
    assert not found.isna().any().any()
    assert (found["reason"].str.len() > 0).all()
    assert set(found["segment"]) <= set(definition.ids)


@EVERY
@pytest.mark.sampled
def test_a_definition_outlives_its_customers(small_shop, defined, name):
    """Frozen, it assigns nobody, one customer, and customers it has never seen."""
    definition = defined(name)
    small_shop.make("nobody", "select * from customer_activity where false")
    assert assigned(small_shop, definition, activity="nobody").empty
    small_shop.make("one", "select * from customer_activity limit 1")
    assert len(assigned(small_shop, definition, activity="one")) == 1
    small_shop.make(
        "strangers",
        "select * replace (10000 as days_since_last, 5000 as frequency, -1e6 as revenue, -1e6 as profit)"
        " from customer_activity where customer_id < 'c003'"
        " union all select * replace (null as revenue, null as profit)"
        " from customer_activity where customer_id > 'c057'",
    )
    found = assigned(small_shop, definition, activity="strangers")["segment"]
    assert len(found) == 5
    assert set(found) <= set(definition.ids)


@EVERY
@pytest.mark.sampled
def test_nobody_makes_a_definition_that_assigns_nobody(small_shop, name):
    small_shop.make("customers_of_nobody", "select * from customer_activity where false")
    seen = measured("customers_of_nobody", needs=registry.needs(name, {}))
    definition = customer_segments.define(small_shop, name, seen, as_of=AS_OF, options={})
    assert definition.ids
    assert assigned(small_shop, definition, activity="customers_of_nobody").empty


@EVERY
@pytest.mark.sampled
def test_who_are_few_get_segments_or_a_reason(one_customer, name):
    try:
        definition = define(one_customer, name)
    except CustlibError as said:
        assert "1 different customers" in str(said)
    else:
        assert assigned(one_customer, definition)["segment"].tolist()[0] in definition.ids


@EVERY
@pytest.mark.sampled
def test_a_definition_goes_through_json_unchanged(small_shop, defined, name):
    definition = defined(name)
    again = from_json(definition.to_json())
    assert again == definition
    assert again.version == definition.version
    assert again.to_json() == definition.to_json()
    assert (again.fitted, again.segmentation) == (AS_OF.isoformat(), name)
    assert assigned(small_shop, again).equals(assigned(small_shop, definition))


@EVERY
def test_a_rule_changed_by_hand_is_refused(defined, name):
    def moved(entry):
        """Move the first number that is found."""
        for key in entry if isinstance(entry, dict) else range(len(entry)):
            if isinstance(entry[key], dict | list):
                if moved(entry[key]):
                    return True
            elif isinstance(entry[key], int | float):
                entry[key] += 1
                return True
        return False

    given = json.loads(defined(name).to_json())
    assert moved(given["rule"])
    with pytest.raises(UsageError, match=f"definition: {name} was changed by hand .* Set refit = true"):
        from_json(json.dumps(given))


@EVERY
def test_segments_are_named_in_both_languages_apart(defined, name):
    definition = defined(name)
    assert len(set(definition.ids)) == len(definition.ids) > 1
    for language in ("en", "zh"):
        assert len({definition.name(segment, language) for segment in definition.ids}) == len(definition.ids)
        assert all(entry["strategy"][language] for entry in definition.segments)
    with pytest.raises(UsageError, match=f"segment: nobody is not in {name}. .*Available:"):
        definition.name("nobody", "en")


@EVERY
def test_a_misspelt_option_is_refused(small_shop, name):
    with pytest.raises(UsageError, match=f"segments.options.{name}: colour: unknown key"):
        define(small_shop, name, colour="red")


@EVERY
@pytest.mark.sampled
def test_the_segments_add_up_to_the_base(small_shop, defined, name):
    definition = defined(name)
    assigned(small_shop, definition)
    found = profiles.summary(small_shop, definition, language="en")
    assert found["segment"].tolist() == list(definition.ids)
    assert found["customers"].sum() == 60
    for column in ("customer_share", "revenue_share", "value_share"):
        assert found[column].sum() == pytest.approx(1)
    base = profiles.base(small_shop)
    weighted = (found["value_per_customer"].fillna(0) * found["customer_share"]).sum()
    assert weighted == pytest.approx(base["value_per_customer"])


# --- worked by hand ---


def test_two_segments_added_up_by_hand(base):
    engine = base([("a", "2025-06-01", 20), ("a", "2025-12-01", 40), ("b", "2025-12-30", 10)])
    make_value(engine)
    definition = define(engine, "abc")
    assigned(engine, definition)
    found = profiles.summary(engine, definition, language="zh").set_index("segment")
    value = engine.fetch("select * from customer_value order by customer_id").set_index("customer_id")
    assert found["customers"].to_dict() == {"A": 1, "B": 1, "C": 0}
    assert found["revenue_share"].tolist() == pytest.approx([6 / 7, 1 / 7, 0])
    a = value.loc["a"]
    assert found.loc["A", "value_at_risk"] == pytest.approx(a["residual_lifetime_value"] * (1 - a["probability_alive"]))
    assert found.loc["B", "value_at_risk"] == 0  # who bought once is alive, as the model has it
    assert found.loc["A", "spend"] == 30
    assert found.loc["C", ["revenue", "value", "value_at_risk"]].tolist() == [0, 0, 0]
    assert found.loc["A", "name"] == "A 类"


# --- errors ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "definition: is not JSON"),
        ("[]", "definition: fitted, rule, segmentation, segments, version missing"),
        ("5", "definition: fitted, rule, segmentation, segments, version missing"),
        ('{"rule": {}, "version": "x", "fitted": "", "segmentation": "rfm"}', "definition: segments missing"),
    ],
)
def test_what_is_no_definition_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        from_json(text)


def test_an_unknown_segmentation_is_refused(small_shop):
    with pytest.raises(UsageError, match="segmentation: rmf is unknown. Did you mean 'rfm'"):
        define(small_shop, "rmf")


def test_an_assignment_with_a_hole_is_refused(small_shop):
    definition = define(small_shop, "rfm")
    cells = {name: own for name, own in definition.rule["cells"].items() if name != "one_time"}
    holed = Definition("rfm", definition.fitted, definition.rule | {"cells": cells}, definition.segments)
    with pytest.raises(TableError, match="customer_segments: rfm assigns 60 of 60 customers to unknown segments null"):
        assigned(small_shop, holed)


# --- one language ---

MAP = """
[map]
id = "own"
axes = { R = [1, 5], F = [1, 5], M = [1, 5] }
[[segment]]
id = "good"
where = [{ R = [4, 5] }]
name = { en = "Good" }
strategy = { en = "Keep.", zh = "保持。" }
[[segment]]
id = "rest"
where = [{ R = [1, 3] }]
name = { zh = "其余" }
strategy = { en = "Wait.", zh = "等待。" }
"""
RULES = """
source = "own"
as_of = 2026-11-22
[tiers]
id = "own"
[[segment]]
id = "good"
name = { en = "Good" }
strategy = { en = "Keep.", zh = "保持。" }
any = [{ all = [{ measure = "profit", above = 100 }] }]
[[segment]]
id = "rest"
name = { zh = "其余" }
strategy = { en = "Wait.", zh = "等待。" }
"""


@pytest.mark.parametrize(
    ("segmentation", "option", "text"), [("rfm", "map", MAP), ("rfm125", "map", MAP), ("lifecycle", "rules", RULES)]
)
def test_names_in_one_language_serve_for_both_and_it_is_logged(
    small_shop, tmp_path, caplog, segmentation, option, text
):
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with caplog.at_level("INFO", "custlib"):
        definition = define(small_shop, segmentation, **{option: str(tmp_path / "own.toml")})
    line = "good: name is not given in zh and taken from the other language; rest: name is not given in en and taken"
    assert caplog.messages == [f"{segmentation}: {line} from the other language"]
    if segmentation != "rfm125":
        assert [definition.name("good", "zh"), definition.name("rest", "en")] == ["Good", "其余"]


# --- from a file, whole or in blocks ---


THERE = ["amounts", "products", "potential", "probability_alive", "quantity"]
LACKING = {name: registry.lacking(name, {}, THERE) for name in sorted(registry.names())}


def read_from_file(folder, rows, said):
    folder.mkdir()
    lines = [f"{c},{d.isoformat()},{x},p{int(x) % 2},{1 + int(x) % 3}" for c, d, x in rows]
    (folder / "sales.csv").write_text("\n".join(["customer_id,timestamp,amount,product,quantity", *lines]))
    (folder / "shop.toml").write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-12-31\nholdout_days = 90\n[source]\npath = "sales.csv"\n'
        f"[segments]\n{said}\n"
    )
    return Run(project.load(folder / "shop.toml"), folder / "work")


@pytest.mark.slow
def test_a_source_read_in_any_order_of_lines(tmp_path):
    """Every system that purchases with products and quantities allow, from a file and from the same turned over."""
    rows = shop(120)
    found = []
    for place, given in (("a", rows), ("b", rows[::-1])):
        opened = read_from_file(tmp_path / place, given, "")
        engine = opened.make("customer_segments")
        found.append(engine.fetch("select * from customer_segments order by segmentation, customer_id"))
        assert opened.get("missing_segmentations") == {name: lack for name, lack in LACKING.items() if lack}
    assert found[0].equals(found[1])
    customers = len({c for c, d, _ in rows if d <= dt.date(2025, 12, 31)})
    assert found[0].groupby("segmentation").size().to_dict() == {
        name: customers for name in registry.defaults() if not LACKING[name]
    }


@pytest.mark.parametrize("system", [name for name, lack in LACKING.items() if lack])
def test_a_system_that_the_data_do_not_allow_is_refused_where_it_is_asked_for(tmp_path, system):
    opened = read_from_file(tmp_path / "shop", shop(20), f'segmentations = ["{system}"]\nplaybook = "{system}"')
    with pytest.raises(UsageError, match=f"segments.segmentations: {system} needs {LACKING[system][0]}"):
        opened.make("customer_segments")
