"""Ordered rules: each shipped system worked by hand at every boundary, then what holds for all of them."""

import json
import random
from pathlib import Path

import pandas as pd
import pytest

from custlib import rules
from custlib.errors import UsageError
from custlib.segment import tiers
from custlib.segment.rule_files import conditions, rule_file
from tests.bases import measured

NAMES = rules.names("tiers")
EVERY = pytest.mark.parametrize("name", NAMES)
NUMBERS = ("frequency", "T", "days_since_last", "profit")


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


def table(engine, rows, *, columns=()):
    """A table of activity and measures by hand; what a row leaves out is missing."""
    wanted = ["customer_id", *NUMBERS, *columns]
    frame = pd.DataFrame([{"customer_id": f"c{n:03}"} | row for n, row in enumerate(rows)]).reindex(columns=wanted)
    for name in wanted[1:]:
        frame[name] = frame[name].astype("string" if name.startswith("attribute_") else float)
    frame["customer_id"] = frame["customer_id"].astype("string")
    engine.attach_frame("given", frame)
    return "given"


def assigned(engine, name, rows, *, also=(), **options):
    """Segment and reason of rows by hand, in their order."""
    options = {"segmentation": name} | options
    given = table(engine, rows, columns=dict.fromkeys((*tiers.needs(options), *also)))
    return by_rule(engine, tiers.define(engine, given, options), given)


def by_rule(engine, rule, given):
    select = tiers.assign(engine.dialect, json.loads(json.dumps(rule))).format(activity=given)
    return engine.fetch(f"select * from ({select}) order by customer_id")


def segments_of(engine, name, rows, **options):
    return assigned(engine, name, rows, **options)["segment"].tolist()


# --- bank5 (D2.9), at every boundary ---


def bank(profit, products=1, alive=1.0, fees=None):
    return {"profit_last_365d": profit, "products": products, "probability_alive": alive, "attribute_fees": fees}


@pytest.mark.parametrize(
    ("customer", "tier"),
    [
        (bank(5_000_000), "blue"),
        (bank(4_999_999.99), "green"),
        (bank(3_000_000), "green"),
        (bank(2_999_999.99), "red"),
        (bank(0, fees="3000000"), "blue"),
        (bank(0, fees="2999999.99"), "green"),
        (bank(0, fees="1000000"), "green"),
        (bank(0, fees="999999.99"), "clear_out"),
        (bank(0.01), "red"),
        (bank(0.01, alive=0.5), "red"),
        (bank(0.01, alive=0.49), "transfer"),
        (bank(0.01, products=2), "transfer"),
        (bank(0), "clear_out"),
        (bank(-5), "clear_out"),
        (bank(None), "clear_out"),
        (bank(None, fees="no number"), "clear_out"),
    ],
)
@pytest.mark.sampled
def test_the_five_colours_of_a_bank(engine, customer, tier):
    assert segments_of(engine, "bank5", [customer], fee_income="fees") == [tier]


def test_the_colours_say_why(engine):
    found = assigned(engine, "bank5", [bank(6e6), bank(10, products=3), bank(-1)])
    assert found["reason"].tolist() == [
        "profit of the last 365 days at least 5,000,000",
        "products at least 2; profit of the last 365 days above 0",
        "no rule before the last holds",
    ]


def test_a_small_shop_scales_the_amounts_of_the_bank(engine):
    rows = [bank(500), bank(499.99), bank(300), bank(299.99)]
    assert segments_of(engine, "bank5", rows, scale=1e-4) == ["blue", "green", "green", "red"]


def test_without_an_attribute_what_asks_for_it_falls_away(engine):
    assert tiers.needs({"segmentation": "bank5"}) == ("probability_alive", "products", "profit_last_365d")
    assert "attribute_fees" in tiers.needs({"segmentation": "bank5", "fee_income": "fees"})
    assert segments_of(engine, "bank5", [bank(0, fees="9000000")]) == ["clear_out"]


# --- loyalty by value (D2.8) ---


def account(profit=0.0, alive=0.0, *, silent=10, T=1000, purchases=5, frequency=3, **more):
    return {
        "profit_last_365d": profit,
        "probability_alive": alive,
        "days_since_last": silent,
        "T": T,
        "purchases_last_365d": purchases,
        "frequency": frequency,
    } | more


def test_the_seven_classes_of_loyalty_and_value(engine):
    """The mean profit is 700 / 7 = 100: exactly that is valuable, a cent less is not."""
    rows = [
        account(100, 0.5),
        account(300.01, 0.49),
        account(99.99, 0.5),
        account(0, 0.49),
        account(100, 0.9, silent=730),
        account(100, 0.9, purchases=1),
        {"profit_last_365d": 0.0},
    ]
    assert segments_of(engine, "loyalty_value7", rows) == list("ABCDEFG")


@pytest.mark.parametrize(
    ("customer", "own"),
    [
        (account(5, silent=729), "B"),
        (account(0, silent=730), "E"),
        (account(5, T=364, purchases=1), "B"),
        (account(0, T=364, purchases=1), "D"),
        (account(-5), "D"),
        (account(0, T=365, purchases=1), "F"),
        (account(5, T=365, purchases=2), "B"),
        ({"attribute_surety": "yes"}, "E"),
        ({"attribute_surety": "no"}, "G"),
        (account(5, 1.0, attribute_surety="yes"), "A"),
    ],
)
def test_who_is_no_customer_is_told_apart_first(engine, customer, own):
    """One customer alone is at the mean, and so valuable if there is a profit."""
    customer = {"profit_last_365d": 0.0} | customer
    assert segments_of(engine, "loyalty_value7", [customer], guarantor="surety") == [own]


def test_the_classes_are_listed_by_value_not_by_rule(engine):
    given = table(engine, [account()], columns=tiers.needs({"segmentation": "loyalty_value7"}))
    rule = tiers.define(engine, given, {"segmentation": "loyalty_value7"})
    assert [one["id"] for one in rule["segments"]] == list("ABCDEFG")


# --- value types (D2.10) ---


def worth(profit, potential=0.0):
    return {"profit_last_365d": profit, "potential": potential}


def test_value_types_by_hand(engine):
    """Of ten customers the best two bring 100 and 200; the edge is from 90 up to, not including, 110."""
    profits = [200, 100, 89.99, 50, 40, 30, 0, 0, -0.01, -50]
    found = segments_of(engine, "value_types", [worth(p) for p in profits])
    assert found == ["MVC", "migrators", *["others"] * 6, "BZ", "BZ"]


@pytest.mark.parametrize(
    ("profit", "own"), [(89.99, "others"), (90, "migrators"), (109.99, "migrators"), (110, "MVC"), (0, "others")]
)
def test_the_edge_of_the_most_valuable(engine, profit, own):
    options = {"segmentation": "value_types"}
    given = table(engine, [worth(p) for p in (200, 100, 9, 8, 7, 6, 5, 4, 3, 2)], columns=tiers.needs(options))
    rule = tiers.define(engine, given, options)
    assert by_rule(engine, rule, table(engine, [worth(profit)], columns=tiers.needs(options)))["segment"].item() == own


@pytest.mark.parametrize(
    ("potential", "own"), [(17.99, "others"), (18, "migrators"), (19.99, "migrators"), (20, "MGC"), (None, "others")]
)
def test_the_edge_of_the_most_growable(engine, potential, own):
    """The best two of ten may yet bring 20 and 40; the edge is from 18 up to, not including, 20."""
    options = {"segmentation": "value_types"}
    potentials = (40, 20, 9, 8, 7, 6, 5, 4, 3, 2)
    given = table(engine, [worth(n + 1.0, p) for n, p in enumerate(potentials)], columns=tiers.needs(options))
    rule = tiers.define(engine, given, options)
    one = table(engine, [worth(0.5, potential)], columns=tiers.needs(options))
    assert by_rule(engine, rule, one)["segment"].item() == own


def test_a_potential_that_takes_few_values_has_its_most_growable(engine):
    """Of ten, six may bring 20 more: none of them is a migrator for being near to itself."""
    found = segments_of(engine, "value_types", [worth(n + 1.0, 20 if n < 6 else 5) for n in range(10)])
    assert found.count("MGC") == 6


def test_below_zero_comes_first_whatever_may_come(engine):
    found = segments_of(engine, "value_types", [worth(-1, 1000), worth(5, 1), worth(10, 1)])
    assert found[0] == "BZ"


def test_what_no_customer_has_is_not_measured(engine):
    with pytest.raises(UsageError, match="value_types needs potential, which takes products with money"):
        segments_of(engine, "value_types", [worth(1, None), worth(2, None)])


# --- credit (D2.11) ---


def credit(due, late=0, overdue=0, worst=0.0, unpaid=0.0, owes=None, bought=100.0):
    """``worst`` is the most days late of all, ``unpaid`` of those not paid yet; ``bought`` is of a year."""
    counted = {"invoices_due": due, "invoices_late": late, "invoices_overdue": overdue, "overdue_amount": owes}
    return counted | {"worst_delay": worst, "longest_overdue": unpaid, "revenue_last_365d": bought}


@pytest.mark.parametrize(
    ("customer", "grade"),
    [
        ({}, "unknown"),
        (credit(0), "unknown"),
        (credit(1), "A"),
        (credit(10), "A"),
        (credit(10, late=1, worst=1), "B"),
        (credit(10, late=5, worst=30), "B"),
        (credit(10, late=6, worst=30), "C"),
        (credit(10, late=1, worst=31), "C"),
        (credit(10, late=1, overdue=1, worst=90, unpaid=90), "C"),
        (credit(10, late=1, overdue=1, worst=91, unpaid=91), "D"),
        (credit(10, late=2, overdue=1, worst=100, unpaid=1), "C"),  # paid after 100 days once, open for a day now
        (credit(10, late=1, worst=91), "C"),
        (credit(1, late=1, overdue=1, worst=1, unpaid=1), "C"),  # the first invoice, due yesterday
        (credit(10, overdue=5, worst=30, unpaid=30), "C"),  # they may yet be paid in time
        (credit(10, overdue=4, worst=31, unpaid=31), "C"),
        (credit(10, overdue=5, worst=31, unpaid=31), "D"),
        (credit(2, late=None, overdue=None, worst=None, unpaid=None), "C"),
        # by amount, against the purchases of a year: below a quarter of them it may yet be repaid in time
        (credit(10, late=1, overdue=1, worst=30, unpaid=30, owes=24.99), "B"),
        (credit(10, late=1, overdue=1, worst=30, unpaid=30, owes=25), "C"),
        (credit(10, late=1, overdue=1, worst=30, unpaid=30, owes=25, bought=101), "B"),
        (credit(10, late=1, overdue=1, worst=31, unpaid=31, owes=1), "C"),  # little, and for long
        (credit(10, late=6, overdue=1, worst=30, unpaid=30, owes=1), "C"),  # little, and often
        (credit(10, late=1, overdue=1, worst=1, unpaid=1, owes=1, bought=0), "C"),  # and buys no more
        (credit(10, late=1, overdue=1, worst=91, unpaid=91, owes=1), "D"),
        (credit(10, late=5, worst=30, owes=0), "B"),
    ],
)
@pytest.mark.sampled
def test_credit_grades(engine, customer, grade):
    assert segments_of(engine, "credit", [customer]) == [grade]


@pytest.mark.parametrize(
    ("option", "customer", "grades"),
    [
        ({"owes_much": 0.1}, credit(10, late=1, overdue=1, worst=30, unpaid=30, owes=20), ("B", "C")),
        ({"soon_days": 10}, credit(10, late=1, worst=30), ("B", "C")),
        ({"never_days": 40}, credit(10, late=1, overdue=1, worst=50, unpaid=50), ("C", "D")),
        ({"often_share": 0.2}, credit(10, late=3, worst=5), ("B", "C")),
        ({"unpaid_share": 0.2}, credit(10, late=3, overdue=3, worst=50, unpaid=50), ("C", "D")),
    ],
)
def test_each_option_of_credit_has_an_effect(engine, option, customer, grades):
    assert (*segments_of(engine, "credit", [customer]), *segments_of(engine, "credit", [customer], **option)) == grades


def test_the_days_of_credit_are_those_of_the_purchases():
    assert "revenue_last_365d" in tiers.needs({"segmentation": "credit"})
    assert "revenue_last_180d" in tiers.needs({"segmentation": "credit", "days": 180})


def test_who_does_not_pay_is_accused_of_nothing():
    names = {one.id: one.name.in_both() for one in rule_file.read("credit").segment}
    assert names["D"] == {"en": "D does not pay", "zh": "D 拖欠不还"}
    assert names["C"]["zh"] == "C 欠款较多、清还有难度"


def test_no_strategy_says_what_a_customer_costs_where_no_cost_is_given():
    strategies = [one.strategy.en for name in NAMES for one in rule_file.read(name).segment]
    assert not [text for text in strategies if "cost more" in text or "costs more" in text]


def test_a_ratio_is_named_in_the_reason(engine):
    found = assigned(engine, "credit", [credit(10, overdue=5, worst=31, unpaid=31)])
    assert found["reason"].item() == "invoices overdue per invoices due at least 0.5; longest overdue above 30"


# --- lifecycle stage and need level (D2.12) ---


def stage(latest, both, T=1000, frequency=5):
    return {"profit_last_182d": latest, "profit_last_364d": both, "T": T, "frequency": frequency}


@pytest.mark.parametrize(
    ("customer", "own"),
    [
        (stage(10, 10, T=181, frequency=0), "acquisition"),
        (stage(10, 10, T=181, frequency=1), "acquisition"),
        (stage(10, 10, T=181, frequency=2), "growth"),
        (stage(10, 10, T=182, frequency=1), "growth"),
        (stage(55, 100), "growth"),
        (stage(54.99, 100), "maturity"),
        (stage(45, 100), "maturity"),
        (stage(44.99, 100), "decline"),
        (stage(0, 100), "decline"),
        (stage(0, 0), "decline"),
        (stage(-5, -10), "decline"),
        (stage(10, -10), "decline"),
        (stage(20, 10), "growth"),
        (stage(None, None), "decline"),
    ],
)
@pytest.mark.sampled
def test_stages_of_a_life(engine, customer, own):
    assert segments_of(engine, "lifecycle", [customer]) == [own]


def test_stages_say_what_customers_expect(engine):
    given = table(engine, [stage(1, 1)], columns=tiers.needs({"segmentation": "lifecycle"}))
    rule = tiers.define(engine, given, {"segmentation": "lifecycle"})
    stages = {one["id"]: one for one in rule["segments"]}
    assert stages["maturity"]["expects"]["latent"]["en"] == "To belong and be recognised."
    assert "expects" not in stages["decline"]


def test_expectations_add_up_from_stage_to_stage():
    """Growth gets all that acquisition gets, maturity all that growth gets; decline is ours and expects nothing."""
    expects = {one.id: one.expects for one in rule_file.read("lifecycle").segment}
    basic = {stage: own.basic.in_both() for stage, own in expects.items() if own}
    latent = {stage: own.latent.en for stage, own in expects.items() if own}
    assert basic["acquisition"] == {"en": "A good product with extras.", "zh": "好的产品及配套的附加产品。"}
    assert basic["growth"] == {"en": "All that acquisition gets.", "zh": "潜在获取期的全部期望。"}
    assert basic["maturity"]["en"] == "All that growth gets, and value shared fairly."
    assert latent == {"acquisition": "More material benefit and attention.", "growth": "Exceptional attention.",
                      "maturity": "To belong and be recognised."}  # fmt: skip


def test_need_levels_rise():
    levels = [one.id for one in rule_file.read("need_level").segment]
    assert levels[::-1] == ["product", "service", "experience", "relationship", "success"]


def test_another_period_is_another_measure(engine):
    options = {"segmentation": "lifecycle", "days": 365}
    assert tiers.needs(options) == ("profit_last_365d", "profit_last_730d")


@pytest.mark.parametrize(
    ("T", "frequency", "products", "own"),
    [
        (0, 0, 1, "product"),
        (3000, 0, 9, "product"),
        (30, 1, 2, "service"),
        (30, 1, 3, "experience"),
        (365, 5, 3, "experience"),
        (364, 6, 2, "service"),
        (365, 6, 2, "relationship"),
        (730, 12, 5, "relationship"),
        (730, 11, 6, "relationship"),
        (729, 12, 6, "relationship"),
        (730, 12, 6, "success"),
        (730, 12, None, "relationship"),
    ],
)
@pytest.mark.sampled
def test_levels_of_need(engine, T, frequency, products, own):
    assert segments_of(engine, "need_level", [{"T": T, "frequency": frequency, "products": products}]) == [own]


# --- what holds for every system ---


def crowd(name, customers, seed, *, missing=0.1):
    """Customers whose measures lie around and on the thresholds, some missing."""
    dice = random.Random(seed)
    found = {}
    for _, alternative in tiers.Options(segmentation=name).filled:
        for condition in alternative:
            for measure in conditions.measures(condition):
                cuts = [c for c in (condition.get(k) for k in conditions.BOUNDS) if isinstance(c, float)]
                found.setdefault(measure, [0.0, 1.0, 7.0, -3.0]).extend(v for c in cuts for v in (c, c - 1, c + 1))
    return [
        {m: None if dice.random() < missing else dice.choice(values) for m, values in found.items()}
        for _ in range(customers)
    ]


@EVERY
def test_every_customer_is_in_one_segment_with_a_reason(engine, name):
    found = assigned(engine, name, crowd(name, 300, 1))
    assert found["customer_id"].is_unique and len(found) == 300
    assert not found.isna().any().any()
    assert set(found["segment"]) <= {one.id for one in rule_file.read(name).segment}


@EVERY
def test_sql_and_python_assign_alike(engine, name):
    rows = crowd(name, 300, 2)
    options = {"segmentation": name}
    given = table(engine, rows, columns=tiers.needs(options))
    rule = tiers.define(engine, given, options)

    def value(row, condition):
        values = [row.get(measure) for measure in conditions.measures(condition)]
        if len(values) == 1 or None in values:
            return values[0] if len(values) == 1 else None
        return values[0] / values[1] if values[1] else None

    def own(row):
        return next(
            entry["segment"]
            for entry in rule["alternatives"]
            if all(conditions.holds(one, value(row, one)) for one in entry["all"])
        )

    assert by_rule(engine, rule, given)["segment"].tolist() == [own(row) for row in rows]


@EVERY
def test_the_order_and_the_names_of_customers_change_nothing(engine, name):
    rows = [row | {"customer_id": f"c{n:03}"} for n, row in enumerate(crowd(name, 200, 3))]
    options = {"segmentation": name}
    columns = tiers.needs(options)
    rule = tiers.define(engine, table(engine, rows, columns=columns), options)
    found = by_rule(engine, rule, "given").set_index("customer_id")["segment"].to_dict()
    renamed = [row | {"customer_id": row["customer_id"][::-1] + "!"} for row in rows]
    random.Random(4).shuffle(renamed)
    again = tiers.define(engine, table(engine, renamed, columns=columns), options)
    other = by_rule(engine, again, "given").set_index("customer_id")["segment"].to_dict()
    assert again == rule
    assert other == {key[::-1] + "!": segment for key, segment in found.items()}


@EVERY
def test_nobody_one_customer_and_nothing_known(engine, name):
    options = {"segmentation": name}
    columns = tiers.needs(options)
    for rows in ([{}][:0], crowd(name, 1, 5, missing=0.0)):
        rule = tiers.define(engine, table(engine, rows, columns=columns), options)
        assert len(by_rule(engine, rule, "given")) == len(rows)
        unknown = by_rule(engine, rule, table(engine, [{}], columns=columns))
        assert len(unknown) == 1 and unknown["segment"].item() in {one["id"] for one in rule["segments"]}


@EVERY
def test_defined_on_nobody_what_is_measured_holds_for_nobody(engine, name):
    options = {"segmentation": name}
    columns = tiers.needs(options)
    rule = tiers.define(engine, table(engine, [], columns=columns), options)
    rows = crowd(name, 50, 6)
    assert by_rule(engine, rule, table(engine, rows, columns=columns))["segment"].notna().all()


@EVERY
def test_the_files_read_well_in_both_languages(name):
    found = rule_file.read(name)
    assert found.tiers.id == name
    for one in found.segment:
        for said in (one.name, one.strategy):
            assert said.en.isascii() and not said.zh.isascii()


@EVERY
def test_a_shop_is_defined_once_and_assigned_as_frozen(small_shop, name):
    seen = measured(needs=tiers.needs({"segmentation": name}))
    rule = tiers.define(small_shop, seen, {"segmentation": name})
    found = by_rule(small_shop, rule, seen)
    assert len(found) == 60 and found["segment"].nunique() > 1
    half = by_rule(small_shop, rule, f"(select * from {seen} where customer_id < 'c030')")
    assert half.equals(found[found["customer_id"] < "c030"])


# --- a file of the user's own ---

OWN = """
source = "our own"
as_of = 2026-11-22
[tiers]
id = "own"
[tiers.options]
large = 100
[[segment]]
id = "big"
name = { en = "Big {0}", zh = "大客户" }
strategy = { en = "Keep.", zh = "保持。" }
any = [{ all = [{ measure = "profit", above = { of = "median" } }, { measure = "profit", at_least = "large" }] }]
[[segment]]
id = "north"
name = { en = "North", zh = "北方" }
strategy = { en = "Visit.", zh = "拜访。" }
any = [{ all = [{ measure = "attribute_region", is = "it's {north} \\\\ :day" }] }]
[[segment]]
id = "rest"
name = { en = "Rest", zh = "其余" }
strategy = { en = "Wait.", zh = "等待。" }
"""


def own_file(folder: Path, text: str = OWN) -> str:
    place = folder / "own.toml"
    place.write_text(text, encoding="utf-8")
    return str(place)


def test_rules_of_ones_own(engine, tmp_path):
    """The median of 0, 50, 100, 150 is 75."""
    rows = [{"profit": p} for p in (0, 50, 100, 150)] + [{"attribute_region": "it's {north} \\ :day"}]
    found = assigned(engine, "bank5", rows, rules=own_file(tmp_path))
    assert found["segment"].tolist() == ["rest", "rest", "big", "big", "north"]
    assert found["reason"].tolist()[2:4] == ["profit above 75; profit at least 100"] * 2
    assert segments_of(engine, "bank5", rows[:4], rules=own_file(tmp_path), large=150) == ["rest"] * 3 + ["big"]


# --- errors ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scael": 2}, "segments.options.bank5: scael: unknown key. Did you mean 'scale'"),
        ({"days": 0}, "segments.options.bank5: days: .*greater than or equal to 1"),
        ({"days": 30.5}, "segments.options.bank5: days: .*integer"),
        ({"scale": "much"}, "segments.options.bank5: scale: .*number"),
        ({"scale": -1.0}, "segments.options.bank5: nobody can be in green, red, transfer with these"),
        ({"fee_income": "a b"}, "segments.options.bank5: fee_income: .*match"),
        ({"rules": "bank6"}, "rules: no file named tiers/bank6. Did you mean 'bank5'"),
        ({"rules": "none.toml"}, "none.toml: no such file"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        tiers.needs({"segmentation": "bank5"} | options)


def test_a_measure_that_is_not_made_is_named(engine):
    with pytest.raises(
        UsageError, match="segments: credit needs invoices_due, which takes invoices with due and paid dates"
    ):
        tiers.define(engine, table(engine, [{}]), {"segmentation": "credit"})


def test_a_file_is_described_with_its_faults(tmp_path):
    lines, faults = rule_file.check(own_file(tmp_path))
    assert faults == []
    assert lines[1:] == [
        "  big    profit above 1 x its median; profit at least 100",
        "  north  attribute region is it's {north} \\ :day",
        "  rest   all others",
        "overlaps: who satisfies both big and north is in big",
    ]
    place = own_file(tmp_path, OWN.replace('"profit", above', '"proft", above'))
    lines, faults = rule_file.check(place)
    assert len(lines) == 1
    assert faults == [f"{place}: segment big: any.0: proft: no measure proft. Did you mean 'profit'? Available: "
                      + ", ".join(sorted(conditions.in_activity())) + "."]  # fmt: skip


def test_the_command_checks_ordered_rules_too():
    lines, faults = rule_file.check("bank5")
    assert faults == []
    assert lines[0] == "tiers bank5: 5 rules, the first that matches wins"
    assert "  transfer   profit of the last 365 days above 0" in lines


def test_a_share_out_of_range_is_refused():
    with pytest.raises(UsageError, match="share of profit_last_365d is 1.5. It must be above 0 and below 1"):
        tiers.needs({"segmentation": "value_types", "best": 1.5})


def test_all_faults_of_a_file_are_said_at_once(tmp_path):
    text = OWN.replace('id = "rest"', 'id = "big"').replace('"profit", above', '"proft", above').replace("100", '"x"')
    with pytest.raises(UsageError) as said:
        rule_file.read(own_file(tmp_path, text))
    assert len(str(said.value).splitlines()) == 3
    assert "own.toml: segment: id big is given 2 times" in str(said.value)
    assert "segment big: any.0: profit: option large is a text" in str(said.value)
    assert "segment big: any.0: proft: no measure proft. Did you mean 'profit'?" in str(said.value)


def test_wrong_keys_are_said_with_their_place(tmp_path):
    with pytest.raises(UsageError, match="segment.0.any.0.all.0.abov: unknown key. Did you mean 'above'"):
        rule_file.read(own_file(tmp_path, OWN.replace("above =", "abov =")))
