"""Figures by question: each takes a small table and returns a figure with that table beneath.

==============================  ==========================================================
question                        figure
==============================  ==========================================================
who brings the money?           :func:`cumulative_curve`, :func:`pyramid_bars`, :func:`share_bands`
who moved, and why?             :func:`flow_picture`, :func:`flow_bars`, :func:`bars` by cause,
                                :func:`segment_flow` for one segment
will they come back?            :func:`alive_heatmap`
what are they worth?            :func:`dot_intervals`
does the action pay?            :func:`effect_ruler`
is the model right?             :func:`cumulative_tracking`, :func:`incremental_tracking`,
                                :func:`paired_bars`, :func:`expected_against_actual`
what does the base look like?   :func:`cohort_stack`, :func:`age_lines`, :func:`split_bars`
how does a segment differ?      :func:`index_bars`
==============================  ==========================================================

The RFM map is a table and so a block: :class:`custlib.report.blocks.Tiles`. A new chart is one painter on a
:class:`custlib.report.charts.axes.Plot` and one line here.
"""

from custlib.report.charts.bars import bars, cohort_stack, flow_bars, index_bars, paired_bars, pyramid_bars
from custlib.report.charts.curves import (
    age_lines,
    cumulative_curve,
    cumulative_tracking,
    expected_against_actual,
    incremental_tracking,
)
from custlib.report.charts.flows import flow_picture, segment_flow
from custlib.report.charts.marks import alive_heatmap, dot_intervals, effect_ruler
from custlib.report.charts.share_bands import share_bands
from custlib.report.charts.split_bars import split_bars
from custlib.report.palette import segment_colour

__all__ = [
    "age_lines",
    "alive_heatmap",
    "bars",
    "cohort_stack",
    "cumulative_curve",
    "cumulative_tracking",
    "dot_intervals",
    "effect_ruler",
    "expected_against_actual",
    "flow_bars",
    "flow_picture",
    "incremental_tracking",
    "index_bars",
    "paired_bars",
    "pyramid_bars",
    "segment_colour",
    "segment_flow",
    "share_bands",
    "split_bars",
]
