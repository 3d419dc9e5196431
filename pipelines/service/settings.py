"""What the service allows."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of the service; all were set by hand.

    host: the address it listens on. token: what callers must send; "" for none.
    body_bytes: of one request, photographs included. photograph_bytes: of all that are kept;
    modality_bytes: likewise, of the vectors of modalities.
    video_bytes, video_seconds: of an uploaded video.
    body_seconds: in which a request must have arrived; seconds: in which it is answered.
    waiting: requests for the models that may wait; workers: threads that run the models.
    per_second, burst: requests of one client's address.
    queries: SPARQL queries at a time; query_seconds: of each; rows: of its result.
    dialogs: that are kept, the last used ones.
    job_questions: of one job; jobs: that are kept; running_jobs: at a time.
    """

    host: str = "127.0.0.1"
    token: str = ""
    body_bytes: int = 25_000_000
    photograph_bytes: int = 500_000_000
    modality_bytes: int = 200_000_000
    video_bytes: int = 100_000_000
    video_seconds: float = 600.0
    body_seconds: float = 30.0
    seconds: float = 60.0
    waiting: int = 32
    workers: int = 1
    per_second: float = 20.0
    burst: int = 100
    queries: int = 2
    query_seconds: float = 10.0
    rows: int = 10_000
    dialogs: int = 50
    job_questions: int = 1000
    jobs: int = 50
    running_jobs: int = 4

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine's own address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
