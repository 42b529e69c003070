import type { Sample } from '../../src/core/sample.js';
import { SOURCES, type Source, type Tier } from '../../src/core/sources.js';
import type { Transport } from '../../src/collect/transport.js';

/** A shell that reads the same as a sample does, and nothing else: no frames, no limits, no care for what is missing. */
export interface Floor {
  /** Reads everything of these tiers once. */
  ask(tiers: ReadonlySet<Tier>): Promise<void>;
}

/**
 * Starts a shell that answers a line with the contents of the files of the named tiers, printed by one `cat`, and with
 * what the commands of these tiers print, run one after the other. `full`: a sample of all tiers, which tells what can
 * be read on this host.
 */
export async function startFloor(transport: Transport, full: Sample): Promise<Floor> {
  const readable = (SOURCES as readonly Source[]).filter((source) => full.readings.get(source.id)?.state === 'ok');
  const files = (tier: Tier): string =>
    readable.flatMap((source) => (source.tier === tier && source.reader.kind === 'file' ? [source.reader.path] : [])).join(' ');
  const commands = (tier: Tier): string =>
    readable.flatMap((source) => (source.tier === tier ? (commandOf(source) ?? []) : [])).join('\n');
  const program = [
    'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"',
    `fast() { cat ${files('fast')}; }`,
    `medium() { cat ${files('fast')} ${files('medium')}\n${commands('medium')}\n}`,
    `slow() { cat ${files('fast')} ${files('slow')}\n${commands('slow')}\n}`,
    `all() { cat ${files('fast')} ${files('medium')} ${files('slow')}\n${commands('medium')}\n${commands('slow')}\n}`,
    `while read -r due; do $due; printf '\\n%s\\n' "${END}"; done`,
  ].join('\n');
  const process = await transport.spawn(['sh', '-c', program]);
  void drain(process.stderr);
  const output = process.stdout[Symbol.asyncIterator]();
  return {
    async ask(tiers) {
      const due = tiers.has('slow') ? (tiers.has('medium') ? 'all' : 'slow') : tiers.has('medium') ? 'medium' : 'fast';
      await process.write(`${due}\n`);
      for (let tail = ''; !tail.endsWith(`\n${END}\n`); ) {
        const next = await output.next();
        if (next.done === true) throw new Error('the floor ended');
        tail = (tail + Buffer.from(next.value).toString('latin1')).slice(-END.length - 2);
      }
    },
  };
}

const END = 'end of the floor';

function commandOf(source: Source): string | undefined {
  switch (source.reader.kind) {
    case 'file':
    case 'with':
      return undefined;
    case 'sysfs':
      return `cd /sys/class/net; grep -s '' ${source.reader.attributes.map((name) => `./*/${name}`).join(' ')}; cd /`;
    case 'command':
      return source.reader.script;
  }
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stream) void chunk;
}
