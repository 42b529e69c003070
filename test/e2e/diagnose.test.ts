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

const runbook = (): RunbookPage => new RunbookPage(session.workbench.webview);

test('the icon opens the layers in the order a packet meets them, with counters that move', async () => {
  const tree = await session.workbench.openView();
  const layers = await until('nine layers', async () => {
    const labels = await tree.labels(2);
    return labels.length === 9 && labels;
  });
  layers.forEach((label, i) => expect(label.toLowerCase()).toContain(LAYERS[i]?.toLowerCase()));
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
  await tree.collapse(/^Network/);
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
  await command.card.scrollIntoViewIfNeeded();
  await session.picture('readme-runbook');
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
  expect(await session.workbench.tab(/Where does this host lose packets/).count()).toBe(1);
  const tree = await session.workbench.openView();
  await until('the layers again', async () => (await tree.labels(2)).length === 9);
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
});

test('high contrast reaches the page, and health is told by words as well as by colour', async () => {
  const { workbench } = session;
  await workbench.runCommand('Preferences: Color Theme');
  await workbench.quickInput.fill('Dark High Contrast');
  await workbench.quickPick('Dark High Contrast').click();
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
