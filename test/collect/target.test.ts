import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { english } from '../../src/core/message.js';
import { formatTarget, parseTarget, type Namespace, type Target } from '../../src/collect/target.js';

function target(text: string): Target {
  const parsed = parseTarget(text);
  if (parsed.kind === 'malformed') throw new Error(english(parsed.problem));
  return parsed.target;
}

function problem(text: string): string {
  const parsed = parseTarget(text);
  return parsed.kind === 'malformed' ? english(parsed.problem) : `accepted: ${formatTarget(parsed.target)}`;
}

const HOST: Namespace = { kind: 'host' };

describe('parseTarget', () => {
  it.each<[string, Target, string]>([
    ['local:/', { kind: 'local', namespace: HOST }, 'local:/'],
    ['local:', { kind: 'local', namespace: HOST }, 'local:/'],
    ['LOCAL:///', { kind: 'local', namespace: HOST }, 'local:/'],
    ['local:/netns/blue', { kind: 'local', namespace: { kind: 'netns', name: 'blue' } }, 'local:/netns/blue'],
    ['local:/netns/$(reboot)', { kind: 'local', namespace: { kind: 'netns', name: '$(reboot)' } }, 'local:/netns/%24(reboot)'],
    ['local:/pid/42/', { kind: 'local', namespace: { kind: 'pid', pid: 42 } }, 'local:/pid/42'],
    ['local:/container/web_1.x', { kind: 'local', namespace: { kind: 'container', id: 'web_1.x' } }, 'local:/container/web_1.x'],
    ['ssh://web-1/', { kind: 'ssh', host: 'web-1', namespace: HOST }, 'ssh://web-1/'],
    ['ssh://web-1', { kind: 'ssh', host: 'web-1', namespace: HOST }, 'ssh://web-1/'],
    ['ssh://Web_1', { kind: 'ssh', host: 'Web_1', namespace: HOST }, 'ssh://Web_1/'],
    ['ssh://root@10.0.0.1:2222/', { kind: 'ssh', user: 'root', host: '10.0.0.1', port: 2222, namespace: HOST }, 'ssh://root@10.0.0.1:2222/'],
    ['ssh://[::1]:22/', { kind: 'ssh', host: '::1', port: 22, namespace: HOST }, 'ssh://[::1]:22/'],
    ['ssh://a@[fe80::1%25eth0]/', { kind: 'ssh', user: 'a', host: 'fe80::1%eth0', namespace: HOST }, 'ssh://a@[fe80::1%25eth0]/'],
    ['ssh://a@b/netns/x%20y', { kind: 'ssh', user: 'a', host: 'b', namespace: { kind: 'netns', name: 'x y' } }, 'ssh://a@b/netns/x%20y'],
  ])('reads %s', (text, expected, canonical) => {
    expect(target(text)).toEqual(expected);
    expect(formatTarget(expected)).toBe(canonical);
    expect(target(canonical)).toEqual(expected);
  });

  it.each([
    ['', /is not a target/],
    ['web-1', /is not a target\. A target looks like/],
    ['http://web-1/', /is not a target/],
    ['local://web-1/', /takes no host: write local:\/ or ssh:\/\/web-1\//],
    ['local:/?x', /after "\?" or "#"/],
    ['local:/nothing/x', /names no namespace/],
    ['local:/netns/a/b', /names no namespace/],
    ['local:/netns', /not the name of a network namespace/],
    ['local:/netns/..', /not the name of a network namespace/],
    ['local:/netns/a%2Fb', /names no namespace/],
    ['local:/netns/%2e%2e', /not the name of a network namespace/],
    ['local:/netns/-all', /not the name of a network namespace/],
    ['local:/netns/a%0Ab', /not the name of a network namespace/],
    [`local:/netns/${'x'.repeat(256)}`, /not the name of a network namespace/],
    ['local:/pid/0', /not a process number/],
    ['local:/pid/1;reboot', /not a process number/],
    ['local:/pid/99999999', /not a process number/],
    ['local:/container/-x', /not the name or the number of a container/],
    ['ssh:///', /host is missing/],
    ['ssh://-oProxyCommand=x/', /is not the name of a host/],
    ['ssh://a b/', /is not the name of a host/],
    ['ssh://$(reboot)/', /is not the name of a host/],
    ['ssh://a%00b/', /is not the name of a host/],
    ['ssh://user:secret@host/', /password does not belong/],
    ['ssh://-x@host/', /is not the name of a user/],
    ['ssh://@host/', /is not the name of a user/],
    ['ssh://host:0/', /is not a port/],
    ['ssh://host:65536/', /is not a port/],
    ['ssh://host:/', /is not a port/],
    ['ssh://host:22x/', /is not a port/],
    ['ssh://::1/', /is not a host: write/],
    ['ssh://[::1/', /is not a host: write/],
  ])('refuses %j', (text, why) => {
    expect(problem(text)).toMatch(why);
  });

  it('never throws, and what it accepts it writes back as the same target', () => {
    const piece = fc.constantFrom('local:', 'ssh://', '/', 'netns', 'pid', 'container', '@', ':', '[', ']', '%', '%2F', '..', '-', '1', '#', '?');
    const anything = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 10 }).map((parts) => parts.join(''));
    const accepted = fc.oneof(anything, anything.map((rest) => `ssh://${rest}`), anything.map((rest) => `local:/netns/${rest}`));
    fc.assert(
      fc.property(accepted, (text) => {
        const parsed = parseTarget(text);
        if (parsed.kind === 'malformed') expect(english(parsed.problem)).not.toMatch(/\p{Cc}/u);
        else expect(target(formatTarget(parsed.target))).toEqual(parsed.target);
      }),
      { seed: 7, numRuns: 5_000 },
    );
  });
});
