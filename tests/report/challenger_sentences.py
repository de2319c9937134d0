"""What the page says of boosting beside the forecast, and what it says of the opposite data."""

from collections.abc import Callable
from typing import Any

from custlib.report.pages import backtest_page
from custlib.report.texts import Texts

Say = Callable[[Texts], Any]
GROUPS = ("bought once", "bought few times", "bought many times")


def tried(
    *ginis: tuple[float, float], into: tuple[int, ...] = (30, 20, 50), out: tuple[int, ...] = (25, 35, 40)
) -> Say:
    """Tests with the Gini of the forecast and with boosting, and who comes among the best 1,000 and leaves them."""
    tests = [
        {"day": f"2025-0{place}-01", "trained": f"2024-0{place}-01", "gini_forecast": plain, "gini_boosted": boosted}
        for place, (plain, boosted) in enumerate(ginis, start=1)
    ]
    gains = [boosted - plain for plain, boosted in ginis]
    found = {
        "reason": "", "days": 90, "tests": tests, "is_better": min(gains) > 0, "overlap": 1 - sum(out) / 1_000,
        "moves": {name: {"into": came, "out": left} for name, came, left in zip(GROUPS, into, out, strict=True)},
    }  # fmt: skip
    return lambda t: backtest_page.challenger(t, found)


def untried(reason: str) -> Say:
    return lambda t: backtest_page.challenger(t, {"reason": reason})


BETTER, WORSE = ((0.70, 0.72), (0.60, 0.63)), ((0.72, 0.70), (0.63, 0.60))
CASES: dict[str, tuple[Say, str, Say, str]] = {
    "challenger": (tried(*BETTER), "validation.challenger_better", tried(*WORSE), "validation.challenger_no_better"),
    "challenger once": (tried(*BETTER), "validation.challenger_better",
                        tried(BETTER[0], WORSE[1]), "validation.challenger_no_better"),
    "challenger moves": (tried(*BETTER), "validation.challenger_moves",
                         tried(*BETTER, into=(0, 0, 0), out=(0, 0, 0)), "validation.challenger_same"),
    "challenger off": (untried("off"), "validation.challenger_off", untried("few"), "validation.challenger_few"),
    "challenger untested": (untried("short"), "validation.challenger_short",
                            untried("no_money"), "validation.challenger_no_money"),
}  # fmt: skip
