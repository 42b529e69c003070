import { randomBytes } from 'node:crypto';
import { quote, quoteArgv } from '../collect/quote.js';
import { runScript } from '../collect/run.js';
import { firstLine } from '../collect/sanitize.js';
import { TransportError, type Transport } from '../collect/transport.js';
import { known } from '../core/fix/kinds/index.js';
import type { Current, Read, Setting } from '../core/fix/types.js';
import { english, msg, type Message } from '../core/message.js';

/** Where the settings of a target are read and changed: as root, and inside its namespace. */
export interface RootAt {
  readonly transport: Transport;
  /** The way into the namespace, to be put before a program's arguments. */
  readonly prefix: readonly string[];
}

export type ReadSettings =
  | { readonly kind: 'read'; readonly currents: readonly Current[] }
  /** One of them could not be read, and why. */
  | { readonly kind: 'refused'; readonly why: Message; readonly setting: number };

/** Reading is quick; a tool that hangs (a driver that does not answer ethtool) is not waited for. */
const READ_SECONDS = 15;

/**
 * Reads settings, in their order, in one run on the host. Rejects with a TransportError when the connection does not
 * serve, or when it was cancelled.
 */
export async function readSettings(at: RootAt, settings: readonly Setting[], signal?: AbortSignal): Promise<ReadSettings> {
  const mark = `droplens:${randomBytes(12).toString('hex')}`;
  const reads = settings.map((setting) => known(setting).reads);
  const script = reads.flat().map((read, index) => readText(read, `${mark} ${index}`)).join('\n');
  const outcome = await runScript(at.transport, { script, env: new Map(), timeoutSeconds: READ_SECONDS, prefix: at.prefix }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  const answers = answersOf(outcome.output, mark);
  let next = 0;
  const currents: Current[] = [];
  for (const [index, setting] of settings.entries()) {
    const { name, understand } = known(setting);
    const outputs: string[] = [];
    for (let count = reads[index]?.length ?? 0; count > 0; count--) {
      const answer = answers.get(next++);
      if (answer?.status !== 0) {
        return { kind: 'refused', why: msg('{0} could not be read: {1}', name, firstLine(answer?.text ?? '') || '–'), setting: index };
      }
      outputs.push(answer.text);
    }
    const current = understand(outputs);
    if ('text' in current) return { kind: 'refused', why: current, setting: index };
    currents.push(current);
  }
  return { kind: 'read', currents };
}

function readText(read: Read, mark: string): string {
  const line = read.kind === 'read' ? `cat ${quote(read.path)}` : quoteArgv(read.argv);
  return `echo; echo ${quote(`${mark} begin`)}\n${line} 2>&1\ndl_status=$?\necho; echo ${quote(`${mark} end`)} "$dl_status"`;
}

/** Texts and exit statuses by the number of the read. */
function answersOf(output: string, mark: string): ReadonlyMap<number, { readonly text: string; readonly status: number }> {
  const answers = new Map<number, { text: string; status: number }>();
  const pattern = new RegExp(`^${mark} (\\d+) begin\\n([\\s\\S]*?)\\n${mark} \\1 end (\\d+)$`, 'gm');
  for (const [, index, text, status] of output.matchAll(pattern)) answers.set(Number(index), { text: text ?? '', status: Number(status) });
  return answers;
}
