import { english, fill, type Message } from '../core/message.js';
import type { Translate } from '../engine/report.js';

/** A translator over a localisation bundle (English template → translation); English where the bundle has nothing. */
export function translator(bundle: Readonly<Record<string, string>> | null): Translate {
  if (bundle === null) return english;
  const texts = new Map(Object.entries(bundle));
  return (message: Message) =>
    // An argument-only template ("{0}") carries a name; there is nothing to translate in it.
    fill(texts.get(message.text) ?? message.text, message.args);
}
