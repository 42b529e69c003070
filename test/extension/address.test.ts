import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { URI } from 'vscode-uri';
import { parseTarget } from '../../src/collect/target.js';
import { hostOf, insideTarget, namespaceProblem, parseSshAddress, sshTarget, targetKind, targetParts, typedNamespaces } from '../../src/extension/targets/address.js';
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
    expect(targetParts('local:/', 'laptop')).toEqual({ host: 'laptop', inside: undefined });
    expect(targetParts('ssh://ops@web-1:22/', 'laptop')).toEqual({ host: 'ops@web-1:22', inside: undefined });
    expect(targetParts('ssh://web-1/netns/blue', 'laptop')).toEqual({ host: 'web-1', inside: { kind: 'netns', name: 'blue' } });
    expect(targetParts('local:/netns/%E0%A4%A', 'laptop').inside).toEqual({ kind: 'netns', name: '%E0%A4%A' });
    expect(targetParts('ssh://web-1/container/web', 'laptop').inside).toEqual({ kind: 'container', name: 'web' });
    expect(targetParts('local:/container/postgresql%4016.service', 'laptop').inside).toEqual({ kind: 'service', name: 'postgresql@16.service' });
    expect(targetParts('local:/pid/7', 'laptop').inside).toEqual({ kind: 'pid', name: '7' });
    expect(hostOf('ssh://web-1')).toBe('ssh://web-1/');
    expect(targetKind('ssh://web-1/')).toBe('ssh');
  });

  it('carry any namespace name there and back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (name) => {
        fc.pre(namespaceProblem(name) === undefined);
        const uri = URI.parse(insideTarget('ssh://web-1/', 'netns', name), true);
        expect(uri.path).toBe(`/netns/${name}`);
        expect(uri.authority).toBe('web-1');
      }),
      { seed: 3 },
    );
  });

  it('say what a typed text may be the name of, and nothing that a target cannot carry', () => {
    const kinds = (text: string) => typedNamespaces('ssh://web-1/pid/1', text).map(({ target }) => target);
    expect(kinds(' 42 ')).toEqual(['ssh://web-1/pid/42', 'ssh://web-1/container/42', 'ssh://web-1/netns/42']);
    expect(kinds('web')).toEqual(['ssh://web-1/container/web', 'ssh://web-1/netns/web']);
    expect(kinds('$(reboot)')).toEqual(['ssh://web-1/netns/%24(reboot)']);
    expect(kinds('-x')).toEqual([]);
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        for (const { target } of typedNamespaces('local:/', text)) expect([target, parseTarget(target).kind]).toEqual([target, 'target']);
      }),
      { seed: 5 },
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
