"""A shop with a strong Christmas: the light turns, every page with a forecast says so, the season is found."""

import re
from pathlib import Path

import pytest

from custlib.demo.purchases import purchases
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.project import load
from custlib.report.production import run_project
from custlib.run import Run

CHRISTMAS = (0.7, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 1.0, 2.0, 3.0)
SHOP = """
id = "gifts"
name = "A gift shop"
currency = "EUR"
as_of = 2026-12-31
holdout_days = {days}
season = "{season}"
[source]
path = "sales.csv"
"""


def make_gifts(folder: Path, *, days: int, season: str = "off") -> Path:
    """Three years of 1,500 customers who buy four times as fast at Christmas as in summer."""
    truth = BGNBD(1.2, 40.0, 0.7, 5.0), GammaGamma(6.0, 4.0, 15.0)
    sold = purchases(1500, *truth, days=1096, joining_days=500, season=CHRISTMAS, seed=1)
    sold.to_csv(folder / "sales.csv", index=False, date_format="%Y-%m-%d")
    (folder / "gifts.toml").write_text(SHOP.format(days=days, season=season), encoding="utf-8")
    return folder / "gifts.toml"


@pytest.mark.parametrize("days", [61, 120])
@pytest.mark.sampled
def test_a_holdout_of_the_best_months_is_under_forecast(tmp_path: Path, days: int) -> None:
    opened = Run(load(make_gifts(tmp_path, days=days)), tmp_path / "work")
    assert opened.get("test_result")["bias"] < 0
    assert opened.get("season") is not None
    assert opened.get("season").is_there
    caution = opened.get("test_result")["season"]
    assert (caution["best"], round(caution["times"]), caution["state"]) == (12, 4, "ignored")


@pytest.mark.slow
@pytest.mark.parametrize("days", [61, 120])
def test_it_is_forecast_where_the_season_is_followed(tmp_path: Path, days: int) -> None:
    opened = Run(load(make_gifts(tmp_path, days=days, season="auto")), tmp_path / "work")
    assert abs(opened.get("test_result")["bias"]) < 0.1
    assert opened.get("test_result")["season"]["state"] == "followed"


@pytest.mark.slow
def test_every_page_with_a_forecast_says_so(tmp_path: Path) -> None:
    made = run_project(load(make_gifts(tmp_path, days=61)), reports=tmp_path / "reports", work=tmp_path / "work")
    for name in ("overview", "value", "validation", "start", "segments"):
        text = re.sub(r"<[^>]+>", " ", (made / f"{name}.html").read_text(encoding="utf-8"))
        assert "light red, do not rely on it" in text, name
    assert "There is a season: customers buy" in re.sub(r"<[^>]+>", " ", (made / "validation.html").read_text())
