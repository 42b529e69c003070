import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startSshd, type TestSshd } from '../ssh/sshd.js';
import { Session } from './lib/session.js';
import { until } from './lib/until.js';

let sshd: TestSshd;
let session: Session;
beforeAll(async () => {
  sshd = await startSshd();
  const config = ['Host e2e-host', 'HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.user}`, `IdentityFile ${sshd.clientKey}`];
  session = await Session.open({ home: { '.ssh/config': `${config.join('\n')}\n` } });
});
afterAll(async () => {
  await session?.close();
  await sshd?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.keepEvidence(task.name);
});

/** The fingerprint as ssh-keygen computes it: another program than the one under test. */
const fingerprint = (): string => {
  const out = execFileSync('ssh-keygen', ['-lf', join(sshd.folder, 'host_ed25519.pub')], { encoding: 'utf8' });
  return out.split(' ')[1] ?? '';
};

test('an unknown host key is shown before anything is sent, and refusing it connects nothing', async () => {
  const { workbench } = session;
  await workbench.openView();
  await workbench.runCommand('Droplens: Add SSH host');
  await workbench.quickPick('e2e-host').click();
  const dialog = workbench.dialog();
  await dialog.waitFor({ timeout: 30_000 });
  expect(fingerprint()).toMatch(/^SHA256:/);
  expect(await dialog.textContent()).toContain(fingerprint());
  expect(await dialog.textContent()).toContain('“e2e-host”');
  expect(sshd.log()).not.toMatch(/Accepted publickey/);
  await session.picture('host-key');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await workbench.toast(/Could not connect/).waitFor();
  expect(sshd.log()).not.toMatch(/Accepted publickey/);
  await workbench.clearToasts();
});

test('a trusted host shows its layers and moving counters; its key is remembered', async () => {
  const { workbench } = session;
  // Layers that lost something when they were first seen are open, and would push the second host off the screen.
  await (await workbench.openView()).collapse('This machine');
  await workbench.runCommand('Droplens: Add SSH host');
  await workbench.quickPick('e2e-host').click();
  await workbench.dialog().getByRole('button', { name: 'Trust this host key' }).click();
  const tree = await workbench.openView();
  await until('two targets', async () => (await tree.labels(1)).length === 2);
  await tree.expand(/e2e-host/);
  await until('the layers of the host', async () => (await tree.labels(2)).length === 9);
  await tree.expand(/^Network/);
  expect(await tree.movingRow()).not.toBe('');
  expect(sshd.log()).toMatch(/Accepted publickey/);
  await session.picture('ssh');
  await session.workbench.reload();
  await session.workbench.openView();
  await until('the host without a question', async () => (await tree.labels(1)).length === 2);
  expect(await workbench.dialog().count()).toBe(0);
  expect(existsSync(session.homeFile('.ssh/config')) && readFileSync(session.homeFile('.ssh/config'), 'utf8')).toContain('e2e-host');
});

test('a host that went away is shown with old values, not with healthy ones', async () => {
  const { workbench } = session;
  const tree = await workbench.openView();
  await until('live values', async () => /no loss|finding/.test(await tree.description(/e2e-host/)));
  await sshd.stop();
  await until('the host marked as old', async () => /no values since/.test(await tree.description(/e2e-host/)));
  await until('the reason over the tree', async () => /refused the connection/.test((await workbench.viewMessage.allTextContents()).join('')));
  await session.picture('stale');
});
