import { cpus, loadavg, release } from 'node:os';
import { activationPart } from './activation.js';
import { cpuPart } from './cpu.js';
import { pureCostsPart } from './pure.js';
import { printSection, summary, type Product, type Section } from './report.js';
import { sshConnectPart } from './sshConnect.js';
import { sshFleetPart } from './sshFleet.js';
import { verdictPart } from './verdict.js';
import { wirePart } from './wire.js';

const PARTS: ReadonlyMap<string, (product: Product) => Promise<Section>> = new Map([
  ['cpu', cpuPart],
  ['wire', wirePart],
  ['activation', activationPart],
  ['verdict', verdictPart],
  ['pure', pureCostsPart],
  ['ssh', sshConnectPart],
  ['fleet', sshFleetPart],
]);

/** Runs the named parts, or all, and prints what was measured beside its target. Throws for a name that is no part. */
export async function bench(product: Product, names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !PARTS.has(name));
  if (unknown.length > 0) throw new Error(`There is no part "${unknown.join('", "')}". Parts: ${[...PARTS.keys()].join(', ')}`);
  console.log(`Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`);
  const sections: Section[] = [];
  for (const [name, part] of PARTS) {
    if (names.length > 0 && !names.includes(name)) continue;
    const section = await part(product);
    printSection(section);
    sections.push(section);
  }
  console.log(summary(sections));
}
