"""Sample pages with what a real run would say, for the browser tests and for looking at.

``python -m tests.browser.samples out`` writes them into a folder. All numbers are made up.
"""

import math
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from custlib.report import charts
from custlib.report.blocks import (
    Action,
    Actions,
    Block,
    Bullets,
    Callout,
    Cell,
    Details,
    Facts,
    Footer,
    Glossary,
    Kpi,
    Kpis,
    Section,
    Table,
    Text,
    Tiles,
    Title,
)
from custlib.report.charts.miniatures import Scale, dot
from custlib.report.page_html import render_index, render_page

GAIN = dot((1.0, 4.0, 7.0), Scale(-2.0, 8.0, 240), colour="good", title="Gain", description="1 to 7 k")
SEGMENTS = [
    "Champions",
    "Loyal customers",
    "Promising newcomers",
    "New customers",
    "Need attention",
    "At risk",
    "Cannot lose them",
    "Hibernating",
]
PAGES = [
    ("Overview", "overview.html"),
    ("Data", "identify.html"),
    ("Model", "validation.html"),
    ("Value", "value.html"),
    ("Segments", "segments.html"),
]
CURVE = pd.DataFrame({"customer_share": [n / 200 for n in range(201)]})
CURVE["value_share"] = CURVE["customer_share"] ** 0.213
WORTH = pd.DataFrame(
    {
        "label": SEGMENTS,
        "value": [52_400, 31_800, 14_200, 6_300, 11_900, 9_400, 7_700, 3_100],
        "low": [46_100, 27_900, 10_900, 3_900, 9_300, 6_200, 4_100, 1_600],
        "high": [59_300, 36_200, 18_100, 9_200, 14_800, 13_100, 11_900, 5_200],
        "historic": [68_200, 40_100, 9_800, 4_100, 18_700, 21_300, 24_800, 12_400],
    }
)


def notebook_of(*parts: Block | str) -> Any:
    """A notebook as papermill leaves it: Markdown cells, and code cells ending in a block."""
    cells = []
    for part in parts:
        if isinstance(part, str):
            cells.append(nbformat.v4.new_markdown_cell(part))
            continue
        output = nbformat.v4.new_output("execute_result", part._repr_mimebundle_(), execution_count=1)
        cells.append(nbformat.v4.new_code_cell("verb(table)", outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells)


def links(current: str, playbook: str = "") -> dict[str, Any]:
    """The way back and the sibling pages."""
    pages: list[dict[str, Any]] = [{"title": t, "href": h, "current": h == current} for t, h in PAGES]
    pages += [{"title": s, "href": "playbook.html", "group": "Playbooks", "current": s == playbook} for s in SEGMENTS]
    return {"up": [{"title": "All reports", "href": "index.html"}], "pages": pages}


FOOTER = Footer(
    [
        ("Run", "3f9c21ab77d0 of 31 Oct 2026"),
        ("Data", "sales.csv, sha256 8f1e5a0c…; 1 Jan 2024 to 31 Oct 2026"),
        ("Parameters", "horizon 365 days, discount 10 % a year, holdout 273 days"),
        ("Versions", "custlib 0.1.0, Python 3.11, duckdb 2.0"),
        ("Rows", "6,919 read = 6,696 used + 202 quarantined + 21 removed"),
        ("Money", "USD 252 k read = 243 k used + 7 k quarantined + 2 k removed"),
    ]
)
GLOSSARY = Glossary(
    [
        ("Still a customer (probability alive)", "The chance that a customer has not left for good."),
        ("Coming-year value", "Expected spending in the 365 days after the reporting date, discounted."),
        ("Backtest", "The model is fitted on the past only, and its forecast compared with what came."),
        ("Interval", "Nine in ten runs of the same size would end between these two numbers."),
    ]
)


def rfm_map() -> Tiles:
    """A 5 × 5 map as the segments page has it."""
    cells = []
    for f in range(5, 0, -1):
        row = []
        for r in range(1, 6):
            money = (f * f * r) / 125
            name = SEGMENTS[min(7, (5 - f) // 2 + (5 - r))] if (f, r) in ((5, 5), (1, 1), (5, 1), (1, 5)) else ""
            row.append(
                Cell(
                    "<10" if (f, r) == (5, 2) else f"{40 + 17 * r * (6 - f):,}",
                    f"{money * 9:.1f} k",
                    money,
                    name,
                )
            )
        cells.append(row)
    return Tiles(
        "Recent and frequent buyers hold half of the money",
        ["5 often", "4", "3", "2", "1 once"],
        ["1 long ago", "2", "3", "4", "5 recent"],
        cells,
        "Frequency",
        "Recency (days since last purchase)",
        "Number: customers. Beneath: revenue so far in USD. The stronger the tone, the more money.",
        "Customers and revenue by frequency class (rows) and recency class (columns).",
    )


def overview() -> str:
    """The front page of a run."""
    shares = pd.DataFrame(
        {
            "segment": ["Top 1 %", "Next 4 %", "Next 15 %", "Other 80 %"],
            "customer_share": [0.01, 0.04, 0.15, 0.80],
            "value_share": [0.14, 0.22, 0.35, 0.29],
        }
    )
    flows = pd.DataFrame(
        {
            "label": ["Purchases", "Ageing", "Definition", "Data corrections", "Identity"],
            "customers_in": [137, 0, 12, 4, 21],
            "customers_out": [41, 170, 15, 0, 11],
        }
    )
    segments = pd.DataFrame(
        {
            "segment": SEGMENTS,
            "customers": [118, 204, 167, 391, 242, 198, 64, 973],
            "worth": WORTH["value"],
            "change": [0.06, 0.02, 0.11, -0.04, -0.03, -0.12, None, 0.01],
            "first action": [
                "Early access",
                "Thank-you call",
                "Second-order offer",
                "Welcome series",
                "Reminder",
                "Win-back letter",
                "Personal call",
                "None: too costly",
            ],
            "href": ["playbook.html"] * 8,
        }
    )
    return render_page(
        notebook_of(
            "# Overview\n\nWho are the customers, what are they worth, and what comes first?",
            Title(
                "A fifth of the customers bring 71 % of the coming year",
                "CDNOW, as of 31 Oct 2026. Value is up 6 %, mostly through purchases of loyal customers.",
                light="green",
            ),
            Kpis(
                [
                    Kpi("Customers", "2,357", "+3 % on last month", "good"),
                    Kpi("Active (probability alive over one half)", "1,012", "43 % of all"),
                    Kpi("Coming-year value", "USD 137 k", "118–152 k, nine times in ten"),
                    Kpi("Change in value", "+6 %", "mostly purchases", "good"),
                ]
            ),
            Actions(
                "1 to do, 1 to leave: USD 4 k more profit expected, after a cost of USD 320",
                ["Verdict", "What, and to whom", "Owner, and how sure", "More profit in 90 days, USD"],
                [
                    Action("do", "Do it", "[Call the 64](playbook.html)", "●○○ a guess", "**+4 k** (1–7 k)", svg=GAIN),
                    Action("leave", "Leave it", "[Write to nobody](playbook.html)", gain="**−60** (−80 to −40)"),
                ],
                Action("", "The plan", "All that is to do.", gain="**+4 k** (1–7 k) · costs 320"),
                "No effect is measured yet.",
            ),
            Callout(
                "Call the 64 who used to be the best",
                "*Cannot lose them* held USD 25 k so far and has not bought for **212 days**. "
                "See the [playbook](playbook.html).",
                "warn",
            ),
            Section("A fifth bring most of the money"),
            charts.pyramid_bars(
                shares,
                title="One customer in a hundred brings 14 % of the money",
                caption="Grey: share of customers. Coloured: share of the coming year's value. "
                "Give the top tier its own contact, first.",
                description="Bars of customer share and value share for four tiers.",
                y_label="Customers",
                x_label="Value",
            ),
            Section("Who moved, and why", id="moves"),
            charts.flow_bars(
                flows,
                title="170 customers aged out of their segment, 137 bought their way up",
                caption="Customers who entered or left a better segment since 30 Sep 2026, by cause.",
                description="Customers in and out by cause.",
                x_label="Moved up",
                y_label="Moved down",
            ),
            Section("One line per segment"),
            Table.of(
                segments,
                title="Eight segments, the most valuable first",
                caption="Worth: expected spending in the coming year, USD.",
                formats={"worth": "compact", "change": "change", "customers": "suppressed"},
                labels={
                    "worth": "Worth, USD",
                    "segment": "Segment",
                    "customers": "Customers",
                    "change": "Change",
                    "first action": "First action",
                },
                links={"segment": "href"},
                note="A change is not shown where either side has fewer than ten.",
            ),
            Section("How healthy are the data"),
            Facts(
                [
                    ("Rows used", "6,696 of 6,919 (97 %)"),
                    ("Quarantined", "202 rows, mostly `no_customer_id`"),
                    ("Last transaction", "30 Oct 2026, one day before the reporting date"),
                ]
            ),
            Section("What this means"),
            Bullets(
                [
                    "**Start with 64 calls.** They cost USD 320 and protect up to USD 7.7 k.",
                    "Write to *At risk* by 14 Nov; keep a tenth back as control.",
                    "Leave *Hibernating* alone: no offer pays for itself there.",
                ]
            ),
            GLOSSARY,
            FOOTER,
        ),
        title="Overview, CDNOW, 31 Oct 2026",
        language="en",
        kind="overview",
        links=links("overview.html"),
    )


def _weeks() -> pd.DataFrame:
    start, rows, total, forecast = date(1997, 1, 5), [], 0.0, 0.0
    for n in range(78):
        expected = 60 * math.exp(-n / 60) * min(1, n / 12)
        actual = expected * (1 + 0.16 * math.sin(n * 1.7) + 0.05 * math.cos(n / 4))
        total, forecast = total + actual, forecast + expected
        rows.append(
            {
                "period": start + timedelta(weeks=n),
                "actual": total,
                "expected": forecast,
                "low": forecast * (1 - 0.0009 * n),
                "high": forecast * (1 + 0.0009 * n),
                "actual_week": actual,
                "expected_week": expected,
            }
        )
    return pd.DataFrame(rows)


def validation() -> str:
    """Is the model right."""
    weeks = _weeks()
    each = weeks[["period"]].assign(actual=weeks["actual_week"], expected=weeks["expected_week"])
    counts = pd.DataFrame(
        {
            "group": ["0", "1", "2", "3", "4", "5", "6", "7+"],
            "actual": [1411, 439, 214, 100, 62, 38, 29, 64],
            "expected": [1429, 421, 208, 111, 63, 37, 23, 65],
        }
    )
    groups = pd.DataFrame(
        {
            "group": ["0", "1", "2", "3", "4", "5", "6", "7+"],
            "actual": [0.24, 0.70, 1.39, 1.56, 2.53, 2.95, 3.86, 6.36],
            "expected": [0.23, 0.75, 1.22, 1.77, 2.30, 2.83, 3.42, 6.57],
        }
    )
    grid = pd.DataFrame(
        [
            {
                "frequency": f if f < 10 else "10+",
                "days_since_last": d,
                "probability_alive": 1 / (1 + (f + 0.3) * math.exp((d - 160) / 70) * (0.1 + 0.09 * f)),
                "outlined": 3 <= f <= 6 and 120 <= d <= 210,
            }
            for f in range(8)
            for d in range(30, 391, 30)
        ]
    )
    parameters = pd.DataFrame(
        {
            "parameter": ["r", "α (weeks)", "a", "b"],
            "estimate": [0.2426, 4.4136, 0.7929, 2.4259],
            "standard error": [0.0126, 0.378, 0.186, 0.705],
        }
    )
    return render_page(
        notebook_of(
            Title(
                "The model missed the last nine months by 3 %",
                "Fitted up to 30 Sep 1997, compared with what came after.",
                "amber",
            ),
            Kpis(
                [
                    Kpi("Missed in total", "+3 %", "limit of green: 5 %"),
                    Kpi("Rank agreement", "0.63"),
                    Kpi("Share of top fifth found", "71 %", "chance: 20 %"),
                ]
            ),
            Section("Did the purchases come as forecast?"),
            "The line is solid where it shows what happened, **dashed** where it shows what was expected.",
            charts.cumulative_tracking(
                weeks,
                title="Nine months on, 3 % more purchases came than expected",
                caption="Purchases since January 1997. Right of the cut, the model had not seen the data.",
                description="Running totals of purchases, actual and expected, by week.",
                y_label="Repeat purchases, running total",
                cut=date(1997, 9, 28),
            ),
            charts.incremental_tracking(
                each,
                title="Week by week the forecast follows the decline",
                caption="Single weeks scatter; the level is what the budget depends on.",
                description="Purchases per week, actual and expected.",
                y_label="Repeat purchases per week",
                cut=date(1997, 9, 28),
            ),
            Section("Does it repeat the counts?"),
            charts.paired_bars(
                counts,
                title="The model repeats how many bought how often",
                caption="Customers by repeat purchases up to the cut.",
                description="Counts by repeat purchases.",
                x_label="Repeat purchases up to the cut",
                y_label="Customers",
            ),
            charts.expected_against_actual(
                groups,
                title="It is right for rare and for frequent buyers",
                caption="Mean purchases after the cut. Without a model, each group would get its old rate.",
                description="Mean purchases after the cut by purchases before it.",
                x_label="Repeat purchases before the cut",
                y_label="Purchases after the cut, mean",
                baseline=[0, 0.9, 1.8, 2.7, 3.5, 4.3, 5.2, 8.1],
            ),
            Section("Who is still a customer?"),
            charts.alive_heatmap(
                grid,
                title="After half a year without a purchase, frequent buyers are the first to be doubted",
                caption="Percent. Outlined: the segment *Need attention*.",
                description="Probability alive by frequency and days since last purchase.",
            ),
            Section("Parameters with their errors"),
            Table.of(
                parameters,
                title="Four numbers describe the base",
                formats={"estimate": "{:.3f}".format, "standard error": "{:.3f}".format},
            ),
            Details(
                "Cross-check with the lifetimes package",
                [
                    Text("Both packages agree to **four digits**."),
                    Facts([("Log-likelihood, custlib", "−9,582.4"), ("Log-likelihood, lifetimes", "−9,582.4")]),
                ],
            ),
            Section("Limits"),
            Callout(
                "What would make it wrong",
                "A change of prices or range after 31 Oct 2026. The model knows purchases only.",
                "note",
            ),
            Callout("Two cohorts are small", "April and May have fewer than 50 customers each.", "bad"),
            GLOSSARY,
            FOOTER,
        ),
        title="Is the model right? CDNOW",
        language="en",
        kind="validation",
        links=links("validation.html"),
    )


def value() -> str:
    """What are they worth."""
    lorenz = charts.cumulative_curve(
        CURVE,
        title="A fifth of the customers bring 71 % of the coming year",
        mark=(0.2, 0.71),
        caption="Customers from best to least. The further from the dashed line, the fewer carry the rest.",
        description="Cumulative share of value against cumulative share of customers.",
    )
    causes = pd.DataFrame(
        {
            "label": ["Ageing", "Purchases", "Definition", "Data", "Identity"],
            "value": [-4_200, 9_100, 300, -150, 40],
        }
    )
    return render_page(
        notebook_of(
            Title(
                "The base will bring USD 137 k in the coming year, half of it from two segments",
                light="green",
            ),
            Section("Who brings the money?"),
            lorenz,
            Section("What is each segment worth?"),
            charts.dot_intervals(
                WORTH,
                title="Champions lead, and three segments have their best behind them",
                caption="Ring: revenue of the last year. Dot: expected in the coming year, its interval.",
                description="Expected value with interval and historic revenue by segment.",
                x_label="USD",
            ),
            Section("What changed it?"),
            charts.bars(
                causes,
                title="Purchases added 9.1 k, ageing took 4.2 k",
                highlight="Purchases",
                caption="Change of expected value since last month, USD.",
                description="Change by cause.",
                x_label="Change, USD",
            ),
            Section("How do the measures compare?"),
            rfm_map(),
            GLOSSARY,
            FOOTER,
        ),
        title="Value, CDNOW",
        language="en",
        kind="value",
        links=links("value.html"),
    )


def playbook() -> str:
    """One segment on one sheet, with the eleven parts of a playbook."""
    traits = pd.DataFrame(
        {
            "label": ["Orders a year", "Mean order", "Days since last order", "Returns", "Categories bought"],
            "index": [212, 131, 164, 84, 155],
        }
    )
    flows = pd.DataFrame(
        {
            "label": ["Ageing", "Purchases", "Identity"],
            "customers_in": [61, 14, 12],
            "customers_out": [24, 31, 0],
        }
    )
    profiles = pd.DataFrame(
        {
            "profile": ["Steady", "Seasonal", "One big year"],
            "orders": [9, 5, 6],
            "last order": ["May", "Dec", "Feb"],
            "worth": [71, 38, 52],
        }
    )
    return render_page(
        notebook_of(
            Title(
                "At risk: 198 good customers are falling silent",
                "CDNOW, as of 31 Oct 2026, valid until 30 Nov 2026",
                "amber",
            ),
            Kpis(
                [
                    Kpi("Customers", "198", "+32 since September"),
                    Kpi("Coming-year value", "USD 9.4 k", "6.2–13 k"),
                    Kpi("Still a customer (probability alive)", "41 %"),
                    Kpi("Value at risk", "USD 5.5 k", "future × (1 − P)"),
                ]
            ),
            Section("Who they are", column="left"),
            Text(
                "Bought often and well, but not for **four to nine months**. "
                "Rule: frequency 3–5, recency 1–2 of five (fixed cuts `rfm25@3`)."
            ),
            Facts([("Share", "8 % of customers, 15 % of revenue, 7 % of future value")]),
            Table.of(
                profiles,
                title="Three typical profiles",
                formats={"worth": "number"},
                labels={
                    "profile": "Profile",
                    "orders": "Orders",
                    "last order": "Last order",
                    "worth": "Worth, USD",
                },
            ),
            Section("What changed", column="left"),
            charts.flow_bars(
                flows,
                title="Most arrived by ageing: nothing happened",
                description="Customers in and out by cause.",
                x_label="Came",
                y_label="Left",
            ),
            Section("Why they differ", column="left"),
            charts.index_bars(
                traits,
                title="They buy twice as often as the base, and wider",
                description="Index against the base.",
            ),
            Section("What to do", column="right"),
            Text(
                "**Objective: reactivate.** Remind before the year is out; "
                "the older the silence, the weaker the answer."
            ),
            Bullets(
                [
                    "Letter with a personal pick from the last category.",
                    "Voucher of USD 5, floor: margin 18 %.",
                    "**Do not** send the general newsletter offer: it trains them to wait.",
                ]
            ),
            Section("Contact", column="right"),
            Facts(
                [
                    ("Channel", "letter, then e-mail; letters are read here (index 140)"),
                    ("Cadence", "one in 14 days, at most two in 30"),
                    ("Owner", "CRM, due 14 Nov 2026"),
                    ("Answer within", "one working day"),
                ]
            ),
            Section("Money", column="right"),
            Facts(
                [
                    ("Cost", "USD 410 (fixed 80, 1.85 per contact)"),
                    ("Assumed effect", "+4 points of buyers (prior, from 12 public trials)"),
                    ("Expected margin", "USD +620, interval −90 to 1,340"),
                    ("Break-even", "+2.6 points"),
                ]
            ),
            Section("Proof", column="right"),
            Callout(
                "Too small to measure alone",
                "With 20 controls, the least effect seen is 19 points. "
                "Pool with *Need attention*, read out on 31 Jan 2027.",
                "warn",
            ),
            Facts(
                [
                    ("Control", "20 of 198, by hash"),
                    ("Metric", "bought within 60 days"),
                    ("Last time", "not measured: no control was kept"),
                ]
            ),
            Section("List", column="right"),
            Facts(
                [
                    ("File", "`at_risk_2026-10-31.csv`, 171 rows, sha256 77d03f9c…"),
                    ("Expires", "30 Nov 2026"),
                    ("Left out", "19 opt-out, <10 complaint"),
                ]
            ),
            FOOTER,
        ),
        title="Playbook: At risk",
        language="en",
        kind="playbook",
        links=links("", "At risk"),
    )


def chinese() -> str:
    """A page in Chinese."""
    shares = pd.DataFrame(
        {
            "segment": ["重要价值客户", "重要发展客户", "一般客户", "流失客户"],
            "customer_share": [0.05, 0.15, 0.3, 0.5],
            "value_share": [0.36, 0.35, 0.2, 0.09],
        }
    )
    worth = pd.DataFrame(
        {
            "label": shares["segment"],
            "value": [524_000, 318_000, 142_000, 31_000],
            "low": [461_000, 279_000, 109_000, 16_000],
            "high": [593_000, 362_000, 181_000, 52_000],
            "historic": [682_000, 401_000, 98_000, 124_000],
        }
    )
    return render_page(
        notebook_of(
            Title(
                "五分之一的客户带来来年 71% 的价值",
                "示例公司，截至 2026年10月31日。价值上升 6%，主要来自购买。",
                "green",
            ),
            Kpis(
                [
                    Kpi("客户数", "2,357", "较上月 +3%", "good"),
                    Kpi("活跃客户", "1,012", "占 43%"),
                    Kpi("来年价值", "13.7 万元", "11.8–15.2 万元"),
                    Kpi("变化", "+6%", "主要来自购买"),
                ]
            ),
            "仍为客户的概率（*probability alive*）由购买次数与**距上次购买天数**估计。",
            Section("谁带来收入？"),
            charts.pyramid_bars(
                shares,
                title="百分之五的客户带来 36% 的价值",
                caption="灰色：客户占比；彩色：价值占比。",
                description="各层客户占比与价值占比。",
                language="zh",
            ),
            charts.cumulative_curve(
                CURVE,
                title="五分之一的客户带来 71% 的价值",
                description="累计曲线。",
                mark=(0.2, 0.71),
                language="zh",
            ),
            Section("客户值多少？"),
            charts.dot_intervals(
                worth,
                title="重要价值客户领先",
                description="各细分的价值与区间。",
                x_label="元",
                language="zh",
            ),
            Callout("请先联系重要价值客户", "其中 64 人已 212 天未购买。", "warn"),
            Glossary([("仍为客户的概率", "客户尚未永久离开的可能性。")]),
            FOOTER,
        ),
        title="总览",
        language="zh",
        kind="overview",
        links=links("overview.html"),
    )


def index() -> str:
    """The index of two projects."""
    groups = ["overview", "identify", "validation", "value", "segments"]
    pages = [{"title": t, "href": h, "group": g, "note": ""} for (t, h), g in zip(PAGES, groups, strict=True)]
    pages += [
        {
            "title": s,
            "href": "playbook.html",
            "group": "playbooks",
            "note": f"{w / 1000:+.1f} k",
            "mark": mark,
            "verdict": {"do": "Do it", "test": "Test it", "leave": "Leave it"}[mark],
        }
        for s, w, mark in zip(SEGMENTS, WORTH["value"], ["do", "test", "leave", "do"] * 2, strict=True)
    ]
    latest = {
        "as_of": "31 Oct 2026",
        "light": "green",
        "light_word": "Backtest: green",
        "published": "1 Nov 2026, 06:12",
        "headline": "Revenue is down 12 % on a year ago, but first-time customers are up 8 %",
        "href": "overview.html",
        "numbers": [
            {"label": "Customers", "value": "2,357"},
            {"label": "Revenue", "value": "44 k", "unit": "USD", "change": "−12 %", "note": "on a year ago"},
            {"label": "Change", "value": "+6 %"},
        ],
        "pages": pages,
    }
    result = {"headline": "Revenue of the quarter: USD 44 k, as a year ago", "light": "amber", "number": "USD 137 k"}
    earlier = [{"as_of": d, "href": "overview.html", **result} for d in ("2026-09-30", "2026-08-31", "2026-07-31")]
    return render_index(
        {
            "projects": [
                {"project": "cdnow", "name": "CDNOW", "latest": latest, "earlier": earlier, "failures": []},
                {
                    "project": "crm-demo",
                    "name": "CRM demo",
                    "latest": None,
                    "earlier": [],
                    "failures": [
                        {
                            "as_of": "2026-10-31",
                            "reason": "Stopped: data (code 3, 1 Nov 2026, 06:14). No report was made.",
                        }
                    ],
                },
            ]
        }
    )


SAMPLES = {
    "index": index,
    "overview": overview,
    "validation": validation,
    "value": value,
    "playbook": playbook,
    "chinese": chinese,
}


def write_samples(folder: Path) -> list[Path]:
    """Write every sample page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in SAMPLES.items():
        path = folder / f"{name}.html"
        path.write_text(make(), encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write_samples(Path(sys.argv[1])):
        print(f"{written.stat().st_size:>8,}  {written}")
