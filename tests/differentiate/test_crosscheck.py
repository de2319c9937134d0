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
    ours, (_, money) = cdnow.calibration_model, cdnow.calibration_spend
    theirs = cdnow.crosscheck
    for name in ("r", "alpha", "a", "b"):
        assert theirs["lifetime"][name] == pytest.approx(getattr(ours, name), rel=1e-4)
    for name in ("p", "q", "v"):
        assert theirs["spend"][name] == pytest.approx(getattr(money, name), rel=1e-4)
    # theirs is near the maximum, and never above it
    assert theirs["lifetime"]["log_likelihood"] == pytest.approx(ours.log_likelihood, abs=1e-4)
    assert theirs["lifetime"]["log_likelihood"] <= ours.log_likelihood + 1e-8


def test_the_settings_that_lifetimes_changes_are_put_back(cdnow, monkeypatch):
    import sys

    from custlib.differentiate import crosscheck

    before = np.geterr(), list(warnings.filters), option()
    engine = cdnow.need("calibration_cells")
    for name in [name for name in sys.modules if name.split(".")[0] == "lifetimes"]:
        monkeypatch.delitem(sys.modules, name)  # as if imported for the first time
    crosscheck.lifetimes_lifetime(engine, "calibration_cells")
    assert (np.geterr(), list(warnings.filters), option()) == before
