import { createHmac, randomBytes } from 'node:crypto';
import { redact } from '../core/recording/redact/index.js';
import type { Recording } from '../core/recording/types.js';

/** A recording without names, addresses and secrets. The key is of chance and is forgotten, so that nobody can go back. */
export function redactRecording(recording: Recording): Recording {
  const key = randomBytes(32);
  const known = new Map<string, string>();
  return redact(recording, (text) => {
    let hash = known.get(text);
    if (hash === undefined) known.set(text, (hash = createHmac('sha256', key).update(text).digest('hex')));
    return hash;
  });
}
