"""Blocks of customer value by AHP: weights of the hierarchy, and consistency of the judgements."""

from dataclasses import replace
from typing import Any

import pandas as pd

from custlib import rules
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Table
from custlib.report.formats import share
from custlib.report.pages.systems import View
from custlib.segment import ahp_file

_NAME = "ahp"


def weights(view: View) -> Figure | None:
    """Show the indicators by global weight, with the hierarchy in the table; None if not shown."""
    if not view.has(_NAME):
        return None
    t, rule, names = view.t, view.definitions[_NAME].rule, _names(view)
    ranked = sorted(rule["indicators"], key=lambda entry: -entry["weight"])
    labels = [names.get(entry["id"], entry["id"]) for entry in ranked]
    rows = pd.DataFrame({"label": labels, "value": [float(entry["weight"]) for entry in ranked]})
    title = t("ahp.weights", name=labels[0], share=share(rows["value"][0], t.language))
    figure = charts.bars(
        rows, title=title, caption=t("ahp.weights_caption"), description=t("ahp.weights_description"), form="share",
        x_label=t("ahp.column_whole"), y_label=t("ahp.column_part"), highlight=labels[0], language=t.language,
    )  # fmt: skip
    return replace(figure, table=_down(view, rule, names, title))


def _names(view: View) -> dict[str, str]:
    """Return the names of criteria and indicators from their file."""
    file = ahp_file.read(view.definitions[_NAME].rule["options"].get("hierarchy", "purchases"))
    named = [(one.id, one.name) for one in file.criterion] + [(one.id, one.name) for one in file.indicator]
    return {name: words.model_dump()[view.t.language] for name, words in named}


def _down(view: View, rule: dict[str, Any], names: dict[str, str], title: str) -> Table:
    """Show the parts of each criterion with local and global weight."""
    lang, whole = view.t.language, {entry["id"]: float(entry["weight"]) for entry in rule["indicators"]}
    parts = {one["id"]: one["weights"] for one in rule["criteria"]}

    def weight(name: str) -> float:
        return whole[name] if name in whole else sum(weight(part) for part in parts[name])

    rows = [
        [names.get(criterion, criterion), names.get(part, part), share(within, lang), share(weight(part), lang)]
        for criterion, own in parts.items()
        for part, within in own.items()
    ]
    columns = ["criterion", "part", "within", "whole"]
    labels = {name: view.t(f"ahp.column_{name}") for name in columns}
    return Table.of(pd.DataFrame(rows, columns=columns), title=title, labels=labels, header="part", language=lang)


def consistency(view: View) -> Callout | None:
    """State the consistency of the judgements; None if not shown."""
    if not view.has(_NAME):
        return None
    t, names = view.t, _names(view)
    criteria = view.definitions[_NAME].rule["criteria"]
    worst = max(criteria, key=lambda one: one["consistency_ratio"])
    values = {"ratio": f"{worst['consistency_ratio']:.3f}", "limit": f"{rules.load('ahp')['accepted_below']:g}",
              "name": names.get(worst["id"], worst["id"])}  # fmt: skip
    return Callout(t("ahp.consistent"), t("ahp.consistent_text", **values), "good")
