import type { FrameLocator, Locator } from 'playwright-core';

/** The runbook's page: a document of steps, each a section with a heading and its commands. */
export class RunbookPage {
  constructor(readonly frame: FrameLocator) {}

  /** The section of a step, by its title. */
  step(title: string | RegExp): Step {
    const heading = this.frame.getByRole('heading', { level: 2, name: title });
    return new Step(this.frame.locator('section').filter({ has: heading }).first(), heading.first());
  }

  get headings(): Locator {
    return this.frame.getByRole('heading');
  }

  /** Accessible name, role and text of what has the focus; empty when nothing has. */
  async focused(): Promise<string> {
    return this.frame.locator('body').evaluate((body) => {
      const active = body.ownerDocument.activeElement;
      if (active === null || active === body) return '';
      return `${active.tagName.toLowerCase()}: ${active.getAttribute('aria-label') ?? active.textContent.trim()}`;
    });
  }

  /** What a screen reader would stumble over, one sentence each. */
  async accessibilityProblems(): Promise<string[]> {
    return this.frame.locator('body').evaluate((body) => {
      const problems: string[] = [];
      const shown = (element: Element): boolean => element.checkVisibility();
      const nameOf = (element: Element): string => {
        const ids = element.getAttribute('aria-labelledby')?.split(' ') ?? [];
        const labelled = ids.map((id) => body.ownerDocument.getElementById(id)?.textContent ?? '').join(' ');
        const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])].map((l) => l.textContent).join(' ') : '';
        const title = element.getAttribute('title') ?? '';
        return (element.getAttribute('aria-label') ?? (labelled || labels || element.textContent || title)).trim();
      };
      const levels = [...body.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(shown).map((h) => Number(h.tagName[1]));
      if (levels.filter((level) => level === 1).length !== 1) problems.push('there is not exactly one first-level heading');
      levels.forEach((level, i) => {
        if (level > (levels[i - 1] ?? 0) + 1) problems.push(`heading ${i + 1} skips a level`);
      });
      for (const element of body.querySelectorAll('button, [role=button], a, input, select, summary, [tabindex="0"]')) {
        if (shown(element) && nameOf(element) === '') problems.push(`without a name: ${element.outerHTML.slice(0, 100)}`);
      }
      for (const element of body.querySelectorAll('[tabindex]')) {
        if (Number(element.getAttribute('tabindex')) > 0) problems.push(`forces the tab order: ${element.outerHTML.slice(0, 100)}`);
      }
      for (const table of body.querySelectorAll('table')) {
        if (table.querySelector('th') === null) problems.push('a table has no header cells');
      }
      const ids = [...body.querySelectorAll('[id]')].map((element) => element.id);
      for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i))) problems.push(`id ${id} is used twice`);
      if (body.querySelector('[aria-live], [role=status], [role=log], [role=alert]') === null) problems.push('there is no live region');
      if (body.querySelector('main, [role=main]') === null) problems.push('there is no main landmark');
      if (!body.ownerDocument.documentElement.lang) problems.push('the language is not set');
      return problems;
    });
  }
}

export class Step {
  constructor(
    readonly section: Locator,
    readonly heading: Locator,
  ) {}

  /** One of the step's commands, by what it is called. */
  command(label: string): Command {
    return new Command(this.section.getByRole('group', { name: label }), label);
  }

  /** The box that ticks the step off. */
  get done(): Locator {
    return this.section.getByRole('checkbox', { name: /^Done: / });
  }
}

/** A command with its buttons and, after a run, its result. */
export class Command {
  constructor(
    readonly card: Locator,
    readonly label: string,
  ) {}

  button(action: 'Run' | 'Copy' | 'Type into a terminal without running'): Locator {
    return this.card.getByRole('button', { name: `${action}: ${this.label}` });
  }

  /** The sentence that says what the output means. */
  get sentence(): Locator {
    return this.card.getByRole('status');
  }

  /** Rows of the interpreted output that contain a text. */
  rows(text: string): Locator {
    return this.card.getByRole('row').filter({ hasText: text });
  }
}
