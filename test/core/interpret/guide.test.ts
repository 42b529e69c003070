import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import MarkdownIt from 'markdown-it';
import { describe, expect, test } from 'vitest';
import { INTERPRETER_NAMES, interpreterFor } from '../../../src/core/interpret/index.js';
import { TABLES } from '../../../src/core/facts.js';
import { english } from '../../../src/core/message.js';
import type { Command } from '../../../src/core/runbook/blocks.js';
import { parseGuide } from '../../../src/core/runbook/guide.js';

const file = readFileSync(new URL('../../../media/runbooks/packet-loss.md', import.meta.url), 'utf8');
const { guide, problems } = parseGuide(file, new MarkdownIt());

const STEPS = [
  'bandwidth', 'connections', 'processes', 'go-trace', 'syn-queue', 'accept-queue', 'abort-on-overflow', 'established-queues', 'conntrack',
  'interface-drops', 'protocol-drops', 'qdisc', 'ring-buffer', 'link-capacity', 'socket-buffers', 'mtu', 'path', 'retransmission',
];

/** Words that alter a host. A read-only block must hold none of them. */
const CHANGING = [
  /\bsysctl\s+(?:-\w*w|--write|\S+=)/,
  /\bip\s+(?:-\w+\s+)*\w+\s+(?:set|add|del|delete|change|replace|flush)\b/,
  /\btc\s+(?:-\w+\s+)*\w+\s+(?:add|del|delete|change|replace)\b/,
  /\bethtool\s+(?:-[GKLCAXNsprEfP]|--set|--change|--reset)/,
  /\b(?:rm|mv|cp|mkdir|touch|tee|chmod|chown|kill|pkill|killall|modprobe|rmmod|insmod|mount|umount|systemctl|service|nft|iptables|conntrack|dd|reboot)\b\s/,
  /\bmktemp\b/,
  /\bdmesg\s+(?:-[cCDEn]|--clear)/,
  /\bss\s[^|;\n]*-\w*K/,
  />\s*"?\/(?!dev\/null)/,
  />>/,
];

const commandsOf = (parts: readonly { readonly kind: string }[]): readonly Command[] =>
  parts.flatMap((part) => ('command' in part ? [part.command as Command] : []));

const steps = guide?.steps ?? [];
const commands = steps.flatMap((step) => commandsOf(step.parts));
const shells: readonly (readonly string[])[] = [['dash'], ['busybox', 'ash']];

describe('the guide of packet loss', () => {
  test('has no problem and the eighteen steps in their order', () => {
    expect(problems).toEqual([]);
    expect(steps.map((step) => step.id)).toEqual(STEPS);
  });

  test('the intro holds no commands, and ids are unique', () => {
    expect(commandsOf(guide?.intro ?? [])).toEqual([]);
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
    expect(commands.length).toBeGreaterThan(40);
  });

  test.each(STEPS)('step %s explains, shows live values, and has a read-only command', (id) => {
    const step = steps.find((one) => one.id === id);
    expect(commandsOf(step?.parts ?? []).some((command) => command.risk === 'read-only' && command.params.length === 0)).toBe(true);
    for (const name of step?.show ?? []) {
      expect(TABLES.includes(name as (typeof TABLES)[number]) || /^[A-Za-z_]\w*(?:\.[\w]+)+$/.test(name), name).toBe(true);
    }
    expect(step?.show.length).toBeGreaterThan(0);
  });

  test.each(commands.map((command) => [command.id, command] as const))('block %s is complete', (id, command) => {
    const fence = file.split('\n')[command.line] ?? '';
    const attributes = JSON.parse(fence.slice(fence.indexOf('{'))) as Record<string, string>;
    expect(Object.values(attributes).every((value) => typeof value === 'string')).toBe(true);
    expect(attributes['droplens.risk'], id).toBe(command.risk);
    expect(attributes['label']).toBeTruthy();
    expect(INTERPRETER_NAMES).toContain(command.interpret);
    if (command.risk === 'changes' || command.risk === 'disruptive') expect(command.undo).toBeTruthy();
    else expect(command.undo).toBeUndefined();
    for (const param of command.params) expect(command.script).toContain(param === 'PPROF_URL' ? `\${${param}` : `$${param}`);
    // A parameter that is used is declared: it would be empty otherwise.
    for (const param of ['HOST', 'INTERFACE', 'PPROF_URL', 'PORT', 'SECONDS', 'SIZE'] as const) {
      if (new RegExp(`\\$\\{?${param}\\b`).test(command.script)) expect(command.params).toContain(param);
    }
    // Always inside double quotes.
    expect(command.script.replace(/"[^"\n]*"/g, '')).not.toMatch(/\$\{?(?:HOST|INTERFACE|PPROF_URL|PORT|SECONDS|SIZE)\b/);
  });

  test.each(commands.filter((command) => command.risk === 'read-only').map((command) => [command.id, command.script] as const))(
    'block %s, read-only, contains no changing word',
    (_, script) => {
      // Comparisons of awk are not redirections.
      const text = script.replace(/\b(?:NR|NF|n|\$\d+|\w+\[\w+\]|R\[w\] \+ T\[w\]|r2 \+ t2) >=? ?\w+/g, '');
      for (const verb of CHANGING) expect(text).not.toMatch(verb);
    },
  );

  test('the list of changing words finds the blocks that change', () => {
    const changing = commands.filter((command) => command.risk === 'changes' || command.risk === 'disruptive');
    expect(changing.length).toBeGreaterThan(5);
    for (const { id, script } of changing) expect(CHANGING.some((verb) => verb.test(script)), id).toBe(true);
  });

  test.each(shells.map((shell) => [shell.join(' '), shell] as const))('every block parses under %s -n', (_, [program = '', ...args]) => {
    for (const { id, script } of commands) {
      const result = spawnSync(program, [...args, '-n'], { input: script, encoding: 'utf8' });
      expect(result.status, `${id}: ${result.stderr}`).toBe(0);
    }
    // The check itself can fail.
    expect(spawnSync(program, [...args, '-n'], { input: 'if true; then (' }).status).not.toBe(0);
  });

  /** What this machine cannot be asked: no hardware behind its interfaces, a log that is empty or closed. */
  const mayBeUnknown = /^(?:ring-buffer|link-capacity-ethtool|.*-log$|connections-tcp|processes-tcp)/;
  const here = (tool: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0;
  // Waiting is shortened: the numbers do not matter here, only that each block's output is what its interpreter reads.
  const runnable = commands.filter((command) => command.risk === 'read-only' && !command.script.includes('sar ') && command.tools.every(here));

  test.each(shells.map((shell) => [shell.join(' '), shell] as const))('read-only blocks run and are understood under %s', (_, [program = '', ...args]) => {
    expect(runnable.length).toBeGreaterThan(15);
    for (const { id, script, interpret } of runnable) {
      const quick = script.replace(/sleep \d/g, 'sleep 0.05');
      const result = spawnSync(program, [...args, '-c', quick], { encoding: 'utf8', timeout: 20_000 });
      expect(result.error, id).toBeUndefined();
      expect(result.stdout.length, id).toBeLessThan(400_000);
      const meaning = interpreterFor(interpret ?? '')?.({ output: result.stdout + result.stderr, exit: result.status });
      expect(meaning, id).toBeDefined();
      if (meaning?.verdict === 'unknown' && !mayBeUnknown.test(id)) expect.fail(`${id}: ${english(meaning.sentence)}\n${result.stdout.slice(0, 500)}${result.stderr}`);
    }
  });

  test('the mistakes of well-known notes are not repeated', () => {
    expect(file).toMatch(/`Recv-Q` = connections waiting \*\*now\*\*/);
    expect(file).toMatch(/`Send-Q` = the \*\*limit\*\*/);
    expect(file).not.toMatch(/erquest/);
  });
});
