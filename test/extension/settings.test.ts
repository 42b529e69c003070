import { beforeEach, expect, it, vi } from 'vitest';
import { settings } from '../../src/extension/settings.js';

const given = vi.hoisted(() => ({ values: new Map<string, unknown>(), trusted: true }));

vi.mock('vscode', () => ({
  workspace: {
    getConfiguration: () => ({ get: (name: string) => given.values.get(name) }),
    get isTrusted() {
      return given.trusted;
    },
  },
}));

beforeEach(() => {
  given.values.clear();
  given.trusted = true;
});

it('reads how SSH connections are made', () => {
  expect(settings.ssh()).toEqual({ client: 'auto', configFile: null, mayRunPrograms: true });
  given.values.set('ssh.client', 'system').set('ssh.configFile', ' ~/.ssh/work ');
  given.trusted = false;
  expect(settings.ssh()).toEqual({ client: 'system', configFile: '~/.ssh/work', mayRunPrograms: false });
});

it.each([['plink', 5], [null, {}], ['', '  ']])('takes what it does not know for the default: %j, %j', (client, file) => {
  given.values.set('ssh.client', client).set('ssh.configFile', file);
  expect(settings.ssh()).toEqual({ client: 'auto', configFile: null, mayRunPrograms: true });
});
