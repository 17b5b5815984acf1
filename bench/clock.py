"""Timing a thing: how long it takes in milliseconds, again and again, with the garbage of others out of the way."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any


def milliseconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def median_of(work: Callable[[], Any], *, times: int, warm: int = 2) -> float:
    """The middle of so many calls, after a few that only warm up."""
    for _ in range(warm):
        work()
    gc.collect()
    return statistics.median(milliseconds(work) for _ in range(times))


def each_of(works: Iterable[Callable[[], Any]]) -> list[float]:
    """How long each of some different calls takes."""
    gc.collect()
    return [milliseconds(work) for work in works]


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
