import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpret } from '../../src/collect/ssh/config/interpret.js';
import { resolveHost, type HostWish, type ResolvedHost } from '../../src/collect/ssh/config/resolveHost.js';
import { parseSshG } from '../../src/collect/ssh/config/sshG.js';
import type { SshMachine } from '../../src/collect/ssh/types.js';
import { machineAt } from './support.js';

const { username, homedir } = userInfo();

let folder: string;
let config: string;
let machine: SshMachine;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'droplens-sshg-'));
  config = join(folder, 'config');
  const env = new Map([['PATH', process.env['PATH'] ?? ''], ['KEYS', '/keys'], ['AGENT', '/other/agent']]);
  machine = machineAt(homedir, { configFile: config, userName: username, env, agentSocket: '/agent' });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const asSsh = (wish: HostWish): Promise<ResolvedHost> =>
  resolveHost(wish, { machine: { ...machine, sshProgram: 'ssh' }, mayRunPrograms: true });
const ourselves = (wish: HostWish): Promise<ResolvedHost> => resolveHost(wish, { machine, mayRunPrograms: true });

describe('what ssh -G prints', () => {
  const account = { home: '/home/ann', userId: 1000, hostName: 'desk.example' };
  const ann = machineAt('/home/ann', { userName: 'ann', agentSocket: '/agent' });
  const read = (text: string): ResolvedHost => interpret('web', parseSshG(text), ann, account, 'ssh');

  it('is understood where nothing is configured', async () => {
    const text = await readFile(new URL('./sshG/openssh-9.2.txt', import.meta.url), 'utf8');
    const host = read(text);
    expect(host).toEqual(interpret('web', parseSshG('host web\n'), ann, account, 'files'));
    expect(host).toMatchObject({ hostName: 'web', user: 'ann', identityFiles: [], onlySystem: [], runs: [], proxy: { kind: 'direct' } });
  });

  it.each([
    // 6.8 to 8.x: no `host` line, yes and no as such, names of the record files not expanded.
    [
      'older',
      'user bob\nhostname web.example\nport 2222\nstricthostkeychecking yes\ncanonicalizehostname no\nuserknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2\n' +
        'challengeresponseauthentication yes\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_dsa\nproxyjump bastion\nconnecttimeout 65\n',
    ],
    // 9.2 and later: words for switches, expanded names, options of its own.
    [
      'newer',
      'host web\nuser bob\nhostname web.example\nport 2222\nstricthostkeychecking true\ncanonicalizehostname false\nuserknownhostsfile /home/ann/.ssh/known_hosts /home/ann/.ssh/known_hosts2\n' +
        'tunnel false\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519_sk\nproxyjump bastion\nconnecttimeout 65\nobscurekeystroketiming yes\nchanneltimeout none\nwarnweakcrypto true\n',
    ],
  ])('is understood as %s versions print it', (_name, text) => {
    expect(read(text)).toMatchObject({
      user: 'bob',
      hostName: 'web.example',
      port: 2222,
      strictHostKeyChecking: 'yes',
      identityFiles: [],
      proxy: { kind: 'jump', jumps: [{ host: 'bastion', user: undefined, port: undefined }] },
      connectTimeoutMs: 65_000,
      onlySystem: [],
    });
    expect(read(text).knownHostsFiles.slice(0, 2)).toEqual(['/home/ann/.ssh/known_hosts', '/home/ann/.ssh/known_hosts2']);
  });

  it('keeps values with spaces together, and expands what ssh leaves to others', () => {
    const host = read('hostname h\nidentityfile /my keys/%r@%h\nidentityfile ~/.ssh/%i\nuserknownhostsfile /a b/c /d\nproxycommand nc "%h"  %p\ncontrolpath /run/c%%\n');
    expect(host.identityFiles).toEqual(['/my keys/ann@h', '/home/ann/.ssh/1000']);
    expect(host.knownHostsFiles.slice(0, 2)).toEqual(['/a b/c', '/d']);
    expect(host.proxy).toEqual({ kind: 'command', command: 'nc "%h"  %p' });
    expect(host.controlPath).toBe('/run/c%');
  });

  it('takes Kerberos from the order of the methods, not from the switch alone', () => {
    expect(read('gssapiauthentication yes\n').gssapi).toBe('allowed');
    expect(read('gssapiauthentication yes\npreferredauthentications gssapi-with-mic,publickey\n').gssapi).toBe('wanted');
    expect(read('gssapiauthentication yes\npreferredauthentications publickey\n').gssapi).toBe('off');
    expect(read('gssapiauthentication no\npreferredauthentications gssapi-with-mic\n').gssapi).toBe('off');
  });
});

describe('ssh -G and our own reading', () => {
  it.each([
    ['nothing', ''],
    ['an include, where it stands', 'Host web\n  Include INCLUDED\nHost *\n  Port 4\n'],
    ['Match host', 'Host web\n  HostName web.example\nMatch host web.example\n  User bob\nMatch originalhost web user bob\n  Port 7\n'],
    ['Match final and canonical', 'HostName %h.example\nMatch canonical\n  User eve\nMatch final host *.example\n  Port 9\nMatch !host web.example\n  User x\n'],
    ['keys with tokens', 'IdentityFile "/my keys/%r@%h:%p"\nIdentityFile ~/.ssh/%u-%n\nIdentityFile ${KEYS}/%i%%%L\nCertificateFile ~/c/%h\nIdentitiesOnly yes\n'],
    ['no key', 'IdentityFile none\n'],
    ['agent: a path', 'IdentityAgent ~/agent.%r\n'],
    ['agent: none', 'IdentityAgent none\n'],
    ['agent: SSH_AUTH_SOCK', 'IdentityAgent SSH_AUTH_SOCK\n'],
    ['agent: a variable', 'IdentityAgent $AGENT\n'],
    ['agent: a variable in braces', 'IdentityAgent ${AGENT}\n'],
    ['a list of jump hosts', 'Host web\n  ProxyJump a,eve@10.0.0.1:33,[fe80::1%eth0]:44,ssh://bob@b:5/\n'],
    ['a jump before a command', 'ProxyJump none\nProxyCommand nc %h %p\n'],
    ['a command', `ProxyCommand sh -c "exec nc '%h' %p # not a comment"\n`],
    ['IPv6', 'HostName FE80::1\n'],
    ['names in lower case', 'HostName WEB.Example\nHostKeyAlias Blue\n'],
    ['several records', 'UserKnownHostsFile "/a b" ~/c\nGlobalKnownHostsFile /d\n'],
    ['no records', 'UserKnownHostsFile none\n'],
    ['host key algorithms', 'HostKeyAlgorithms ^rsa-sha2-256,ssh-rsa\n'],
    ['host key algorithms, fewer', 'HostKeyAlgorithms -ecdsa*\n'],
    ['other algorithms', 'KexAlgorithms -ecdh-*\nCiphers ^chacha20-poly1305@openssh.com\nMACs hmac-sha2-512,umac-64@openssh.com\n'],
    ['algorithms that only ssh has', 'KexAlgorithms sntrup761x25519-sha512@openssh.com\n'],
    ['methods', 'PreferredAuthentications password,publickey\nPubkeyAuthentication no\nKbdInteractiveAuthentication no\n'],
    ['Kerberos', 'GSSAPIAuthentication yes\n'],
    ['times', 'ConnectTimeout 1m5s\nServerAliveInterval 2m\nServerAliveCountMax 5\nNumberOfPasswordPrompts 1\nBatchMode yes\n'],
    ['a shared connection', 'ControlMaster auto\nControlPath ~/.ssh/cm-%r@%h:%p-%C\n'],
    ['what only ssh does', 'KnownHostsCommand /bin/true %H\nRevokedHostKeys /rev\nPKCS11Provider /p.so\nBindAddress 1.2.3.4\n'],
    ['another provider of hardware keys', 'SecurityKeyProvider /lib/sk.so\nAddressFamily inet6\nStrictHostKeyChecking off\n'],
    ['comments, quotes and equals signs', 'Host "web" # the web\n  Port=23\n  User = "bob" # him\n\tidentitiesonly\tyes\n'],
  ])('agree about %s', async (_name, text) => {
    const included = join(folder, 'more.conf');
    await writeFile(included, 'User ann\nHost db\n  Port 1\n');
    await writeFile(config, text.replace('INCLUDED', included));
    for (const wish of [{ host: 'web' }, { host: 'db' }, { host: 'web', user: 'zoe', port: 99 }]) {
      expect(await ourselves(wish)).toEqual(await asSsh(wish));
    }
  });

  it('agree about configurations that nobody wrote', async () => {
    const pattern = fc.constantFrom('*', 'web', 'web*', 'w?b', 'db', '!web', '!db', '*.example', 'web.example', 'web web.example');
    const header = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => `Host ${patterns.join(' ')}`),
      fc
        .tuple(fc.constantFrom('host', 'originalhost', '!host', 'user', 'localuser'), fc.constantFrom('web', '*', 'web*,!web', 'bob', '*.example', username))
        .map(([criterion, value]) => `Match ${criterion} ${value}`),
      fc.constantFrom('Match all', 'Match final host *.example', 'Match final all'),
    );
    const option = fc.constantFrom(
      'HostName %h.example', 'hostname 10.0.0.1', 'USER bob', 'User eve', 'Port 2222', 'port=23', 'IdentityFile /k/%r', 'IdentityFile /k/two',
      'IdentitiesOnly yes', 'StrictHostKeyChecking no', 'StrictHostKeyChecking accept-new', 'UserKnownHostsFile /a /b', 'HostKeyAlias Blue',
      'ProxyJump a,b', 'ProxyJump none', 'ProxyCommand nc %h %p', 'ProxyCommand none', 'CertificateFile /c', 'ControlPath /x/%r',
    );
    const section = fc.tuple(header, fc.array(option, { maxLength: 4 })).map(([head, lines]) => [head, ...lines.map((line) => `  ${line}`)]);
    const text = fc.tuple(fc.array(option, { maxLength: 2 }), fc.array(section, { maxLength: 4 })).map(([top, sections]) => [...top, ...sections.flat(), ''].join('\n'));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('web', 'db', 'web.example'), async (content, host) => {
        await writeFile(config, content);
        expect(await ourselves({ host })).toEqual(await asSsh({ host }));
      }),
      { seed: 4711, numRuns: 150 },
    );
  });
});

describe('asking ssh', () => {
  const program = async (text: string): Promise<string> => {
    const file = join(folder, 'fake-ssh');
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return file;
  };
  const withProgram = (sshProgram: string, over: Partial<Parameters<typeof resolveHost>[1]> = {}): Promise<ResolvedHost> =>
    resolveHost({ host: 'web' }, { machine: { ...machine, sshProgram }, mayRunPrograms: true, ...over });
  const ran = (): Promise<boolean> => access(join(folder, 'ran')).then(() => true, () => false);

  it('gives it names as arguments, the options before them', async () => {
    const fake = await program(`printf '%s\\n' "$LC_ALL" "$@" >${folder}/ran; echo hostname there`);
    expect((await resolveHost({ host: 'web', user: 'bob', port: 7 }, { machine: { ...machine, sshProgram: fake }, mayRunPrograms: true })).hostName).toBe('there');
    expect((await readFile(join(folder, 'ran'), 'utf8')).trim().split('\n')).toEqual(['C', '-G', '-F', config, '-l', 'bob', '-p', '7', '--', 'web']);
  });

  it('reads the files itself where there is no ssh, or one that is too old', async () => {
    await writeFile(config, 'Port 5\n');
    expect((await withProgram(join(folder, 'missing'))).port).toBe(5);
    expect((await withProgram(await program('echo "ssh: illegal option -- G" >&2; exit 255'))).port).toBe(5);
  });

  it('says what ssh does not accept', async () => {
    await writeFile(config, 'Port twelve\n');
    await expect(withProgram('ssh')).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('line 1') as string });
  });

  it('stops when it is cancelled, and leaves no process behind', async () => {
    const stop = new AbortController();
    const fake = await program(`echo $$ >${folder}/ran; exec sleep 60`);
    const resolving = withProgram(fake, { signal: stop.signal });
    resolving.catch(() => undefined);
    await expect.poll(ran).toBe(true);
    await expect.poll(() => readFile(join(folder, 'ran'), 'utf8')).toMatch(/\n/);
    stop.abort();
    await expect(resolving).rejects.toMatchObject({ reason: 'cancelled' });
    const pid = Number(await readFile(join(folder, 'ran'), 'utf8'));
    await expect.poll(() => access(`/proc/${pid}`).then(() => 'there', () => 'gone')).toBe('gone');
  });

  it('ignores an option of a newer ssh that stands at its default, and leaves another one to the system', async () => {
    const fake = await program('case "$*" in *localhost*) echo brandnew a,b;; *) echo brandnew a,b; echo hostname x;; esac');
    expect((await withProgram(fake)).onlySystem).toEqual([]);
    const set = await program('case "$*" in *localhost*) echo brandnew a,b;; *) echo brandnew c; echo hostname x;; esac');
    expect((await withProgram(set)).onlySystem).toEqual(['brandnew']);
  });

  it('does not ask it where HOME leads elsewhere than ssh would look', async () => {
    const fake = await program(`touch ${folder}/ran; echo hostname there`);
    const elsewhere = { ...machine, home: folder, configFile: undefined, sshProgram: fake };
    expect((await resolveHost({ host: 'web' }, { machine: elsewhere, mayRunPrograms: true })).hostName).toBe('web');
    expect(await ran()).toBe(false);
  });

  describe('about a Match exec', () => {
    const resolve = (mayRunPrograms: boolean): Promise<ResolvedHost> => withProgram('ssh', { mayRunPrograms });

    it('runs it where programs may be run', async () => {
      await writeFile(config, `Match exec "touch ${folder}/ran"\n  Port 6\n`);
      expect((await resolve(true)).port).toBe(6);
      expect(await ran()).toBe(true);
    });

    it.each([
      ['plain', 'Match exec "touch RAN"\n'],
      ['with another condition', 'Match host web exec "touch RAN"\n'],
      ['negated', 'Match !exec "touch RAN"\n'],
      ['in capitals', 'MATCH host web EXEC "touch RAN"\n'],
      ['quoted keyword', '"Match" host web exec "touch RAN"\n'],
      ['equals signs', 'Match=host web exec "touch RAN"\n'],
      ['equals sign and spaces', '  Match = exec "touch RAN"\n'],
      ['criterion with an equals sign', 'Match exec="touch RAN"\n'],
      ['tabs', '\tMatch\thost\tweb\texec\t"touch RAN"\n'],
      ['form feed', '\fMatch exec "touch RAN"\n'],
      ['without a line end', 'Match exec "touch RAN"'],
      ['carriage returns', 'Host db\r\nMatch exec "touch RAN"\r\n'],
      ['in an include', 'Include EXTRA\n'],
      ['in an include of an include with a pattern', 'Host web\n Include FOLDER/b*.conf\n'],
      ['in a quoted include', 'include "EXTRA"\n'],
      ['in one of several includes', 'Include /nowhere EXTRA\n'],
      ['in an include with a set', 'Include FOLDER/[e]xtra.conf\n'],
      ['in an include with an equals sign', 'Include=EXTRA\n'],
    ])('never runs it where none may be run: %s', async (_name, text) => {
      const fill = (template: string): string =>
        template.replaceAll('RAN', join(folder, 'ran')).replaceAll('EXTRA', join(folder, 'extra.conf')).replaceAll('FOLDER', folder);
      await writeFile(join(folder, 'extra.conf'), fill('Match exec "touch RAN"\n  Port 6\n'));
      await writeFile(join(folder, 'b1.conf'), fill('Include EXTRA\n'));
      await writeFile(config, fill(text));
      await resolve(false).catch(() => undefined);
      expect(await ran()).toBe(false);
      // The same file does run it where that is allowed: the check can fail. ssh itself takes no form feed there.
      await resolve(true).catch(() => undefined);
      expect(await ran()).toBe(!text.startsWith('\f'));
    });

    it('says what to do', async () => {
      await writeFile(config, `Match exec "touch ${folder}/ran"\n  Port 6\n`);
      await expect(resolve(false)).rejects.toMatchObject({
        reason: 'unsupported',
        message: 'The SSH configuration of web uses "Match exec", which runs a program on this machine.',
        how: expect.stringContaining('Trust the workspace') as string,
      });
    });

    it('asks ssh nevertheless where no file has one', async () => {
      const fake = await program(`touch ${folder}/ran; echo hostname there`);
      await writeFile(config, 'Host web\n  Port 5\n');
      expect((await withProgram(fake, { mayRunPrograms: false })).hostName).toBe('there');
    });
  });
});
