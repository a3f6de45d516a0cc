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
    print(*grown(4000, sys.argv[2]))
""")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat() -> None:
    folder = REPOSITORY / "models/compact"
    model = sum(shard.stat().st_size for shard in folder.glob("*.safetensors")) / 1e6
    said = run_python(CODE, str(BENCHMARKS), str(folder))
    first, *_, last = map(float, said.split())
    # 50,000 scores, as benchmarks/memory.py measures them, grow by no more.
    assert last - first < 8
    assert last < 1.5 * model + 300
