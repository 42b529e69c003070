import type { FrameLocator, Locator, Page } from 'playwright-core';
import { until } from './until.js';

/** The window, as a person sees it: activity bar, tree, palette, notifications, panel. */
export class Workbench {
  constructor(readonly page: Page) {}

  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    // The extensions have been scanned when ours has its icon.
    await this.viewIcon.waitFor({ timeout: 60_000 });
  }

  private get viewIcon(): Locator {
    return this.page.locator('.activitybar').getByRole('tab', { name: 'Droplens' });
  }

  /**
   * The tree "Layers", shown. A second click on the icon would hide it, so it looks first; a window that is still coming
   * back selects the icon by itself, perhaps right before the click.
   */
  async openView(): Promise<Tree> {
    const tree = new Tree(this.page);
    await until('the tree', async () => {
      if ((await this.viewIcon.getAttribute('aria-selected')) !== 'true') await this.viewIcon.click();
      const shown = tree.element.waitFor({ timeout: 5000 });
      return shown.then(() => true).catch(() => false);
    });
    return tree;
  }

  /** Another view container in the place of ours. */
  async showExplorer(): Promise<void> {
    await this.page.locator('.activitybar').getByRole('tab', { name: /^Explorer/ }).click();
    await new Tree(this.page).element.waitFor({ state: 'detached' });
  }

  /** Runs a command by the title that the palette shows. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.quickInput.fill(`>${title}`);
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await row.click();
  }

  /** The text field of palette, pickers and input boxes. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-box input');
  }

  quickPick(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-widget:visible .monaco-list-row').filter({ hasText: text }).first();
  }

  async setTheme(name: string): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.quickInput.fill(name);
    await this.quickPick(name).click();
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text }).first();
  }

  async clearToasts(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.page.locator('.notifications-toasts .notification-list-item').first().waitFor({ state: 'detached' });
  }

  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Tab of an editor. */
  tab(name: string | RegExp): Locator {
    return this.page.locator('.tabs-container').getByRole('tab', { name });
  }

  /** What the visible webview shows. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
  }

  /** The line between the title of the view and the tree, where the extension says what is wrong. */
  get viewMessage(): Locator {
    return this.page.locator('.sidebar .tree-explorer-viewlet-tree-view .message');
  }

  /** Notes every text that the line above the tree shows, however short. */
  async noteMessages(): Promise<() => Promise<string[]>> {
    await this.page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { droplensMessages: seen });
      const look = (): void => {
        for (const line of document.querySelectorAll('.sidebar .message')) seen.push(line.textContent);
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    return () => this.page.evaluate(() => (window as unknown as { droplensMessages: string[] }).droplensMessages);
  }

  /** Reloads the window as the command does: what is open is saved first. */
  async reload(): Promise<void> {
    const loads = this.page.waitForEvent('load', { timeout: 60_000 });
    await this.runCommand('Developer: Reload Window');
    await loads;
    await this.ready();
  }
}

/** The tree "Layers". A tree holds only the rows that are on the screen. */
export class Tree {
  readonly element: Locator;

  constructor(readonly page: Page) {
    this.element = page.getByRole('tree', { name: 'Layers' });
  }

  /** A row by its label. */
  row(label: string | RegExp): Locator {
    const name = this.page.locator('.label-name').filter({ hasText: label });
    return this.element.getByRole('treeitem').filter({ has: name }).first();
  }

  get selected(): Locator {
    return this.element.locator('[role=treeitem][aria-selected=true]');
  }

  /** Labels of the rows on the screen at a depth (1 = roots), from top to bottom. */
  async labels(level: number): Promise<string[]> {
    const rows = await this.element.locator(`[role=treeitem][aria-level="${level}"]`).all();
    const placed = await Promise.all(
      rows.map(async (row) => ({
        y: (await row.boundingBox())?.y ?? 0,
        text: (await row.locator('.label-name').first().textContent()) ?? '',
      })),
    );
    return placed.sort((a, b) => a.y - b.y).map(({ text }) => text);
  }

  /** The dim text right of the label. */
  async description(label: string | RegExp): Promise<string> {
    return (await this.row(label).locator('.label-description').first().textContent()) ?? '';
  }

  /** Label and dim text of every row on the screen. */
  async values(): Promise<Map<string, string>> {
    const rows = await this.element.getByRole('treeitem').evaluateAll((items) =>
      items.map((item): [string, string] => [
        item.querySelector('.label-name')?.textContent ?? '',
        item.querySelector('.label-description')?.textContent ?? '',
      ]),
    );
    return new Map(rows);
  }

  /** Waits until the value of some row that shows a number has changed, and returns its label. */
  async movingRow(): Promise<string> {
    const first = new Map<string, string>();
    return until('a row of the tree whose number moves', async () => {
      for (const [label, value] of await this.values()) {
        const before = first.get(label);
        if (before === undefined) first.set(label, value);
        else if (before !== value && /\d/.test(before) && /\d/.test(value)) return label;
      }
      return null;
    });
  }

  async select(label: string | RegExp): Promise<void> {
    await this.row(label).locator('.label-name').first().click();
    await until(`row ${String(label)} selected`, async () => (await this.row(label).getAttribute('aria-selected')) === 'true');
  }

  /** How often a row is painted within so many milliseconds. */
  async paints(label: string, ms: number): Promise<number> {
    return this.element.evaluate(
      async (tree, [name, time]) => {
        let count = 0;
        const observer = new MutationObserver((records) => {
          for (const { target } of records) {
            const element = target instanceof Element ? target : target.parentElement;
            if (element?.closest('[role=treeitem]')?.querySelector('.label-name')?.textContent === name) count++;
          }
        });
        // Not its place among the others, which is written anew when a row above it is painted.
        observer.observe(tree, { subtree: true, childList: true, characterData: true, attributeFilter: ['aria-label', 'class'] });
        await new Promise((resolve) => setTimeout(resolve, time));
        observer.disconnect();
        return count;
      },
      [label, ms] as const,
    );
  }

  /** Closes every open layer: a machine that loses packets elsewhere opens layers that push others off the screen. */
  async collapseLayers(): Promise<void> {
    for (const label of await this.element.locator('[role=treeitem][aria-level="2"][aria-expanded=true] .label-name').allTextContents()) {
      await this.collapse(new RegExp(`^${label}$`));
    }
  }

  async expand(label: string | RegExp): Promise<void> {
    await this.set(label, 'true');
  }

  async collapse(label: string | RegExp): Promise<void> {
    await this.set(label, 'false');
  }

  /** By the arrow before the label: a click on the label would select the row, and may run its command. */
  private async set(label: string | RegExp, expanded: 'true' | 'false'): Promise<void> {
    const row = this.row(label);
    const is = async (): Promise<boolean> => (await row.getAttribute('aria-expanded')) === expanded;
    // A target whose first values arrive opens what has a finding, perhaps right after the click.
    await until(`row ${String(label)} with aria-expanded=${expanded}`, async () => {
      if (await is()) return true;
      await row.locator('.monaco-tl-twistie').click();
      return until('the row follows', is, 2).catch(() => false);
    });
  }
}
