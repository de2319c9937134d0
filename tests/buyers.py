"""Customers of every lifetime model, purchase by purchase: what is known of them at T, and what comes after."""

from dataclasses import dataclass

import numpy as np

from custlib.models.forecasting import Histories
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD


@dataclass(frozen=True)
class Buyers:
    """Repeat purchases with their times since the first, and when each customer drops out."""

    who: np.ndarray
    when: np.ndarray
    gone: np.ndarray

    def histories(self, T):
        """What is known at the ages T."""
        known = self.when <= T[self.who]
        frequency, recency = np.bincount(self.who[known], minlength=T.size).astype(float), np.zeros(T.size)
        np.maximum.at(recency, self.who[known], self.when[known])
        return Histories(frequency, recency, T)

    def later(self, T, worth):
        """Add up, for each customer, what a purchase so long after T is worth."""
        wait = self.when - T[self.who]
        return np.bincount(self.who, np.where(wait > 0, worth(np.maximum(wait, 0.0)), 0.0), minlength=T.size)

    def first_after(self, T):
        """How long after T the next purchase comes, infinite for never."""
        wait, result = self.when - T[self.who], np.full(T.size, np.inf)
        np.minimum.at(result, self.who[wait > 0], wait[wait > 0])
        return result


def buyers_of(model, n, until, random):
    """Follow new customers of a model up to an age; all purchases later than that are left out."""
    if isinstance(model, ParetoNBD):
        rate, leaving, ticks = random.gamma(model.r, 1 / model.alpha, n), np.zeros(n), 1
        gone = random.exponential(1, n) / np.maximum(random.gamma(model.s, 1 / model.beta, n), 1e-300)
        at_once = 0
    else:
        rate, leaving = random.gamma(model.r, 1 / model.alpha, n), random.beta(model.a, model.b, n)
        kind, ticks = (model.kind, model.k) if isinstance(model, RegularNBD) else (type(model), 1)
        gone, at_once = np.full(n, np.inf), kind.first_occasions
    clock, who = np.zeros(n), np.arange(n)
    left = np.zeros(n, bool) if not at_once else random.random(n) < leaving
    gone[left] = 0.0
    events = []
    while True:
        who = who[~left[who]]
        clock[who] += random.gamma(ticks, 1 / np.maximum(rate[who], 1e-300))
        who = who[(clock[who] <= until) & (clock[who] <= gone[who])]
        if not who.size:
            break
        events.append((who, clock[who]))
        left[who] = random.random(who.size) < leaving[who]
        gone[who] = np.where(left[who], clock[who], gone[who])
    customers, times = (np.concatenate(part) for part in zip(*events, strict=True))
    return Buyers(customers, times, gone)
