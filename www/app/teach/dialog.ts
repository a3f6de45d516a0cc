import { MAX_EXAMPLES, MAX_HEAD_NAME_CHARACTERS, MIN_EXAMPLES } from 'clipsight';
import { locale } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { Modal } from '../dialog.js';
import { button, h, icon, icons, picker, uniqueId } from '../dom.js';
import { toError } from '../errors.js';
import { fromFiles, fromFolder } from '../intake/entries.js';
import { ACCEPT } from '../intake/panel.js';
import type { Head, TaughtLabel } from 'clipsight';
import type { App } from '../app.js';

/** Chooses images and a label, teaches, shows what came of it, and asks whether to keep it. */
export function openTeaching(app: App): Modal {
  return new TeachDialog(app).modal;
}

class TeachDialog {
  readonly modal: Modal;
  readonly #app: App;
  readonly #said = h('p', { role: 'status', class: 'teach-said' });
  readonly #failed = h('p', { class: 'notice bad', role: 'alert', hidden: '' });
  readonly #bar = h('progress', { max: '1', value: '0', hidden: '' });
  readonly #name = h('input', {
    type: 'text',
    dir: 'auto',
    autocomplete: 'off',
    maxlength: String(MAX_HEAD_NAME_CHARACTERS),
  });
  readonly #form: HTMLElement;
  readonly #result = h('div', { class: 'teach-result' });
  readonly #start: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  #files: readonly File[] = [];
  #label: TaughtLabel = 'ai';
  #running: AbortController | undefined;

  constructor(app: App) {
    const { teach, settings, intake, batch } = text();
    this.#app = app;
    this.modal = new Modal(teach.heading, settings.close);
    this.modal.element.classList.add('teach');
    const files = picker({ accept: ACCEPT, multiple: '' }, (picked) => {
      this.#choose(fromFiles(picked).map(({ file }) => file));
    });
    const folder = picker({ webkitdirectory: '' }, (picked) => {
      this.#choose(fromFolder(picked).images.map(({ file }) => file));
    });
    this.#start = button(teach.start, () => void this.#teach());
    this.#cancel = button(
      batch.cancel,
      () => {
        this.#running?.abort();
      },
      { kind: 'quiet' },
    );
    this.#form = h(
      'div',
      { class: 'teach-form' },
      h('p', { class: 'muted' }, teach.note),
      this.#labels(),
      h(
        'div',
        { class: 'row' },
        button(
          intake.files,
          () => {
            files.click();
          },
          { kind: 'secondary' },
        ),
        button(
          intake.folder,
          () => {
            folder.click();
          },
          { kind: 'quiet' },
        ),
      ),
      files,
      folder,
      h('label', { class: 'field' }, h('span', {}, teach.name), this.#name),
    );
    this.modal.body.append(
      this.#form,
      this.#said,
      this.#bar,
      this.#failed,
      this.#result,
      h('div', { class: 'row' }, this.#start, this.#cancel),
    );
    this.modal.element.addEventListener('close', () => {
      this.#running?.abort();
    });
    this.#update();
    this.modal.open();
  }

  #labels(): HTMLElement {
    const { teach } = text();
    const group = uniqueId('label');
    const option = (label: TaughtLabel): HTMLElement => {
      const input = h('input', { type: 'radio', name: group, value: label });
      input.checked = label === this.#label;
      input.addEventListener('change', () => {
        this.#label = label;
      });
      return h('label', { class: 'check' }, input, h('span', {}, teach.labels[label]));
    };
    return h('fieldset', {}, h('legend', {}, teach.label), option('ai'), option('real'));
  }

  #choose(files: readonly File[]): void {
    this.#files = files.slice(0, MAX_EXAMPLES);
    this.#failed.hidden = true;
    this.#update();
  }

  #update(): void {
    const { teach } = text();
    const enough = this.#files.length >= MIN_EXAMPLES;
    const running = this.#running !== undefined;
    this.#form.inert = running;
    this.#start.hidden = running;
    this.#start.disabled = !enough;
    this.#cancel.hidden = !running;
    this.#bar.hidden = !running;
    if (running) return;
    const few = enough ? '' : teach.tooFew(MIN_EXAMPLES);
    this.#said.textContent = [
      ...(this.#files.length === 0 ? [] : [teach.chosen(this.#files.length)]),
      ...(few === '' ? [] : [few]),
    ].join(' ');
  }

  async #teach(): Promise<void> {
    const { teach } = text();
    const running = new AbortController();
    this.#running = running;
    this.#failed.hidden = true;
    this.#bar.value = 0;
    this.#bar.setAttribute('aria-label', teach.heading);
    this.#said.textContent = teach.working;
    this.#update();
    this.#cancel.focus();
    const name = this.#name.value.trim();
    try {
      const head = await this.#app.teaching.teach(this.#files, {
        label: this.#label,
        name: name === '' ? teach.unnamed : name,
        signal: running.signal,
        onProgress: ({ done, total }) => {
          this.#bar.value = done / total;
        },
      });
      this.#running = undefined;
      this.#update();
      this.#show(head);
    } catch (thrown) {
      this.#running = undefined;
      this.#update();
      const error = toError(thrown);
      if (error.code === 'aborted') {
        this.#start.focus();
        return;
      }
      this.#failed.replaceChildren(
        h('span', {}, error.code === 'network' ? teach.noReferences : teach.failed),
        ' ',
        // Messages are English, whatever the language around them.
        h('bdi', { lang: 'en' }, error.message),
      );
      this.#failed.hidden = false;
      this.#start.focus();
    }
  }

  /** What teaching did, and the question whether to keep it. */
  #show(head: Head): void {
    const { teach } = text();
    const { report, skipped } = head;
    const { heldOut, checkAi, checkReal } = report;
    const both = {
      images: checkAi.images + checkReal.images,
      rightBefore: checkAi.rightBefore + checkReal.rightBefore,
      rightAfter: checkAi.rightAfter + checkReal.rightAfter,
    };
    const heading = h('h3', { tabindex: '-1' }, teach.learned);
    const row = (term: string, { images, rightBefore, rightAfter }: typeof both): HTMLElement =>
      h('div', {}, h('dt', {}, term), h('dd', {}, teach.change(rightBefore, rightAfter, images)));
    const notice = (sentence: string, kind = ''): HTMLElement =>
      h('p', { class: `notice ${kind}`.trim() }, icon(icons.info), h('span', {}, sentence));
    this.#form.hidden = true;
    this.#said.textContent = '';
    this.#start.hidden = true;
    this.#result.replaceChildren(
      heading,
      h('p', {}, teach.summary(head.name, report.examples)),
      h('dl', {}, row(teach.heldOut, heldOut), row(teach.check, both)),
      ...(report.forgets ? [notice(teach.forgets, 'bad')] : []),
      ...(report.nearDuplicates === 0 ? [] : [notice(teach.alike(report.nearDuplicates))]),
      ...(skipped.length === 0 ? [] : [notice(teach.skipped(skipped.length))]),
      h('p', { class: 'fine' }, sharedText().taught.unmeasured),
      h(
        'div',
        { class: 'row' },
        button(teach.keep, () => {
          this.#app.teaching.use(head).then(
            () => {
              this.modal.close();
            },
            (thrown: unknown) => {
              this.#failed.textContent = toError(thrown).message;
              this.#failed.hidden = false;
            },
          );
        }),
        button(
          teach.discard,
          () => {
            this.modal.close();
          },
          { kind: 'secondary' },
        ),
      ),
    );
    this.#result.lang = locale().lang;
    heading.focus();
  }
}
