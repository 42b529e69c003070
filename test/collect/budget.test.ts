import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parserFor } from '../../src/core/parse/index.js';
import { SOURCES } from '../../src/core/sources.js';
import { localTransport, type LocalMachine } from '../../src/collect/local.js';
import { openSession } from '../../src/collect/session.js';
import { processesWith, token } from './support.js';

const ROUNDS = 600;

/** CPU time that a process and the children for which it waited have used, in clock ticks (proc(5), stat 14 to 17). */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

it('a fast sample costs the host at most twice the CPU of one cat of the same files', async () => {
  const tag = token();
  const machine: LocalMachine = {
    platform: 'linux',
    env: { PATH: process.env['PATH'], ...Object.fromEntries([tag.split('=')]) },
    exists: () => true,
  };
  const transport = localTransport(machine);
  const session = await openSession(transport, { host: 'testhost', parserFor });
  const [probe = 0] = processesWith(tag);

  const first = await session.sample(new Set(['fast']));
  const files = SOURCES.flatMap((source) =>
    source.reader.kind === 'file' && first.readings.get(source.id)?.state === 'ok' ? [source.reader.path] : [],
  );
  // The floor: a shell that answers a line with the contents of the files and nothing else.
  const floor = await transport.spawn(['sh', '-c', `while read -r line; do cat ${files.join(' ')}; printf '\\nend-%s\\n' "$line"; done`]);
  const cat = processesWith(tag).find((pid) => pid !== probe) ?? 0;
  const output = floor.stdout[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<void> => {
    await floor.write(`${line}\n`);
    for (let seen = ''; !seen.endsWith(`end-${line}\n`); ) {
      const next = await output.next();
      if (next.done === true) throw new Error('the floor ended');
      seen = (seen + Buffer.from(next.value).toString('latin1')).slice(-40);
    }
  };

  const before = { probe: ticks(probe), cat: ticks(cat) };
  for (let round = 0; round < ROUNDS; round++) {
    await session.sample(new Set(['fast']));
    await ask(String(round));
  }
  const used = { probe: ticks(probe) - before.probe, cat: ticks(cat) - before.cat };
  await session.close();
  await transport.dispose();

  const perSample = (value: number): string => `${((value * 10) / ROUNDS).toFixed(2)} ms`;
  console.log(`CPU per fast sample: probe ${perSample(used.probe)}, cat ${perSample(used.cat)}, ${(used.probe / used.cat).toFixed(2)} × the floor`);
  expect(used.cat).toBeGreaterThan(10);
  expect(used.probe).toBeLessThanOrEqual(used.cat * 2);
});
