"""A worker's memory is bounded by its model's, and does not grow."""

from __future__ import annotations

import sys
import textwrap

import pytest
from conftest import REPOSITORY, run_python

BENCHMARKS = REPOSITORY / "python/benchmarks"

# In an interpreter of its own: here other tests have left theirs.
CODE = textwrap.dedent("""
    import sys
    sys.path.insert(0, sys.argv[1])
    from memory import grown
    print(*grown(2000, sys.argv[2], batch=200))
""")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat() -> None:
    folder = REPOSITORY / "models/compact"
    model = sum(shard.stat().st_size for shard in folder.glob("*.safetensors")) / 1e6
    said = run_python(CODE, str(BENCHMARKS), str(folder))
    tenths = [float(one) for one in said.split()]
    assert len(tenths) == 10
    # Pixels that are kept would be hundreds. For 50,000 scores: benchmarks/memory.py.
    assert tenths[-1] - tenths[2] < 6, tenths
    assert tenths[-1] < 1.5 * model + 300
