"""Figures by which variants are chosen: on `select`, and within matched sets."""

import numpy as np
from sklearn.metrics import roc_auc_score

from views import MATCHED_SETS, is_matched


def describe(rows, logits):
    """One line: AUC on `select` whole, within matched sets, and recall at 5 % false alarms."""
    logits = np.asarray(logits)
    generated = np.array([row['label'] == 'ai' for row in rows])
    words = []
    for role, sets in MATCHED_SETS.items():
        of_role = np.array([row['role'] == role for row in rows])
        matched = of_role & np.array([is_matched(row) for row in rows])
        if role == 'select':
            bound = np.quantile(logits[of_role & ~generated], 0.95)
            recall = (logits[of_role & generated] > bound).mean()
            auc = roc_auc_score(generated[of_role], logits[of_role])
            words.append(f'select {auc:.3f}, recall at 5 % {recall:.3f}')
        each = []
        for name in sets:
            part = matched & np.array([row['origin'].startswith(name + '-') for row in rows])
            each.append(f'{roc_auc_score(generated[part], logits[part]):.2f}')
        auc = roc_auc_score(generated[matched], logits[matched])
        words.append(f'matched of {role} {auc:.3f} ({" ".join(each)})')
    return ', '.join(words)
