"""Reads a clipsight model, and computes it plainly: the reference that every ONNX graph is checked against."""

import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

BLOCK = 32


def read(folder):
    """The manifest and the tensors, in f32, of a model folder. Tensors stored in parts are put together."""
    folder = Path(folder)
    manifest = json.loads((folder / "model.json").read_text())
    stored = {}
    for shard in manifest["shards"]:
        stored.update(load_file(folder / shard["file"]))
    parts = {}
    for name, values in stored.items():
        if name.endswith(".scale"):
            continue
        base, _, row = name.partition("@")
        if name + ".scale" in stored:
            columns = values.shape[1]
            scales = np.repeat(stored[name + ".scale"].astype(np.float32), BLOCK, axis=1)[:, :columns]
            values = values.astype(np.float32) * scales
        parts.setdefault(base, []).append((int(row or 0), values.astype(np.float32)))
    tensors = {
        name: rows[0][1] if len(rows) == 1 else np.concatenate([part for _, part in sorted(rows, key=lambda row: row[0])])
        for name, rows in parts.items()
    }
    return manifest, tensors


def normalised(manifest, rgb):
    """Bytes [side, side, 3] as the encoder's input [1, 3, side, side]."""
    mean, std = (np.array(manifest["preprocessing"][name], np.float32) for name in ("mean", "std"))
    return ((rgb.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)[None].astype(np.float32)


def known_image(side):
    """Ramps and texture, bytes [side, side, 3]."""
    texture = np.random.default_rng(1).integers(0, 64, (side, side))
    y, x = np.mgrid[0:side, 0:side]
    ramps = [x * 190 // side, y * 190 // side, (x + y) * 95 // side]
    return np.stack([ramp + texture for ramp in ramps], axis=2).astype(np.uint8)


def norm(values, tensors, name, epsilon):
    centred = values - values.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + epsilon)
    return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def linear(values, tensors, name):
    bias = tensors.get(f"{name}.bias")
    product = values @ tensors[f"{name}.weight"].T
    return product if bias is None else product + bias


def activate(values, kind):
    if kind == "quick-gelu":
        return values / (1 + np.exp(-1.702 * values))
    erf = np.vectorize(math.erf, otypes=[np.float32])
    return values * 0.5 * (1 + erf(values / math.sqrt(2)))


def attend(values, tensors, name, heads):
    tokens, width = values.shape
    qkv = linear(values, tensors, f"{name}.qkv").reshape(tokens, 3, heads, width // heads).transpose(1, 2, 0, 3)
    queries, keys, gathered = qkv
    scores = queries @ keys.transpose(0, 2, 1) / math.sqrt(width // heads)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return linear((weights @ gathered).transpose(1, 0, 2).reshape(tokens, width), tensors, f"{name}.output")


def forward(manifest, tensors, pixels):
    """Embedding [width] and logit of one image [1, 3, side, side], by the definition."""
    shape = manifest["architecture"]
    patch, side, epsilon = shape["patch_size"], shape["image_size"], shape["norm_epsilon"]
    grid = side // patch
    patches = pixels.reshape(3, grid, patch, grid, patch).transpose(1, 3, 0, 2, 4).reshape(grid * grid, -1)
    tokens = linear(patches, tensors, "vision.patch_embedding")
    tokens = np.concatenate([tensors["vision.class_token"][None], tokens]) + tensors["vision.position_embedding"]
    if shape["pre_norm"]:
        tokens = norm(tokens, tensors, "vision.pre_norm", epsilon)
    layers = []
    for layer in range(shape["layers"]):
        name = f"vision.layers.{layer}"
        before = norm(tokens, tensors, f"{name}.norm1", epsilon)
        tokens = tokens + attend(before, tensors, f"{name}.attention", shape["heads"])
        hidden = linear(norm(tokens, tensors, f"{name}.norm2", epsilon), tensors, f"{name}.mlp.fc1")
        tokens = tokens + linear(activate(hidden, shape["activation"]), tensors, f"{name}.mlp.fc2")
        layers.append(tokens)
    final = norm(tokens, tensors, "vision.norm", epsilon)
    layers.append(final)
    embedding = final[0] if shape["projection"] is None else linear(final[0], tensors, "vision.projection")
    return embedding, head(manifest, tensors, layers)


def head(manifest, tensors, layers):
    """The logit from the tokens of all layers."""
    spec = manifest["head"]
    pools = {"class": lambda t: t[0], "mean": lambda t: t[1:].mean(0), "std": lambda t: t[1:].std(0)}
    chosen = [layers[number - 1] for number in spec["features"]["layers"]]
    features = np.concatenate([pools[pool](tokens) for tokens in chosen for pool in spec["features"]["pools"]])
    if spec["transform"] == "signed-sqrt":
        features = np.sign(features) * np.sqrt(np.abs(features))
    elif spec["transform"] != "none":
        raise SystemExit(f"the head's transform {spec['transform']} cannot be exported")
    return float(features @ tensors["head.weight"] + tensors["head.bias"][0])
