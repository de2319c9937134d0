import warnings

import numpy as np
import pandas as pd
import pytest

OPTION = "mode.chained_assignment"


def option():
    """The option of pandas that lifetimes changes; pandas 3 warns of the option itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.get_option(OPTION)


def test_lifetimes_agrees_on_cdnow(cdnow):
    found = cdnow.get("crosscheck")
    assert sorted(found) == ["BG/NBD", "Gamma-Gamma", "MBG/NBD", "Pareto/NBD"]
    for model, both in found.items():
        near = 1e-3 if model == "Pareto/NBD" else 1e-4  # the search of lifetimes stops early there
        for name, ours in both["ours"].items():
            assert both["theirs"][name] == pytest.approx(ours, rel=near)
    totals = [found[name]["ours"]["holdout"] for name in ("BG/NBD", "MBG/NBD", "Pareto/NBD")]
    assert {found[name]["actual"] for name in ("BG/NBD", "MBG/NBD", "Pareto/NBD")} == {1882}
    assert totals == pytest.approx([1653.4, 1576.7, 1665.5], abs=0.1)


def test_where_lifetimes_does_not_converge_its_side_is_empty(monkeypatch):
    """Two kinds of customers who never leave: lifetimes gives up or forecasts no number, ours goes on."""
    from custlib.lifetimes import crosscheck

    monkeypatch.setattr(crosscheck, "_fits", lambda fit: False)
    cells = pd.DataFrame({"frequency": [0, 9, 5], "recency": [0, 95, 80], "T": 100, "customers": [20, 30, 10]})
    found = crosscheck.lifetimes_models(cells.assign(actual=3.0), days=30)
    assert found["BG/NBD"]["theirs"] is None
    assert found["BG/NBD"]["ours"]["holdout"] > 0


def test_many_cells_are_joined_to_coarser_ones():
    from custlib.validate import backtest_groups

    random = np.random.default_rng(0)
    many = 60_000
    cells = pd.DataFrame({"T": random.integers(100, 400, many).astype(float), "frequency": random.integers(0, 3, many)})
    cells["recency"] = np.where(cells["frequency"] > 0, (cells["T"] * random.random(many)).round(), 0.0)
    cells = cells.assign(customers=2, actual=1.0).drop_duplicates(["frequency", "recency", "T"])
    found = backtest_groups.coarser(cells, most=20_000)
    assert len(found) <= 20_000
    for name in ("customers", "actual"):
        assert found[name].sum() == cells[name].sum()
    assert found["T"] @ found["customers"] == pytest.approx(cells["T"] @ cells["customers"])
    assert (found["recency"] <= found["T"]).all()
    assert found["frequency"].isin([0, 1, 2]).all()


def test_the_settings_that_lifetimes_changes_are_put_back(cdnow, monkeypatch):
    import sys

    from custlib.lifetimes import crosscheck

    before = np.geterr(), list(warnings.filters), option()
    for name in [name for name in sys.modules if name.split(".")[0] == "lifetimes"]:
        monkeypatch.delitem(sys.modules, name)  # as if imported for the first time
    crosscheck.lifetimes_models(cdnow.get("outcomes"), days=273)
    assert (np.geterr(), list(warnings.filters), option()) == before
