"""Structure tables are the same on both engines."""

from pathlib import Path

import pandas as pd
import pytest

from custlib.audit import structure
from custlib.audit.attributes import of_ages, of_customers, of_lines
from tests.audit.test_structure import PERIODS, make, open_shop


@pytest.mark.slow
def test_structures_are_the_same_on_both_engines(tmp_path: Path, spark_here: None) -> None:
    found = {}
    for kind in ("duckdb", "spark"):
        engine = open_shop(tmp_path / kind, kind=kind)
        regions, ages = of_customers(engine.dialect, "region"), of_ages(engine.dialect, "birth_date", PERIODS)
        make(engine, of_lines("channel"), of_lines("product"), regions, ages)
        names = ("channel", "product", "region", "age_band")
        found[kind] = pd.concat([structure.structure(engine, name) for name in names])
        engine.close()
    pd.testing.assert_frame_equal(found["duckdb"], found["spark"], check_dtype=False)
