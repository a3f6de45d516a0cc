"""What corpora need beside the package, and what is said where it is missing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import corpus as corpus_benchmark
import pyarrow as pa
import pytest
from conftest import run_python

from clipsight._scoring.storage import Place
from clipsight.corpus.ledger import Ledger, part_name
from clipsight.corpus.progress import Progress
from clipsight.corpus.worker import part_bytes

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = "import sys; sys.modules['ray'] = None\n"
"""Ray is not installed, as far as what follows can tell."""


def test_without_ray_the_error_says_what_to_install() -> None:
    code = WITHOUT + (
        "try:\n    import clipsight.ray\nexcept ImportError as error:\n    print(error)"
    )
    assert "pip install 'clipsight[ray]'" in run_python(code)


def test_without_ray_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = WITHOUT + "from clipsight.corpus.__main__ import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 1
    assert "pip install 'clipsight[ray]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_reports_do_without_ray(tmp_path: Path) -> None:
    ledger = Ledger(Place(str(tmp_path)))
    row = {"key": "a.jpg", "status": "scored", "probability": 0.5, "model": "m"}
    ledger.output.write(part_name("0" * 32), part_bytes([row], pa.schema([]), "m"))
    ledger.write_run({"source": "x", "model": "m", "clipsight": "0", "figures": None})
    code = WITHOUT + "from clipsight.corpus.__main__ import main; sys.exit(main(sys.argv[1:]))"
    assert '"images": 1' in run_python(code, "report", str(tmp_path))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "lines"), [(io.StringIO(), 2), (Terminal(), 1)])
def test_progress_counts_what_was_done_before_but_not_as_fast(
    stream: io.StringIO, lines: int
) -> None:
    progress = Progress(100, 40, stream)
    progress.add(10)
    line = progress.line(progress.begun + 5)
    assert line == "[############            ] 50 of 100 images (50%), 2.0 a second, 0:00:25 left"
    progress.add(50)
    progress.end()
    assert "100 of 100 images (100%)" in stream.getvalue()
    assert stream.getvalue().count("\n") == lines


def test_the_documents_figures_are_those_measured() -> None:
    results = json.loads(corpus_benchmark.RESULTS.read_text())
    document = corpus_benchmark.DOCUMENT.read_text()
    figures = document.partition(corpus_benchmark.BEGIN)[2].partition(corpus_benchmark.END)[0]
    assert figures.strip() == corpus_benchmark.rendered(results)
