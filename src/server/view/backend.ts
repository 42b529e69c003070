import type { SshBackend } from '../../collect/ssh/types.js';
import { msg, type Message } from '../../core/message.js';

/** Which program made a connection, and why, in one sentence. */
export function backendText(backend: SshBackend): Message {
  return backend.client === 'ssh2'
    ? msg('Connected with the SSH client that Droplens brings along.')
    : msg('Connected with the system’s ssh: {0}', backend.why);
}
