"""Every code that the models can give has a sentence in every language, and every sentence its code."""

import ast
import re
from pathlib import Path

import pytest

from custlib import rules
from custlib.graph import Refusal
from custlib.models import bgnbd_fit, gammagamma
from custlib.models.forecasting import ModelAverage, as_lifetime_model
from custlib.models.paretonbd import ParetoNBD
from custlib.report.blocks import Bullets, Callout
from custlib.report.pages import trust, validation_page
from custlib.report.texts import Texts, languages, texts
from custlib.validate import cautions
from custlib.value import lifetime, spend
from custlib.value.activity import NO_AMOUNT, NOBODY_YET
from tests.bases import FORECAST
from tests.report.tested import HELD

CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def codes_in(module: object, *functions: str) -> set[str]:
    """The codes that some functions of a module spell out."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in functions]
    assert {node.name for node in bodies} == set(functions)
    texts = [n.value for body in bodies for n in ast.walk(body) if isinstance(n, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}


def documented(fit: object) -> set[str]:
    """The codes that the docstring of a fit explains."""
    return set(re.findall(r"- ``(\w+)``:", str(fit.__doc__)))


LIFETIME = codes_in(bgnbd_fit, "_fit", "_name_ridge", "_describe")
GAMMA_GAMMA = codes_in(gammagamma, "_describe")
FALLBACKS = codes_in(spend, "fit_spend", "_banded") - {"monetary_value", "spend_cells", "gamma_gamma"}
CONTRACT = codes_in(cautions, "flags") - {"subscription_signs"}
REASONS = codes_in(lifetime, "columns_of") - {"one_time"} | {"not_identified"}


@pytest.fixture(params=languages())
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


def below(t: Texts, section: str) -> set[str]:
    return {key.removeprefix(section) for key in t.words if key.startswith(section)}


def test_the_codes_are_those_that_the_fits_explain() -> None:
    assert documented(bgnbd_fit.fit) == LIFETIME
    assert documented(gammagamma.fit) == GAMMA_GAMMA
    assert {
        "few_repeat_customers",
        "spend_equal",
        "no_finite_mean",
        "no_maximum",
        "no_money",
        "spend_dependent",
        "spend_dependent_few",
    } == FALLBACKS


def test_every_flag_has_a_sentence(t: Texts) -> None:
    assert below(t, "flags.lifetime.") == LIFETIME | CONTRACT
    assert below(t, "flags.spend.") == GAMMA_GAMMA | FALLBACKS | {NO_AMOUNT}


def test_every_refusal_has_a_sentence(t: Texts) -> None:
    assert below(t, "refused.forecast.") == REASONS
    assert below(t, "refused.test.") == REASONS | {NOBODY_YET}


def test_a_sentence_says_what_it_means_and_what_to_do(t: Texts) -> None:
    stop = "。" if t.language == "zh" else ". "
    for key in [k for k in t.words if k.startswith(("flags.lifetime.", "flags.spend.", "refused.forecast."))]:
        assert stop in t.words[key].rstrip(" .") + stop, key
        assert not CODE.search(t.words[key]) or "as_of" in t.words[key], key


def test_the_rules_name_flags_that_exist() -> None:
    for table in ("beside", "grave", "everybody_stays"):
        assert set(rules.load("flags")[table]["lifetime"]) <= LIFETIME | CONTRACT
        assert set(rules.load("flags")[table].get("spend", ())) <= GAMMA_GAMMA | FALLBACKS


# --- on the pages ---


def test_of_one_time_buyers_a_model_that_sees_them_leave_can_tell(t: Texts) -> None:
    mixed = ModelAverage(((0.5, FORECAST), (0.5, as_lifetime_model(ParetoNBD(0.6, 30.0, 0.6, 40.0)))))
    alone, both = (len(validation_page.limits(t, model, 0.5).items) for model in (FORECAST, mixed))
    assert (alone, both) == (4, 3)


def test_the_validation_page_tells_every_flag(t: Texts) -> None:
    flags = ("lifetime.rate_homogeneous", "spend.days_constant", "lifetime.rate_homogeneous")
    said = validation_page.limits(t, FORECAST, 0.5, flags)
    assert isinstance(said, Bullets)
    assert [said.items.count(t(f"flags.{flag}")) for flag in flags] == [1, 1, 1]


def test_nothing_to_know_is_no_callout(t: Texts) -> None:
    assert trust.cautions(t, (), 0) is None
    assert trust.cautions(t, ("lifetime.rate_homogeneous",), 0) is None
    assert trust.refusal(t, object(), object()) is None


def test_what_touches_the_forecast_stands_beside_the_light(t: Texts) -> None:
    said = trust.cautions(t, ("lifetime.weak_dropout", "spend.spend_equal", "spend.days_constant"), 0)
    assert isinstance(said, Callout) and said.tone == "warn"
    assert said.text == f"{t('flags.lifetime.weak_dropout')}\n\n{t('flags.spend.spend_equal')}"


def test_a_silence_comes_first(t: Texts) -> None:
    said = trust.cautions(t, ("lifetime.weak_dropout",), 3782)
    assert said is not None and "3,782" in said.title
    assert said.text.startswith(t("flags.silent"))


def test_a_sheet_without_room_leads_to_the_sentences(t: Texts) -> None:
    said = trust.cautions_in_short(t, ("lifetime.weak_dropout",), 0)
    assert said is not None and said.title == t("flags.title") and "(value.html)" in said.text
    assert t("pages.value") in said.text
    bare = trust.cautions_in_short(t, ("lifetime.weak_dropout", "spend.no_amount"), 0)
    assert bare is not None and t("pages.value_instead") in bare.text and t("pages.value") not in bare.text
    assert trust.cautions_in_short(t, (), 0) is None


@pytest.mark.parametrize("flag", ["lifetime.not_converged", "lifetime.one_customer"])
def test_a_forecast_not_to_be_planned_with_is_called_so(t: Texts, flag: str) -> None:
    said = trust.cautions(t, (flag,), 40)
    assert said is not None and (said.tone, said.title) == ("bad", t("flags.title_grave"))


def test_an_untested_forecast_has_no_colour(t: Texts) -> None:
    said = trust.light(t, {"light": "untested", "reason": "nobody_yet", "covered_days": 30})
    assert (said.tone, said.text) == ("warn", t("refused.test.nobody_yet"))


def test_a_test_in_which_nobody_bought_is_said(t: Texts) -> None:
    said = trust.light(t, HELD | {"actual": 0, "bias": None, "naive_bias": None})
    assert said.tone == "good" and "88" in said.text and "–" not in said.title


def test_a_refusal_says_why_and_what_is_left(t: Texts) -> None:
    said = trust.refusal(t, Refusal("no_repeats"), Refusal("no_money"))
    assert said is not None and said.text == f"{t('refused.forecast.no_repeats')}\n\n{t('refused.left')}"
    money = trust.refusal(t, object(), Refusal("no_money"))
    assert money is not None and money.title == t("refused.title_money")
