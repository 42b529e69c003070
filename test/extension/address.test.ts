import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { URI } from 'vscode-uri';
import { hostOf, namespaceProblem, namespaceTarget, parseSshAddress, sshTarget, targetKind, targetLabel } from '../../src/extension/targets/address.js';
import { SavedTargets } from '../../src/extension/targets/saved.js';

const target = (text: string): string | undefined => {
  const address = parseSshAddress(text);
  return address === undefined ? undefined : sshTarget(address);
};

describe('SSH addresses', () => {
  it.each([
    ['web-1', 'ssh://web-1/'],
    [' ops@web-1 ', 'ssh://ops@web-1/'],
    ['ops@10.0.0.7:2222', 'ssh://ops@10.0.0.7:2222/'],
    ['[2001:db8::1]:22', 'ssh://[2001:db8::1]:22/'],
    ['root@[fe80::1%eth0]', 'ssh://root@[fe80::1%25eth0]/'],
  ])('reads %s', (text, wanted) => {
    expect(target(text)).toBe(wanted);
  });

  it.each([
    '', '-oProxyCommand=reboot', 'a@-b', '-l@host', 'host:0', 'host:70000', 'host:22:22', 'a b', 'ho/st', '$(reboot)', 'a;b', 'a@b@c',
    '2001:db8::1', '[host]', 'host:', '@host', 'a\nb',
  ])('refuses %j', (text) => {
    expect(parseSshAddress(text)).toBeUndefined();
  });
});

describe('targets', () => {
  it('are named for people', () => {
    expect(targetLabel('local:/', 'laptop')).toBe('laptop');
    expect(targetLabel('ssh://ops@web-1:22/', 'laptop')).toBe('ops@web-1:22');
    expect(targetLabel('ssh://web-1/netns/blue', 'laptop')).toBe('blue · web-1');
    expect(targetLabel('local:/netns/%E0%A4%A', 'laptop')).toBe('%E0%A4%A · laptop');
    expect(hostOf('ssh://web-1')).toBe('ssh://web-1/');
    expect(targetKind('ssh://web-1/')).toBe('ssh');
  });

  it('carry any namespace name there and back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (name) => {
        fc.pre(namespaceProblem(name) === undefined);
        const uri = URI.parse(namespaceTarget('ssh://web-1/', name), true);
        expect(uri.path).toBe(`/netns/${name}`);
        expect(uri.authority).toBe('web-1');
      }),
      { seed: 3 },
    );
  });

  it('refuse a namespace that would be another file', () => {
    for (const name of ['..', '.', 'a/b', 'a\u0000', 'x'.repeat(256)]) expect(namespaceProblem(name)).toBe('invalid');
    expect(namespaceProblem('')).toBe('empty');
    expect(namespaceProblem('$(reboot)')).toBeUndefined();
  });
});

it('keeps targets once, and takes nothing that is none from memory', async () => {
  const memory = new Map<string, unknown>();
  const saved = new SavedTargets({
    get: (key) => memory.get(key),
    update: (key, value) => {
      memory.set(key, value);
      return Promise.resolve();
    },
  });
  await saved.add('ssh://a/');
  await saved.add('ssh://a/');
  await saved.add('ssh://b/');
  await saved.remove('ssh://a/');
  expect(saved.all()).toEqual(['ssh://b/']);
  memory.set('droplens.targets', ['javascript:alert(1)']);
  expect(saved.all()).toEqual([]);
});
