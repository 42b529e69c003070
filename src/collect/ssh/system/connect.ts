import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import type { ResolvedHost } from '../config/resolvedHost.js';
import type { SshRequest, SshTransport } from '../types.js';

/** Connects with the system's `ssh`; `why` says what it is needed for. Rejects with a {@link TransportError}. */
export function connectSystem(_request: SshRequest, host: ResolvedHost, why: string): Promise<SshTransport> {
  return Promise.reject(new TransportError('unsupported', english(msg('{0} needs the system\'s ssh: {1}', host.alias, why))));
}
