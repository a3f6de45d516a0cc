import { weightsBytes } from 'clipsight-model-standard';
import { LANGUAGE_NAMES, LANGUAGES } from 'clipsight/ui';
import { text } from '../app.js';
import { Modal } from '../dialog.js';
import { button, choice, h } from '../dom.js';
import { budgetFields } from './budget.js';
import { reloadForStandard } from '../model-choice.js';
import { teachFields } from '../teach/fields.js';
import { modelAddress, modelChoice } from './settings.js';
import type { App } from '../app.js';
import type { DevicePreference } from 'clipsight';

/** The page's own models, and how the settings keep them. */
const STORED = { compact: '', standard: 'standard' } as const;
type OwnModel = keyof typeof STORED;

/**
 * The settings. Most take effect at once; another model or device needs the page to be loaded anew.
 */
export function openSettings(app: App): Modal {
  const { settings } = text();
  const modal = new Modal(settings.heading, settings.close);
  modal.element.classList.add('settings');
  const leave = (): void => {
    modal.close();
  };
  modal.body.append(
    budgetFields(app),
    analysisFields(app, modal),
    teachFields(app, leave),
    lookFields(app),
  );
  modal.open();
  return modal;
}

function analysisFields(app: App, modal: Modal): HTMLElement {
  const { settings } = text();
  const stored = app.settings.value;
  const apply = button(
    settings.apply,
    () => {
      const kept = wanted();
      const chosen = kept === 'other' ? modelAddress(input.value)?.href : STORED[kept];
      if (chosen === undefined) {
        bad.hidden = false;
        input.focus();
        return;
      }
      app.settings.change({ model: chosen, device: device.select.value as DevicePreference });
      modal.close();
      if (chosen === 'standard') reloadForStandard();
      else location.reload();
    },
    { kind: 'secondary' },
  );
  const note = h('p', { class: 'fine' }, settings.reloadNote);
  const restart = h(
    'div',
    { class: 'restart', hidden: '' },
    note,
    h('div', { class: 'row' }, apply),
  );
  const input = h('input', {
    type: 'text',
    inputmode: 'url',
    dir: 'ltr',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'https://…/model.json',
  });
  const choiceNow = modelChoice(stored);
  const kind = choiceNow instanceof URL ? 'other' : choiceNow;
  input.value = kind === 'other' ? stored.model : '';
  const wanted = (): OwnModel | 'other' => model.select.value as OwnModel | 'other';
  const bad = h('p', { class: 'notice bad', role: 'alert', hidden: '' }, settings.modelBad);
  const address = h('label', { class: 'field wide' }, h('span', {}, settings.modelAddress), input);
  const standardNote = h('p', { class: 'fine' }, text().standard.privacy);
  const update = (): void => {
    const kept = wanted();
    address.hidden = kept !== 'other';
    bad.hidden = true;
    standardNote.hidden = kept !== 'standard';
    const chosen = kept === 'other' ? input.value : STORED[kept];
    restart.hidden = chosen === stored.model && device.select.value === stored.device;
  };
  const model = choice(
    settings.model,
    [
      ['compact', settings.modelCompact],
      ['standard', settings.modelStandard(weightsBytes)],
      ['other', settings.modelOther],
    ],
    kind,
    update,
  );
  const device = choice(
    settings.device,
    [
      ['auto', settings.devices.auto],
      ['webgpu', settings.devices.webgpu],
      ['cpu', settings.devices.cpu],
    ],
    stored.device,
    update,
  );
  // Only what the model can do, as soon as that is known.
  const counts = app.lifecycle.detector?.info.viewCounts ?? ([1, 5] as const);
  const views = choice(
    settings.views,
    [
      ['model', settings.viewsOptions.model],
      ...counts.map((count) => [count === 1 ? '1' : '5', settings.viewsOptions[count]] as const),
    ],
    counts.some((count) => String(count) === stored.views) ? stored.views : 'model',
    (chosen) => {
      app.settings.change({ views: chosen });
    },
  );
  input.addEventListener('input', update);
  update();
  return h(
    'fieldset',
    {},
    h('legend', {}, settings.model),
    model.element,
    standardNote,
    address,
    bad,
    device.element,
    restart,
    views.element,
    h('p', { class: 'fine' }, settings.viewsNote),
  );
}

function lookFields(app: App): HTMLElement {
  const { settings } = text();
  const { language, theme, history } = app.settings.value;
  const keep = h('input', { type: 'checkbox' });
  keep.checked = history;
  keep.addEventListener('change', () => {
    app.settings.change({ history: keep.checked });
  });
  return h(
    'fieldset',
    {},
    h('legend', {}, settings.look),
    choice(
      settings.language,
      [
        ['auto', settings.automatic],
        ...LANGUAGES.map((known) => [known, LANGUAGE_NAMES[known]] as const),
      ],
      language,
      (chosen) => {
        app.settings.change({ language: chosen });
      },
    ).element,
    choice(
      settings.theme,
      [
        ['auto', settings.automatic],
        ['light', settings.themes.light],
        ['dark', settings.themes.dark],
      ],
      theme,
      (chosen) => {
        app.settings.change({ theme: chosen });
      },
    ).element,
    h('label', { class: 'check' }, keep, h('span', {}, settings.history)),
    h('p', { class: 'fine' }, text().history.note),
  );
}
