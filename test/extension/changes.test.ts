import { beforeEach, describe, expect, it, vi } from 'vitest';
import { applyFix } from '../../src/extension/changes/apply.js';
import { confirmChange } from '../../src/extension/changes/confirm.js';
import { showChanges, undoAll } from '../../src/extension/changes/log.js';
import type { PersistParts } from '../../src/extension/changes/persist.js';
import { ChangeStates } from '../../src/extension/changes/states.js';
import type { Server } from '../../src/extension/client/server.js';
import type { ChangePhase, ChangeState, LoggedChange, PlanView } from '../../src/protocol/change.js';

interface Item {
  readonly label: string;
  readonly description?: string;
  readonly kind?: number;
}

interface Box {
  value: string;
  validationMessage: string | undefined;
}

const seen = vi.hoisted(() => ({
  trusted: true,
  /** What a person does, in order: presses a button of a dialog, picks a row, types into a box. `undefined`: turns away. */
  does: [] as (string | undefined)[],
  dialogs: [] as string[],
  items: [] as string[],
  problems: [] as (string | undefined)[],
  said: [] as string[],
}));

vi.mock('vscode', () => {
  const does = (): string | undefined => seen.does.shift();
  return {
    EventEmitter: class {
      readonly #listeners: ((value: unknown) => void)[] = [];
      event = (listener: (value: unknown) => void): void => void this.#listeners.push(listener);
      fire(value: unknown): void {
        for (const listener of this.#listeners) listener(value);
      }
      dispose = (): void => undefined;
    },
    ProgressLocation: { Window: 10, Notification: 15 },
    QuickPickItemKind: { Separator: -1 },
    l10n: { t: (text: string, ...args: readonly unknown[]) => text.replace(/\{(\d)\}/g, (_all, index: string) => String(args[Number(index)])) },
    workspace: {
      get isTrusted() {
        return seen.trusted;
      },
      getConfiguration: () => ({ get: () => 30 }),
    },
    window: {
      withProgress: (_options: unknown, work: () => unknown) => work(),
      showInformationMessage: (text: string) => Promise.resolve(void seen.said.push(text)),
      showErrorMessage: (text: string) => Promise.resolve(void seen.said.push(text)),
      showWarningMessage: (text: string, options: { modal: boolean; detail: string }, ...buttons: readonly string[]) => {
        seen.dialogs.push(`${text}\n${options.detail}`);
        const answer = does();
        return Promise.resolve(options.modal && answer !== undefined && buttons.includes(answer) ? answer : undefined);
      },
      showQuickPick: (items: readonly Item[]) => {
        seen.items = items.map(({ label, kind }) => (kind === -1 ? `— ${label}` : label));
        const wanted = does();
        return Promise.resolve(items.find(({ label }) => label === wanted));
      },
      showInputBox: (options: { validateInput: (text: string) => string | undefined }) => {
        const typed = does();
        if (typed === undefined) return Promise.resolve(undefined);
        const problem = options.validateInput(typed);
        seen.problems.push(problem);
        return Promise.resolve(problem === undefined ? typed : undefined);
      },
      createInputBox: () => {
        let accept = (): void => undefined;
        let hide = (): void => undefined;
        let change = (_text: string): void => undefined;
        const box: Box = { value: '', validationMessage: undefined };
        return Object.assign(box, {
          onDidAccept: (listener: () => void) => (accept = listener),
          onDidHide: (listener: () => void) => (hide = listener),
          onDidChangeValue: (listener: (text: string) => void) => (change = listener),
          dispose: () => undefined,
          show: () => {
            seen.problems.push(box.validationMessage);
            const typed = does();
            if (typed === undefined) return hide();
            box.value = typed;
            change(typed);
            accept();
          },
        });
      },
    },
  };
});

beforeEach(() => Object.assign(seen, { trusted: true, does: [], dialogs: [], items: [], problems: [], said: [] }));

const plan: PlanView = {
  plan: 'a'.repeat(32),
  title: 'Raise the ceiling',
  risk: 'changes',
  host: 'web-1',
  user: 'root',
  steps: [{ name: 'net.core.somaxconn', before: '128', after: '4096', asked: true }],
  commands: ["printf '%s\\n' 4096 | cat > /proc/sys/net/core/somaxconn"],
  undo: ["printf '%s\\n' 128 | cat > /proc/sys/net/core/somaxconn"],
  effect: 'Costs memory.',
  then: 'Restart nginx.',
  watch: ['ListenOverflows'],
  seconds: 60,
};

describe('the question before a change', () => {
  it('shows where, as whom, from what to what, by which commands, how it is undone, and when the host does so itself', async () => {
    seen.does = ['Apply'];
    expect(await confirmChange(plan, 'web-1')).toBe(true);
    expect(seen.dialogs).toEqual([
      [
        'Raise the ceiling on web-1?',
        'net.core.somaxconn: 128 → 4096',
        '',
        'Host: web-1',
        'User: root',
        'Commands:',
        `    ${plan.commands[0] ?? ''}`,
        'Undo:',
        `    ${plan.undo[0] ?? ''}`,
        '',
        'Costs memory.',
        'Restart nginx.',
        '',
        'The host itself undoes it after 60 s unless you keep it, whatever happens to this window or the connection.',
        'Watched as proof: ListenOverflows',
      ].join('\n'),
    ]);
  });

  it('names the host’s own name where the person knows it by another', async () => {
    await confirmChange(plan, '10.0.0.1');
    expect(seen.dialogs[0]).toContain('Host: 10.0.0.1 (web-1)');
  });

  it('wants the name of the host typed for what can cut connections', async () => {
    const risky: PlanView = { ...plan, risk: 'disruptive' };
    seen.does = ['Continue…', 'web-2'];
    expect(await confirmChange(risky, 'web-1')).toBe(false);
    expect(seen.dialogs[0]).toContain('It can cut connections, this one too.');
    expect(seen.problems).toEqual(['Type the host’s name as it is written here: web-1']);
    seen.does = ['Continue…', ' web-1 '];
    expect(await confirmChange(risky, 'web-1')).toBe(true);
    seen.does = ['Continue…'];
    expect(await confirmChange(risky, 'web-1')).toBe(false);
    expect(await confirmChange(risky, 'web-1')).toBe(false);
  });
});

/** A server that answers by method, and remembers what it was asked. */
function asked(answers: Readonly<Record<string, (params: Record<string, unknown>) => unknown>>): { parts: PersistParts; requests: [string, Record<string, unknown>][] } {
  const requests: [string, Record<string, unknown>][] = [];
  const server = {
    request: ({ method }: { method: string }, params: Record<string, unknown>) => {
      requests.push([method, params]);
      return Promise.resolve(answers[method]?.(params));
    },
  };
  const targets = { label: () => 'web-1', ensure: () => Promise.resolve() };
  return { parts: { server, targets, previews: {} } as unknown as PersistParts, requests };
}

describe('applying a fix', () => {
  const name = { target: 'ssh://web-1/', runbook: 'r', hash: 'h', fix: 'f' };

  it('changes nothing in a workspace that is not trusted', async () => {
    seen.trusted = false;
    const { parts, requests } = asked({});
    expect(await applyFix(parts, name)).toMatchObject({ kind: 'refused', why: expect.stringContaining('not trusted') as string });
    expect(requests).toEqual([]);
  });

  it('asks for the row and the value, tells why a value is refused, and begins after a yes with the seconds of the settings', async () => {
    const { parts, requests } = asked({
      'droplens/fix/offer': () => ({ kind: 'offer', title: 'Raise', rows: [{ row: '0.0.0.0:80', label: '0.0.0.0:80', detail: 'nginx' }] }),
      'droplens/fix/plan': ({ values }) =>
        (values as Record<string, string>)['0'] === '1; reboot'
          ? { kind: 'refused', why: 'somaxconn is a whole number.', how: null, setting: 0 }
          : { kind: 'plan', plan },
      'droplens/fix/apply': () => ({ kind: 'begun', change: 'b'.repeat(32) }),
    });
    seen.does = ['0.0.0.0:80', '1; reboot', '8192', 'Apply'];
    expect(await applyFix(parts, name)).toEqual({ kind: 'begun' });
    expect(seen.problems).toEqual([undefined, 'somaxconn is a whole number.']);
    expect(requests.at(-2)?.[1]).toMatchObject({ row: '0.0.0.0:80', values: { 0: '8192' } });
    expect(requests.at(-1)).toEqual(['droplens/fix/apply', { target: name.target, plan: plan.plan, seconds: 30 }]);
    expect(seen.dialogs[0]).toContain('after 30 s');
  });

  it('begins nothing when the person turns away, wherever that is', async () => {
    const answers = {
      'droplens/fix/offer': () => ({ kind: 'offer', title: 'Raise', rows: [{ row: 'a', label: 'a', detail: '' }] }),
      'droplens/fix/plan': () => ({ kind: 'plan', plan }),
    };
    for (const does of [[], ['a'], ['a', '4096'], ['a', '4096', 'Cancel']]) {
      const { parts, requests } = asked(answers);
      seen.does = [...does];
      expect(await applyFix(parts, name)).toEqual({ kind: 'cancelled' });
      expect(requests.map(([method]) => method)).not.toContain('droplens/fix/apply');
    }
  });
});

const logged = (change: string, standing: LoggedChange['standing'], outcome: LoggedChange['outcome'] = 'kept'): LoggedChange => ({
  change: change.repeat(32),
  at: 0,
  target: 'ssh://web-1/',
  host: 'web-1',
  title: `Change ${change} $(trash)`,
  runbook: 'r',
  fix: 'f',
  steps: [{ name: 'net.core.somaxconn', before: '128', after: '4096', asked: false }],
  outcome,
  proof: null,
  persisted: [],
  standing,
});

describe('the change log', () => {
  it('groups what is in effect before what is not, and draws no icons of a host’s words', async () => {
    const { parts } = asked({ 'droplens/changes/list': () => ({ changes: [logged('a', 'undone', 'late'), logged('b', 'in-effect'), logged('c', 'gone')] }) });
    await showChanges(parts, 'ssh://web-1/');
    expect(seen.items).toEqual([
      '$(discard) Undo all my changes on web-1',
      '— In effect',
      'Change b $\u200b(trash)',
      '— Not in effect any more',
      'Change a $\u200b(trash)',
      'Change c $\u200b(trash)',
    ]);
  });

  it('undoes after a question, and asks once more where somebody else has had a hand in it', async () => {
    const results: unknown[] = [];
    const { parts, requests } = asked({
      'droplens/changes/list': () => ({ changes: [logged('b', 'in-effect'), logged('a', 'undone')] }),
      'droplens/changes/undo': ({ force }) => {
        const result = force === true ? 'undone' : 'conflict';
        results.push(result);
        return { results: [{ change: 'b'.repeat(32), title: 'Change b', result, text: 'It is 512 by now.' }] };
      },
    });
    seen.does = ['Undo', 'Put back anyway'];
    await undoAll(parts, 'ssh://web-1/');
    expect(seen.dialogs).toEqual(['Undo these changes on web-1?\nnet.core.somaxconn: 4096 → 128', 'Somebody else changed these on web-1 since.\nChange b: It is 512 by now.']);
    expect(results).toEqual(['conflict', 'undone']);
    expect(requests.at(-1)?.[1]).toEqual({ target: 'ssh://web-1/', changes: ['b'.repeat(32)], force: true });
  });

  it('sends nothing without a yes, and says so when there is nothing', async () => {
    const { parts, requests } = asked({ 'droplens/changes/list': () => ({ changes: [logged('b', 'in-effect')] }) });
    await undoAll(parts, 'ssh://web-1/');
    expect(requests).toHaveLength(1);
    await undoAll(asked({ 'droplens/changes/list': () => ({ changes: [logged('a', 'undone')] }) }).parts, 'ssh://web-1/');
    expect(seen.said).toEqual(['No change of Droplens is in effect on web-1.']);
  });
});

describe('changes of a window', () => {
  let tell: (state: ChangeState) => void;
  const server = {
    onNotification: (_spec: unknown, handler: (state: ChangeState) => void) => {
      tell = handler;
      return { dispose: () => undefined };
    },
  } as unknown as Server;
  const state = (change: string, fix: string, phase: ChangePhase): ChangeState => ({
    target: 'ssh://web-1/', change: change.repeat(32), runbook: 'r', fix, title: 't', host: 'h', steps: [], then: null, phase, proof: null,
  });

  it('are the latest of each fix, with the time that is left', () => {
    const states = new ChangeStates(server, () => 10_000);
    tell(state('a', 'one', { kind: 'over', outcome: 'undone', text: '' }));
    tell(state('b', 'one', { kind: 'trial', deadline: 25_000, measuring: true }));
    tell(state('c', 'two', { kind: 'trial', deadline: 9_000, measuring: false }));
    expect(states.of('ssh://web-1/', 'r').map((one) => [one.state.change[0], one.remainingMs])).toEqual([['b', 15_000], ['c', 0]]);
    expect(states.of('ssh://web-2/', 'r')).toEqual([]);
    expect(states.of('ssh://web-1/', 'other')).toEqual([]);
    expect(states.onTrial().map(({ change }) => change[0])).toEqual(['c', 'b']);
    tell(state('c', 'two', { kind: 'over', outcome: 'late', text: '' }));
    expect(states.onTrial().map(({ change }) => change[0])).toEqual(['b']);
  });
});
