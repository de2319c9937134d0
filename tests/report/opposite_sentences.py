"""Data that turn a sentence round: what some data say and what the opposite data say, each with its key."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib.audit.months import Clock, unit
from custlib.customise.plans import ContactCosts, contact_costs
from custlib.models.chi_squared import ChiSquared
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime
from custlib.report.front import accuracy, start_page, trust_line
from custlib.report.front.over_time import beside_heading, time_heading
from custlib.report.front.quarter_words import lede
from custlib.report.pages import (
    audit_changes_page,
    audit_page,
    backtest_page,
    moves_over,
    moves_page,
    segments_page,
    trust,
    validation_page,
    value_page,
)
from custlib.report.playbook import plan_page
from custlib.report.playbook_words import because, verdict
from custlib.report.texts import Texts
from custlib.validate.seasons import season_caution
from custlib.value.seasonal.season_index import Season
from custlib.value.spend import Spend
from tests.bases import FORECAST
from tests.report.segment_views import BEFORE, definition, moves, project, view
from tests.report.test_accuracy import PERIOD, ledger
from tests.report.test_playbook_pages import CONTACTS, NO_MONEY, planned, sheet
from tests.report.test_quarter_words import YEAR_AGO, base
from tests.report.tested import HELD, held

SHOP = project(currency="EUR")
SEASONAL = InBusinessTime(FORECAST, BusinessTime((0.9,) * 11 + (2.1,), dt.date(2025, 11, 30)))
CLOCK = Clock(dt.date(2024, 12, 31), unit("quarter"), unit("quarter"), 12, True)
Say = Callable[[Texts], Any]
DAYS = [dt.date(2024, 3, 31), dt.date(2024, 6, 30), dt.date(2024, 9, 30)]


def origins(*biases: tuple[float, float | None]) -> pd.DataFrame:
    """Earlier days from which was forecast, each with its error in calendar and in business time."""
    plain, business = zip(*biases, strict=True) if biases else ((), ())
    frame = pd.DataFrame({"origin": DAYS[: len(biases)], "bias": plain, "business_bias": business}, dtype=object)
    frame[["bias", "business_bias"]] = frame[["bias", "business_bias"]].astype(float)
    return frame.assign(actual=100.0, expected=[100.0 * (1 + bias) for bias in plain], naive_bias=0.4)


def chosen(reason: str, *weights: float) -> Say:
    names = ("BG/NBD", "MBG/NBD")
    candidates = [{"model": name, "weight": weight} for name, weight in zip(names, weights, strict=False)]
    tested = [row | {"aic": 20.0, "predicted": 90.0, "bias": -0.1} for row in candidates]
    average = {"model": "average", "weight": None, "aic": None, "predicted": 91.0, "bias": None}
    return lambda t: backtest_page.choice(t, {"candidates": candidates, "reason": reason}, [*tested, average])


def regular(ticks: int, estimate: float | None, reason: str = "averaged") -> Say:
    measured = {"ticks": ticks, "estimate": estimate, "pairs": 90.0, "is_bunched": (estimate or 1) < 0.8}
    return lambda t: backtest_page.regularity(t, {"reason": reason, "regularity": measured})


def cohort_fits(p_value: float | None, rows: int = 2) -> Say:
    frame = pd.DataFrame({"cohort": DAYS[:rows], "customers": 40, "yearly_rate": 1.0, "dropout": 0.2})
    test = None if p_value is None else ChiSquared(4.0, 4, p_value, 4, p_value)
    return lambda t: backtest_page.cohorts(t, frame, test)


def season(*biases: tuple[float, float], p_value: float = 1e-9, is_followed: bool = True) -> Say:
    found = Season((0.5,) * 11 + (2.0,), ChiSquared(90.0, 11, p_value, 11, p_value), 36)
    caution = season_caution(found, {"is_seasonal": is_followed})
    return lambda t: backtest_page.season(t, found, origins(*biases), caution)


def months_seen(months: int, agreement: float) -> Say:
    found = Season((0.5,) * 11 + (2.0,), ChiSquared(90.0, 11, 1e-9), months, agreement)
    return lambda t: backtest_page.season(t, found, origins(), season_caution(found, {"is_seasonal": False}))


SEASON = {"best": 12, "worst": 2, "times": 4.0, "months": 30, "state": "followed"}


def quarters(*customers: float) -> pd.DataFrame:
    """Quarters, the oldest first; everybody buys once for 10, nobody for the first time."""
    rows = pd.DataFrame({"period": range(len(customers) - 1, -1, -1), "customers": [float(n) for n in customers]})
    rows = rows.assign(purchase_days=rows["customers"], revenue=rows["customers"] * 10.0, new_revenue=0.0)
    return rows.assign(profit=rows["revenue"], new_customers=0.0)


def seen(t: Texts) -> audit_page.View:
    return audit_page.View(t, SHOP, CLOCK)


def headline(*customers: float) -> Say:
    return lambda t: audit_page.headline(seen(t), quarters(*customers))


def factors(*customers: float) -> Say:
    return lambda t: audit_changes_page.factors(seen(t), quarters(*customers))


def once(new: float) -> Say:
    counted = {"customers": 500.0, "once": 300.0, "old_once": 200.0, "old_customers": 500.0 - new}
    return lambda t: audit_page.kpis(seen(t), quarters(100, 100), counted)


def new_ones(new: float) -> Say:
    frame = quarters(100, 100).assign(new_customers=new)
    counted = {"customers": 500.0, "once": 300.0, "old_once": 200.0, "old_customers": 400.0}
    return lambda t: audit_page.kpis(seen(t), frame, counted)


def drift(index: float, *, is_proposed: bool) -> Say:
    record = {"adjusted_rand_index": index, "is_proposed": is_proposed}
    return lambda t: moves_over.drift_verdict(view(definition("rfm", "AB"), [50, 50], language=t.language),
                                              {"rfm": record})  # fmt: skip


def next_step(has_money: bool) -> Say:
    frame = pd.DataFrame({"segment": ["A", "B"], "name": ["Class A", "Class B"], "customers": [30, 60],
                          "value": [5.0, 1.0] if has_money else [float("nan")] * 2})  # fmt: skip
    return lambda t: start_page.next_step(t, frame, {}, "profit")


def curve(whole: float) -> Say:
    frame = pd.DataFrame({"customer_share": [0.0, 0.2, 1.0], "value_share": [0.0, whole * 0.7, whole]})
    return lambda t: value_page.curve(t, frame, 0.7, "profit")


def pyramid(low: float) -> Say:
    frame = pd.DataFrame({"segment": ["A", "B"], "name": ["Top", "Rest"], "customers": [100, 400], "value": [10.0, low],
                          "customer_share": [0.2, 0.8], "value_share": [0.9, 0.1]})  # fmt: skip
    return lambda t: value_page.pyramid(t, frame, "profit")


def verdict_of(**changes: Any) -> Say:
    """The verdict and its reason for 500 loyal customers."""
    one = planned("rf25", "loyal", **changes)
    return lambda t: t.paragraph(verdict(t, sheet(one, t=t).fill, "S", "profit"), because(t, sheet(one, t=t).fill))


def money_of(**changes: Any) -> Say:
    return lambda t: plan_page.money_section(sheet(planned("rf25", "loyal", **changes), t=t))


def proof_of(even: float, detectable: float, *, measurable: bool = False) -> Say:
    one = planned("rf25", "loyal")
    plan = replace(one.plan, break_even=even, detectable=detectable, measurable=measurable)
    return lambda t: plan_page.money_section(sheet(replace(one, plan=plan), t=t))


def plan_of(**changes: Any) -> Say:
    return lambda t: plan_page.money_plan(sheet(planned("rf25", "loyal", **changes), t=t))


def steps(cause: str, other: str, most: int) -> Say:
    """Counterfactual steps: so many by a cause, 30 by another."""
    rows = moves((cause, "A", "B", most), (other, "B", "A", 30), ("whole", "A", "B", 60))
    found = definition("rfm", "AB")
    return lambda t: moves_page.causes(
        moves_page.Moves(view(found, [50, 50], language=t.language), found, rows, BEFORE)
    )


def quarter(now: tuple[float, ...], then: tuple[float, ...] = YEAR_AGO, **options: Any) -> Say:
    """The heading over quarters of (customers, first-time ones, purchase days, revenue, that of first-time ones)."""
    return lambda t: time_heading(t, base(now, then, **options))


def leads(now: tuple[float, ...], then: tuple[float, ...] = YEAR_AGO, **options: Any) -> Say:
    return lambda t: lede(t, SHOP, base(now, then, **options), "profit")


def beside(top: float) -> Say:
    frame = pd.DataFrame({"name": ["Top", "Rest"], "customer_share": [0.5, 0.5], "value_share": [top, 1 - top]})
    return lambda t: beside_heading(t, frame, "revenue")


def depends(*found: float) -> Say:
    return lambda t: validation_page.independence(t, Spend("gamma_gamma", dependence=found))


def totals(model: float) -> Say:
    rows = {"forecast": ["model", "naive", "again", "hiatus"], "purchases": [90.0, 150.0, 80.0, 120.0],
            "bias": [model, 0.5, -0.2, 0.2], "mean_absolute_error": 1.0, "correlation": 0.5}  # fmt: skip
    return lambda t: backtest_page.baselines(t, pd.DataFrame(rows), 100.0, 82)


def clusters(by: str) -> Say:
    row = {"k": 2, "passes": by == "criteria", "why_not": [] if by == "criteria" else ["smallest_share"],
           "prediction_strength": 0.9, "smallest_jaccard": 0.9, "smallest_share": 0.1}  # fmt: skip
    return lambda t: segments_page.criteria(t, definition("clusters", "AB", {"k_by": by, "criteria": [row]}))


def bought(low: int) -> Say:
    frame = pd.DataFrame({"low": [low, 3], "high": [low, 9], "customers": [60.0, 40.0], "revenue": [600.0, 900.0]})
    return lambda t: audit_page.days(seen(t), frame)


def best_tenth(part: float) -> Say:
    frame = pd.DataFrame({"part": [1, 2], "profit": [80.0, 20.0], "mean": [8.0, 2.0], "customers": [10.0, 10.0],
                          "share": [part, 1 - part]})  # fmt: skip
    return lambda t: audit_page.parts(seen(t), frame)


def record(*revenues: float, **options: Any) -> Say:
    return lambda t: accuracy.paragraph(t, SHOP, ledger(*revenues, **options))


def record_table(*revenues: float, **options: Any) -> Say:
    return lambda t: accuracy.table(t, SHOP, PERIOD, ledger(*revenues, **options))


FREE, UNKNOWN = ContactCosts({"email": 0.0}, "project"), contact_costs("SEK", math.nan, {})


def customers_inside(t, second):
    """A hundred customers in each of two tenths, of whom so many of the second lay inside."""
    frame = pd.DataFrame({"window": "holdout", "tenth": [1.0, 2.0], "customers": 100.0, "purchases": [93.0, second]})
    return validation_page.customer_intervals(t, frame.assign(revenue=frame["purchases"]))


CASES: dict[str, tuple[Say, str, Say, str]] = {
    "choice averaged": (chosen("averaged", 0.7, 0.3), "validation.choice_averaged",
                        chosen("averaged", 1.0), "validation.choice_decided"),
    "choice of one": (chosen("only", 1.0), "validation.choice_only",
                      chosen("likeliest", 1.0, 0.0), "validation.choice_likeliest"),
    "choice given": (chosen("given", 1.0), "validation.choice_given",
                     chosen("averaged", 0.7, 0.3), "validation.choice_averaged"),
    "regular": (regular(1, 1.1), "validation.regular_random", regular(3, 2.9), "validation.regular_steady"),
    "regular in bunches": (regular(1, 0.7), "validation.regular_bunched", regular(1, 0.8), "validation.regular_random"),
    "regular by few": (regular(1, None), "validation.regular_few",
                       regular(1, None, "given"), "validation.regular_unasked"),
    "cohorts": (cohort_fits(0.2), "validation.cohorts", cohort_fits(0.01), "validation.cohorts_differ"),
    "cohorts untested": (cohort_fits(None, 1), "validation.cohorts_one",
                         cohort_fits(None), "validation.cohorts_flagged"),
    "intervals of customers": (lambda t: customers_inside(t, 91.0), "validation.inside",
                               lambda t: customers_inside(t, 80.0), "validation.inside_narrow"),
    "intervals of customers by chance": (lambda t: customers_inside(t, 82.0), "validation.inside",
                                         lambda t: customers_inside(t, 80.0), "validation.inside_narrow"),
    "rolling": (lambda t: backtest_page.rolling(t, origins((-0.2, None), (0.1, None))), "validation.rolling",
                lambda t: backtest_page.rolling(t, origins((-0.2, None))), "validation.rolling_one"),
    "no rolling": (lambda t: backtest_page.rolling(t, origins()), "validation.rolling_none",
                   lambda t: backtest_page.rolling(t, origins((-0.2, None))), "validation.rolling_one"),
    "captured": (
        lambda t: backtest_page.captured(t, {"expected": 0.4, "naive": 0.3, "actual": 0.6}), "validation.captured",
        lambda t: backtest_page.captured(t, dict.fromkeys(("expected", "naive", "actual"), float("nan"))),
        "validation.captured_none",
    ),
    "business time": (season((0.4, 0.1), (0.4, 0.1), (0.4, 0.1)), "validation.season_nearer",
                      season((0.1, 0.4), (0.1, 0.4), (0.1, 0.4)), "validation.season_no_nearer"),
    "business time untried": (season(), "validation.season_untried",
                              season((0.4, 0.1), (0.4, 0.1), (0.4, 0.1)), "validation.season_nearer"),
    "season": (season(), "validation.season", season(p_value=0.5), "validation.season_none"),
    "season followed": (season(), "validation.season_followed", season(is_followed=False), "validation.season_ignored"),
    "season unsure": (months_seen(18, 3.0), "validation.season_unsure_text",
                      months_seen(30, 1.0), "validation.season_changing"),
    "season unknown": (lambda t: backtest_page.season(t, None, origins(), {}), "validation.season_unknown",
                       season(), "validation.season"),
    "audit rises": (headline(100, 150), "audit.cause_customers_up", headline(150, 100), "audit.cause_customers_down"),
    "audit compared": (headline(100, 150), "audit.headline_cause", headline(4, 150), "audit.headline"),
    "audit of few": (headline(100, 4), "audit.headline_few", headline(100, 100), "audit.headline_change"),
    "factors": (factors(100, 150), "audit.factors_more_cause", factors(150, 100), "audit.factors_less_cause"),
    "no second period": (factors(4, 150), "audit.no_two", factors(100, 150), "audit.factors_more_cause"),
    "one and done": (once(100), "audit.once_note", once(4), "audit.once_plain"),
    "first-time": (new_ones(40), "audit.active_note", new_ones(0), "audit.active_none"),
    "drift": (drift(0.98, is_proposed=False), "drift.good", drift(0.4, is_proposed=True), "drift.proposed"),
    "no drift measured": (
        lambda t: moves_over.drift_verdict(view(definition("rfm", "AB"), [50, 50], language=t.language), {"rfm": None}),
        "drift.fresh", drift(0.98, is_proposed=False), "drift.good",
    ),
    "without playbooks": (next_step(True), "start.next_none", next_step(False), "start.next_largest"),
    "something so far": (curve(1.0), "value.curve", curve(-0.1), "worth.nothing_so_far"),
    "a loss to come": (pyramid(5.0), "value.pyramid", pyramid(-50.0), "worth.loss"),
    "trust": (lambda t: trust_line.sentence(t, SHOP, HELD), "overview.trust",
              lambda t: trust_line.sentence(t, SHOP, {"light": None, "reason": "nobody_yet", "covered_days": 730}),
              "refused.test.nobody_yet"),
    "season not tested": (
        lambda t: trust_line.sentence(t, SHOP, HELD | {"season": SEASON, "is_holdout_seasonal": False}),
        "trust.season_not_tested",
        lambda t: trust_line.sentence(t, SHOP, HELD | {"season": SEASON | {"state": "ignored"}}),
        "validation.season_ignored",
    ),
    "a season": (lambda t: trust_line.sentence(t, SHOP, HELD | {"season": SEASON}),
                 "validation.season", lambda t: trust_line.sentence(t, SHOP, held("green", covered_days=400)),
                 "trust.season_unseen"),
    "revenue tested": (lambda t: trust.light(t, held("green", "green")), "trust.revenue_text",
                       lambda t: trust.light(t, held("green", "red", revenue=HELD["revenue"] | {"bias": None})),
                       "trust.no_revenue"),
    "does it pay": (verdict_of(), "verdict.do_text", verdict_of(spend=0.01), "verdict.leave_text"),
    "why": (verdict_of(), "verdict.because_do_crossing", verdict_of(spend=0.01), "verdict.because_leave"),
    "free": (verdict_of(contacts=FREE), "verdict.because_do_free", verdict_of(), "verdict.because_do_crossing"),
    "purchases won": (verdict_of(contacts=FREE, **NO_MONEY), "verdict.because_do_purchases",
                      verdict_of(**NO_MONEY), "verdict.because_test_purchases"),
    "cost of a purchase": (money_of(**NO_MONEY), "playbook.money_purchases",
                           money_of(contacts=FREE, **NO_MONEY), "playbook.money_free"),
    "cost not known": (money_of(contacts=UNKNOWN, **NO_MONEY), "playbook.money_unknown",
                       money_of(spend=0.01), "playbook.money_leave"),
    "long before the proof": (proof_of(0.01, 0.03), "playbook.money_early",
                              proof_of(0.025, 0.03), "playbook.money_close"),
    "proved": (proof_of(0.01, 0.02, measurable=True), "playbook.money_shown",
               proof_of(0.01, 0.03), "playbook.money_early"),
    "shown alone": (plan_of(customers=90_000), "playbook.shown_alone", plan_of(), "playbook.not_shown"),
    "where a cost is from": (plan_of(contacts=ContactCosts(CONTACTS.by_channel, "share")), "playbook.assumed_share",
                             plan_of(contacts=UNKNOWN, **NO_MONEY), "playbook.assumed_unknown"),
    "steps by time": (steps("ageing", "purchases", 40), "moves.causes_ageing",
                      steps("purchases", "ageing", 40), "moves.causes_purchases"),
    "steps by data": (steps("data", "definition", 40), "moves.causes_data",
                      steps("definition", "data", 40), "moves.causes_definition"),
    "steps by identity": (steps("identity", "ageing", 40), "moves.causes_identity",
                          steps("identity", "ageing", 30), "moves.causes_several"),
    "fewer first-time buyers": (quarter((300, 30, 600, 30_000, 3_000)), "overview.time_down_revenue",
                                quarter((300, 250, 600, 30_000, 28_000)), "overview.time_up_revenue"),
    "still most of it": (quarter((300, 180, 600, 30_000, 18_000), (300, 270, 600, 30_000, 27_000)),
                         "overview.time_less_revenue",
                         quarter((300, 30, 600, 30_000, 3_000)), "overview.time_down_revenue"),
    "as much of it": (quarter(YEAR_AGO), "overview.time_level_revenue",
                      quarter((300, 0, 600, 30_000, 0)), "overview.time_none_revenue"),
    "nothing to compare": (quarter(YEAR_AGO, months=3), "overview.time_alone_revenue",
                           quarter((300, 5, 600, 30_000, 100)), "overview.time_few_revenue"),
    "customers by quarter": (quarter((300, 30, 600, 0, 0), has_amount=False), "overview.time_down_customers",
                             quarter((300, 250, 600, 0, 0), has_amount=False), "overview.time_up_customers"),
    "as many customers": (quarter(YEAR_AGO, has_amount=False), "overview.time_level_customers",
                          quarter((300, 0, 600, 0, 0), has_amount=False), "overview.time_none_customers"),
    "customers alone": (quarter(YEAR_AGO, months=3, has_amount=False), "overview.time_alone_customers",
                        quarter((300, 5, 600, 0, 0), has_amount=False), "overview.time_few_customers"),
    "how often": (leads((300, 120, 900, 45_000, 12_000)), "overview.lede_up_frequency",
                  leads((300, 120, 400, 20_000, 12_000)), "overview.lede_down_frequency"),
    "how much": (leads((300, 120, 600, 45_000, 12_000)), "overview.lede_up_spend",
                 leads((300, 120, 600, 15_000, 6_000)), "overview.lede_down_spend"),
    "how many": (leads((400, 120, 800, 40_000, 12_000)), "overview.lede_up_customers",
                 leads((200, 80, 400, 20_000, 8_000)), "overview.lede_down_customers"),
    "beside the forecast": (beside(0.9), "overview.beside_revenue", beside(0.5), "overview.beside_alike_revenue"),
    "spend and frequency": (depends(0.0, 0.0, 0.0), "validation.independent",
                            depends(0.9, 0.9, 0.9), "validation.dependent"),
    "no model of spend": (depends(), "validation.independence_none", depends(0.9, 0.9, 0.9), "validation.dependent"),
    "nearer than nothing": (totals(-0.1), "validation.totals", totals(-0.9), "validation.totals_plain"),
    "clusters": (clusters("criteria"), "segments.k_by_criteria", clusters("none passes"), "segments.k_by_none_passes"),
    "clusters asked for": (clusters("given"), "segments.k_by_given", clusters("criteria"), "segments.k_by_criteria"),
    "one purchase day": (bought(1), "audit.days_title", bought(2), "audit.days_title_plain"),
    "the best part": (best_tenth(0.8), "audit.parts_title", best_tenth(float("nan")), "audit.parts_title_none"),
    "one-time buyers": (
        lambda t: validation_page.limits(t, FORECAST, 0.5), "validation.limit_spend",
        lambda t: validation_page.limits(t, FORECAST, 0.5, ("spend.spend_dependent",)),
        "flags.spend.spend_dependent",
    ),
    "a season that the forecast follows": (
        lambda t: validation_page.limits(t, FORECAST, 0.5), "validation.limit_season",
        lambda t: validation_page.limits(t, SEASONAL, 0.5), "validation.limit_season_followed",
    ),
    "a forecast held": (record(71e3), "accuracy.inside", record(50e3), "accuracy.below"),
    "more came than forecast": (record(90e3), "accuracy.above", record(50e3), "accuracy.below"),
    "how many held": (record(71e3, 70e3), "accuracy.held_all", record(90e3, 50e3), "accuracy.held_none"),
    "some held": (record(71e3, 50e3), "accuracy.held_some", record(71e3, 70e3), "accuracy.held_all"),
    "who forecast revenue": (record(71e3, printed=1), "accuracy.latest_revenue_printed",
                             record(71e3), "accuracy.latest_revenue_again"),
    "who forecast purchases": (record(math.nan, printed=1), "accuracy.latest_purchases_printed",
                               record(math.nan), "accuracy.latest_purchases_again"),
    "who printed": (record_table(71e3, 70e3, printed=2), "accuracy.all_printed",
                    record_table(71e3, 70e3), "accuracy.none_printed"),
    "some were printed": (record_table(71e3, 70e3, printed=1), "accuracy.some_printed",
                          record_table(71e3, 70e3, printed=2), "accuracy.all_printed"),
    "an untested one": (record(71e3, tested=0), "accuracy.one_untested",
                        record(71e3, 70e3, tested=0), "accuracy.all_untested"),
    "windows that overlap": (record(71e3, 70e3), "accuracy.overlap", record(71e3, tested=0), "accuracy.one_untested"),
    "untested on their day": (record(71e3, 70e3, tested=1), "accuracy.some_untested",
                              record(71e3, 70e3, tested=0), "accuracy.all_untested"),
    "a record of forecasts": (record_table(71e3), "accuracy.cell_inside", record_table(50e3, purchases=50.0),
                              "accuracy.cell_below"),
    "nothing to grade": (record_table(), "accuracy.none", record_table(90e3), "accuracy.cell_above"),
}  # fmt: skip
