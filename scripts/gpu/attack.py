"""How easily a model's verdicts are turned: attacks on its own gradients (PGD, Madry et al. 2018),
the same images on another model, and plain evasions at the same loss of quality.

An attack sees the published encoder and the model's head in floating point; what it made is stored
as PNG files, 8 bits a channel, of exactly the pixels that the first view consists of, and judged by
the program itself: `clipsight scan`. Every image that is attacked is one that both models judge
rightly before.
"""

import argparse
import csv
import io
import json
import math
import os
import subprocess
from glob import glob

import numpy as np
import torch
from PIL import Image, ImageFilter
from safetensors import safe_open
from towers import Clip, Tiny, pooled
from views import read, read_manifests, view

BUDGETS = (1, 2, 4)  # of 255
STEPS = 10
# The budget whose loss of quality plain evasions get, too.
PLAIN_AS = 4


class Verdict(torch.nn.Module):
    """A model's logit of views, in floating point."""

    def __init__(self, folder, weights):
        super().__init__()
        with open(os.path.join(folder, 'model.json'), encoding='utf-8') as file:
            manifest = json.load(file)
        tensors = {}
        for path in glob(os.path.join(folder, '*.safetensors')):
            with safe_open(path, 'pt') as file:
                for name in file.keys():
                    if name.startswith('head.'):
                        tensors[name] = file.get_tensor(name).flatten().float()
        self.weight, self.bias = tensors['head.weight'], tensors['head.bias']
        blocks = manifest['architecture']['layers']
        self.tiny = manifest['architecture']['width'] == 192
        self.tower = Tiny(weights) if self.tiny else Clip(weights, blocks)
        self.tower.requires_grad_(False)
        first = Tiny.FIRST if self.tiny else 1
        self.layers = [layer - first for layer in manifest['head']['features']['layers']]
        assert manifest['head']['transform'] == 'signed-sqrt', 'another transform'

    def forward(self, pixels):
        """[n, 224, 224, 3], 0 to 255 -> [n]."""
        layers = self.tower(pixels)
        pools = pooled([layers[layer] for layer in self.layers]).flatten(1)
        # The root's slope at 0 would be infinite.
        rooted = torch.sign(pools) * ((pools.abs() + 1e-6) ** 0.5 - 1e-3)
        return rooted @ self.weight + self.bias


def attack(model, pixels, generated, budget):
    """Bytes that differ by at most `budget` and lead away from the truth."""
    clean = torch.tensor(pixels, dtype=torch.float32)[None]
    changed = clean.clone()
    away = -1.0 if generated else 1.0
    step = 2.5 * budget / STEPS
    for _ in range(STEPS):
        changed.requires_grad_(True)
        # Straight through the rounding to bytes.
        rounded = changed + (changed.round() - changed).detach()
        (slope,) = torch.autograd.grad(away * model(rounded).sum(), changed)
        with torch.no_grad():
            changed = changed + step * slope.sign()
            changed = clean + (changed - clean).clamp(-budget, budget)
            changed = changed.clamp(0, 255)
    return changed[0].round().to(torch.uint8).numpy()


def psnr(one, other):
    error = np.square(one.astype(np.float32) - other.astype(np.float32)).mean()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def encoded(image, kind, quality):
    stored = io.BytesIO()
    image.save(stored, kind, quality=quality)
    return np.asarray(Image.open(stored).convert('RGB'))


def resized(image, share):
    side = max(8, round(image.width * share))
    small = image.resize((side, side), Image.BICUBIC)
    return np.asarray(small.resize(image.size, Image.BICUBIC))


def noisy(pixels, sigma):
    noise = np.random.default_rng(1).normal(0, sigma, pixels.shape)
    return (pixels + noise).clip(0, 255).round().astype(np.uint8)


# From harsh to mild; the harshest that loses no more quality than asked is taken.
EVASIONS = {
    'blur': lambda image: (
        np.asarray(image.filter(ImageFilter.GaussianBlur(sigma / 10))) for sigma in range(30, 1, -1)
    ),
    'noise': lambda image: (noisy(np.asarray(image), sigma / 4) for sigma in range(40, 1, -1)),
    'JPEG': lambda image: (encoded(image, 'JPEG', quality) for quality in range(30, 101, 3)),
    'WebP': lambda image: (encoded(image, 'WEBP', quality) for quality in range(10, 101, 5)),
    'resized and back': lambda image: (resized(image, share / 100) for share in range(40, 100, 3)),
}


def evaded(pixels, name, quality):
    for changed in EVASIONS[name](Image.fromarray(pixels)):
        if psnr(pixels, changed) >= quality:
            return changed
    return pixels


def verdicts(program, folder, paths):
    """Whether a model holds each image for generated, as the program says."""
    output = subprocess.run(
        [program, 'scan', '--model', folder, *paths], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for line in output.splitlines():
        record = json.loads(line)
        found[record['path']] = record['probability'] >= 0.5
    return [found[path] for path in paths]


def markdown(table, images):
    columns = list(table[0])
    lines = [
        '# Attacks on the models',
        '',
        f'{images} images of role `test`, as many generated as not, all judged rightly by both',
        'models before. PGD: ten steps on the gradients of the published encoder and the head in',
        'floating point, stored as PNG. The other changes lose as much (PSNR, median, dB) as PGD on',
        f'the compact model with {PLAIN_AS}/255; `inf`: none of the kind lost so little. Found: share',
        'of the generated images that still are; kept: of the others. Judged by `clipsight scan`;',
        'written by `scripts/gpu/attack.py`.',
        '',
        '| ' + ' | '.join(columns) + ' |',
        '|' + ' --- |' * len(columns),
    ]
    lines += ['| ' + ' | '.join(str(row[name]) for name in columns) + ' |' for row in table]
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', required=True, help='manifest; images of role test are attacked')
    parser.add_argument('--program', required=True, help='the command line, clipsight')
    parser.add_argument('--compact', nargs=2, required=True, metavar=('MODEL', 'WEIGHTS'))
    parser.add_argument('--standard', nargs=2, required=True, metavar=('MODEL', 'WEIGHTS'))
    parser.add_argument('--images', type=int, default=40, help='of each class')
    parser.add_argument('--out', required=True, help='folder for the images and the report')
    args = parser.parse_args()
    models = {'compact': args.compact, 'standard': args.standard}
    os.makedirs(args.out, exist_ok=True)

    def stored(name, pixels):
        path = os.path.join(args.out, name + '.png')
        Image.fromarray(pixels).save(path)
        return path

    rows = [row for row in read_manifests([args.data]) if row['role'] == 'test']
    rows.sort(key=lambda row: row['sha256'])
    candidates = []
    for label in ('ai', 'real'):
        candidates += [row for row in rows if row['label'] == label][: 3 * args.images]
    clean = [view(read(row)) for row in candidates]
    paths = [stored(f'clean-{place}', pixels) for place, pixels in enumerate(clean)]
    truth = [row['label'] == 'ai' for row in candidates]
    judged = {name: verdicts(args.program, folder, paths) for name, (folder, _) in models.items()}
    right = [
        all(judged[name][place] == truth[place] for name in models) for place in range(len(paths))
    ]
    chosen = []
    for label in (True, False):
        places = [place for place in range(len(paths)) if right[place] and truth[place] == label]
        chosen += places[: args.images]

    conditions = {}
    for name, (folder, weights) in models.items():
        model = Verdict(folder, weights)
        for budget in BUDGETS:
            conditions[f'PGD on {name}, {budget}/255'] = [
                attack(model, clean[place], truth[place], budget) for place in chosen
            ]
            print('made:', name, budget, flush=True)
    reference = conditions[f'PGD on compact, {PLAIN_AS}/255']
    qualities = [
        psnr(clean[place], changed) for place, changed in zip(chosen, reference, strict=True)
    ]
    for name in EVASIONS:
        conditions[f'{name}, the same PSNR'] = [
            evaded(clean[place], name, quality)
            for place, quality in zip(chosen, qualities, strict=True)
        ]

    table = []
    for number, (condition, images) in enumerate(conditions.items()):
        paths = [stored(f'{number}-{place}', image) for place, image in enumerate(images)]
        loss = [psnr(clean[place], image) for place, image in zip(chosen, images, strict=True)]
        row = {'condition': condition, 'psnr': round(float(np.median(loss)), 1)}
        for name, (folder, _) in models.items():
            found = verdicts(args.program, folder, paths)
            for label, what in ((True, 'found'), (False, 'kept')):
                hits = [
                    answer == label
                    for answer, place in zip(found, chosen, strict=True)
                    if truth[place] == label
                ]
                row[f'{name}, {what}'] = round(sum(hits) / len(hits), 3)
        table.append(row)
        print(row, flush=True)
    with open(os.path.join(args.out, 'report.csv'), 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    with open(os.path.join(args.out, 'attacks.md'), 'w', encoding='utf-8') as file:
        file.write(markdown(table, len(chosen)))
    print(f'{len(chosen)} images; report in {args.out}')


if __name__ == '__main__':
    main()
