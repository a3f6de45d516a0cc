"""Labelled images, and the views of them that towers are trained on.

A view is what the program computes: the centre square, reduced to 224 pixels (Lanczos, from a short
side of at most 288). In training both classes are changed alike before, as images are on their way
to whoever looks at them: cropped, re-sized, re-encoded, blurred, sharpened. Nothing of that says
how an image was made.
"""

import csv
import io
import math
import os
from collections import defaultdict

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

SIDE = 224
# Sets whose images of both classes come from the same hands, by what their origins' names begin
# with: content does not tell these classes apart.
MATCHED_SETS = {
    'select': ('dgame', 'gengap', 'vprobe'),
    'calibrate': ('forreal', 'tanita', 'uman', 'aia', 'kurlyto'),
}
FILTERS = (Image.BICUBIC, Image.LANCZOS, Image.BILINEAR, Image.BOX, Image.HAMMING)


def read_manifests(paths):
    """The rows of all manifests, each with the place of its file under `place`."""
    rows = []
    for path in paths:
        folder = os.path.dirname(os.path.abspath(path))
        with open(path, encoding='utf-8', newline='') as file:
            for row in csv.DictReader(file):
                rows.append({**row, 'place': os.path.join(folder, row['file'])})
    return rows


def is_matched(row):
    """Whether a row belongs to one of the matched sets of its role."""
    return row['origin'].split('-')[0] in MATCHED_SETS.get(row['role'], ())


def read(row):
    """The pixels of a row's image."""
    with Image.open(row['place']) as image:
        return image.convert('RGB')


def view(image):
    """The first view, [224, 224, 3] bytes."""
    short = min(image.size)
    if short != SIDE:
        scaled = (max(SIDE, round(side * SIDE / short)) for side in image.size)
        image = image.resize(tuple(scaled), Image.LANCZOS)
    left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def plain(row):
    """The first view of an image as it is."""
    return view(read(row))


def encoded(image, quality, rng, form='JPEG'):
    """The image after a lossy encoding."""
    options = {'subsampling': rng.choice((0, 2, 2, 2))} if form == 'JPEG' else {}
    out = io.BytesIO()
    image.save(out, form, quality=quality, **options)
    return Image.open(out).convert('RGB')


def light(image, rng):
    """A view after little: a flip, a crop, a good encoding."""
    if rng.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.5:
        side = int(min(image.size) * rng.uniform(0.8, 1))
        image = cropped(image, side, side, rng)
    if rng.random() < 0.5:
        image = encoded(image, rng.randint(60, 95), rng)
    return view(image)


def cropped(image, width, height, rng):
    """A part of the image, anywhere."""
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def delivered(image, rng):
    """A view after a random way of delivery."""
    if rng.random() < 0.5:
        scale, aspect = math.sqrt(rng.uniform(0.45, 1)), math.exp(rng.uniform(-0.15, 0.15))
        width = min(image.width, int(image.width * scale * aspect))
        height = min(image.height, int(image.height * scale / aspect))
        image = cropped(image, width, height, rng)
    if rng.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.3:
        for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            if rng.random() < 0.6:
                image = enhancer(image).enhance(rng.uniform(0.7, 1.35))
    if rng.random() < 0.02:
        image = image.convert('L').convert('RGB')
    if rng.random() < 0.65:
        # Sizes from 72 pixels; half of the copies share one, so that size tells nothing.
        short = min(image.size)
        scale = math.exp(rng.uniform(math.log(72), math.log(288))) / short
        if rng.random() < 0.5:
            scale = min(256 / short, 1)
        size = (max(16, int(image.width * scale)), max(16, int(image.height * scale)))
        image = image.resize(size, rng.choice(FILTERS))
    if rng.random() < 0.1:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    if rng.random() < 0.1:
        image = image.filter(ImageFilter.UnsharpMask(rng.uniform(0.5, 2), rng.randint(40, 150), 2))
    if rng.random() < 0.08:
        noise = np.random.default_rng(rng.getrandbits(32))
        pixels = np.asarray(image) + noise.normal(0, rng.uniform(1, 8), (*image.size[::-1], 3))
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    kind = rng.random()
    if kind < 0.7:
        image = encoded(image, rng.randint(30, 96), rng)
    elif kind < 0.85:
        image = encoded(image, rng.randint(40, 92), rng, 'WEBP')
    if rng.random() < 0.1:
        image = encoded(image, rng.randint(50, 95), rng)
    if image.width != image.height and rng.random() < 0.5:
        image = image.resize((SIDE, SIDE), Image.LANCZOS)
    return view(image)


class Sampler:
    """Draws images of `fit`: classes equally often, an origin by a power of its size."""

    POWER = 0.7

    def __init__(self, rows, rng):
        self.rng = rng
        self.images = defaultdict(list)
        for row in rows:
            if row['role'] == 'fit':
                self.images[row['label'], row['origin']].append(row)
        self.origins = {}
        for label in ('ai', 'real'):
            keys = [key for key in self.images if key[0] == label]
            self.origins[label] = keys, [len(self.images[key]) ** self.POWER for key in keys]

    def draw(self):
        keys, weights = self.origins[self.rng.choice(('ai', 'real'))]
        return self.rng.choice(self.images[self.rng.choices(keys, weights)[0]])
