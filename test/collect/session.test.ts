import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { english } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import { findSource, SOURCES, type Source, type Tier } from '../../src/core/sources.js';
import { probeProgram } from '../../src/collect/probe/program.js';
import { localTransport, type LocalMachine } from '../../src/collect/local.js';
import { openSession, type SessionOptions } from '../../src/collect/session.js';
import { TransportError, type RemoteProcess, type Transport } from '../../src/collect/transport.js';
import { processesWith, SHELLS, shellArgv, token, until } from './support.js';

const ALL: ReadonlySet<Tier> = new Set(['fast', 'medium', 'slow']);
const FAST: ReadonlySet<Tier> = new Set(['fast']);
const cleanup: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

function transport(env: Readonly<Record<string, string>> = {}): Transport {
  const machine: LocalMachine = { platform: 'linux', env: { PATH: process.env['PATH'], ...env }, exists: () => true };
  const made = localTransport(machine);
  cleanup.push(() => made.dispose());
  return made;
}

const tagged = (tag: string): Transport => transport(Object.fromEntries([tag.split('=') as [string, string]]));
const options = (rest: Partial<SessionOptions> = {}): SessionOptions => ({ host: 'testhost', parserFor, ...rest });

/** A folder with programs of our own, to be put in front of PATH. */
function programs(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'droplens-'));
  cleanup.push(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** Processes of a probe between two requests: dash has no `read -t`, and a second shell with its `sleep` watches over it. */
const RESIDENT = { dash: 3, bash: 1, 'busybox ash': 1 } as const;

describe.each(SHELLS)('the probe in %s', (name) => {
  it('reads this host', async () => {
    const session = await openSession(transport(), options({ shell: shellArgv(name), tools: ['cat', 'no-such-tool'] }));
    expect(session.host).toMatchObject({ name: expect.stringMatching(/./), kernel: expect.stringMatching(/^\d+\./), uid: process.getuid?.() });
    expect(session.host.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(session.host.tools.has('cat')).toBe(true);
    expect(session.host.tools.has('no-such-tool')).toBe(false);
    const first = await session.sample(ALL);
    const second = await session.sample(FAST);
    expect(first.bootId).toBe(session.host.bootId);
    expect(second.hostSeconds).toBeGreaterThanOrEqual(first.hostSeconds);
    expect(first.readings.size).toBe(SOURCES.length - (session.host.tools.has('ss') ? 1 : 0));
    for (const source of SOURCES) {
      const reading = first.readings.get(source.id);
      if (source.essential && reading?.state !== 'ok') throw new Error(`${source.id}: ${reading ? english(reading.why) : 'not due'}`);
    }
    const snmp = second.readings.get('snmp');
    expect(snmp?.state === 'ok' && snmp.facts.counters.has('Ip.InReceives')).toBe(true);
    expect(second.readings.has('sysfs')).toBe(false);
    expect(session.traffic).toMatchObject({ samples: 2, roundTrips: 3 });
    await session.close();
  });

  it('is found in the noise of a login shell', async () => {
    const noisy = ['sh', '-c', `printf 'Welcome!\\r\\nno newline'; echo oops >&2; exec ${shellArgv(name).join(' ')}`];
    const session = await openSession(transport(), options({ shell: noisy }));
    expect((await session.sample(FAST)).readings.get('uptime')?.state).toBe('ok');
    await session.close();
  });

  it('is unmoved by what its environment says', async () => {
    const rc = join(programs({ rc: `echo noise; echo noise >&2; alias tail='echo tampered'; trap 'echo bye' EXIT` }), 'rc');
    const hostile = transport({
      ...{ IFS: 'a/', GREP_OPTIONS: '--color=always', LC_ALL: 'de_DE.UTF-8', CDPATH: '/tmp', POSIXLY_CORRECT: '1', TMOUT: '1' },
      ...{ ENV: rc, BASH_ENV: rc, SHELLOPTS: 'xtrace:verbose:errexit:nounset:noglob', 'BASH_FUNC_tail%%': '() { echo tampered; }' },
    });
    const session = await openSession(hostile, options({ shell: shellArgv(name) }));
    const sample = await session.sample(ALL);
    const failed = [...sample.readings].filter(([, reading]) => reading.state === 'unreadable' && reading.reason !== 'absent');
    expect(failed.map(([id]) => id)).toEqual([]);
    // bash takes TMOUT for the longest that it waits for a request.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await session.sample(FAST)).readings.get('netstat')?.state).toBe('ok');
    await session.close();
  });

  it('ends when its input closes, and leaves nothing behind', async () => {
    const tag = token();
    const session = await openSession(tagged(tag), options({ shell: shellArgv(name) }));
    await session.sample(ALL);
    expect(processesWith(tag)).toHaveLength(RESIDENT[name]);
    await session.close();
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('leaves nothing behind when our side is killed', async () => {
    const tag = token();
    const [variable = '', value = ''] = tag.split('=');
    const nonce = 'a'.repeat(32);
    const client = spawn(process.execPath, ['-e', CLIENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        PROGRAM: probeProgram({ nonce, sources: SOURCES, tools: [], commandSeconds: 4, idleSeconds: 900 }),
        SHELL_ARGV: shellArgv(name).join(' '),
        TAG_NAME: variable,
        TAG_VALUE: value,
      },
    });
    let printed = '';
    client.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await until('the probe answers', () => printed.includes('end 1'));
    expect(processesWith(tag)).toHaveLength(RESIDENT[name]);
    client.kill('SIGKILL');
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('reads listeners without ss, and says what is missing', async () => {
    const names = ['cat', 'tail', 'grep', 'awk', 'id', 'sh', 'dash', 'bash', 'busybox', 'timeout'];
    const links = programs(Object.fromEntries(names.map((tool) => [tool, `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`])));
    const sources = SOURCES.filter((source) => source.id !== 'ethtool');
    const session = await openSession(
      transport({ PATH: links }),
      // The probe looks in the sbin folders too, where a real ss may be: only what is in /usr/bin and /bin is hidden.
      options({ shell: shellArgv(name), sources: sources.map((source) => withoutTool(source, 'ss')) }),
    );
    const sample = await session.sample(ALL);
    const listen = sample.readings.get('ss_listen');
    expect(listen?.state === 'unreadable' && [listen.reason, english(listen.why)]).toEqual(['no-tool', 'missing-ss is not installed.']);
    expect(sample.readings.get('proc_tcp')?.state).toBe('ok');
    await session.close();
  });
});

/** The same source, with a tool under a name that no host has. */
function withoutTool(source: Source, tool: string): Source {
  if (source.reader.kind !== 'command') return source;
  return { ...source, reader: { ...source.reader, tools: source.reader.tools.map((name) => (name === tool ? `missing-${tool}` : name)) } };
}

/** Starts the probe as the local transport does, asks once, and waits to be killed. */
const CLIENT = `
const [program, ...args] = process.env.SHELL_ARGV.split(' ');
const child = require('node:child_process').spawn(program, args, {
  detached: true, stdio: ['pipe', 'pipe', 'inherit'],
  env: { PATH: process.env.PATH, [process.env.TAG_NAME]: process.env.TAG_VALUE },
});
let asked = false;
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  if (!asked && chunk.includes('end 0')) { asked = true; child.stdin.write('1 f\\n'); }
});
child.stdin.write(process.env.PROGRAM);
setInterval(() => {}, 1000);
`;

const HANGING = { ss: '#!/bin/sh\necho "State Recv-Q"\nsleep 1000\n' };

describe('a host that hangs', () => {
  it('costs the one command that hangs, where the host has GNU timeout', async () => {
    const tag = token();
    const [variable = '', value = ''] = tag.split('=');
    const path = `${programs(HANGING)}:${process.env['PATH']}`;
    const session = await openSession(transport({ PATH: path, [variable]: value }), options({ shell: shellArgv('dash'), sampleSeconds: 2.5 }));
    const sample = await session.sample(new Set(['fast', 'medium']));
    const listen = sample.readings.get('ss_listen');
    expect(listen?.state === 'unreadable' && english(listen.why)).toBe('ss did not finish within 2 s.');
    const qdisc = sample.readings.get('tc_qdisc');
    expect(qdisc?.state === 'unreadable' && english(qdisc.why)).toBe('tc was not run, because ss before it did not finish within 2 s.');
    for (const id of ['snmp', 'sysfs', 'proc_udp']) expect(sample.readings.get(id)?.state).toBe('ok');
    expect((await session.sample(FAST)).readings.get('snmp')?.state).toBe('ok');
    await until('the hanging command is gone', () => processesWith(tag).length === RESIDENT.dash);
    await session.close();
  });

  it('has no sockets to show when ss fails, and says so for each list', async () => {
    const path = `${programs({ ss: '#!/bin/sh\necho "Cannot open netlink socket: Operation not permitted" >&2; exit 255\n' })}:${process.env['PATH']}`;
    const session = await openSession(transport({ PATH: path }), options({}));
    const { readings } = await session.sample(new Set(['medium']));
    for (const id of ['ss_listen', 'ss_synrecv', 'ss_established']) expect(readings.get(id)?.state).toBe('unreadable');
    const listen = readings.get('ss_listen');
    expect(listen?.state === 'unreadable' && english(listen.why)).toContain('Operation not permitted');
    await session.close();
  });

  it('is given up after the stated time, where the host cannot end a command', async () => {
    const tag = token();
    const [variable = '', value = ''] = tag.split('=');
    const path = `${programs({ ...HANGING, timeout: '#!/bin/sh\necho "BusyBox v1.36"; exit 1\n' })}:${process.env['PATH']}`;
    const session = await openSession(transport({ PATH: path, [variable]: value }), options({ sampleSeconds: 0.5 }));
    const started = performance.now();
    await expect(session.sample(new Set(['medium']))).rejects.toMatchObject({
      reason: 'timeout',
      message: 'testhost did not answer within 0.5 s.',
      how: expect.stringContaining('a command hangs there'),
    });
    expect(performance.now() - started).toBeLessThan(5_000);
    await expect(session.sample(FAST)).rejects.toMatchObject({ reason: 'timeout' });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('is given up when it never says hello', async () => {
    const tag = token();
    await expect(openSession(tagged(tag), options({ shell: ['sh', '-c', 'sleep 1000; true'], helloSeconds: 0.3 }))).rejects.toMatchObject({
      reason: 'timeout',
      message: 'testhost did not start the probe within 0.3 s.',
    });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('is reported with what its shell said when that ends', async () => {
    const refusing = ['sh', '-c', 'echo; echo "This account is not available."; exit 1'];
    await expect(openSession(transport(), options({ shell: refusing }))).rejects.toMatchObject({
      reason: 'unsupported',
      message: 'testhost did not run a shell for the probe (exit status 1). It said: This account is not available.',
    });
  });

  it('can be cancelled before it answers', async () => {
    const cancel = new AbortController();
    const opening = openSession(transport(), options({ shell: ['sh', '-c', 'sleep 1000; true'], signal: cancel.signal }));
    cancel.abort();
    await expect(opening).rejects.toMatchObject({ reason: 'cancelled' });
  });
});

/** A probe that answers as it is told, without a host. */
function scripted(answer: (request: string) => string | undefined): { transport: Transport; killed: () => boolean } {
  const queue: Uint8Array[] = [];
  let wake = (): void => {};
  let over = false;
  const finish = (): void => {
    over = true;
    wake();
  };
  const say = (text: string): void => {
    queue.push(new TextEncoder().encode(text));
    wake();
  };
  async function* stdout(): AsyncGenerator<Uint8Array> {
    while (!over || queue.length > 0) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const remote: RemoteProcess = {
    stdout: stdout(),
    stderr: (async function* () {})(),
    write: async (data) => {
      const text = answer(data);
      if (text !== undefined) say(text);
    },
    end: finish,
    kill: finish,
    exit: new Promise((resolve) => {
      const timer = setInterval(() => {
        if (!over) return;
        clearInterval(timer);
        resolve(null);
      }, 5);
    }),
  };
  return {
    transport: { spawn: async () => remote, lost: new Promise(() => {}), dispose: async () => finish() },
    killed: () => over,
  };
}

const NONCE = '7'.repeat(32);
const M = `droplens:${NONCE}`;
const HELLO = `\n${M} begin 0\n${M} part kernel\n6.1\n${M} done 0\n${M} end 0\n`;
const answerTo = (seq: string, uptime: string): string =>
  `\n${M} begin ${seq}\n${M} part files\n==> /proc/uptime <==\n${uptime} 1.00\n\n${M} done 0\n${M} end ${seq}\n`;
const [OPEN_SOURCE] = SOURCES;
const OPEN = options({ nonce: () => NONCE, sources: [findSource('uptime'), findSource('boot_id')].flatMap((source) => source ?? []) });
const seqOf = (request: string): string => request.split(' ')[0] ?? '';

describe('a session', () => {
  it('answers parallel calls one after the other', async () => {
    const requests: string[] = [];
    const probe = scripted((request) => {
      if (request.includes('dl_hello')) return HELLO;
      requests.push(request);
      return answerTo(seqOf(request), `${requests.length}.00`);
    });
    const session = await openSession(probe.transport, OPEN);
    const samples = await Promise.all([session.sample(FAST), session.sample(ALL), session.sample(FAST)]);
    expect(samples.map((sample) => [sample.seq, sample.hostSeconds])).toEqual([[1, 1], [2, 2], [3, 3]]);
    expect(requests).toEqual(['1 f\n', '2 fms\n', '3 f\n']);
    await session.close();
    await expect(session.sample(FAST)).rejects.toMatchObject({ reason: 'cancelled' });
  });

  it('loses one sample to a cut answer, and not the next', async () => {
    const probe = scripted((request) => {
      if (request.includes('dl_hello')) return HELLO;
      const whole = answerTo(seqOf(request), '5.00');
      // Answers 1 and 2 are cut: one inside, one in what it must hold.
      if (seqOf(request) === '1') return `${whole.slice(0, whole.lastIndexOf(M))}\n${M} end 77\n`;
      return seqOf(request) === '2' ? answerTo('2', 'x') : whole;
    });
    const session = await openSession(probe.transport, OPEN);
    await expect(session.sample(FAST)).rejects.toMatchObject({ reason: 'garbled', message: 'The answer of testhost was cut off.' });
    await expect(session.sample(FAST)).rejects.toMatchObject({ reason: 'garbled', message: expect.stringContaining('/proc/uptime') });
    expect((await session.sample(FAST)).hostSeconds).toBe(5);
    await session.close();
  });

  it('does not take a late answer for the one to the next request', async () => {
    const probe = scripted((request) => {
      if (request.includes('dl_hello')) return HELLO;
      return answerTo('99', '1.00') + answerTo(seqOf(request), '2.00') + answerTo('98', '3.00');
    });
    const session = await openSession(probe.transport, OPEN);
    expect((await session.sample(FAST)).hostSeconds).toBe(2);
    expect((await session.sample(FAST)).hostSeconds).toBe(2);
    await session.close();
  });

  it('gives up a cancelled sample at once and goes on with the next', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const probe = scripted((request) => (request.includes('dl_hello') ? HELLO : answerTo(seqOf(request), '2.00')));
    const remote = await probe.transport.spawn([]);
    const write = remote.write;
    let asked = false;
    remote.write = async (data) => {
      asked ||= data.startsWith('1 ');
      if (data.startsWith('1 ')) await held;
      return write(data);
    };
    const session = await openSession(probe.transport, OPEN);
    const cancel = new AbortController();
    const first = session.sample(FAST, cancel.signal);
    const second = session.sample(FAST);
    await until('the first is asked for', () => asked);
    cancel.abort();
    await expect(first).rejects.toMatchObject({ reason: 'cancelled' });
    release();
    expect((await second).seq).toBe(2);
    await session.close();
  });

  it('ends when the connection is lost', async () => {
    let lose = (_error: TransportError): void => {};
    const probe = scripted((request) => (request.includes('dl_hello') ? HELLO : undefined));
    const lost = new Promise<TransportError>((resolve) => (lose = resolve));
    const session = await openSession({ ...probe.transport, lost }, OPEN);
    const waiting = session.sample(FAST);
    lose(new TransportError('lost', 'the cable is out'));
    await expect(waiting).rejects.toMatchObject({ reason: 'lost', message: 'the cable is out' });
    expect(probe.killed()).toBe(true);
  });

  it('sees what appears while it runs, at the next slow sample', async () => {
    const path = join(programs({}), 'counter');
    const counter: Source = { ...OPEN_SOURCE, id: 'counter', tier: 'fast', reader: { kind: 'file', path } };
    const sources = [...(OPEN.sources ?? []), counter];
    const session = await openSession(transport(), options({ sources, parserFor: (id) => parserFor(id === 'counter' ? 'conntrack_count' : id) }));
    const state = async (tiers: ReadonlySet<Tier>): Promise<string | undefined> => {
      const reading = (await session.sample(tiers)).readings.get('counter');
      return reading?.state === 'unreadable' ? reading.reason : reading?.state;
    };
    expect(await state(FAST)).toBe('absent');
    writeFileSync(path, '7\n');
    expect(await state(new Set(['fast', 'slow']))).toBe('ok');
    expect(await state(FAST)).toBe('ok');
    rmSync(path);
    expect(await state(FAST)).toBe('failed');
    expect(await state(new Set(['fast', 'slow']))).toBe('absent');
    await session.close();
  });

  it('refuses a source that has no parser', async () => {
    await expect(openSession(transport(), options({ parserFor: () => undefined }))).rejects.toThrow(/no parser for the source uptime/);
  });
});
