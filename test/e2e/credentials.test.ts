import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeKey, startSshd, type TestSshd } from '../ssh/sshd.js';
import { Session } from './lib/session.js';
import { until } from './lib/until.js';

const PASSPHRASE = 'planted-passphrase-4711';

let sshd: TestSshd;
let session: Session;
beforeAll(async () => {
  sshd = await startSshd();
  const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', PASSPHRASE);
  await writeFile(sshd.authorizedKeys, readFileSync(`${key}.pub`));
  const config = ['Host e2e-locked', 'HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.user}`, `IdentityFile ${key}`, `UserKnownHostsFile ${sshd.knownHosts}`];
  session = await Session.open({
    home: { '.ssh/config': `${config.join('\n')}\n` },
    // A workspace can ask for a trace of all messages; answers to questions are not to be in it.
    settings: { 'droplens.trace.server': 'verbose' },
  });
});
afterAll(async () => {
  await session?.close();
  await sshd?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.keepEvidence(task.name);
});

/** How often somebody was let in so far. */
const entries = (): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0;

/** The question for the passphrase. */
const asked = async (): Promise<void> => {
  await session.page.locator('.quick-input-widget:visible').filter({ hasText: 'Enter passphrase for key' }).waitFor({ timeout: 30_000 });
};

test('a passphrase is asked for, kept when told to, used after a reload, and forgotten when told to', async () => {
  const { workbench, page } = session;
  const tree = await workbench.openView();
  await workbench.runCommand('Developer: Set Log Level');
  await workbench.quickPick('Droplens').click();
  await workbench.quickPick('Trace').click();

  await workbench.runCommand('Droplens: Add SSH host');
  await workbench.quickPick('e2e-locked').click();
  await asked();
  expect(await workbench.quickInput.getAttribute('type')).toBe('password');
  await page.getByRole('button', { name: /^Keep in the system/ }).click();
  await page.locator('.quick-input-widget:visible').filter({ hasText: 'It will be kept' }).waitFor();
  await session.picture('passphrase');
  await workbench.quickInput.fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await until('two targets', async () => (await tree.labels(1)).length === 2);
  expect(entries()).toBe(1);

  await workbench.reload();
  await workbench.openView();
  await until('a second connection without a question', () => Promise.resolve(entries() === 2 ? true : null));
  expect(await workbench.quickInput.count()).toBe(0);

  await workbench.runCommand('Droplens: Forget saved credentials');
  await session.page.locator('.quick-input-widget:visible').filter({ hasText: 'passphrase' }).waitFor();
  await session.picture('forget-credentials');
  await workbench.quickPick('All saved credentials').click();
  await workbench.toast(/All saved credentials are forgotten/).waitFor();

  await workbench.reload();
  await workbench.openView();
  await until('the host, not connected', async () => ((await tree.labels(1)).length === 2 && /not connected/.test(await tree.description(/e2e-locked/)) ? true : null));
  expect(await workbench.quickInput.count()).toBe(0);
  expect(entries()).toBe(2);
  await workbench.runCommand('Droplens: Connect to host');
  await workbench.quickPick('e2e-locked').click();
  await asked();
  await workbench.quickInput.fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await until('a third connection', () => Promise.resolve(entries() === 3 ? true : null));

  const logs = session.logs();
  expect(logs.includes('Connected with the SSH client that Droplens brings along.')).toBe(true);
  expect(logs.includes(PASSPHRASE)).toBe(false);
});
