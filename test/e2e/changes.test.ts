import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Keyboard } from './lib/keyboard.js';
import { RunbookPage } from './lib/runbook.js';
import { Session } from './lib/session.js';
import { twoHosts, type TwoHosts } from './lib/two-hosts.js';
import { until } from './lib/until.js';

// One window, and one story: each test goes on where the one before has left it.
const SETTING = 'net.ipv4.icmp_echo_ignore_all';
const FILE = '/etc/sysctl.d/99-zz-droplens.conf';

let hosts: TwoHosts;
let session: Session;
let keys: Keyboard;
beforeAll(async () => {
  hosts = await twoHosts();
  session = await Session.open({ home: { '.ssh/config': hosts.sshConfig }, restricted: true });
  keys = new Keyboard(session.workbench);
});
afterAll(async () => {
  await session?.close();
  await hosts?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.keepEvidence(task.name);
});

const runbook = (): RunbookPage => new RunbookPage(session.workbench.webview);
/** What the page says of a change. */
const change = (): ReturnType<RunbookPage['frame']['locator']> => runbook().frame.locator('.change:visible');
const apply = async (): Promise<void> => {
  await keys.tabTo(runbook(), 'Apply, with undo and proof');
  await keys.press('Enter');
};
/** From the guide to a cause's own page. */
const openCause = async (title: string): Promise<void> => {
  await keys.tabTo(runbook(), title);
  await keys.press('Enter');
  await session.workbench.tab(new RegExp(`^${title}`)).waitFor();
  // A page that has no document yet does not pass keys on.
  await runbook().frame.getByRole('button', { name: /^Apply, with undo and proof/ }).waitFor();
};
const dialog = async (): Promise<string> => {
  await session.workbench.dialog().waitFor();
  return (await session.workbench.dialog().textContent()) ?? '';
};

test('namespaces of a host are listed with what runs in them, found by typing, and become targets of their own', async () => {
  const { workbench, page } = session;
  const tree = await workbench.openView();
  await keys.command('Droplens: Look into container');
  await workbench.quickPick(hosts.client).waitFor();
  await workbench.quickPick(/ping, \d/).waitFor();
  await keys.type('droplens-we');
  await until('only what was typed', async () => (await page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: hosts.client }).count()) === 0);
  await session.picture('namespaces');
  await keys.press('Enter');
  await until('the namespace in the tree', async () => (await tree.labels(1)).some((label) => label.startsWith(`${hosts.web} · namespace on`)));
  await keys.command('Droplens: Look into container');
  await keys.choose('This machine');
  await keys.choose(hosts.client);
  // Open layers would push the others off the screen.
  await tree.collapse('This machine');
  await tree.collapse(new RegExp(`^${hosts.web}`));
  await until('three targets', async () => (await tree.labels(1)).length === 3);
  await until('the finding, which opens its layer', () => page.locator('.label-description').filter({ hasText: 'Different MTU' }).isVisible());
  await tree.collapse(new RegExp(`^${hosts.client}`));
});

test('in a workspace that is not trusted hosts are looked at and not changed', async () => {
  const { workbench } = session;
  await keys.command('Droplens: Diagnose packet loss');
  await keys.choose(hosts.web);
  await workbench.toast(/every ping over IPv4/).waitFor({ timeout: 30_000 });
  await openCause('This host is set to ignore ping');
  await apply();
  await runbook().frame.getByText('This workspace is not trusted: hosts can be looked at, and not changed.').waitFor();
  await runbook().frame.getByText('Trust the workspace with “Workspaces: Manage Workspace Trust”.').waitFor();
  expect(await workbench.dialog().count()).toBe(0);
  expect(await hosts.sysctl(SETTING)).toBe('1');
  await session.picture('restricted');
  await workbench.clearToasts();
});

test('from the diagnosis to the fix, its proof and its undoing, by keyboard alone', async () => {
  const { workbench, page } = session;
  const tree = await workbench.openView();
  const presses = await keys.watchMouse();
  await keys.command('Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor').waitFor();
  await keys.press('Control+Enter');
  await page.locator('.workspace-trust-editor.trusted').waitFor();
  await keys.press('Escape');

  await keys.command('Droplens: Add SSH host');
  await keys.choose(hosts.alias);
  expect(await dialog()).toContain('SHA256:');
  await keys.press('Enter');
  // A tree holds only the rows that are on the screen, and the new host is its last.
  await keys.command('Focus on Layers View');
  await until('the host in the tree', async () => {
    await keys.press('End');
    return tree.row(hosts.alias).isVisible();
  });
  await keys.command('Droplens: Diagnose packet loss');
  await keys.choose(hosts.alias);
  await workbench.toast(/every ping over IPv4/).waitFor({ timeout: 30_000 });
  await openCause('This host is set to ignore ping');
  await keys.command('Notifications: Clear All Notifications');

  await apply();
  const text = await dialog();
  for (const part of [`${SETTING}: 1 → 0`, 'Host: web-1', 'User: root', 'Commands:', 'Undo:', 'after 60 s unless you keep it', 'unanswered pings']) expect(text).toContain(part);
  await session.picture('change-question');
  await keys.press('Enter');
  await change().getByText('Watching the counters for 5 s before anything is changed…').waitFor();
  await change().getByText(/^The change is made\. The host undoes it in \d+ s unless you keep it\.$/).waitFor({ timeout: 30_000 });
  expect(await hosts.sysctl(SETTING)).toBe('0');
  await until('the word that it waits for has the focus', async () => (await runbook().focused()) === 'button: Keep');
  await page.locator('.statusbar-item').filter({ hasText: /web-1: undone in \d+ s/ }).waitFor();
  await session.picture('readme-countdown');
  await change().getByText(/^It stopped: unanswered pings [\d.]+\/s → 0\/s\.$/).waitFor({ timeout: 30_000 });
  const left = async (): Promise<number> => Number(/in (\d+) s/.exec((await change().locator('.clock').textContent()) ?? '')?.[1]);
  const first = await left();
  await until('the clock that runs', async () => (await left()) < first);
  expect(await change().getByRole('row').filter({ hasText: 'unanswered pings' }).textContent()).toMatch(/[1-9][\d.]*\/s0\/s$/);
  expect(await runbook().accessibilityProblems()).toEqual([]);
  expect(await runbook().focused()).toBe('button: Keep');
  await session.picture('readme-proof');
  await page.setViewportSize({ width: 720, height: 800 });
  await until('the narrow page', () => runbook().frame.locator('html').evaluate((html) => html.clientWidth < 400));
  expect(await runbook().frame.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)).toBe(0);
  await session.picture('change-narrow');
  await page.setViewportSize({ width: 1280, height: 800 });
  await keys.press('Enter');
  await change().getByText('The change was kept.').waitFor();
  expect(await hosts.sysctl(SETTING)).toBe('0');

  await keys.tabTo(runbook(), 'Keep it over a reboot');
  await keys.press('Enter');
  expect(await dialog()).toContain(FILE);
  await page.locator('.monaco-diff-editor .modified .view-line').filter({ hasText: `${SETTING} = 0` }).waitFor();
  expect(hosts.file(FILE)).toBeNull();
  await session.picture('persist');
  await keys.press('Enter');
  await workbench.toast(/was written/).waitFor();
  expect(hosts.file(FILE)).toMatch(new RegExp(`^${SETTING} = 0$`, 'm'));
  await keys.command('Notifications: Clear All Notifications');

  await keys.command('Droplens: Undo all my changes on this host');
  await keys.choose(hosts.alias);
  expect(await dialog()).toContain(`${SETTING}: 0 → 1`);
  await keys.press('Enter');
  await workbench.toast(/Put back/).waitFor();
  expect(await hosts.sysctl(SETTING)).toBe('1');
  expect(hosts.file(FILE)).toBeNull();
  expect(await presses()).toBe(0);
  await workbench.clearToasts();
});

test('what nobody keeps is undone by the host', async () => {
  const { workbench } = session;
  await keys.command('View: Close All Editors');
  session.changeSetting('droplens.changes.undoAfter', 15);
  await workbench.reload();
  await keys.command('Droplens: Diagnose packet loss');
  await keys.choose(hosts.alias);
  await workbench.toast(/every ping over IPv4/).waitFor({ timeout: 30_000 });
  await openCause('This host is set to ignore ping');
  await workbench.clearToasts();
  await apply();
  expect(await dialog()).toContain('after 15 s unless you keep it');
  await keys.press('Enter');
  await change().getByText(/unless you keep it\.$/).waitFor({ timeout: 30_000 });
  expect(await hosts.sysctl(SETTING)).toBe('0');
  await change().getByText('Nobody confirmed in time: the host undid the change.').waitFor({ timeout: 40_000 });
  expect(await hosts.sysctl(SETTING)).toBe('1');
  await runbook().step('This host is set to ignore ping').section.getByText('At risk').first().waitFor();
});

test('a window that is closed during a trial claims nothing, and says later how it ended', async () => {
  const { workbench, page } = session;
  await apply();
  await dialog();
  await keys.press('Enter');
  await change().getByText(/unless you keep it\.$/).waitFor({ timeout: 30_000 });
  expect(await hosts.sysctl(SETTING)).toBe('0');
  await workbench.reload();
  await change().getByText(/^The window or the connection was lost while the change was on trial\./).waitFor({ timeout: 60_000 });
  expect(await change().getByRole('button', { name: 'Keep', exact: true }).count()).toBe(0);
  await change().getByText('Nobody kept the change: the settings are as they were before it.').waitFor({ timeout: 60_000 });
  expect(await hosts.sysctl(SETTING)).toBe('1');

  await keys.command('Droplens: Show my changes on a host');
  await keys.choose(hosts.alias);
  const rows = page.locator('.quick-input-widget:visible .monaco-list-row').filter({ hasText: 'Answer ping again' });
  await until('three changes', async () => (await rows.count()) === 3);
  expect((await rows.allTextContents()).map((row) => /undone by the host|undone/.exec(row)?.[0])).toEqual(['undone by the host', 'undone by the host', 'undone']);
  await session.picture('change-log');
  await keys.press('Escape');
});

test('a value that cannot be is told, and what can cut connections wants the name of the host', async () => {
  const { workbench, page } = session;
  await keys.command('View: Close All Editors');
  await keys.command('Droplens: Diagnose packet loss');
  await keys.choose(hosts.client);
  await workbench.toast(/MTU/).waitFor({ timeout: 30_000 });
  await openCause('Different MTU on one segment');
  await workbench.clearToasts();
  await apply();
  await keys.choose('lan1');
  const box = page.locator('.quick-input-widget:visible');
  await box.filter({ hasText: 'mtu of lan1 is 1500' }).waitFor();
  expect(await workbench.quickInput.inputValue()).toBe('1400');
  await keys.type('12; reboot');
  await keys.press('Enter');
  await box.filter({ hasText: 'mtu is a whole number from 68 to' }).waitFor();
  await keys.press('Control+A');
  await keys.type('1400');
  await keys.press('Enter');
  expect(await dialog()).toContain('It can cut connections, this one too.');
  await keys.press('Enter');
  await box.filter({ hasText: 'Type the host’s name' }).waitFor();
  await keys.type('another host');
  await keys.press('Enter');
  await box.filter({ hasText: 'as it is written here' }).waitFor();
  await session.picture('typed-name');
  await keys.press('Escape');
  await runbook().frame.getByText('Cancelled.').waitFor();
  expect(await hosts.mtu('lan1')).toBe(1500);
  await until('the focus back on the button', async () => (await runbook().focused()).includes('Apply'));
});

test('between two hosts: the flow is listed, watched at both ends, and the guide says where it stops', async () => {
  const { workbench } = session;
  hosts.talk();
  await keys.command('Droplens: Diagnose between two hosts');
  await keys.choose(hosts.web);
  await keys.choose(hosts.client);
  await keys.choose(`> 198.51.100.1:${hosts.port}`);
  await workbench.toast(/read nothing/).waitFor({ timeout: 30_000 });
  const section = runbook().frame.getByRole('region', { name: /Between two hosts/ });
  await section.getByText('Place: in the receiver’s application').waitFor();
  expect(await section.getByRole('row').filter({ hasText: 'socket.rwnd_limited_ms' }).textContent()).toContain('Sender');
  expect(await section.getByRole('row').filter({ hasText: 'socket.recv_q' }).textContent()).toContain('Receiver');
  expect(await runbook().focused()).toContain('Verdict');
  await session.picture('both-ends');
});

test('a host key that was forgotten is asked about again', async () => {
  const { workbench } = session;
  await keys.command('Droplens: Forget saved host key');
  await workbench.quickPick(/SHA256:/).waitFor();
  await keys.choose('web-1.example');
  expect(await dialog()).toMatch(/Forget the host key of web-1\.example\?.*SHA256:/s);
  await keys.press('Enter');
  await workbench.toast('The host key of web-1.example is forgotten.').waitFor();
  await workbench.clearToasts();
  await keys.command('Droplens: Connect to host');
  await keys.choose(hosts.alias);
  expect(await dialog()).toContain('The authenticity of host “web-1” can’t be established.');
  await session.picture('forgotten-host-key');
  await keys.press('Escape');
  await workbench.toast(/Could not connect to web-1/).waitFor();
});
