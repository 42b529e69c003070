import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startEmbedded } from '../../../scripts/lib/embedded.mjs';
import { root, vsixFile } from '../../../scripts/lib/paths.mjs';
import { findChromium } from '../../../scripts/lib/requirements.mjs';
import { Workbench } from './workbench.js';

/** Settings that keep the window still and quiet; a test adds its own. */
const quiet = {
  'workbench.reduceMotion': 'on',
  'workbench.enableExperiments': false,
  'window.restoreWindows': 'all',
  'git.enabled': false,
  'editor.minimap.enabled': false,
  // Its text is then in the document.
  'terminal.integrated.gpuAcceleration': 'off',
};

/** Where pictures and the logs of failed tests are kept. */
export const outFolder = join(root, 'out', 'e2e');

export interface SessionOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of VS Code and of all that it starts, over the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Puts files into the home folder of the run, before VS Code starts. */
  readonly home?: Readonly<Record<string, string>>;
  /** The folder that is opened is not trusted. */
  readonly restricted?: boolean;
}

/** A VS Code with the packaged extension in it, and a browser that shows it. */
export class Session {
  private constructor(
    private readonly vscode: Awaited<ReturnType<typeof startEmbedded>>,
    private readonly browser: Browser,
    readonly page: Page,
    readonly workbench: Workbench,
  ) {}

  static async open(options: SessionOptions = {}): Promise<Session> {
    const vscode = await startEmbedded({ vsix: vsixFile, settings: { ...quiet, ...options.settings }, env: { ...options.env }, home: true, restricted: options.restricted === true });
    let browser: Browser | null = null;
    try {
      for (const [name, text] of Object.entries(options.home ?? {})) {
        const file = join(vscode.folder, 'home', name);
        mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
        writeFileSync(file, text, { mode: 0o600 });
      }
      const folder = join(vscode.folder, 'home', 'work');
      mkdirSync(folder, { recursive: true });
      const executablePath = findChromium();
      if (executablePath === null) throw new Error('There is no Chromium to drive: apt-get install chromium');
      browser = await chromium.launch({
        executablePath,
        args: ['--no-sandbox'],
        // Its profile lies in the folder of the run, which is removed with it.
        env: { ...process.env, TMPDIR: join(vscode.folder, 'tmp') } as Record<string, string>,
      });
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.goto(`${vscode.url}/?folder=${folder}`);
      const workbench = new Workbench(page);
      await workbench.ready();
      return new Session(vscode, browser, page, workbench);
    } catch (error) {
      await browser?.close();
      await vscode.stop();
      throw error;
    }
  }

  /** Saves what the window shows as `out/e2e/NAME.png`. */
  async picture(name: string): Promise<string> {
    mkdirSync(outFolder, { recursive: true });
    const path = join(outFolder, `${name}.png`);
    // Away from whatever shows a hover.
    await this.page.mouse.move(640, 799);
    await this.page.locator('.monaco-hover:visible, .workbench-hover:visible').first().waitFor({ state: 'hidden' });
    await this.page.screenshot({ path });
    return path;
  }

  /** Keeps a picture and all logs of this run under `out/e2e/failed/NAME`. */
  async keepEvidence(name: string): Promise<void> {
    const folder = join(outFolder, 'failed', name.replace(/[^\w-]+/g, '-').slice(0, 80));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, 'window.png') });
    writeFileSync(join(folder, 'code-server.log'), this.vscode.log());
    const logs = join(this.vscode.folder, 'data', 'logs');
    if (existsSync(logs)) cpSync(logs, join(folder, 'logs'), { recursive: true });
  }

  /** The text of all logs of this run. */
  logs(): string {
    const folder = join(this.vscode.folder, 'data', 'logs');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return [this.vscode.log(), ...files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))].join('\n');
  }

  /** Processes of this run whose command line contains `part`. */
  processes(part: string): number[] {
    return this.vscode.processes(part);
  }

  /** Changes a setting of the user while the window is open; VS Code takes a moment to notice. */
  changeSetting(name: string, value: unknown): void {
    const file = join(this.vscode.folder, 'data', 'User', 'settings.json');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...settings, [name]: value }, null, 2));
  }

  /** Reads a file below the home folder of the run. */
  homeFile(name: string): string {
    return join(this.vscode.folder, 'home', name);
  }

  /** Ends everything this session started, and waits until it has ended. */
  async close(): Promise<void> {
    // An empty page first: the extension host then runs `deactivate` and ends by itself.
    await this.page.goto('about:blank').catch(() => undefined);
    await this.browser.close();
    await this.vscode.stop();
  }
}
