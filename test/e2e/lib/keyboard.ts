import type { Page } from 'playwright-core';
import type { RunbookPage } from './runbook.js';
import { until } from './until.js';
import type { Workbench } from './workbench.js';

/** A person without a mouse. */
export class Keyboard {
  constructor(private readonly workbench: Workbench) {}

  private get page(): Page {
    return this.workbench.page;
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Runs a command of the palette by its title. */
  async command(title: string): Promise<void> {
    await this.press('F1');
    await this.choose(title);
  }

  /** Types a part of a row's text into a list, and takes it. */
  async choose(text: string): Promise<void> {
    await this.workbench.quickInput.waitFor();
    await this.type(text);
    await this.page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: text }).first().waitFor({ timeout: 30_000 });
    await this.press('Enter');
  }

  /** Goes through a page by Tab until a button with this text has the focus. */
  async tabTo(page: RunbookPage, text: string): Promise<void> {
    const seen: string[] = [];
    await until(`“${text}” under the fingers`, async () => {
      const focused = await page.focused();
      if (focused.startsWith('button: ') && focused.includes(text)) return true;
      seen.push(focused);
      if (seen.length > 60) throw new Error(`“${text}” was not reached:\n${seen.join('\n')}`);
      await this.press('Tab');
      return false;
    });
  }

  /** Counts what a mouse or a finger does to the window from now on. */
  async watchMouse(): Promise<() => Promise<number>> {
    await this.page.evaluate(() => {
      Object.assign(window, { droplensPresses: 0 });
      const count = (): void => void (window as unknown as { droplensPresses: number }).droplensPresses++;
      window.addEventListener('pointerdown', count, { capture: true });
    });
    return () => this.page.evaluate(() => (window as unknown as { droplensPresses: number }).droplensPresses);
  }
}
