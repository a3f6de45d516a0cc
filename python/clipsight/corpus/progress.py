"""How far a run is, on standard error."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

_BAR = 24


@dataclass
class Progress:
    """A bar on a terminal, a line a minute anywhere else."""

    total: int
    done: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    begun: float = field(default_factory=time.monotonic)
    first: int = field(init=False)
    shown: float = field(default=float("-inf"))

    def __post_init__(self) -> None:
        """Count what was done before as done, not as fast."""
        self.first = self.done

    def add(self, images: int) -> None:
        """So many images more are done."""
        self.done += images
        now = time.monotonic()
        pause = 0.2 if self.stream.isatty() else 60.0
        if now - self.shown >= pause or self.done >= self.total:
            self.shown = now
            self._show(now)

    def line(self, now: float) -> str:
        """Bar, counts, images a second, and what is left at that rate."""
        share = self.done / self.total if self.total else 1.0
        bar = "#" * round(share * _BAR)
        passed = max(now - self.begun, 1e-9)
        rate = (self.done - self.first) / passed
        left = _clock((self.total - self.done) / rate) if rate > 0 else "?"
        return (
            f"[{bar:<{_BAR}}] {self.done:,} of {self.total:,} images ({share:.0%}),"
            f" {rate:.1f} a second, {left} left"
        )

    def end(self) -> None:
        """Leaves the line."""
        if self.stream.isatty():
            print(file=self.stream)

    def _show(self, now: float) -> None:
        start, end = ("\r", "\x1b[K") if self.stream.isatty() else ("", "\n")
        print(f"{start}{self.line(now)}", end=end, file=self.stream, flush=True)


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
