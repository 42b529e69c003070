import type { StepVerdict, TableView } from '../protocol/runbook.js';
import { arrange, el, setText } from './dom.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

interface RowView {
  readonly row: HTMLTableRowElement;
  readonly texts: readonly Text[];
  readonly sign: Sign;
  readonly spoken: HTMLElement;
}

/** A table whose cells are repainted one by one: rows are told apart by their keys. */
export class Table {
  readonly element: HTMLElement;
  readonly #caption = el('caption');
  readonly #head = el('tr');
  readonly #body = el('tbody');
  readonly #more = el('p', { class: 'more', hidden: true });
  readonly #rows = new Map<string, RowView>();
  #columns: readonly string[] = [];

  constructor(private readonly say: Say) {
    const table = el('table', {}, this.#caption, el('thead', {}, this.#head), this.#body);
    this.element = el('div', { class: 'table' }, table, this.#more);
  }

  update(view: TableView): void {
    setText(this.#caption, view.caption);
    if (this.#columns.length !== view.columns.length || this.#columns.some((name, at) => name !== view.columns[at])) {
      this.#columns = view.columns;
      this.#head.replaceChildren(...view.columns.map((name) => el('th', { scope: 'col' }, name)));
      this.#rows.clear();
    }
    const keys = new Set<string>();
    const wanted: HTMLTableRowElement[] = [];
    for (const { key, cells, mark } of view.rows) {
      if (keys.has(key)) continue;
      keys.add(key);
      const row = this.#row(key);
      row.texts.forEach((text, at) => {
        setText(text, cells[at] ?? '');
        // Names, numbers and units stay whole; only a sentence may wrap.
        text.parentElement?.classList.toggle('text', isSentence(cells[at] ?? ''));
      });
      this.#mark(row, mark);
      wanted.push(row.row);
    }
    for (const key of [...this.#rows.keys()]) if (!keys.has(key)) this.#rows.delete(key);
    arrange(this.#body, wanted);
    const note = view.more > 0 ? this.say('table.more', view.more) : keys.size === 0 ? this.say('table.none') : '';
    this.#more.hidden = note === '';
    setText(this.#more, note);
  }

  #mark(row: RowView, mark: StepVerdict | null): void {
    row.sign.show(mark);
    row.sign.element.toggleAttribute('hidden', mark === null);
    setText(row.spoken, mark === null ? '' : `${this.say(`verdict.${mark}`)} `);
    if (row.row.dataset['mark'] !== (mark ?? 'none')) row.row.dataset['mark'] = mark ?? 'none';
  }

  #row(key: string): RowView {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const texts = this.#columns.map(() => document.createTextNode(''));
    const cells = texts.map((text, at) => (at === 0 ? el('th', { scope: 'row' }, text) : el('td', {}, text)));
    const sign = new Sign();
    const spoken = el('span', { class: 'spoken' });
    cells[0]?.prepend(sign.element, spoken);
    const made: RowView = { row: el('tr', {}, ...cells), texts, sign, spoken };
    this.#rows.set(key, made);
    return made;
  }
}

const isSentence = (text: string): boolean => text.length > 24 && text.includes(' ');

/** Several tables under each other, told apart by their captions. */
export class Tables {
  readonly element = el('div', { class: 'tables' });
  readonly #tables = new Map<string, Table>();

  constructor(private readonly say: Say) {}

  update(views: readonly TableView[]): void {
    const wanted: HTMLElement[] = [];
    const seen = new Set<string>();
    views.forEach((view, at) => {
      const key = seen.has(view.caption) ? `${view.caption}\n${at}` : view.caption;
      seen.add(key);
      const table = this.#tables.get(key) ?? new Table(this.say);
      this.#tables.set(key, table);
      table.update(view);
      wanted.push(table.element);
    });
    for (const key of [...this.#tables.keys()]) if (!seen.has(key)) this.#tables.delete(key);
    arrange(this.element, wanted);
  }
}
