import * as v from 'valibot';
import { expect } from 'vitest';
import { Done, PersistOffer } from '../../src/protocol/change.js';
import type { TestServer } from '../server/client.js';
import { privateHost, type PrivateHost } from '../server/privateHost.js';
import type { CuredSetting, CureScene } from './cure.js';
import { succeed } from './processes.js';

const NFT = '/etc/nftables.conf';
const IPTABLES = '/etc/iptables/rules.v4';
const INTERFACES = '/etc/network/interfaces';

/** The scene's machine as a host of its own, with files that load at boot what it has at present, the fault with it. */
export async function hostOf({ target }: CureScene): Promise<PrivateHost> {
  const way = target === 'machine' ? [] : ['ip', 'netns', 'exec', target.netns];
  const said = async (...argv: readonly string[]): Promise<string> => (target === 'machine' ? '' : succeed([...way, ...argv]));
  const routes = (await said('ip', 'route', 'show', 'type', 'blackhole')).split('\n').filter((line) => line !== '');
  return privateHost({
    ...(target === 'machine' ? {} : { netns: target.netns }),
    files: {
      '/run/udev/control': '',
      [NFT]: `#!/usr/sbin/nft -f\nflush ruleset\n${await said('nft', '-s', 'list', 'ruleset')}`,
      [IPTABLES]: await said('iptables-save'),
      [INTERFACES]: `auto lo\niface lo inet loopback\n${routes.map((line) => `    up ip route add ${line.trim()}\n`).join('')}`,
    },
  });
}

/** What the file says in which a setting is kept; `undefined`: nobody keeps it on such a host, which is said. */
function expected({ name, after }: CuredSetting): { readonly path: string; readonly line: string | RegExp } | undefined {
  const [word = '', , dev = ''] = name.split(' ');
  const sysctl = /^(net\.[^[]+)(?:\[\d\])?$/.exec(name)?.[1];
  if (sysctl !== undefined) return { path: '/etc/sysctl.d/99-zz-droplens.conf', line: sysctl === name ? `${name} = ${after}` : new RegExp(`^${sysctl} = (?:\\d+ )*${after}$`, 'm') };
  const attribute = word === 'mtu' ? 'mtu' : word === 'txqueuelen' ? 'tx_queue_len' : undefined;
  if (attribute !== undefined) return { path: '/etc/udev/rules.d/99-droplens.rules', line: `ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="${dev}", ATTR{${attribute}}="${after}"` };
  if (word === 'rule') return { path: NFT, line: /^\t*(?!.*\bdrop\b).*\bcounter\b.*$/m };
  if (word === 'iptables') return { path: IPTABLES, line: /^-A FORWARD (?!.*-j DROP).*$/m };
  if (word === 'route') return { path: INTERFACES, line: /^# +up ip route add blackhole /m };
  return undefined;
}

/**
 * Has a kept change written into the host's file, and looks whether it stands there. Gives what to do after the change was
 * undone: the file must be as it was.
 */
export async function keepOver(server: TestServer, host: PrivateHost, change: string, settings: readonly CuredSetting[]): Promise<() => void> {
  const offer = v.parse(PersistOffer, await server.rpc.sendRequest('droplens/persist/offer', { target: 'local:/', change }));
  const wanted = settings.map(expected);
  if (wanted.every((one) => one === undefined)) {
    expect(offer, JSON.stringify(offer)).toMatchObject({ kind: 'refused', why: expect.stringMatching(/\w/) as unknown });
    return () => undefined;
  }
  if (offer.kind !== 'offer') throw new Error(JSON.stringify(offer));
  const [edit] = offer.edits;
  if (edit === undefined) throw new Error('nothing was offered');
  const before = host.read(edit.path);
  expect(before).toBe(edit.before);
  const done = v.parse(Done, await server.rpc.sendRequest('droplens/persist/apply', { target: 'local:/', change, edit: edit.edit }));
  expect(done).toMatchObject({ kind: 'done' });
  const after = host.read(edit.path) ?? '';
  expect(after).toBe(edit.after);
  for (const one of wanted) {
    if (one === undefined) continue;
    expect(edit.path).toBe(one.path);
    if (typeof one.line === 'string') expect(after.split('\n')).toContain(one.line);
    else expect(after).toMatch(one.line);
  }
  return () => expect(host.read(edit.path)).toBe(before);
}
