"""What a server counts, in Prometheus' format. All numbers since the start, of all sessions together."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

TICK = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.05, 0.1, 0.5)
FIRST = (0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.3, 0.5, 1.0, 5.0)


class Metrics:
    """The numbers of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # processor time and memory, where the system tells
        self.sessions = Gauge("facestream_sessions", "Sessions now", registry=self.registry)
        self.seats = Gauge("facestream_seats", "Sessions at most", registry=self.registry)
        self.load = Gauge("facestream_load", "Share of its time that the engine needs", registry=self.registry)
        self.skew = Gauge(
            "facestream_skew_seconds", "How far face and sound are apart, the worst session", registry=self.registry
        )
        self.ticks = self._counter("ticks", "Steps of the engine's clock")
        self.late_ticks = self._counter("late_ticks", "Steps that began late or were left out")
        self.frames = self._counter("frames", "Frames made")
        self.late_frames = self._counter("late_frames", "Frames made more than 40 ms later than they should be")
        self.dropped_frames = self._counter("dropped_frames", "Frames dropped for clients that read too slowly")
        self.sound = self._counter("sound_seconds", "Sound received")
        self.begun = self._counter("sessions_begun", "Sessions begun")
        self.closed = Counter(
            "facestream_sessions_closed", "Sessions ended, by close code", ("code",), registry=self.registry
        )
        self.tick_time = Histogram("facestream_tick_seconds", "Work of a tick", buckets=TICK, registry=self.registry)
        self.first_frame = Histogram(
            "facestream_first_frame_seconds",
            "From a session's first sound to its first frame that belongs to sound",
            buckets=FIRST,
            registry=self.registry,
        )

    def _counter(self, name: str, help: str) -> Counter:
        return Counter(f"facestream_{name}", help, registry=self.registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
