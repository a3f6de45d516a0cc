import { sharedText, text } from './app.js';
import { ResultsPanel } from './batch/panel.js';
import { button, h, icon, onChange, pageIcons } from './dom.js';
import { openHistory } from './history/dialog.js';
import { IntakePanel } from './intake/panel.js';
import { listen } from './intake/listen.js';
import { LockPanel } from './network/panel.js';
import { openSettings } from './settings/dialog.js';
import { viewsOption } from './settings/settings.js';
import { StandardNote } from './standard-note.js';
import { Status } from './status.js';
import { TaughtNote } from './teach/note.js';
import type { App } from './app.js';
import type { Incoming } from './intake/entries.js';

/**
 * The page's views. They hold nothing that cannot be made anew: {@link render} does so in another
 * language.
 */
export class Page {
  readonly #app: App;
  #views = new AbortController();
  #intake: IntakePanel | undefined;
  #results: ResultsPanel | undefined;

  constructor(app: App) {
    this.#app = app;
    listen({
      take: (found) => {
        if (app.bench.open) void app.bench.take(found);
        else this.#intake?.take(found);
      },
      nothing: (how) => {
        if (!app.bench.open) this.#intake?.nothing(how);
      },
      over(hovering) {
        document.body.classList.toggle('dragging', hovering);
      },
      pastedName: () => sharedText().check.pasted,
    });
    const { batch, settings } = app;
    const follow = (): void => {
      batch.setViews(viewsOption(settings.value, app.lifecycle.detector?.info));
    };
    follow();
    settings.addEventListener('change', follow);
    app.lifecycle.addEventListener('change', follow);
  }

  /** Fetches an image from an address. */
  fetch(address: string): void {
    this.#intake?.fetch(address);
  }

  render(): void {
    this.#views.abort();
    this.#views = new AbortController();
    const { signal } = this.#views;
    const app = this.#app;
    const settingsOpen = document.querySelector('dialog.settings') !== null;
    const intake = new IntakePanel(app, signal, (images) => {
      this.#add(images);
    });
    const results = new ResultsPanel(app, signal, () => {
      intake.focus();
    });
    this.#intake = intake;
    this.#results = results;
    const status = new Status(app, signal);
    const lock = new LockPanel(app, signal);
    document.body.replaceChildren(
      h(
        'div',
        { class: 'page' },
        masthead(app),
        updateNotice(app, signal),
        h(
          'main',
          {},
          h(
            'div',
            { class: 'intake' },
            intake.element,
            h('div', { class: 'strip' }, status.element, lock.element),
            new StandardNote(app, signal, 'strip').element,
            new TaughtNote(app, signal).element,
          ),
          results.element,
          about(),
        ),
        footer(app, signal),
      ),
      h('div', { class: 'curtain', 'aria-hidden': 'true' }, h('p', {}, sharedText().check.over)),
      results.announcer,
    );
    document.title = `${NAME} — ${text().title}`;
    if (settingsOpen) openSettings(app);
  }

  #add(images: readonly Incoming[]): void {
    this.#intake?.clearHint();
    this.#results?.added(this.#app.batch.add(images));
  }
}

const NAME = 'clipsight';

function masthead(app: App): HTMLElement {
  const { title, lead, settings, history } = text();
  return h(
    'header',
    { class: 'masthead' },
    h(
      'div',
      { class: 'bar' },
      h('p', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), NAME),
      h(
        'div',
        { class: 'bar-buttons' },
        button('', () => void openHistory(app), {
          kind: 'round',
          symbol: icon(pageIcons.history),
          label: history.open,
        }),
        button('', () => void openSettings(app), {
          kind: 'round',
          symbol: icon(pageIcons.settings),
          label: settings.open,
        }),
      ),
    ),
    h('h1', {}, title),
    h('p', { class: 'lead' }, lead),
  );
}

function updateNotice(app: App, signal: AbortSignal): HTMLElement {
  const { offline } = text();
  const notice = h(
    'div',
    { class: 'notice update', role: 'status' },
    h('span', {}, offline.update),
    button(
      offline.reload,
      () => {
        app.offline.load();
      },
      { kind: 'quiet' },
    ),
  );
  const update = (): void => {
    notice.hidden = !app.offline.update;
  };
  onChange(app.offline, signal, update);
  update();
  return notice;
}

function about(): HTMLElement {
  const { caveats } = sharedText();
  return h(
    'section',
    { class: 'about', 'aria-labelledby': 'about' },
    h('h2', { id: 'about' }, caveats.summary),
    h(
      'div',
      { class: 'points' },
      ...caveats.points.map((point) =>
        h('div', {}, h('h3', {}, point.title), h('p', {}, point.text)),
      ),
    ),
  );
}

function footer(app: App, signal: AbortSignal): HTMLElement {
  const element = h('footer', { class: 'fine' });
  const update = (): void => {
    const { detector } = app.lifecycle;
    element.replaceChildren(
      ...(detector === undefined ? [] : [h('p', {}, text().footer(detector.info.modelId))]),
      ...(app.lifecycle.staysHere ? [h('p', {}, text().offline.ready)] : []),
    );
  };
  onChange(app.lifecycle, signal, update);
  onChange(app.offline, signal, update);
  update();
  return element;
}
