#!/usr/bin/env python3
"""Makes the images that models are trained on beside the labelled set of `../shared/data`.

    python3 -m venv v && v/bin/pip install pillow==12.0.0 numpy
    v/bin/python scripts/data/prepare.py --repositories DIR --keep-out FILE --out FOLDER

`sources.csv`, next to this file, names every image: repository, commit, path and SHA-256 of the
original, and what it is (label, origin, content, family). None of them is committed here. DIR holds
a clone of each repository (bare or not) as `owner/name` or `owner+name`; whatever is not there is
counted and left out. FOLDER gets the images and `manifest.csv`, which `clipsight train --data`
reads beside the first manifest. A run that was stopped goes on.

Images are prepared as those of the labelled set are, so that neither size nor format tells the
classes apart: upright, RGB over white, short side reduced to 288 pixels (Lanczos, never enlarged;
under 256 is left out), centre square, JPEG quality 85 with 4:2:0 chroma, no metadata. A file whose
hash stands in `--keep-out` judges the shipped models: it must not be there, and ends the run.
"""

import argparse
import csv
import hashlib
import io
import os
import subprocess
import sys

import numpy as np
from PIL import Image, ImageOps

SHORT_SIDE = 288
LEAST_SIDE = 256
COLUMNS = (
    'file label role origin family group content width height orig_width orig_height orig_format '
    'repo commit path sha256'
).split()
HERE = os.path.dirname(os.path.abspath(__file__))


def git_directory(root, repo):
    """The git directory of a repository below `root`, or None."""
    for name in (repo, repo.replace('/', '+')):
        for tail in ('', '.git', 'repo', 'repo/.git'):
            folder = os.path.join(root, name, tail)
            if os.path.isfile(os.path.join(folder, 'HEAD')):
                return folder
    return None


def original(root, source):
    """The bytes of a source, or None where they are not at hand."""
    folder = git_directory(root, source['repo'])
    if folder is None:
        return None
    name = f"{source['commit']}:{source['path']}"
    shown = subprocess.run(['git', f'--git-dir={folder}', 'show', name], capture_output=True)
    data = shown.stdout
    return data if hashlib.sha256(data).hexdigest() == source['sha256'] else None


def to_rgb(image):
    """RGB over white; 16-bit grey is reduced to 8."""
    if image.mode.startswith('I') or image.mode == 'F':
        grey = np.asarray(image, dtype=np.float64) / 257
        image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if image.mode in ('RGB', 'L', 'CMYK'):
        return image.convert('RGB')
    image = image.convert('RGBA')
    white = Image.new('RGBA', image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert('RGB')


def prepared(data):
    """The prepared image as JPEG, and what is known of it and the original; None if too small."""
    image = Image.open(io.BytesIO(data))
    known = {
        'orig_format': image.format,
        'orig_width': image.width,
        'orig_height': image.height,
    }
    image = to_rgb(ImageOps.exif_transpose(image))
    short = min(image.size)
    if short < LEAST_SIDE:
        return None
    if short > SHORT_SIDE:
        scaled = (max(SHORT_SIDE, round(side * SHORT_SIDE / short)) for side in image.size)
        image = image.resize(tuple(scaled), Image.LANCZOS)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    out = io.BytesIO()
    image.save(out, 'JPEG', quality=85, subsampling='4:2:0')
    return out.getvalue(), {**known, 'width': side, 'height': side}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--repositories', required=True, help='folder of cloned repositories')
    parser.add_argument('--keep-out', required=True, help='list of SHA-256 that must not occur')
    parser.add_argument('--out', required=True, help='folder for images and manifest.csv')
    parser.add_argument('--sources', default=os.path.join(HERE, 'sources.csv'))
    arguments = parser.parse_args()

    with open(arguments.keep_out, encoding='ascii') as file:
        keep_out = set(file.read().split())
    with open(arguments.sources, encoding='utf-8', newline='') as file:
        sources = list(csv.DictReader(file))
    forbidden = [source['path'] for source in sources if source['sha256'] in keep_out]
    if forbidden:
        sys.exit(f'{len(forbidden)} sources judge the shipped models, the first is {forbidden[0]}')

    rows, absent, small = [], 0, 0
    for source in sources:
        folder = os.path.join(arguments.out, source['label'], source['origin'])
        kept = os.path.join(folder, source['sha256'][:16] + '.jpg')
        data = original(arguments.repositories, source)
        if data is None:
            absent += 1
            continue
        image = prepared(data)
        if image is None:
            small += 1
            continue
        jpeg, known = image
        if not os.path.exists(kept):
            os.makedirs(folder, exist_ok=True)
            with open(kept + '.part', 'wb') as file:
                file.write(jpeg)
            os.replace(kept + '.part', kept)
        copied = {key: source[key] for key in COLUMNS if key in source}
        rows.append({
            **copied,
            **known,
            'file': os.path.relpath(kept, arguments.out),
            'role': 'fit',
            'sha256': hashlib.sha256(jpeg).hexdigest(),
        })
    manifest = os.path.join(arguments.out, 'manifest.csv')
    with open(manifest, 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, COLUMNS, restval='', lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)
    origins = {row['origin'] for row in rows}
    print(f'{len(rows)} images of {len(origins)} origins; not at hand {absent}, too small {small}')


if __name__ == '__main__':
    main()
