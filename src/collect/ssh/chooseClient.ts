import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import type { HostFacts } from './clientFacts.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import type { SshBackend, SshClientChoice } from './types.js';

/** A host of the way and what lies on this machine for it. */
export interface Candidate {
  readonly host: ResolvedHost;
  readonly facts: HostFacts;
}

/** Why the system's `ssh` is wanted. `must`: ssh2 would do something else than what is configured, or cannot get in. */
interface Reason {
  readonly must: boolean;
  readonly sentence: string;
}

/** This machine, as far as the choice depends on it. */
export interface ClientMachine {
  /** Whether there is an `ssh` that can be started. */
  readonly hasSsh: boolean;
  /** Whether programs run in a shell as OpenSSH's `ProxyCommand` expects (not on Windows). */
  readonly hasShell: boolean;
}

/** The setting as a person finds it. */
const SETTING = 'droplens.ssh.client';

/**
 * Chooses the program that makes a connection. `auto` takes ssh2 unless a host of the way has something that only the
 * system's `ssh` can do; what ssh2 merely does less well (no shared connection, no Kerberos) gives way when there is no
 * `ssh`. Throws `unsupported`, naming the option and the setting, when the choice is impossible.
 */
export function chooseClient(way: readonly Candidate[], choice: SshClientChoice, machine: ClientMachine): SshBackend {
  const reasons = way.flatMap((candidate) => reasonsFor(candidate, machine));
  const must = reasons.find((reason) => reason.must);
  switch (choice) {
    case 'ssh2':
      if (must === undefined) return { client: 'ssh2' };
      throw new TransportError(
        'unsupported',
        must.sentence,
        english(msg('The setting {0} is "ssh2": set it to "auto" or "system".', SETTING)),
      );
    case 'system':
      if (machine.hasSsh) return { client: 'system', why: english(msg('The setting {0} is "system".', SETTING)) };
      throw new TransportError(
        'unsupported',
        english(msg('The setting {0} is "system", and there is no program "ssh" on this machine.', SETTING)),
        english(msg('Install the OpenSSH client, or set it to "auto".')),
      );
    case 'auto': {
      const reason = must ?? reasons[0];
      if (reason === undefined) return { client: 'ssh2' };
      if (machine.hasSsh) return { client: 'system', why: reason.sentence };
      if (must === undefined) return { client: 'ssh2' };
      throw new TransportError(
        'unsupported',
        must.sentence,
        english(msg('There is no program "ssh" on this machine: install the OpenSSH client.')),
      );
    }
  }
}

function reasonsFor({ host, facts }: Candidate, machine: ClientMachine): Reason[] {
  const { alias } = host;
  const reasons: Reason[] = [];
  const add = (must: boolean, message: Parameters<typeof english>[0]): void => {
    reasons.push({ must, sentence: english(message) });
  };
  const options = [...host.onlySystem, ...(host.certificateFiles.length > 0 ? ['CertificateFile'] : [])];
  if (options.length > 0) {
    add(true, msg("The SSH configuration of {0} uses {1}, which only the system's ssh can do.", alias, options.join(', ')));
  }
  if (host.proxy.kind === 'command' && !machine.hasShell) {
    add(true, msg("The SSH configuration of {0} uses ProxyCommand, which only the system's ssh can run here.", alias));
  }
  if (host.gssapi === 'wanted') {
    add(true, msg("The SSH configuration of {0} prefers Kerberos (GSSAPI), which only the system's ssh can do.", alias));
  }
  const [hardwareKey] = facts.hardwareKeys;
  if (hardwareKey !== undefined) {
    // A default key file is only one among several; one that stands in the configuration is meant.
    const configured = host.identityFiles.length > 0;
    if (configured || !facts.plainKeys) {
      add(!facts.plainKeys && host.agentSocket === undefined, msg("{0} is used with the hardware key {1}, which only the system's ssh can ask.", alias, hardwareKey));
    }
  }
  const [certificate] = facts.certificates;
  if (certificate !== undefined) {
    add(false, msg("There is a certificate for {0}, {1}, which only the system's ssh can show.", alias, certificate));
  }
  if (facts.sharedConnection) {
    add(false, msg("A connection to {0} is open already and can be shared (ControlPath), which only the system's ssh can do.", alias));
  }
  // GSSAPIAuthentication is switched on for everybody by some systems: without a ticket it means nothing.
  if (host.gssapi === 'allowed' && facts.ticketCache) {
    add(false, msg("{0} may let you in by a Kerberos ticket, which only the system's ssh can show.", alias));
  }
  if (facts.authoritiesOnly) {
    add(false, msg("known_hosts trusts {0} by a certificate authority, which only the system's ssh can check.", alias));
  }
  return reasons;
}
