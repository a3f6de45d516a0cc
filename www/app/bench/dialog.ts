import { text } from '../app.js';
import { Modal } from '../dialog.js';
import { atMostEvery, button, h, icon, onChange, pageIcons, picker } from '../dom.js';
import { fromFolder } from '../intake/entries.js';
import { PassedNote } from '../intake/passed-note.js';
import { MAX_PASSED_NAMES, UPDATE_MS } from '../limits.js';
import { ReportView } from './report.js';
import { saveHtml, saveJson, saveRows } from './save.js';
import type { App } from '../app.js';
import type { BenchState } from './bench.js';
import type { LeftOutReason, Report, Sorted } from './figures.js';

const LEFT_OUT: readonly LeftOutReason[] = ['unlabelled', 'missing', 'unknown-label', 'repeated'];

/** Opens the bench, wherever it stands. */
export function openBench(app: App): void {
  new BenchDialog(app).open();
}

/** The dialog of the bench. What it shows outlives it. */
class BenchDialog {
  readonly #app: App;
  readonly #modal: Modal;
  readonly #closed = new AbortController();
  readonly #status = h('p', { class: 'muted', role: 'status' });
  readonly #problem = h('p', { class: 'notice bad', role: 'alert', hidden: '' });
  readonly #found = h('section', { class: 'bench-found', tabindex: '-1', hidden: '' });
  readonly #bar = h('progress', { max: '1', hidden: '' });
  readonly #passed = new PassedNote();
  readonly #report = h('div', { class: 'bench-report', tabindex: '-1' });
  readonly #start: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #choose: HTMLButtonElement;
  readonly #saves: HTMLElement;
  #view: ReportView | undefined;
  #shown: BenchState['phase'] = 'empty';
  #sorted: Sorted | undefined;

  constructor(app: App) {
    const { bench, settings, batch } = text();
    this.#app = app;
    this.#modal = new Modal(bench.heading, settings.close);
    this.#modal.element.classList.add('bench');
    const folder = picker({ webkitdirectory: '' }, (picked) => {
      void app.bench.take(fromFolder(picked));
    });
    this.#choose = button(
      bench.choose,
      () => {
        folder.click();
      },
      { symbol: icon(pageIcons.folder) },
    );
    this.#start = button(bench.start, () => {
      app.bench.start();
    });
    this.#stop = button(
      batch.cancel,
      () => {
        app.bench.stop();
      },
      { kind: 'secondary' },
    );
    this.#saves = h(
      'div',
      { class: 'row' },
      ...(
        [
          [bench.saveRows, saveRows],
          [bench.saveJson, saveJson],
          [bench.saveHtml, saveHtml],
        ] as const
      ).map(([name, save]) =>
        button(
          name,
          () => {
            if (this.#view !== undefined) save(app.bench, this.#view);
          },
          { kind: 'secondary' },
        ),
      ),
    );
    this.#modal.body.append(
      h('p', {}, bench.lead),
      h('ul', { class: 'bench-ways' }, ...bench.ways.map((way) => h('li', {}, way))),
      h('div', { class: 'row' }, this.#choose, this.#start, this.#stop),
      folder,
      this.#status,
      this.#bar,
      this.#problem,
      this.#found,
      this.#passed.element,
      this.#saves,
      this.#report,
    );
  }

  open(): void {
    const { bench } = this.#app;
    const { signal } = this.#closed;
    onChange(
      bench,
      signal,
      atMostEvery(UPDATE_MS, () => {
        this.#update();
      }),
    );
    this.#modal.element.addEventListener('close', () => {
      bench.open = false;
      this.#closed.abort();
      this.#view?.release();
    });
    bench.open = true;
    this.#update();
    this.#modal.open();
  }

  #update(): void {
    if (this.#closed.signal.aborted) return;
    const { bench } = this.#app;
    const strings = text().bench;
    const { state } = bench;
    const { phase } = state;
    const { done, all } = bench.progress;
    const working = phase === 'running' || phase === 'computing';
    setText(this.#choose, phase === 'empty' ? strings.choose : strings.another);
    setText(this.#start, done === 0 ? strings.start : strings.goOn);
    this.#choose.classList.toggle('secondary', phase === 'found' || phase === 'done');
    this.#choose.hidden = working;
    this.#start.hidden = phase !== 'found';
    this.#stop.hidden = !working;
    this.#bar.hidden = phase !== 'running';
    this.#bar.value = all === 0 ? 0 : done / all;
    this.#bar.setAttribute('aria-label', text().batch.progress(done, all));
    this.#showProblem(state);
    this.#showFound();
    this.#showReport(state.phase === 'done' ? state.report : undefined);
    this.#saves.hidden = phase !== 'done';
    // Numbers that change all the time are read out by nobody.
    this.#status.setAttribute('aria-live', phase === 'running' ? 'off' : 'polite');
    this.#status.textContent = this.#sentence(phase);
    if (phase !== this.#shown) this.#moved(phase);
    this.#shown = phase;
  }

  #sentence(phase: BenchState['phase']): string {
    const strings = text().bench;
    const { lifecycle, bench } = this.#app;
    const { done, all } = bench.progress;
    if (phase === 'running') {
      if (lifecycle.detector === undefined) return strings.waiting;
      return text().batch.progress(done, all);
    }
    return phase === 'sorting' || phase === 'computing' || phase === 'done' ? strings[phase] : '';
  }

  /** The focus follows: what was pressed is gone. */
  #moved(phase: BenchState['phase']): void {
    const lost = document.activeElement === null || document.activeElement === document.body;
    const inDialog = this.#modal.element.contains(document.activeElement);
    if (!lost && inDialog && document.activeElement?.checkVisibility() !== false) return;
    const next = {
      empty: this.#choose,
      sorting: this.#choose,
      problem: this.#choose,
      found: this.#start,
      running: this.#stop,
      computing: this.#stop,
      done: this.#report,
    }[phase];
    next.focus();
  }

  #showProblem(state: BenchState): void {
    this.#problem.hidden = state.phase !== 'problem';
    if (state.phase !== 'problem') return;
    const { problem } = state;
    if ('problem' in problem) this.#problem.textContent = text().bench.problem(problem);
    else if (problem.code === 'network') this.#problem.textContent = text().bench.noProgram;
    else this.#problem.replaceChildren(h('bdi', { lang: 'en' }, problem.message));
  }

  #showFound(): void {
    const { sorted, passed } = this.#app.bench;
    if (sorted === this.#sorted) return;
    this.#sorted = sorted;
    this.#found.hidden = sorted === undefined;
    this.#passed.show(sorted === undefined ? [] : passed);
    if (sorted === undefined) return;
    const { found, leftOut } = text().bench;
    const generated = sorted.images.filter((image) => image.generated).length;
    const { source } = sorted;
    this.#found.replaceChildren(
      h('h3', {}, found.heading),
      h(
        'p',
        {},
        source.by === 'table'
          ? found.byTable(source.table)
          : found.byFolders(source.generated.join(', '), source.real.join(', ')),
      ),
      h(
        'div',
        { class: 'bench-counts' },
        h('p', {}, found.generated(generated)),
        h('p', {}, found.real(sorted.images.length - generated)),
      ),
      ...LEFT_OUT.flatMap((reason) => {
        const names = sorted.passed.filter((each) => each.reason === reason);
        if (names.length === 0) return [];
        const shown = names.slice(0, MAX_PASSED_NAMES);
        return [
          h(
            'details',
            { class: 'passed' },
            h('summary', {}, leftOut[reason](names.length)),
            h(
              'p',
              { class: 'mono' },
              ...shown.map(({ name }) => h('bdi', {}, name)),
              ...(shown.length < names.length ? ['…'] : []),
            ),
          ),
        ];
      }),
    );
  }

  #showReport(report: Report | undefined): void {
    if (report === this.#view?.report) return;
    this.#view?.release();
    this.#view = report === undefined ? undefined : new ReportView(report, this.#app.bench);
    this.#report.replaceChildren(...(this.#view === undefined ? [] : [this.#view.element]));
  }
}

function setText(target: HTMLButtonElement, sentence: string): void {
  const label = target.querySelector('span');
  if (label !== null && label.textContent !== sentence) label.textContent = sentence;
}
