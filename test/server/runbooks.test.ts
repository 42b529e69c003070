import { expect, test } from 'vitest';
import type { Command, ParamName } from '../../src/core/runbook/blocks.js';
import { english } from '../../src/core/message.js';
import { observe } from '../../src/core/observe/window.js';
import { checkParams, commandText, documentOf } from '../../src/server/runbooks.js';
import { sample } from '../core/support/samples.js';

const command = (params: readonly ParamName[]): Command => ({
  id: 'x', label: 'x', script: 'ip link show "$INTERFACE"', risk: 'read-only', undo: undefined, interpret: undefined, tools: [], install: undefined,
  params, timeoutSeconds: 20, root: false, fix: undefined, line: 0,
});

test('an interface whose name edits a command line is refused: ^U clears the line, ^O runs it', () => {
  for (const name of ['\u0015reboot\u000f', 'eth\u001b[A', 'eth0\u0003', 'e\u202eth', 'eth\u009b']) {
    expect(checkParams(command(['INTERFACE']), { INTERFACE: name })).toMatchObject({ kind: 'refused' });
  }
  for (const name of ['eth0', '$(reboot)', "a'b", 'enp1s0f0np0', 'ü', 'a;b', '__proto__']) {
    expect(checkParams(command(['INTERFACE']), { INTERFACE: name }).kind).toBe('ok');
  }
});

test('what a terminal types has no control character, whatever the parameters are', () => {
  const checked = checkParams(command(['INTERFACE']), { INTERFACE: "$(reboot)'" });
  if (checked.kind !== 'ok') throw new Error('the kernel allows this name');
  expect(commandText({ ...command(['INTERFACE']), script: 'a\\n\nb "$INTERFACE"' }, checked.env).line).not.toMatch(/\p{Cc}/u);
});

test('only what can be used is offered', () => {
  const rows = ['eth0', 'x\u001b[2J', '-x'].map((key) => ({ table: 'interface' as const, key }));
  const view = observe([sample(1, { dev: { rows } })]);
  const guide = {
    kind: 'guide' as const, id: 'g', title: 'g', intro: [],
    steps: [{ id: 's', title: 's', layer: 'nic' as const, show: [], parts: [{ kind: 'command' as const, command: command(['INTERFACE']) }], line: 0 }],
  };
  const [part] = documentOf({ document: guide, hash: 'h', commands: new Map() }, view, english).steps[0]?.parts ?? [];
  expect(part?.kind === 'command' && part.command.params[0]?.choices).toEqual(['eth0']);
});
