import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import { decideHostKeyTrust, type HostKeyDecision } from './hostKeyPolicy.js';
import { compareWithOwn } from './hostKeyStore.js';
import {
  fingerprint,
  keyTypeOf,
  knownHostName,
  knownKeyTypes,
  lookUpHostKey,
  parseKnownHosts,
  sameKey,
  type KnownHostLine,
  type KnownHostOutcome,
} from './knownHosts.js';
import type { SshRequest } from './types.js';

/** Checks the key of one host. Made before the connection, so that an unreadable record stops it from being made. */
export interface HostKeyCheck {
  /** Key types on record, to be preferred in the handshake. */
  readonly knownTypes: readonly string[];
  /**
   * What is settled about the key without asking anybody: once a key was trusted, every other one is refused for as
   * long as the connection lasts.
   */
  settled(key: Buffer): 'trusted' | 'refused' | 'open';
  /** Resolves when the key is trusted; rejects with a `host-key-*` error, or with what kept it from being checked. */
  verify(key: Buffer): Promise<void>;
}

/**
 * Reads what is on record about a host; `hop` is its name when it is a jump host, `null` for the target. Rejects when
 * a file is there and cannot be read: it may hold a revocation.
 */
export async function prepareHostKeyCheck(
  host: ResolvedHost,
  request: SshRequest,
  hop: string | null,
  whileAsking: <T>(question: () => Promise<T>) => Promise<T>,
): Promise<HostKeyCheck> {
  // HostKeyAlias replaces name and port (ssh_config(5)).
  const name = host.hostKeyAlias ?? knownHostName(host.hostName, host.port);
  const withoutPort = host.hostKeyAlias === undefined ? host.hostName.toLowerCase() : name;
  const lines = await readRecords(host, request);
  const own = await readOwn(host, request, name);
  const knownTypes = [
    ...new Set([
      ...own.map((key) => keyTypeOf(key) ?? ''),
      ...knownKeyTypes(lines, name),
      ...knownKeyTypes(lines, withoutPort),
    ]),
  ];
  let trusted: Buffer | undefined;

  const settled = (key: Buffer): 'trusted' | 'refused' | 'open' => {
    if (trusted === undefined) return 'open';
    return sameKey(trusted, key) ? 'trusted' : 'refused';
  };
  const verify = async (key: Buffer): Promise<void> => {
    const decision = decideHostKeyTrust({
      known: lookUp(lines, name, withoutPort, key),
      own: compareWithOwn(own, key),
      strict: host.strictHostKeyChecking,
      interactive: request.interactive && !host.batchMode,
    });
    switch (decision.kind) {
      case 'deny':
        throw refusal(decision, host, request, name, key);
      case 'ask': {
        const question = {
          host: name,
          keyType: keyTypeOf(key) ?? '',
          fingerprint: fingerprint(key),
          hop,
          alreadyKnown: knownTypes,
        };
        const answer = await whileAsking(() => request.asker.hostKey(question));
        if (answer !== true) {
          throw new TransportError(
            'host-key-refused',
            english(msg('The host key of {0} was not accepted, so nothing was sent to it.', host.alias)),
          );
        }
        await request.ownStore.add(name, key);
        break;
      }
      case 'trust':
        if (decision.persist) await request.ownStore.add(name, key);
        break;
    }
    trusted = key;
  };
  return { knownTypes, settled, verify };
}

/** Like OpenSSH, a host on another port may also show the key that is recorded for the host without a port. */
function lookUp(lines: readonly KnownHostLine[], name: string, withoutPort: string, key: Buffer): KnownHostOutcome {
  const exact = lookUpHostKey(lines, name, key);
  if (name === withoutPort || exact.kind === 'revoked') return exact;
  const plain = lookUpHostKey(lines, withoutPort, key);
  if (plain.kind === 'revoked') return plain;
  return exact.kind === 'unknown' && plain.kind === 'match' ? plain : exact;
}

/** Whether known_hosts has only certificate authorities for a host. An unreadable record is told when it is checked. */
export async function knowsOnlyAuthorities(host: ResolvedHost, request: SshRequest): Promise<boolean> {
  const texts = await Promise.all(host.knownHostsFiles.map((file) => request.machine.files.read(file).catch(() => undefined)));
  // Most people have none, and then the files need not be gone through twice.
  if (!texts.some((text) => text?.includes('@cert-authority') === true)) return false;
  const lines = texts.flatMap((text) => parseKnownHosts(text ?? ''));
  const name = host.hostKeyAlias ?? knownHostName(host.hostName, host.port);
  const withoutPort = host.hostKeyAlias ?? host.hostName.toLowerCase();
  const nothing = Buffer.alloc(0);
  const outcomes = [name, withoutPort].map((each) => lookUpHostKey(lines, each, nothing).kind);
  if (!outcomes.includes('ca-only') || outcomes.includes('other-key-type')) return false;
  try {
    return (await request.ownStore.keysOf(name)).length === 0;
  } catch {
    return false;
  }
}

async function readRecords(host: ResolvedHost, request: SshRequest): Promise<KnownHostLine[]> {
  const lines: KnownHostLine[] = [];
  for (const file of host.knownHostsFiles) {
    try {
      lines.push(...parseKnownHosts((await request.machine.files.read(file)) ?? ''));
    } catch (error) {
      throw cannotCheck(host, file, error);
    }
  }
  return lines;
}

async function readOwn(host: ResolvedHost, request: SshRequest, name: string): Promise<readonly Buffer[]> {
  try {
    return await request.ownStore.keysOf(name);
  } catch (error) {
    throw cannotCheck(host, request.ownStore.location, error);
  }
}

function cannotCheck(host: ResolvedHost, file: string, cause: unknown): TransportError {
  return new TransportError(
    'host-key-refused',
    english(msg('The host key of {0} cannot be checked, because {1} cannot be read.', host.alias, file)),
    english(msg('Make the file readable, or repair it, and connect again.')),
    { cause },
  );
}

function refusal(
  decision: Extract<HostKeyDecision, { kind: 'deny' }>,
  host: ResolvedHost,
  request: SshRequest,
  name: string,
  key: Buffer,
): TransportError {
  const shown = fingerprint(key);
  const type = keyTypeOf(key) ?? '';
  switch (decision.why) {
    case 'revoked':
      return new TransportError(
        'host-key-refused',
        english(msg('The host key of {0} ({1} {2}) is marked as revoked in known_hosts.', host.alias, type, shown)),
        english(msg('Ask the administrator of the host which key it has; a revoked key is never accepted.')),
      );
    case 'changed': {
      const how =
        decision.where === 'own'
          ? msg('Check the fingerprint with the administrator. If it is right, forget the key on record for "{0}" with "Droplens: Forget saved host key" (it stands in {1}).', name, request.ownStore.location)
          : msg('Check the fingerprint with the administrator. If it is right, run: ssh-keygen -R \'{0}\'', name);
      return new TransportError(
        'host-key-changed',
        english(
          msg(
            'The host key of {0} has changed: it showed {1} {2}, on record is {3}. Someone may be listening in.',
            host.alias,
            type,
            shown,
            fingerprint(decision.expected),
          ),
        ),
        english(how),
      );
    }
    case 'unknown':
      return new TransportError(
        'host-key-unknown',
        english(msg('The host key of {0} ({1} {2}) is not known, and StrictHostKeyChecking is "yes".', host.alias, type, shown)),
        english(msg('Add the key to known_hosts after checking its fingerprint with the administrator.')),
      );
    case 'unknown-in-background':
      return new TransportError(
        'host-key-unknown',
        english(msg('The host key of {0} ({1} {2}) is not known, and nobody could be asked.', host.alias, type, shown)),
        english(msg('Connect to the host once by hand and compare the fingerprint.')),
      );
  }
}
