import type { ResolvedHost } from '../config/resolvedHost.js';
import { prepareHostKeyCheck, type HostKeyCheck } from '../hostKeyCheck.js';
import { decideHostKeyTrust } from '../hostKeyPolicy.js';
import { fingerprint, keyTypeOf, knownHostName, lookUpHostKey, parseKnownHosts, type KnownHostLine } from '../knownHosts.js';
import type { SshRequest } from '../types.js';
import { isAuthorityKnown, readCertificate } from './certificate.js';

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
    for (const party of this.parties) {
      const { host, name } = party;
      const records = await this.records(host);
      for (const key of await this.request.ownStore.keysOf(name)) {
        const trusted = namesOf(party).every((written) => {
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
   * one for a certificate of an authority that is known: whether it is valid is what `ssh` itself checks. Rejects with
   * a `host-key-*` error otherwise.
   */
  async judge(shown: string, base64: string): Promise<string> {
    const blob = Buffer.from(base64, 'base64');
    const certificate = readCertificate(blob);
    const key = certificate?.plain ?? blob;
    const type = keyTypeOf(key);
    if (type === undefined || /\s/.test(shown)) throw new Error('not a host key');
    const party = this.partyNamed(shown) ?? (await this.stranger(shown));
    if (certificate !== undefined && isAuthorityKnown(await this.records(party.host), namesOf(party), certificate.authority)) {
      this.noteProved(party.name, key);
      return '';
    }
    // ssh asks only once: where the authority is not known, it looks for the plain key in the same answer.
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

  private async records(host: ResolvedHost): Promise<KnownHostLine[]> {
    const files = await Promise.all(host.knownHostsFiles.map((file) => this.request.machine.files.read(file)));
    return files.flatMap((text) => parseKnownHosts(text ?? ''));
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

/** Like OpenSSH, a host on another port may also show what is recorded for the host without a port. */
function namesOf({ host, name }: Party): string[] {
  return [name, host.hostKeyAlias ?? host.hostName.toLowerCase()];
}

async function partyOf(host: ResolvedHost, target: ResolvedHost, request: SshRequest, whileAsking: WhileAsking): Promise<Party> {
  const check = await prepareHostKeyCheck(host, request, host === target ? null : host.alias, whileAsking);
  return { host, name: recordedName(host), check };
}
