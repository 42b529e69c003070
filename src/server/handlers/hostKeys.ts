import { join } from 'node:path';
import { Requests } from '../../protocol/messages.js';
import type { Rpc } from '../rpc.js';

/** Answers what concerns the host keys that were accepted here: which there are, and forgetting one. */
export function handleHostKeys(rpc: Rpc, storage: string): void {
  rpc.handle(Requests.hostKeys, async () => {
    const { fileHostKeyStore } = await import('../../collect/ssh/entry.js');
    return { keys: await fileHostKeyStore(join(storage, 'host-keys.json')).list() };
  });
  rpc.handle(Requests.forgetHostKey, async ({ host, fingerprint }) => {
    const { fileHostKeyStore } = await import('../../collect/ssh/entry.js');
    return { forgotten: await fileHostKeyStore(join(storage, 'host-keys.json')).forget(host, fingerprint) };
  });
}
