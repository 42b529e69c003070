import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { overflowAcceptQueue } from './lib/accept-queue.js';
import { RunbookPage } from './lib/runbook.js';
import { Session } from './lib/session.js';
import { until } from './lib/until.js';

// One window, and one story: each test goes on where the one before has left it.
const LAYERS = ['Application', 'Transport', 'Netfilter', 'Network', 'Neighbour', 'Link', 'Softnet', 'NIC', 'Path'];
const LIST = 'List listening sockets and their queues';

let session: Session;
let fault: Awaited<ReturnType<typeof overflowAcceptQueue>>;
beforeAll(async () => {
  fault = await overflowAcceptQueue();
  session = await Session.open();
});
afterAll(async () => {
  await session?.close();
  await fault?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.keepEvidence(task.name);
});

/** Bytes that a process reads in so many milliseconds. */
async function bytesRead(pid: number | undefined, ms: number): Promise<number> {
  const sum = (): number => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  const before = sum();
  await sleep(ms);
  return sum() - before;
}

const runbook = (): RunbookPage => new RunbookPage(session.workbench.webview);

test('the icon opens the layers in the order a packet meets them, with counters that move', async () => {
  const tree = await session.workbench.openView();
  const layers = await until('nine layers', async () => {
    await tree.collapseLayers();
    const labels = await tree.labels(2);
    return labels.length === 9 && labels;
  });
  layers.forEach((label, i) => expect(label.toLowerCase()).toContain(LAYERS[i]?.toLowerCase()));
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
  await tree.collapse(/^Network/);
});

test('a row that did not change is not painted again, and nothing is read for a hidden tree', async () => {
  const { workbench } = session;
  const tree = await workbench.openView();
  await tree.select(/^Neighbour/);
  await tree.collapse(/^Application/);
  // Another finding on the host repaints all of it; between two of them, only what changed is painted.
  await until('a calm row beside one that changes', async () => {
    const [calm, moving] = await Promise.all([tree.paints('Neighbour', 2500), tree.paints('Application', 2500)]);
    return calm === 0 && moving > 0;
  });
  await tree.selected.filter({ hasText: /^Neighbour/ }).waitFor();
  await tree.collapse(/^Neighbour/);
  const [server] = session.processes('dist/server.js');
  await workbench.showExplorer();
  await until('two seconds without a byte read', async () => (await bytesRead(server, 1500)) === 0);
  await workbench.openView();
  await until('values again', async () => (await bytesRead(server, 1500)) > 0);
});

test('the palette command names the full accept queue, selects its layer and opens its step', async () => {
  const { workbench } = session;
  await workbench.runCommand('Droplens: Diagnose packet loss');
  await workbench.toast(/accept queue/i).waitFor({ timeout: 30_000 });
  const tree = await workbench.openView();
  await tree.selected.filter({ hasText: /application/i }).waitFor();
  const step = runbook().step('Accept queue');
  await step.command(LIST).button('Run').waitFor();
  await until('the step on the screen', () => step.heading.evaluate((heading) => {
    const { top, bottom } = heading.getBoundingClientRect();
    return top >= 0 && bottom <= heading.ownerDocument.documentElement.clientHeight;
  }));
  await runbook().frame.getByText(`127.0.0.1:${fault.port}`).first().waitFor();
  await workbench.clearToasts();
  await tree.expand(/^Listeners/);
  await until('the listener in the tree', () => tree.row(new RegExp(`:${fault.port}`)).isVisible());
  await tree.selected.filter({ hasText: /application/i }).waitFor();
  await session.picture('readme-tree');
});

test('Run shows the interpreted output under the step', async () => {
  const command = runbook().step('Accept queue').command(LIST);
  expect((await command.sentence.textContent())?.trim()).toBe('');
  await command.button('Run').click();
  const row = command.rows(`:${fault.port}`);
  await row.first().waitFor();
  // Three wait where two have room: the kernel tests with `>`.
  expect(await row.first().textContent()).toMatch(/3.*2/);
  expect(await command.sentence.textContent()).toMatch(/^Losing: |^At risk: /);
  await command.card.getByText(/Exit code 0/).waitFor();
  await session.workbench.setTheme('Dark Modern');
  await runbook().frame.locator('body.vscode-dark').waitFor();
  await command.card.scrollIntoViewIfNeeded();
  await session.picture('readme-runbook');
});

test('names and numbers of tables stay whole, and a narrow page scrolls the table and not itself', async () => {
  const { page } = session;
  const names = runbook().step('Accept queue').section.locator('.table th[scope=row]');
  const broken = (): Promise<string[]> =>
    names.evaluateAll((cells) =>
      cells
        .filter((cell) => {
          const range = cell.ownerDocument.createRange();
          range.selectNodeContents(cell.lastChild ?? cell);
          return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1;
        })
        .map((cell) => cell.textContent),
    );
  expect(await broken()).toEqual([]);
  await page.setViewportSize({ width: 720, height: 800 });
  await until('the narrow page', () => runbook().frame.locator('html').evaluate((html) => html.clientWidth < 400));
  expect(await broken()).toEqual([]);
  expect(await runbook().frame.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)).toBe(0);
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('Terminal types the command once, after the prompt, and does not run it', async () => {
  await runbook().step('Accept queue').command(LIST).button('Type into a terminal without running').click();
  const typed = session.page.locator('.terminal .xterm-rows > div').filter({ hasText: 'ss -lntp' });
  await typed.first().waitFor();
  expect(await typed.count()).toBe(1);
  await session.workbench.runCommand('Terminal: Kill the Active Terminal Instance');
  await typed.first().waitFor({ state: 'detached' });
});

test('the page can be walked with the keyboard and read by a screen reader', async () => {
  const { page } = session;
  const step = runbook().step('Accept queue');
  expect(await runbook().accessibilityProblems()).toEqual([]);
  await step.done.focus();
  await page.keyboard.press('Space');
  expect(await step.done.isChecked()).toBe(true);
  const reached = new Set<string>();
  for (let i = 0; i < 60 && ![...reached].some((name) => name.startsWith('button: Run: ')); i++) {
    await page.keyboard.press('Tab');
    reached.add(await runbook().focused());
  }
  expect([...reached].join('\n')).toMatch(/button: Run: /);
  await page.keyboard.press('j');
  await until('the next step has the focus', async () => (await runbook().focused()).includes('Abort on overflow'));
  await page.keyboard.press('k');
  await until('the step before has the focus', async () => (await runbook().focused()).includes('Accept queue'));
});

test('a reloaded window finds its place', async () => {
  await session.workbench.reload();
  const step = runbook().step('Accept queue');
  await step.command(LIST).button('Run').waitFor({ timeout: 60_000 });
  expect(await step.done.isChecked()).toBe(true);
  const report = runbook().frame.locator('#report');
  await report.getByText('This is an earlier verdict').waitFor();
  await report.getByText(`127.0.0.1:${fault.port}`).first().waitFor();
  expect(await session.workbench.tab(/Where does this host lose packets/).count()).toBe(1);
  const tree = await session.workbench.openView();
  await until('the layers again', async () => (await tree.labels(2)).length === 9);
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
});

test('high contrast reaches the page, and health is told by words as well as by colour', async () => {
  const { workbench } = session;
  await workbench.setTheme('Dark High Contrast');
  await session.page.locator('.monaco-workbench.hc-black').waitFor();
  await runbook().frame.locator('body.vscode-high-contrast').waitFor();
  await runbook().step('Accept queue').section.getByText('Losing').first().waitFor();
  await session.picture('high-contrast');
});

test('a killed server is said in the tree, and comes back', async () => {
  const servers = session.processes('dist/server.js');
  expect(servers).toHaveLength(1);
  const messages = await session.workbench.noteMessages();
  for (const pid of servers) process.kill(pid, 'SIGKILL');
  await until('the view says so', async () => (await messages()).some((text) => /ended unexpectedly/.test(text)));
  await until('another server', () => session.processes('dist/server.js').some((pid) => !servers.includes(pid)));
  const tree = await session.workbench.openView();
  await until('the message has gone', async () => !(await session.workbench.viewMessage.allTextContents()).join('').trim());
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
});
