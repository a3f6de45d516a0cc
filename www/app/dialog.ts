import { button, h, icon, icons, uniqueId } from './dom.js';

/** A modal dialog with a heading and a way out. It takes itself away when it is closed. */
export class Modal {
  readonly element: HTMLDialogElement;
  readonly body = h('div', { class: 'dialog-body' });

  /** @param close - what the button that closes it is called */
  constructor(heading: string, close: string) {
    const id = uniqueId('dialog');
    this.element = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': id },
      h(
        'header',
        {},
        h('h2', { id }, heading),
        button(
          '',
          () => {
            this.close();
          },
          { kind: 'round', symbol: icon(icons.close), label: close },
        ),
      ),
      this.body,
    );
    // A click on the dark around it: the dialog itself is the target only there, its padding is its
    // children's.
    this.element.addEventListener('click', (event) => {
      if (event.target === this.element) this.close();
    });
    this.element.addEventListener('close', () => {
      this.element.remove();
    });
  }

  open(): void {
    document.body.append(this.element);
    this.element.showModal();
  }

  close(): void {
    this.element.close();
  }
}
