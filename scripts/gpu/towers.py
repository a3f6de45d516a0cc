"""The towers that are trained: the first blocks of CLIP's ViT-B/16, and a ViT-Tiny.

Products run in bfloat16, everything else in f32: what tensor cores and Intel's AMX are fast at.
Weights are read and written as transformers (CLIP) and timm (ViT-Tiny) name them, which is what
`clipsight train --encoder` reads.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

PATCH = 16
GRID = 14
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def product(x, layer):
    """`layer` of `x` in bfloat16."""
    half = torch.bfloat16
    return F.linear(x.to(half), layer.weight.to(half), layer.bias.to(half))


def patches(pixels):
    """[n, 224, 224, 3] -> [n, 196, 768], each patch as a convolution's weight holds it."""
    n = pixels.shape[0]
    parts = pixels.view(n, GRID, PATCH, GRID, PATCH, 3).permute(0, 1, 3, 5, 2, 4)
    return parts.reshape(n, GRID * GRID, 3 * PATCH * PATCH)


def attention(queries, keys, values):
    """[n, heads, tokens, width] each. The fused kernel's gradient is slower on CPUs."""
    scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
    shares = torch.softmax(scores, -1, dtype=torch.float32).to(values.dtype)
    mixed = shares @ values
    return mixed.transpose(1, 2).flatten(2)


def pooled(layers):
    """[n, tokens, width] of every layer -> class token, mean, deviation: [n, layers, 3, width]."""
    pools = [
        torch.stack([x[:, 0], x[:, 1:].mean(1), x[:, 1:].std(1, unbiased=False)], 1) for x in layers
    ]
    return torch.stack(pools, 1)


def token_norm(pools):
    """Every pooled token brought to mean 0 and deviation 1 (`Transform::TokenNorm`), in one row."""
    return F.layer_norm(pools, pools.shape[-1:]).flatten(1)


class ClipBlock(nn.Module):
    HEADS = 12

    def __init__(self, read):
        super().__init__()
        for name in ('q', 'k', 'v', 'out'):
            setattr(self, name, linear(read, f'self_attn.{name}_proj'))
        self.fc1, self.fc2 = linear(read, 'mlp.fc1'), linear(read, 'mlp.fc2')
        self.norm1, self.norm2 = norm(read, 'layer_norm1'), norm(read, 'layer_norm2')

    def forward(self, x):
        n, tokens, width = x.shape
        y = self.norm1(x)
        split = (n, tokens, self.HEADS, width // self.HEADS)
        heads = [product(y, part).view(split).transpose(1, 2) for part in (self.q, self.k, self.v)]
        x = x + product(attention(*heads), self.out).float()
        y = product(self.norm2(x), self.fc1)
        return x + product(y * torch.sigmoid(1.702 * y), self.fc2).float()


def linear(read, name):
    weight, bias = read(name + '.weight'), read(name + '.bias')
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data.copy_(weight)
    layer.bias.data.copy_(bias)
    return layer


def norm(read, name, epsilon=1e-5):
    weight, bias = read(name + '.weight'), read(name + '.bias')
    layer = nn.LayerNorm(len(weight), eps=epsilon)
    layer.weight.data.copy_(weight)
    layer.bias.data.copy_(bias)
    return layer


class Clip(nn.Module):
    """The first `blocks` blocks of CLIP's ViT-B/16."""

    def __init__(self, path, blocks):
        super().__init__()
        tensors = load_file(path)
        embeddings = 'vision_model.embeddings.'
        patch = tensors[embeddings + 'patch_embedding.weight'].flatten(1)
        self.register_buffer('patch', patch.to(torch.bfloat16))
        self.register_buffer('token', tensors[embeddings + 'class_embedding'])
        self.register_buffer('places', tensors[embeddings + 'position_embedding.weight'])
        self.register_buffer('mean', torch.tensor(CLIP_MEAN))
        self.register_buffer('std', torch.tensor(CLIP_STD))
        self.pre = norm(lambda name: tensors['vision_model.' + name], 'pre_layrnorm')
        layers = 'vision_model.encoder.layers'
        self.blocks = nn.ModuleList(
            ClipBlock(lambda name, index=index: tensors[f'{layers}.{index}.{name}'])
            for index in range(blocks)
        )

    def forward(self, pixels):
        """Bytes [n, 224, 224, 3] -> the output of every block, [n, 197, 768]."""
        x = patches((pixels.float() / 255 - self.mean) / self.std)
        x = F.linear(x.to(torch.bfloat16), self.patch).float()
        x = torch.cat([self.token.expand(len(x), 1, -1), x], 1) + self.places
        x, layers = self.pre(x), []
        for block in self.blocks:
            x = block(x)
            layers.append(x)
        return layers


class TinyBlock(nn.Module):
    HEADS = 3
    NAMES = {
        'norm1': 'norm1', 'qkv': 'attn.qkv', 'proj': 'attn.proj',
        'norm2': 'norm2', 'fc1': 'mlp.fc1', 'fc2': 'mlp.fc2',
    }  # fmt: skip

    def __init__(self, read):
        super().__init__()
        for name, stored in self.NAMES.items():
            make = (lambda *of: norm(*of, 1e-6)) if name.startswith('norm') else linear
            setattr(self, name, make(read, stored))

    def forward(self, x):
        n, tokens, width = x.shape
        heads = product(self.norm1(x), self.qkv)
        heads = heads.view(n, tokens, 3, self.HEADS, width // self.HEADS).permute(2, 0, 3, 1, 4)
        x = x + product(attention(*heads), self.proj).float()
        return x + product(F.gelu(product(self.norm2(x), self.fc1)), self.fc2).float()


class Tiny(nn.Module):
    """timm's vit_tiny_patch16_224."""

    BLOCKS = 12
    FIRST = 3  # the first layer that heads read

    def __init__(self, path):
        super().__init__()
        tensors = load_file(path)
        self.token = nn.Parameter(tensors['cls_token'].reshape(-1).clone())
        self.places = nn.Parameter(tensors['pos_embed'][0].clone())
        weight = tensors['patch_embed.proj.weight'].flatten(1)
        self.patch = nn.Linear(weight.shape[1], weight.shape[0])
        self.patch.weight.data.copy_(weight)
        self.patch.bias.data.copy_(tensors['patch_embed.proj.bias'])
        self.blocks = nn.ModuleList(
            TinyBlock(lambda name, index=index: tensors[f'blocks.{index}.{name}'])
            for index in range(self.BLOCKS)
        )
        self.norm = norm(lambda name: tensors[name], 'norm', 1e-6)

    def forward(self, pixels):
        """Bytes [n, 224, 224, 3] -> layers FIRST to BLOCKS, and the last after the final norm."""
        x = product(patches(pixels.float() / 127.5 - 1), self.patch).float()
        x = torch.cat([self.token.expand(len(x), 1, -1), x], 1) + self.places
        layers = []
        for block in self.blocks:
            x = block(x)
            layers.append(x)
        return [*layers[self.FIRST - 1 :], self.norm(x)]

    def tensors(self):
        """The weights as timm names them."""
        found = {
            'cls_token': self.token.reshape(1, 1, -1),
            'pos_embed': self.places[None],
            'patch_embed.proj.weight': self.patch.weight.reshape(-1, 3, PATCH, PATCH),
            'patch_embed.proj.bias': self.patch.bias,
            'norm.weight': self.norm.weight,
            'norm.bias': self.norm.bias,
        }
        for index, block in enumerate(self.blocks):
            for name, stored in TinyBlock.NAMES.items():
                for part in ('weight', 'bias'):
                    value = getattr(getattr(block, name), part)
                    found[f'blocks.{index}.{stored}.{part}'] = value
        return {name: value.detach().clone().contiguous() for name, value in found.items()}
