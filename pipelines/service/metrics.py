"""Counts and times in Prometheus' text format."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram, in seconds."""


class Metrics:
    """Requests by route and status, and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: Counter[int] = Counter()
        self._seconds = 0.0

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._lock:
            self._requests[route, status] += 1
            self._buckets[bisect_left(BUCKETS, seconds)] += 1
            self._seconds += seconds

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all as text; gauges: further values of this moment, by name."""
        with self._lock:
            lines = ["# TYPE sightgraph_requests_total counter"]
            for (route, status), count in sorted(self._requests.items()):
                labels = f'route="{route}",status="{status}"'
                lines.append(f"sightgraph_requests_total{{{labels}}} {count}")
            lines.append("# TYPE sightgraph_request_seconds histogram")
            total = 0
            for place, bound in enumerate((*BUCKETS, float("inf"))):
                total += self._buckets[place]
                name = "+Inf" if place == len(BUCKETS) else f"{bound:g}"
                lines.append(f'sightgraph_request_seconds_bucket{{le="{name}"}} {total}')
            lines.append(f"sightgraph_request_seconds_sum {self._seconds:.6f}")
            lines.append(f"sightgraph_request_seconds_count {total}")
        for name, value in gauges.items():
            lines += [f"# TYPE sightgraph_{name} gauge", f"sightgraph_{name} {value:g}"]
        return "\n".join(lines) + "\n"
