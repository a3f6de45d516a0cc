#!/usr/bin/env python3
"""Teaches a ViT-Tiny what the first blocks of CLIP's ViT-B/16 see.

    python3 -m venv v && v/bin/pip install -r scripts/gpu/requirements.txt
    v/bin/python scripts/gpu/distil.py --data MANIFEST [--data MANIFEST ...] --clip FILE \\
        --tiny FILE --out DIR

The student's pooled features of all layers learn, on views that are the same for both: the
teacher's features (a fixed random projection of them), the teacher's verdict, and the label. The
teacher's tower stays as it is; its linear head is fitted first on plain views, then goes on with
the student's. Only images of role `fit` are learnt from; `select` and the matched sets of
`calibrate` are measured now and then.

DIR gets `student.safetensors`, the moving average of the weights as timm names them, for
`clipsight train --encoder DIR/student.safetensors --tuned`, and `last.pt`, from which a run that
was stopped goes on. With a GPU it runs there, else on the CPU: set OMP_NUM_THREADS, and
MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=-1, without which glibc gives memory back at every step.
"""

import argparse
import math
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from figures import describe
from towers import Clip, Tiny, pooled, token_norm
from views import Sampler, delivered, is_matched, light, plain, read, read_manifests

TEACHER_BLOCKS = 8
TEACHER_FIRST = 2  # the first block whose output the teacher's head reads
TARGETS = 512
SMOOTHING = 0.03
CLAMP = 8.0
PENALTY = 0.1
ORIGIN_POWER = 0.75
AVERAGE = 0.99
WARM_UP = 60


def job(task):
    row, seed = task
    rng = random.Random(seed)
    image = read(row)
    return light(image, rng) if rng.random() < 0.5 else delivered(image, rng)


def teacher_features(tower, pixels):
    return token_norm(pooled(tower(pixels)[TEACHER_FIRST - 1 :]))


def batches(items, size):
    return (items[at : at + size] for at in range(0, len(items), size))


def on_plain_views(rows, size, run, workers, device):
    """`run` of the plain views of all rows, in whole batches so that nothing is recompiled."""
    found = []
    with torch.inference_mode():
        for part in batches(rows, size):
            views = list(workers.map(plain, part))
            views += views[:1] * (size - len(views))
            found.append(run(torch.from_numpy(np.stack(views)).to(device))[: len(part)].cpu())
    return torch.cat(found)


def origin_weights(rows):
    """Classes weigh the same, origins by a power of their size."""
    keys = [(row['label'], row['origin']) for row in rows]
    counts = {key: keys.count(key) for key in set(keys)}
    weights = torch.tensor([counts[key] ** (ORIGIN_POWER - 1) for key in keys])
    for label in ('ai', 'real'):
        part = torch.tensor([key[0] == label for key in keys])
        weights[part] /= 2 * weights[part].sum()
    return weights


def fit_linear(features, labels, weights):
    """Logistic regression on standardised features: mean, deviation, weights with the offset."""
    mean = (features * weights[:, None]).sum(0)
    deviation = (((features - mean) ** 2 * weights[:, None]).sum(0)).sqrt().clamp(min=0.01)
    features = (features - mean) / deviation
    head = torch.zeros(features.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([head], max_iter=60, line_search_fn='strong_wolfe')

    def closure():
        optimizer.zero_grad()
        logits = features @ head[:-1] + head[-1]
        losses = F.binary_cross_entropy_with_logits(logits, labels, reduction='none')
        loss = (weights * losses).sum() + PENALTY / 2 * head[:-1].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return mean, deviation, head.detach()


def labels_of(rows):
    return torch.tensor([float(row['label'] == 'ai') for row in rows])


def first_head(arguments, rows, features, workers, device):
    """The teacher's head on plain views, kept in a file."""
    path = os.path.join(arguments.out, 'teacher.pt')
    if not os.path.exists(path):
        fit = [row for row in rows if row['role'] == 'fit']
        found = on_plain_views(fit, arguments.batch, features, workers, device)
        torch.save(fit_linear(found, labels_of(fit), origin_weights(fit)), path)
    return [tensor.to(device) for tensor in torch.load(path)]


class Student(nn.Module):
    """The tower with its two heads: the verdict, and the teacher's features."""

    def __init__(self, path):
        super().__init__()
        self.tower = Tiny(path)
        width = 3 * (Tiny.BLOCKS - Tiny.FIRST + 2) * len(self.tower.token)
        self.verdict, self.targets = nn.Linear(width, 1), nn.Linear(width, TARGETS)
        nn.init.zeros_(self.verdict.weight)
        nn.init.zeros_(self.verdict.bias)
        nn.init.normal_(self.targets.weight, 0, 0.003)

    def features(self, pixels):
        return token_norm(pooled(self.tower(pixels)))

    def groups(self, rate):
        """Parameters by learning rate and decay."""
        tower = list(self.tower.named_parameters())
        decayed = [value for name, value in tower if value.ndim > 1 and name != 'places']
        others = [value for name, value in tower if value.ndim <= 1 or name == 'places']
        heads = [*self.verdict.parameters(), *self.targets.parameters()]
        return [
            {'params': decayed, 'lr': rate, 'weight_decay': 0.05},
            {'params': others, 'lr': rate, 'weight_decay': 0},
            {'params': heads, 'lr': 1e-3, 'weight_decay': 0.05},
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--data', action='append', required=True, help='a manifest')
    parser.add_argument('--clip', required=True, help="CLIP's tower, as transformers stores it")
    parser.add_argument('--tiny', required=True, help="the student's start, as timm stores it")
    parser.add_argument('--out', required=True, help='folder for checkpoint and student')
    parser.add_argument('--steps', type=int, default=4000)
    parser.add_argument('--batch', type=int, default=48)
    parser.add_argument('--rate', type=float, default=4e-4, help='learning rate of the tower')
    parser.add_argument('--teacher', type=float, default=1.0, help='weight of both of its losses')
    parser.add_argument('--label', type=float, default=0.5, help='weight of the loss of labels')
    parser.add_argument('--every', type=int, default=250, help='steps between checkpoints')
    parser.add_argument('--workers', type=int, default=os.cpu_count())
    parser.add_argument('--seed', type=int, default=0)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    torch.manual_seed(arguments.seed)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    rows = read_manifests(arguments.data)
    measured = [row for row in rows if row['role'] == 'select' or is_matched(row)]
    rng = random.Random(arguments.seed)

    student = Student(arguments.tiny).to(device)
    features = torch.compile(student.features, dynamic=False)
    teacher = Clip(arguments.clip, TEACHER_BLOCKS).eval().requires_grad_(False).to(device)
    seen = torch.compile(lambda pixels: teacher_features(teacher, pixels), dynamic=False)

    with ProcessPoolExecutor(arguments.workers) as workers:
        mean, deviation, head = first_head(arguments, rows, seen, workers, device)
        head.requires_grad_(True)
        fixed = torch.Generator().manual_seed(1)
        projection = torch.randn(len(mean), TARGETS, generator=fixed) / len(mean) ** 0.5
        projection = projection.to(device)

        groups = student.groups(arguments.rate)
        groups.append({'params': [head], 'lr': 2e-5, 'weight_decay': 0.1})
        optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
        rates = [group['lr'] for group in optimizer.param_groups]
        parameters = list(student.parameters())
        average = [value.detach().clone() for value in parameters]
        start, last = 0, os.path.join(arguments.out, 'last.pt')
        if os.path.exists(last):
            state = torch.load(last, map_location=device)
            student.load_state_dict(state['student'])
            optimizer.load_state_dict(state['optimizer'])
            head.data.copy_(state['head'])
            average, start = state['average'], state['step']
            rng.seed(arguments.seed + start)

        def with_average(work):
            kept = [value.detach().clone() for value in parameters]
            for value, mean_of in zip(parameters, average):
                value.data.copy_(mean_of)
            found = work()
            for value, of_now in zip(parameters, kept):
                value.data.copy_(of_now)
            return found

        def measure():
            verdict = lambda pixels: student.verdict(features(pixels))[:, 0]
            logits = on_plain_views(measured, arguments.batch, verdict, workers, device)
            save_file(student.tower.tensors(), os.path.join(arguments.out, 'student.safetensors'))
            return describe(measured, logits)

        sampler = Sampler(rows, rng)

        def draw():
            drawn = [sampler.draw() for _ in range(arguments.batch)]
            return drawn, [workers.submit(job, (row, rng.getrandbits(40))) for row in drawn]

        ahead = [draw(), draw()]
        began, losses = time.time(), []
        for step in range(start, arguments.steps):
            turn = 0.5 + 0.5 * math.cos(math.pi * step / arguments.steps)
            share = min(1, (step + 1) / WARM_UP) * (0.02 + 0.98 * turn)
            for group, rate in zip(optimizer.param_groups, rates):
                group['lr'] = rate * share
            drawn, jobs = ahead.pop(0)
            ahead.append(draw())
            pixels = torch.from_numpy(np.stack([job.result() for job in jobs])).to(device)
            labels = labels_of(drawn).to(device)
            smooth = labels * (1 - 2 * SMOOTHING) + SMOOTHING
            found = features(pixels)
            logits = student.verdict(F.dropout(found, 0.1))[:, 0]
            label = F.binary_cross_entropy_with_logits(logits, smooth)
            loss, parts = arguments.label * label, [label]
            if arguments.teacher > 0:
                with torch.no_grad():
                    told = ((seen(pixels) - mean) / deviation).clamp(-CLAMP, CLAMP)
                    verdict = torch.sigmoid(told @ head[:-1] + head[-1])
                own = F.dropout(told, 0.1) @ head[:-1] + head[-1]
                own = F.binary_cross_entropy_with_logits(own, smooth)
                agree = F.binary_cross_entropy_with_logits(logits, verdict)
                like = F.cosine_similarity(student.targets(found), told @ projection, dim=1)
                loss = loss + own + arguments.teacher * (agree + 1 - like.mean())
                parts += [own, agree, 1 - like.mean()]
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 2.0)
            optimizer.step()
            with torch.no_grad():
                # The average of the first steps is that of few.
                decay = min(AVERAGE, (step + 1) / (step + 20))
                for mean_of, value in zip(average, parameters):
                    mean_of.lerp_(value, 1 - decay)
            losses.append([float(part.detach()) for part in parts])
            if (step + 1) % 25 == 0:
                pace = (time.time() - began) / (step + 1 - start)
                words = ' '.join(f'{value:.3f}' for value in np.mean(losses[-25:], 0))
                print(f'{step + 1}: {pace:.2f} s a step, losses {words}', flush=True)
            if (step + 1) % arguments.every == 0 or step + 1 == arguments.steps:
                state = {
                    'student': student.state_dict(), 'optimizer': optimizer.state_dict(),
                    'head': head.detach(), 'average': average, 'step': step + 1,
                }  # fmt: skip
                torch.save(state, last + '.part')
                os.replace(last + '.part', last)
                print(f'step {step + 1}: {with_average(measure)}', flush=True)


if __name__ == '__main__':
    main()
