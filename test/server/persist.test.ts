import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Setting } from '../../src/core/fix/types.js';
import { Done, LoggedChange, PersistOffer, UndoneChange, type FileEdit } from '../../src/protocol/change.js';
import { ChangeLog, type Entry } from '../../src/server/changes/log.js';
import { Lab, UNPRIVILEGED } from '../lab/lab.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startServer, type TestServer } from './client.js';
import { privateHost, type PrivateHost, type PrivateHostOptions } from './privateHost.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const TARGET = 'local:/';
const OURS = '/etc/sysctl.d/99-zz-droplens.conf';
/** Sysctls of a network namespace that nothing here depends on. */
const [TTL, RETRIES] = ['net.ipv4.ip_default_ttl', 'net.ipv4.tcp_syn_retries'];

let built: Bundled;
beforeAll(async () => {
  await Lab.sweep();
  built = await bundle('server/main.ts', 'server');
});
afterAll(() => built.remove());

const sysctl = (name: string): Setting => ({ kind: 'sysctl', path: name.replaceAll('.', '/'), index: null });

/** A host of its own with a log of changes that were kept on it, and a server on it. */
class Scene implements AsyncDisposable {
  readonly lab = new Lab();
  readonly storage = mkdtempSync(join(tmpdir(), 'droplens-persist-'));
  readonly log = new ChangeLog(join(this.storage, 'changes'));
  readonly servers: TestServer[] = [];
  netns = '';
  place: PrivateHost | undefined;

  static async make(options: Omit<PrivateHostOptions, 'netns'> = {}): Promise<Scene> {
    const scene = new Scene();
    scene.netns = (await scene.lab.host()).netns;
    scene.place = await privateHost({ ...options, netns: scene.netns });
    return scene;
  }

  get host(): PrivateHost {
    if (this.place === undefined) throw new Error('it was not made');
    return this.place;
  }

  get server(): TestServer {
    const server = this.servers.at(-1);
    if (server === undefined) throw new Error('none was started');
    return server;
  }

  async start(before: readonly string[] = [], env?: NodeJS.ProcessEnv): Promise<void> {
    this.servers.push(await startServer(built.file, { runbooks, storage: this.storage, within: [...this.host.within, ...before], ...(env === undefined ? {} : { env }) }));
  }

  /** Has the log say that this was changed and kept; whether the host has it so is another matter. */
  async logged(setting: Setting, name: string, before: string, after: string, more: Partial<Entry> = {}): Promise<string> {
    const id = randomBytes(16).toString('hex');
    const step = { setting, name, before: { value: before, state: before }, after };
    const past = { at: Date.now(), target: TARGET, host: 'box', bootId: 'another run', title: 'Raise it', runbook: 'a-cause', fix: 'raise-it' };
    await this.log.put({ id, ...past, steps: [step], outcome: 'kept', proof: null, persisted: [], undoneAt: null, ...more } as Entry);
    return id;
  }

  async changed(name: string, after: string): Promise<string> {
    const before = this.value(name);
    this.host.run(`echo ${after} > /proc/sys/${name.replaceAll('.', '/')}`);
    return this.logged(sysctl(name), name, before, after);
  }

  value(name: string): string {
    return this.host.run(`cat /proc/sys/${name.replaceAll('.', '/')}`).trim();
  }

  async ask<S extends v.GenericSchema>(schema: S, method: string, params: object): Promise<v.InferOutput<S>> {
    return v.parse(schema, await this.server.rpc.sendRequest(`droplens/${method}`, { target: TARGET, ...params }));
  }

  offer(change: string): Promise<PersistOffer> {
    return this.ask(PersistOffer, 'persist/offer', { change });
  }

  async offered(change: string): Promise<FileEdit> {
    const offer = await this.offer(change);
    if (offer.kind !== 'offer' || offer.edits[0] === undefined) throw new Error(JSON.stringify(offer));
    return offer.edits[0];
  }

  apply(change: string, { edit }: FileEdit): Promise<Done> {
    return this.ask(Done, 'persist/apply', { change, edit });
  }

  async persist(change: string): Promise<FileEdit> {
    const edit = await this.offered(change);
    expect(await this.apply(change, edit)).toMatchObject({ kind: 'done' });
    expect(this.host.read(edit.path)).toBe(edit.after);
    return edit;
  }

  async undo(changes: readonly string[], force = false): Promise<readonly UndoneChange[]> {
    return (await this.ask(v.object({ results: v.array(UndoneChange) }), 'changes/undo', { changes, force })).results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) if (server.process.exitCode === null && server.process.signalCode === null) await server.stop();
    this.place?.[Symbol.dispose]();
    await this.lab[Symbol.asyncDispose]();
    rmSync(this.storage, { recursive: true, force: true });
  }
}

let scene: Scene;
afterEach(async () => scene[Symbol.asyncDispose]());

describe('keeping a change over a reboot', () => {
  it('writes what was shown, says so in the log, and is undone days later by another server', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    await scene.start();
    const edit = await scene.persist(change);
    expect(edit).toMatchObject({ means: 'sysctl.d', path: OURS, before: null });
    expect(edit.after).toMatch(/^# Droplens [0-9a-f]{8} \(\d{4}-\d\d-\d\d\): Raise it\. net\.ipv4\.ip_default_ttl: 64 -> 99\nnet\.ipv4\.ip_default_ttl = 99\n$/);
    expect(await scene.apply(change, edit)).toMatchObject({ kind: 'done' });
    const { changes } = await scene.ask(v.object({ changes: v.array(LoggedChange) }), 'changes/list', {});
    expect(changes).toMatchObject([{ change, standing: 'in-effect', persisted: [{ path: OURS }] }]);
    expect(await scene.offer(change)).toMatchObject({ kind: 'refused' });
    await scene.server.stop();
    await scene.start();
    expect(await scene.undo([change])).toMatchObject([{ result: 'undone' }]);
    expect(scene.host.list('/etc/sysctl.d')).toEqual([]);
    expect(scene.value(TTL)).toBe('64');
  });

  it('leaves a later change in the same file when the earlier one is undone, and gives the file back at the end', async () => {
    scene = await Scene.make({ files: { [OURS]: '# ours alone\nvm.swappiness = 10' } });
    await scene.start();
    const first = await scene.changed(TTL, '99');
    await scene.persist(first);
    const second = await scene.changed(RETRIES, '3');
    await scene.persist(second);
    expect(await scene.undo([first])).toMatchObject([{ result: 'undone' }]);
    const left = scene.host.read(OURS) ?? '';
    expect(left).toContain('net.ipv4.tcp_syn_retries = 3');
    expect(left).not.toContain('ip_default_ttl');
    scene.host.run(`echo 'vm.dirty_ratio = 30' >> ${OURS}`);
    expect(await scene.undo([first, second])).toMatchObject([{ change: second, result: 'undone' }, { change: first, result: 'already' }]);
    expect(scene.host.read(OURS)).toBe('# ours alone\nvm.swappiness = 10vm.dirty_ratio = 30\n');
  });

  it('does not write over what somebody else wrote after it was shown, and forgets that it meant to', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    await scene.start();
    const edit = await scene.offered(change);
    scene.host.run(`echo 'vm.swappiness = 1' > ${OURS}`);
    expect(await scene.apply(change, edit)).toMatchObject({ kind: 'refused', why: `${OURS} was changed since it was shown. Nothing was written.` });
    expect(scene.host.read(OURS)).toBe('vm.swappiness = 1\n');
    expect((await scene.log.of(TARGET))[0]?.persisted).toEqual([]);
  });

  it('does not undo in a file what somebody else has changed, unless forced', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    await scene.start();
    await scene.persist(change);
    scene.host.run(`sed -i 's/= 99$/= 77/' ${OURS}; echo 'vm.swappiness = 1' >> ${OURS}`);
    expect(await scene.undo([change])).toMatchObject([{ result: 'conflict' }]);
    expect(scene.value(TTL)).toBe('99');
    expect(scene.host.read(OURS)).toContain('= 77');
    expect(await scene.undo([change], true)).toMatchObject([{ result: 'undone' }]);
    expect(scene.value(TTL)).toBe('64');
  });

  it('refuses when the change is not in effect any more', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    await scene.start();
    const edit = await scene.offered(change);
    scene.host.run('echo 50 > /proc/sys/net/ipv4/ip_default_ttl');
    const why = `This change is not in effect any more: ${TTL} is 50, not 99.`;
    expect(await scene.apply(change, edit)).toMatchObject({ kind: 'refused', why });
    expect(await scene.offer(change)).toMatchObject({ kind: 'refused', why });
    expect(scene.host.list('/etc/sysctl.d')).toEqual([]);
  });

  it.each(['as it is', 'with busybox alone'])('refuses where /etc is read-only, on a host %s', async (which) => {
    scene = await Scene.make({ prepare: 'mount -o remount,ro /etc; mkdir /run/small; busybox --install -s /run/small' });
    const change = await scene.changed(TTL, '99');
    await scene.start(which === 'as it is' ? [] : ['env', 'PATH=/run/small']);
    expect(await scene.offer(change)).toMatchObject({ kind: 'refused', why: '/etc/sysctl.d cannot be written: it is read-only.' });
  });

  it('takes it out of the log where the file could not be written', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    await scene.start();
    const edit = await scene.offered(change);
    scene.host.run('mount -o remount,ro /etc');
    expect(await scene.apply(change, edit)).toMatchObject({ kind: 'refused' });
    expect((await scene.log.of(TARGET))[0]?.persisted).toEqual([]);
  });

  it('says what to do where the target is a namespace of the host', async () => {
    scene = await Scene.make();
    await scene.start();
    const target = `local:/pid/${process.pid}`;
    const change = await scene.logged(sysctl(TTL), TTL, '64', '99', { target });
    const offer = v.parse(PersistOffer, await scene.server.rpc.sendRequest('droplens/persist/offer', { target, change }));
    expect(offer).toMatchObject({ kind: 'refused', how: expect.stringContaining('NetworkNamespacePath=') as unknown });
  });

  it('needs root', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    mkdirSync(join(scene.storage, 'changes'), { recursive: true });
    scene.host.run(`chown -R 65534:65534 ${scene.storage}`);
    chmodSync(scene.storage, 0o755);
    // Node itself and the bundle may stand where others cannot look.
    scene.host.run(`mkdir /run/box && cp "${process.execPath}" "${built.file}" /run/box/ && cp -R "${runbooks}" /run/box/runbooks && chmod -R a+rX /run/box`);
    const server = await startServer('/run/box/server.js', { runbooks: '/run/box/runbooks', storage: scene.storage, within: [...scene.host.within, ...UNPRIVILEGED, 'sh', '-c', 'shift; cd /; exec /run/box/node "$@"', 'box'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
    scene.servers.push(server);
    await expect(scene.offer(change)).rejects.toThrow(/root|sudo/);
    expect(scene.host.list('/etc/sysctl.d')).toEqual([]);
  });

  it('leaves nothing behind when it is killed between the log and the file, and can be undone', async () => {
    scene = await Scene.make();
    const change = await scene.changed(TTL, '99');
    const programs = mkdtempSync(join(tmpdir(), 'droplens-slow-'));
    try {
      // The last step of writing takes as long as it likes.
      writeFileSync(join(programs, 'mv'), `#!/bin/sh\n: > ${programs}/reached\nsleep 30\n`, { mode: 0o755 });
      await scene.start([], { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` });
      const edit = await scene.offered(change);
      const applying = scene.apply(change, edit).catch(() => undefined);
      await vi.waitFor(() => expect(scene.host.run(`ls ${programs}`)).toContain('reached'), { timeout: 10_000 });
      scene.server.process.kill('SIGKILL');
      await Promise.race([applying, sleep(2_000)]);
      await vi.waitFor(() => expect(scene.host.list('/etc/sysctl.d')).toEqual([]), { timeout: 10_000 });
      expect((await new ChangeLog(join(scene.storage, 'changes')).of(TARGET))[0]?.persisted).toMatchObject([{ path: OURS, before: null }]);
      await scene.start();
      expect(await scene.undo([change])).toMatchObject([{ result: 'undone' }]);
      expect(scene.host.list('/etc/sysctl.d')).toEqual([]);
      expect(scene.value(TTL)).toBe('64');
    } finally {
      rmSync(programs, { recursive: true, force: true });
    }
  });

  it('changes a rule where it is loaded from, and never touches another rule that has its handle since', async () => {
    const file = '/etc/nftables.conf';
    const rules = '#!/usr/sbin/nft -f\nflush ruleset\n\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 7 counter drop # echo\n\t\tudp dport 7 counter drop\n\t}\n}\n';
    scene = await Scene.make({ files: { [file]: rules.replace(' # echo', '') } });
    scene.host.run(`nft -f ${file}`);
    const listed = scene.host.run('nft -a list chain inet filter input');
    const handle = Number(/tcp dport 7 .* # handle (\d+)/.exec(listed)?.[1]);
    scene.host.run(`echo 'replace rule inet filter input handle ${handle} tcp dport 7 counter' | nft -f -`);
    const setting: Setting = { kind: 'rule', rule: { backend: 'nft', family: 'inet', table: 'filter', chain: 'input', handle } };
    const step = { setting, name: `rule inet filter input #${handle}`, before: { value: 'on', state: 'tcp dport 7 counter packets 3 bytes 9 drop' }, after: 'off' };
    const change = await scene.logged(setting, step.name, 'on', 'off', { steps: [step] });
    await scene.start();
    const edit = await scene.persist(change);
    expect(edit).toMatchObject({ means: 'nftables', path: file });
    const old = (edit.before ?? '').split('\n');
    expect(edit.after.split('\n').filter((line) => !old.includes(line))).toMatchObject([expect.stringMatching(/^# Droplens /), '\t\ttcp dport 7 counter']);
    // Loaded anew, with another rule in its place.
    scene.host.run(`nft -f ${file}; nft flush chain inet filter input`);
    scene.host.run(`for port in 1 2 3 4 5 6; do nft add rule inet filter input tcp dport $port counter; done`);
    const between = scene.host.run('nft -s list ruleset');
    expect(await scene.undo([change], true)).toMatchObject([{ result: 'undone' }]);
    expect(scene.host.read(file)).toBe(edit.before);
    expect(scene.host.run('nft -s list ruleset')).toBe(between);
  });

  it('asks the program that configures an interface to keep its mtu', async () => {
    const dev = 'dl0';
    const networkFile = '/run/systemd/network/10-lan.network';
    scene = await Scene.make({ files: { [networkFile]: '[Match]\nName=dl*\n', '/etc/systemd/network/10-lan.network.d/10-theirs.conf': '[Link]\nARP=no\n' } });
    scene.host.run(`ip link add ${dev} type veth peer name dl1 && ip link set ${dev} mtu 1400 && mkdir -p /run/systemd/netif/links && echo NETWORK_FILE=${networkFile} > /run/systemd/netif/links/$(cat /sys/class/net/${dev}/ifindex)`);
    const change = await scene.logged({ kind: 'link', dev, attribute: 'mtu' }, `mtu of ${dev}`, '1500', '1400');
    await scene.start();
    const edit = await scene.persist(change);
    expect(edit).toMatchObject({ means: 'systemd-networkd', path: '/etc/systemd/network/10-lan.network.d/50-droplens.conf', before: null });
    expect(edit.after).toMatch(/^# Droplens .*\n\[Link\]\nMTUBytes=1400\n$/);
    expect(edit.notes).toContain(`It is for every interface that ${networkFile} matches.`);
    expect(await scene.undo([change])).toMatchObject([{ result: 'undone' }]);
    expect(scene.host.list('/etc/systemd/network/10-lan.network.d')).toEqual(['10-theirs.conf']);
    expect(scene.host.run(`cat /sys/class/net/${dev}/mtu`).trim()).toBe('1500');
  });
});
