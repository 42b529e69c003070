import { connectSsh } from '../../src/collect/ssh/connect.js';
import { startTrial } from '../../src/collect/change/trial.js';
import type { Act } from '../../src/core/fix/types.js';
import { machineAt, requestFor } from './support.js';
import type { TestSshd } from './sshd.js';

/** What the program below is told, as JSON in its first argument. */
export interface VictimOrders {
  readonly sshd: Pick<TestSshd, 'alias' | 'home' | 'folder'>;
  readonly apply: readonly Act[];
  readonly undo: readonly Act[];
  readonly seconds: number;
}

/** Begins a change over SSH and says how far it is; it never decides. Something bad happens to it on the way. */
async function main(): Promise<void> {
  const { sshd, apply, undo, seconds } = JSON.parse(process.argv[2] ?? '') as VictimOrders;
  const transport = await connectSsh(requestFor(sshd as TestSshd, { machine: machineAt(sshd.home) }));
  process.stdout.write('connected\n');
  const trial = await startTrial(transport, { apply, undo, seconds, prefix: [], host: 'there' });
  process.stdout.write('armed\n');
  await trial.applied;
  process.stdout.write('applied\n');
}

main().catch((error: unknown) => {
  process.stdout.write(`failed ${String(error)}\n`);
});
// It is ended from outside.
setInterval(() => undefined, 60_000);
