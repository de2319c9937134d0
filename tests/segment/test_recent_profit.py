"""What the customers of each segment brought: profit after a day, less the cost to serve each purchase day."""

import datetime as dt

import pandas as pd

from custlib.segment.recent_profit import profit_since

ROWS = [
    ("anna", "2025-01-01", 100), ("anna", "2025-06-01", 10), ("anna", "2025-06-01", 5), ("anna", "2025-07-01", -3),
    ("bert", "2025-06-02", 20), ("carl", "2025-01-01", 7),
]  # fmt: skip


def test_profit_by_segment_worked_by_hand(base):
    engine = base(ROWS)
    groups = pd.DataFrame({"customer_id": ["anna", "bert", "carl"], "segment": ["A", "A", "B"], "segmentation": "rfm"})
    groups = groups.assign(reason="")
    engine.attach_frame("customer_segments", groups)
    since = dt.date(2025, 5, 31)
    assert profit_since(engine, "rfm", since).to_dict() == {"A": 32, "B": 0, "all": 32}
    # Anna bought on one day since, Bert on one; a return is no purchase.
    assert profit_since(engine, "rfm", since, cost_to_serve=2.0).to_dict() == {"A": 28, "B": 0, "all": 28}
    assert profit_since(engine, "rfm", dt.date(2024, 12, 31))["all"] == 139
    assert profit_since(engine, "abc", since).to_dict() == {"all": 0}
