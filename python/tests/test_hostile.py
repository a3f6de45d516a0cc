"""A thousand hostile inputs end neither the interpreter nor the batch."""

from __future__ import annotations

import textwrap

from conftest import CODECS, IMAGES, SCENES, run_python

# In an interpreter of its own, so that a crash is a failed test.
CODE = textwrap.dedent("""
    import random, sys
    from pathlib import Path
    import clipsight
    from clipsight import Analysis, Detector, Error

    seeds = [
        path.read_bytes()
        for folder in sys.argv[1:]
        for path in sorted(Path(folder).iterdir())
        if path.is_file() and path.suffix not in (".md", ".py", ".json")
    ]
    draw = random.Random(19)

    def hostile(number):
        data = bytearray(draw.choice(seeds))
        kind = number % 5
        if kind == 0:
            return bytes(data[: draw.randrange(len(data))])
        if kind == 1:
            return draw.randbytes(draw.randrange(4096))
        if kind == 2:
            other = draw.choice(seeds)
            cut = draw.randrange(min(len(data), len(other)))
            return bytes(data[:cut]) + other[cut:]
        for _ in range(1 << draw.randrange(8)):
            # Headers are what decoders trust.
            reach = min(len(data), 512) if kind == 3 else len(data)
            data[draw.randrange(reach)] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
        return bytes(data)

    items = [hostile(number) for number in range(1000)]
    detector = Detector.load()
    results = detector.analyze_batch(items, threads=2)
    assert len(results) == 1000
    codes = {}
    for item, result in zip(items, results):
        code = "read" if isinstance(result, Analysis) else result.code
        codes[code] = codes.get(code, 0) + 1
        if code == "internal":
            raise result
        try:
            clipsight.read_provenance(item)
        except Error as error:
            assert error.code in ("decode", "unsupported", "limit"), error
    print(codes)
    assert set(codes) <= {"read", "decode", "unsupported", "limit"}, codes
    assert codes["decode"] > 300 and codes["read"] > 50, codes
    # And the next is read as ever.
    assert detector.analyze(seeds[0]).file.bytes == len(seeds[0])
""")


def test_a_thousand_hostile_inputs() -> None:
    folders = (IMAGES / "decode", IMAGES / "bombs", CODECS, SCENES)
    run_python(CODE, *map(str, folders))
