"""Evaluates our log-likelihood at everybody's parameters: ``python -m benchmarks.judge HISTORIES FITS RESULT``."""

import json
import sys
from pathlib import Path

import numpy as np

from custlib.models.bgnbd import BGNBD, log_likelihood


def judge(customers: dict[str, np.ndarray], fits: dict[str, list[float]]) -> dict[str, float]:
    """The log-likelihood of the customers at each of the fits."""
    history = [customers[name] for name in ("frequency", "recency", "T")]
    return {name: float(log_likelihood(BGNBD(*fit), *history).sum()) for name, fit in fits.items()}


if __name__ == "__main__":
    made, fits, out = map(Path, sys.argv[1:])
    with np.load(made) as file:
        found = judge(dict(file), json.loads(fits.read_text(encoding="utf-8")))
    out.write_text(json.dumps(found), encoding="utf-8")
