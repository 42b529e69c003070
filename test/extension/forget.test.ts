import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Server } from '../../src/extension/client/server.js';
import { forgetCredentials, forgetHostKey } from '../../src/extension/targets/forget.js';
import { askInBox } from '../../src/extension/targets/secretBox.js';
import { KeptSecrets } from '../../src/extension/targets/secrets.js';
import type { SecretQuestion } from '../../src/extension/targets/secretAnswers.js';

interface Item {
  readonly label: string;
}

/** The parts of an input box that are used, worked by the test. */
class FakeBox {
  title = '';
  prompt = '';
  value = '';
  password = false;
  ignoreFocusOut = false;
  validationMessage: string | undefined;
  buttons: readonly { readonly tooltip?: string }[] = [];
  disposed = false;
  accept: () => void = () => undefined;
  hide: () => void = () => undefined;
  press: () => void = () => undefined;
  onDidAccept = (listener: () => void): void => void (this.accept = listener);
  onDidHide = (listener: () => void): void => void (this.hide = listener);
  onDidTriggerButton = (listener: () => void): void => void (this.press = listener);
  onDidChangeValue = (): void => undefined;
  show(): void {
    seen.box = this;
    seen.shown();
  }
  dispose(): void {
    this.disposed = true;
  }
}

const seen = vi.hoisted(() => ({
  said: [] as string[],
  items: [] as string[],
  pick: '',
  yes: true,
  box: undefined as unknown,
  shown: (): void => undefined,
}));

vi.mock('vscode', () => ({
  ThemeIcon: class {
    constructor(readonly id: string) {}
  },
  l10n: { t: (text: string, ...args: readonly unknown[]) => text.replace(/\{(\d)\}/g, (_all, index: string) => String(args[Number(index)])) },
  window: {
    createInputBox: () => new FakeBox(),
    showInformationMessage: (text: string) => Promise.resolve(void seen.said.push(text)),
    showWarningMessage: (text: string, options: { modal: boolean; detail: string }, ...buttons: readonly string[]) => {
      seen.said.push(`${text} ${options.detail}`);
      expect(options.modal).toBe(true);
      return Promise.resolve(seen.yes ? buttons[0] : undefined);
    },
    showQuickPick: (items: readonly Item[]) => {
      seen.items = items.map(({ label }) => label);
      return Promise.resolve(items.find(({ label }) => label === seen.pick));
    },
  },
}));

const nothing = (): void => undefined;

beforeEach(() => {
  Object.assign(seen, { said: [], items: [], pick: '', yes: true, box: undefined, shown: nothing });
});

describe('Forget saved credentials', () => {
  let entries: Map<string, string>;
  let told: string[];
  const running = { state: { kind: 'running' }, notify: ({ method }: { method: string }) => Promise.resolve(void told.push(method)) } as unknown as Server;
  let kept: KeptSecrets;
  beforeEach(async () => {
    entries = new Map();
    told = [];
    kept = new KeptSecrets({
      get: (key) => Promise.resolve(entries.get(key)),
      store: (key, value) => Promise.resolve(void entries.set(key, value)),
      delete: (key) => Promise.resolve(void entries.delete(key)),
    });
    await kept.keep({ id: '1', kind: 'password', label: 'ann@web-1', fingerprint: 'SHA256:h' }, 'planted-1');
    await kept.keep({ id: '2', kind: 'passphrase', label: '/home/ann/.ssh/id', fingerprint: 'SHA256:k' }, 'planted-2');
  });

  it('lists names and no values, and forgets the one that was chosen', async () => {
    seen.pick = 'ann@web-1';
    await forgetCredentials(kept, running);
    expect(seen.items).toEqual(['All saved credentials', 'ann@web-1', '/home/ann/.ssh/id']);
    expect((await kept.list()).map(({ label }) => label)).toEqual(['/home/ann/.ssh/id']);
    expect(seen.said).toEqual(['The password of ann@web-1 is forgotten. Open connections stay open.']);
  });

  it('forgets all', async () => {
    seen.pick = 'All saved credentials';
    await forgetCredentials(kept, running);
    expect(entries.size).toBe(0);
    // Those for sudo are in the server's memory.
    expect(told).toEqual(['droplens/passwords/forget']);
  });

  it('forgets nothing when the person turns away', async () => {
    await forgetCredentials(kept, running);
    expect(await kept.list()).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it('removes what it cannot read when there is nothing to list', async () => {
    entries.set('droplens.ssh.kept', 'of another version');
    await forgetCredentials(kept, running);
    expect(entries.size).toBe(0);
    expect(seen.said).toEqual(['Droplens keeps no credentials.']);
  });
});

describe('Forget saved host key', () => {
  const key = { host: '[10.0.0.1]:2222', keyType: 'ssh-ed25519', fingerprint: 'SHA256:abc' };
  const server = (sent: unknown[], keys = [key]): Server =>
    ({
      request: ({ method }: { method: string }, params: unknown) => {
        sent.push([method, params]);
        return Promise.resolve(method === 'droplens/hostKeys' ? { keys } : { forgotten: true });
      },
    }) as unknown as Server;

  it('shows the key and forgets it after a yes', async () => {
    const sent: unknown[] = [];
    seen.pick = '[10.0.0.1]:2222';
    await forgetHostKey(server(sent));
    expect(seen.said[0]).toContain('ssh-ed25519 SHA256:abc');
    expect(sent[1]).toEqual(['droplens/hostKeys/forget', { host: key.host, fingerprint: key.fingerprint }]);
  });

  it('forgets nothing without a yes', async () => {
    const sent: unknown[] = [];
    Object.assign(seen, { pick: '[10.0.0.1]:2222', yes: false });
    await forgetHostKey(server(sent));
    expect(sent).toHaveLength(1);
  });

  it('says where the other keys are when it has none', async () => {
    await forgetHostKey(server([], []));
    expect(seen.said[0]).toContain('ssh-keygen -R');
  });
});

describe('the box', () => {
  const question: SecretQuestion = {
    host: 'ann@web-1', prompt: 'Enter passphrase\u001b[2J', echo: false, about: { kind: 'passphrase', file: '/id', fingerprint: 'SHA256:k' }, wrong: 0, interactive: true,
  };
  const off = { keep: false, keptWasWrong: false };
  const box = (): FakeBox => {
    if (!(seen.box instanceof FakeBox)) throw new Error('no box is shown');
    return seen.box;
  };

  it('does not keep unless told to, and says what it will do', async () => {
    const asked = askInBox(question, off, undefined);
    expect([box().password, box().title, box().prompt]).toEqual([true, 'Droplens: ann@web-1', 'Enter passphrase [2J (leave it empty to go on without this key).']);
    box().value = 'typed';
    box().accept();
    expect(await asked).toEqual({ value: 'typed', keep: false });
    expect(box().disposed).toBe(true);

    const again = askInBox({ ...question, wrong: 1 }, off, undefined);
    expect(box().validationMessage).toBe('That was not right, please try again.');
    box().press();
    expect(box().prompt).toContain('It will be kept in the system’s secret store once it has worked.');
    box().accept();
    expect(await again).toEqual({ value: '', keep: true });
  });

  it('says that a saved one was wrong, and that the next will be kept in its place', async () => {
    const asked = askInBox({ ...question, wrong: 1 }, { keep: true, keptWasWrong: true }, undefined);
    expect(box().validationMessage).toBe('The saved one was not right, and is forgotten.');
    expect(box().prompt).toContain('It will be kept');
    box().press();
    box().accept();
    expect(await asked).toEqual({ value: '', keep: false });
  });

  it('has no button where nothing is kept, and shows what may be shown', async () => {
    const asked = askInBox({ ...question, echo: true, about: { kind: 'question' } }, { keep: undefined, keptWasWrong: false }, undefined);
    expect([box().buttons.length, box().password]).toEqual([0, false]);
    box().hide();
    expect(await asked).toBeUndefined();
  });

  it('goes when the question is taken back', async () => {
    let cancel = nothing;
    const token = { isCancellationRequested: false, onCancellationRequested: (listener: () => void) => ((cancel = listener), { dispose: nothing }) };
    const asked = askInBox(question, off, token);
    cancel();
    expect(await asked).toBeUndefined();
    expect(box().disposed).toBe(true);
  });
});
