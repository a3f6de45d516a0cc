import { SettledEvent } from '../batch/batch.js';
import type { App } from '../app.js';

/** Writes every result down, while the visitor wants a history. */
export function remember({ batch, history, settings }: App): void {
  batch.addEventListener('settled', (event) => {
    if (!settings.value.history || !(event instanceof SettledEvent)) return;
    const { name, analysis, info } = event.item;
    if (analysis === undefined || info === undefined) return;
    const { model, file } = analysis;
    // Without its folders: where a file lies is nobody's business later on.
    const [base = ''] = name.split('/').slice(-1);
    history
      .add({ when: Date.now(), name: base, sha256: file.sha256, model, modelId: info.modelId })
      .catch(() => {
        // No storage: the dialog says so when somebody looks.
      });
  });
}
