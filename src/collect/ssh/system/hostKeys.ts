import type { ResolvedHost } from '../config/resolvedHost.js';
import { prepareHostKeyCheck, type HostKeyCheck } from '../hostKeyCheck.js';
import { decideHostKeyTrust } from '../hostKeyPolicy.js';
import { fingerprint, keyTypeOf, knownHostName, lookUpHostKey, parseKnownHosts } from '../knownHosts.js';
import type { SshRequest } from '../types.js';

type WhileAsking = <T>(question: () => Promise<T>) => Promise<T>;

/** A host on the way, under the name by which its key is recorded. */
interface Party {
  readonly host: ResolvedHost;
  readonly name: string;
  readonly check: HostKeyCheck;
}

/** Answers what `ssh` asks about host keys, by the same rules as everywhere here: target and jump hosts alike. */
export class HostKeys {
  private readonly proved = new Map<string, string>();

  private constructor(
    private readonly parties: Party[],
    private readonly target: ResolvedHost,
    private readonly request: SshRequest,
    private readonly whileAsking: WhileAsking,
  ) {}

  /** Reads what is on record about the target and its jump hosts. Rejects when it cannot be read. */
  static async prepare(
    target: ResolvedHost,
    hops: readonly ResolvedHost[],
    request: SshRequest,
    whileAsking: WhileAsking,
  ): Promise<HostKeys> {
    const parties: Party[] = [];
    for (const host of [target, ...hops]) parties.push(await partyOf(host, target, request, whileAsking));
    return new HostKeys(parties, target, request, whileAsking);
  }

  /**
   * The keys that need no question, as the script of {@link HOST_KEY_SCRIPT} reads them: those of our own store against which
   * no file speaks.
   */
  async trusted(): Promise<string> {
    const lines: string[] = [];
    for (const { host, name } of this.parties) {
      const files = await Promise.all(host.knownHostsFiles.map((file) => this.request.machine.files.read(file)));
      const records = files.flatMap((text) => parseKnownHosts(text ?? ''));
      for (const key of await this.request.ownStore.keysOf(name)) {
        const trusted = [name, host.hostKeyAlias ?? host.hostName].every((written) => {
          const known = lookUpHostKey(records, written, key);
          return decideHostKeyTrust({ known, own: { kind: 'match' }, strict: 'yes', interactive: false }).kind === 'trust';
        });
        if (trusted) lines.push(`${name} ${host.hostName} ${keyTypeOf(key) ?? '?'} ${key.toString('base64')}\n`);
      }
    }
    return lines.join('');
  }

  /**
   * Decides about a key that a host shows. Resolves with a line of known_hosts when it is trusted, and with an empty
   * one for a certificate: whether its authority is known is what `ssh` itself looks up. Rejects with a
   * `host-key-*` error otherwise.
   */
  async judge(shown: string, base64: string): Promise<string> {
    const key = Buffer.from(base64, 'base64');
    const type = keyTypeOf(key);
    if (type === undefined || /\s/.test(shown)) throw new Error('not a host key');
    // Where the authority is not known, ssh asks again, about the plain key inside the certificate.
    if (/-cert-v\d+@openssh\.com$/.test(type)) return '';
    const party = this.partyNamed(shown) ?? (await this.stranger(shown));
    await party.check.verify(key);
    this.noteProved(party.name, key);
    return `${shown} ${type} ${key.toString('base64')}`;
  }

  /** Notes what the script found by itself: lines `name key`. */
  noteAll(text: string): void {
    for (const line of text.split('\n')) {
      const [name, key] = line.split(' ');
      if (name !== undefined && key !== undefined) this.noteProved(name, Buffer.from(key, 'base64'));
    }
  }

  /** Fingerprint of the key with which a host proved itself in this connection. */
  provedBy(host: ResolvedHost): string | undefined {
    return this.proved.get(recordedName(host));
  }

  private noteProved(name: string, key: Buffer): void {
    this.proved.set(name.toLowerCase(), fingerprint(key));
  }

  private partyNamed(shown: string): Party | undefined {
    return this.parties.find(({ name }) => name === shown.toLowerCase());
  }

  /** A hop that our reading of the configuration does not know: it is asked about as a host of its own. */
  private async stranger(shown: string): Promise<Party> {
    const match = /^\[(.+)\]:(\d+)$/.exec(shown);
    const hostName = (match?.[1] ?? shown).toLowerCase();
    const port = Number(match?.[2] ?? 22);
    const host = { ...this.target, alias: hostName, hostName, port, hostKeyAlias: undefined, strictHostKeyChecking: 'ask' as const };
    const party = await partyOf(host, this.target, this.request, this.whileAsking);
    this.parties.push(party);
    return party;
  }
}

/** HostKeyAlias replaces name and port (ssh_config(5)). */
function recordedName(host: ResolvedHost): string {
  return (host.hostKeyAlias ?? knownHostName(host.hostName, host.port)).toLowerCase();
}

async function partyOf(host: ResolvedHost, target: ResolvedHost, request: SshRequest, whileAsking: WhileAsking): Promise<Party> {
  const check = await prepareHostKeyCheck(host, request, host === target ? null : host.alias, whileAsking);
  return { host, name: recordedName(host), check };
}
