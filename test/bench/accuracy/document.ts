import type { Judged } from './score.js';
import { bothOf, byLayer, recallOf } from './score.js';
import type { Score } from './main.js';
import { PEERS } from './peers.js';

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');
const of = (hits: number, all: number): string => (all === 0 ? '–' : `${hits} of ${all} (${Math.round((hits * 1000) / all) / 10} %)`);

/** The tables of a score, in Markdown. */
export function tableOf(score: Score): string {
  const { tools, singles, doubles, controls } = score;
  const summary = table(
    ['', 'right cause first', 'in the first three', 'both of two faults', 'runs of healthy hosts with an alarm'],
    tools.map((tool) => {
      const { faults, first, topThree } = recallOf(tool, singles);
      const watched = controls.filter(({ alarms }) => alarms.has(tool));
      const alarmed = watched.filter(({ alarms }) => (alarms.get(tool) ?? []).length > 0).length;
      return [tool, of(first, faults), of(topThree, faults), of(bothOf(tool, doubles), doubles.length), of(alarmed, watched.length)];
    }),
  );
  const layers = table(
    ['right cause first, by layer', ...tools],
    byLayer(singles).map(([layer, runs]) => [layer, ...tools.map((tool) => `${recallOf(tool, runs).first} of ${runs.length}`)]),
  );
  return `${summary}\n\n${layers}`;
}

/** Faults whose right cause a tool did not name first, with what it named instead. */
function missed(tool: string, runs: readonly Judged[]): readonly string[] {
  return runs
    .filter((run) => recallOf(tool, [run]).first === 0)
    .map(({ fault, causes, answers }) => `- \`${fault}\`: ${causes[0]}; named first: ${(answers.get(tool) ?? [])[0]?.[0] ?? 'nothing'}`);
}

/** docs/accuracy.md. */
export function documentOf(score: Score): string {
  const { singles, doubles, controls, rounds, kernel, failed, tools } = score;
  const [ours = ''] = tools;
  const causes = new Set(singles.map(({ causes: [cause] }) => cause));
  const alarms = new Map<string, Map<string, number>>();
  for (const { alarms: raised } of controls) {
    for (const [tool, names] of raised) {
      const counts = alarms.get(tool) ?? new Map<string, number>();
      alarms.set(tool, counts);
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const falseAlarms = tools.map((tool) => {
    const counts = [...(alarms.get(tool) ?? [])].map(([name, count]) => `${name} ×${count}`);
    return `- ${tool}: ${counts.join(', ') || 'none'}`;
  });
  const sources = PEERS.map(({ name, source }) => `- **${name}**: ${source}`);
  const expressions = PEERS.flatMap(({ name, alarms: list }) => list.map((alarm) => [name, alarm.name, alarm.expression, alarm.claims.join(', ') || '–']));
  return `# Accuracy

Written by \`npm run bench:accuracy -- --controls ${rounds}\` on Linux ${kernel}: ${singles.length} single faults
(${causes.size} different causes), ${doubles.length} pairs of faults, ${controls.length} runs of healthy hosts. Everything is
measured in the laboratory of [\`test/lab\`](../test/lab/README.md): network namespaces with one real fault each, looked at by
all tools in the same run and the same window.

${tableOf(score)}

## What Droplens did not name first

${missed(ours, singles).join('\n') || 'Nothing.'}

## Alarms on healthy hosts

${falseAlarms.join('\n')}

${failed.length > 0 ? `## Runs that did not come about\n\n${failed.map((line) => `- ${line}`).join('\n')}\n\n` : ''}## How to read it

- **Right cause first**: the first finding at severity \`loss\` or \`risk\` has the id that the fault was built to have. For a peer:
  any alarm that it raised may claim that id (the table below says which may claim what). A list of alarms has no order, so
  the best of them counts as the first. The count of drop reasons is ordered by how often each was seen.
- **Alarm on a healthy host**: for Droplens a finding at severity \`loss\`; for a peer any alarm; for the count any reason seen three times,
  but those of sockets that are being closed and NOT_SPECIFIED, which is no reason.
- Droplens looks as a user without any rights, but where the fault says that only root can see it; the count needs root always.

## What is unfair, and in which direction

- The faults come from the same catalogue as the runbooks of Droplens, so that it knows the names of all of them. **For
  Droplens.** A catalogue that lacks a cause cannot name it, and this score does not show that.
- The peers' expressions are evaluated over the watched seconds, not over the minute, ten minutes or hour that they average
  over, and minimum numbers of packets are brought to the length of the window. **For the peers**: most of these loads are too short
  to raise the real alarm.
- An alarm may claim every cause that moves its counter by itself, also where it cannot tell them apart. **For the peers.**
- The peers are monitors: they show graphs from which an expert reads more than the alarms say. **Against the peers.** Droplens
  has live counters and a guide besides its verdict, which do not count here either.
- Loads are small, tens of packets, so that the lab is quick. Alarms with a threshold for each second miss some of them. **Against the
  peers.** A host with ten times the load would raise more of netdata's alarms, on the counters it watches.
- The trace sees the whole machine, takes part in the first round of healthy hosts only, and they share it with the lab's own programs. **Against the count**, a little.
- What no namespace can have (rings, cables, clouds) is judged from recorded texts of drivers in \`test/lab/recorded\` and is no part of
  these tables.

## The peers' expressions

${sources.join('\n')}
- **kfree_skb count**: the tracepoint \`skb:kfree_skb\` in a trace of its own, reasons by name

${table(['peer', 'alarm', 'expression, over the window', 'may claim'], expressions)}
`;
}
