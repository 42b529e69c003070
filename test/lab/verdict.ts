import { parseTarget, type Target } from '../../src/collect/target.js';
import { msg } from '../../src/core/message.js';
import { notAgreed } from '../../src/engine/deeper.js';
import type { Library } from '../../src/engine/library.js';
import { openTarget } from '../../src/engine/open.js';
import { watchWindow } from '../../src/engine/watch.js';
import type { Fault } from './fault.js';
import { Lab, type Host } from './lab.js';

/** What a diagnosis within the test's own process needs: the runbooks, and a folder for host keys. */
export interface Known {
  readonly library: Library;
  readonly storage: string;
}

export function targetOf(text: string): Target {
  const parsed = parseTarget(text);
  if (parsed.kind === 'malformed') throw new Error(`${text} is malformed`);
  return parsed.target;
}

/** A way to look at a host, and what is ended before the host is taken down. */
export interface Way {
  readonly target: string;
  end(): Promise<void>;
}

/** What is said of a fault when its host is looked at in this way: causes with their severity, in order. */
export async function verdict(
  fault: Fault,
  { library, storage }: Known,
  way: (host: Host) => string | Promise<Way>,
): Promise<{ readonly verdict: string; readonly said: readonly string[] }> {
  await using lab = new Lab();
  const scene = await fault.setUp(lab);
  if (scene.target === 'machine') throw new Error('this fault is about the whole machine');
  const chosen = await way(scene.target);
  const { target, end } = typeof chosen === 'string' ? { target: chosen, end: () => Promise.resolve() } : chosen;
  const nobody = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
  const opened = await openTarget(targetOf(target), { asker: nobody, storage, interactive: false, tools: [] }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  try {
    let load: Promise<unknown> | undefined;
    // Progress is told first when the first sample is there.
    const begin = (): void => {
      load ??= scene.load();
    };
    const { diagnosis } = await watchWindow(opened.session, library.causes, fault.seconds ?? 3, begin, undefined, notAgreed(msg('not asked for')));
    await load;
    const findings = diagnosis.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk');
    return { verdict: diagnosis.verdict, said: findings.map(({ cause, severity }) => `${severity} ${cause}`) };
  } finally {
    await opened.close();
    await end();
  }
}
