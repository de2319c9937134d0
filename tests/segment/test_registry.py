"""What is registered is a segmentation like any other: an object with its verbs, or a plain function of a frame."""

import inspect
from types import SimpleNamespace

import pytest

from custlib import project
from custlib.errors import UsageError
from custlib.run import Run
from custlib.segment import customer_segments, registry
from custlib.segment.customer_segments import assigned
from tests.bases import AS_OF, make_value, measured, open_base, shop
from tests.segment import test_customer_segments as contract
from tests.segment.test_customer_segments import (  # noqa: F401  (fixtures of the contract)
    as_it_is,
    defined,
    in_another_order,
    in_many_files,
    one_customer,
    renamed,
)

EVERY = sorted(
    name for name, test in vars(contract).items()
    if name.startswith("test_") and "name" in inspect.signature(test).parameters
)  # fmt: skip


def by_spend(frame):
    """Who spent 100 and more, who came back, and all others."""
    spent = frame["revenue"].fillna(0) >= 100
    return spent.map({True: "large", False: "small"}).where(frame["frequency"].fillna(0) > 0, "once")


@pytest.fixture
def registered(monkeypatch):
    """The registry with one function in it."""
    monkeypatch.setattr(registry, "REGISTERED", {})
    registry.register(by_spend)
    return registry.REGISTERED


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory):
    engine = open_base(tmp_path_factory.mktemp("shop"), shop())
    make_value(engine)
    return engine


@pytest.fixture
def base(tmp_path):
    return lambda rows: open_base(tmp_path / "base", rows)


# --- a function ---


@pytest.mark.parametrize("test", EVERY)
@pytest.mark.sampled
def test_a_function_keeps_the_contract(test, registered, request):
    run = getattr(contract, test)
    fixtures = {name: request.getfixturevalue(name) for name in inspect.signature(run).parameters if name != "name"}
    run(**fixtures, name="by_spend")


def test_three_customers_by_hand(registered, base):
    engine = base([("a", "2025-06-01", 60), ("a", "2025-12-01", 60), ("b", "2025-12-30", 500), ("c", "2025-01-01", 1)])
    make_value(engine)
    definition = contract.define(engine, "by_spend")
    assert definition.ids == ("once", "large", "other")  # by profit per customer: (500 + 1) / 2, 120
    assert definition.rule["customers"] == {"once": 2, "large": 1, "other": 0}
    assert "not kept" in definition.rule["not_frozen"]
    found = contract.assigned(engine, definition)
    assert found["segment"].to_dict() == {"a": "large", "b": "once", "c": "once"}
    assert set(found["reason"]) == {"by the function by_spend"}


def test_a_segment_that_was_not_there_when_defined_is_other(registered, base):
    engine = base([("b", "2025-12-30", 500), ("c", "2025-01-01", 1)])
    make_value(engine)
    definition = contract.define(engine, "by_spend")
    assert definition.ids == ("once", "other")
    engine.make("later", "select * replace (3 as frequency) from customer_activity")
    assert contract.assigned(engine, definition, activity="later")["segment"].tolist() == ["other", "other"]


def test_a_function_reads_the_measures_it_names(monkeypatch, base):
    monkeypatch.setattr(registry, "REGISTERED", {})
    registry.register(
        lambda frame: (frame["profit_last_30d"] > 0).map({True: "active", False: "still"}),
        name="lately",
        needs=["profit_last_30d"],
    )
    engine = base([("a", "2025-06-01", 60), ("b", "2025-12-30", 500)])
    make_value(engine)
    definition = contract.define(engine, "lately")
    assert definition.needs == ("profit_last_30d",)
    assert contract.assigned(engine, definition)["segment"].to_dict() == {"a": "still", "b": "active"}


def test_a_changed_function_is_refused_until_it_is_defined_anew(registered, small_shop):
    definition = contract.define(small_shop, "by_spend")
    registry.register(lambda frame: frame["customer_id"].map(lambda _: "all"), name="by_spend")
    with pytest.raises(UsageError, match="segmentation by_spend: is a function, and not the one it was defined by"):
        contract.assigned(small_shop, definition)
    registry.REGISTERED.clear()
    with pytest.raises(UsageError, match="segmentation: by_spend is unknown"):
        assigned(small_shop.dialect, definition, "customer_activity")


def test_a_mark_tells_code_apart(registered):
    (first,) = registry.marks()
    registry.register(lambda frame: frame["customer_id"], name="by_spend")
    (second,) = registry.marks()
    assert first[0] == second[0] == "by_spend" and first[1] != second[1]


def test_a_function_without_a_source_is_told_by_its_code(registered, monkeypatch):
    def no_source(_):
        raise OSError("could not get source code")

    monkeypatch.setattr(registry.inspect, "getsource", no_source)
    marks = []
    for function in (by_spend, by_spend, lambda frame: frame["customer_id"]):
        registry.register(function, name="typed")
        marks.append(dict(registry.marks())["typed"])
    assert marks[0] == marks[1] != marks[2]


def test_more_customers_than_are_fetched_are_refused(registered, small_shop, monkeypatch):
    monkeypatch.setattr(registry, "FETCH_LIMIT", 59)
    with pytest.raises(UsageError, match="by_spend: is a function of a frame, and 60 customers are more than the 59"):
        contract.define(small_shop, "by_spend")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda frame: 5, "must return a series, a segment for each row"),
        (lambda frame: frame["customer_id"].head(3), "must return a series, a segment for each row"),
        (lambda frame: frame["customer_id"].map(lambda _: "it's"), '"it\'s" is no id. Take words'),
    ],
)
def test_what_is_no_segment_for_each_row_is_refused(monkeypatch, small_shop, function, message):
    monkeypatch.setattr(registry, "REGISTERED", {})
    registry.register(function, name="odd")
    with pytest.raises(UsageError, match=message):
        contract.define(small_shop, "odd")


@pytest.mark.slow
def test_a_run_makes_it_with_its_moves(registered, tmp_path):
    """From a file to segments, paths and moves: the function is run on every snapshot."""
    lines = [f"{customer},{day.isoformat()},{amount}" for customer, day, amount in shop(60)]
    (tmp_path / "sales.csv").write_text("\n".join(["customer_id,timestamp,amount", *lines]))
    (tmp_path / "shop.toml").write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-12-31\nholdout_days = 90\n[source]\npath = "sales.csv"\n'
        '[segments]\nsegmentations = ["rfm", "by_spend"]\nplaybook = "rfm"\n'
    )
    engine = Run(project.load(tmp_path / "shop.toml"), tmp_path / "work").make("customer_segments", "segment_moves")
    counts = engine.fetch(
        "select segment, count(*) as n from customer_segments where segmentation = 'by_spend' group by segment"
    )
    moved = engine.fetch(
        "select to_segment, sum(customers) as n from segment_moves"
        " where segmentation = 'by_spend' and cause = 'whole' and to_segment <> 'none' and to_date = date '2025-12-31'"
        " group by to_segment"
    )
    assert counts.set_index("segment")["n"].to_dict() == moved.set_index("to_segment")["n"].to_dict()
    assert len(counts) > 1


# --- an object ---


def everybody(engine, activity, options):
    return {"customers": 1, "segments": [{"id": "all", "name": {"en": "All", "zh": "全部"}, "strategy": {}}]}


def test_an_object_with_its_verbs_is_registered(registered, small_shop):
    own = SimpleNamespace(
        define=everybody, assign=lambda sql, rule: "select customer_id, 'all' as segment, '-' as reason from {activity}"
    )
    registry.register(own, name="one")
    assert registry.segmentation("one") is own
    assert registry.names()[-2:] == ("by_spend", "one")
    assert registry.needs("one", {}) == ()
    registry.check_options("one", {})
    definition = customer_segments.define(small_shop, "one", measured(), as_of=AS_OF, options={})
    assert set(contract.assigned(small_shop, definition)["segment"]) == {"all"}


@pytest.mark.parametrize(
    ("own", "name", "message"),
    [
        (by_spend, "rfm", "register: rfm is shipped with custlib. Give it another name"),
        (lambda frame: frame, "", "register: '<lambda>' is no name. Give name ="),
        (SimpleNamespace(define=everybody), "one", "register: one has no assign. See docs/extending.md"),
        (SimpleNamespace, "one", "register: one has no define and no assign"),
    ],
)
def test_what_cannot_be_registered_is_refused(registered, own, name, message):
    with pytest.raises(UsageError, match=message):
        registry.register(own, name=name)


def test_every_shipped_segmentation_has_its_verbs():
    for name in registry.SHIPPED:
        own = registry.segmentation(name)
        assert callable(own.define) and callable(own.assign)
        assert own.Options(segmentation=name)


def test_a_series_belongs_to_the_rows_of_its_index(tmp_path, monkeypatch):
    """Sorted by revenue, 120 before 20: the larger is the top, whatever the order of the series."""
    monkeypatch.setattr(registry, "REGISTERED", {})

    def top(frame):
        ordered = frame.sort_values("revenue", ascending=False)
        return (ordered["revenue"] > 100).map({True: "top", False: "rest"})

    registry.register(top)
    engine = open_base(tmp_path, [("a", "2025-12-30", 20), ("b", "2025-12-01", 120)])
    make_value(engine)
    found = contract.assigned(engine, contract.define(engine, "top"))
    assert found["segment"].to_dict() == {"a": "rest", "b": "top"}


def test_a_function_made_with_other_values_is_another(monkeypatch):
    monkeypatch.setattr(registry, "REGISTERED", {})

    def made(limit):
        def large(frame):
            return (frame["revenue"] > limit).map({True: "large", False: "small"})

        return large

    marks = []
    for limit, needs in ((0, []), (3, []), (3, ["profit_last_91d"])):
        registry.register(made(limit), needs=needs)
        marks += registry.marks()
    assert len(set(marks)) == 3
