import type { HostTarget, Target } from '../collect/target.js';
import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';
import { loadLibrary, type Library } from '../engine/library.js';
import { namespacesOf } from '../engine/namespaces.js';
import type { OpenedTarget } from '../engine/open.js';
import { diagnosisTiers } from '../engine/schedule.js';
import { parseInvocation } from './args.js';
import { diagnoseBothEnds } from './bothEnds.js';
import { namespacesText, namespacesWarning } from './namespaces.js';
import { disposable, open, type Environment } from './opened.js';
import { recordTarget, reportRecording, watchTarget } from './recording.js';
import { sampleJson } from './sampleJson.js';
import { HELP, jsonText, reportText, sampleText } from './text.js';

/** Runs one invocation; resolves with the exit status of the contract: 0 nothing lost, 1 loss, 2 could not diagnose. */
export async function run(argv: readonly string[], env: Environment): Promise<0 | 1 | 2> {
  const invocation = parseInvocation(argv);
  switch (invocation.kind) {
    case 'help':
      env.stdout.write(HELP);
      return 0;
    case 'version':
      env.stdout.write(`${env.version}\n`);
      return 0;
    case 'wrong':
      env.stderr.write(`droplens: ${invocation.why}\n\n${HELP}`);
      return 2;
    case 'diagnose':
    case 'bothEnds':
    case 'sample':
    case 'namespaces':
    case 'record':
    case 'report':
      try {
        if (invocation.kind === 'record') return await recordTarget(invocation, env);
        if (invocation.kind === 'report') return await reportRecording(invocation, env);
        if (invocation.kind === 'bothEnds') return await diagnoseBothEnds(invocation, env);
        if (invocation.kind === 'namespaces') return await listNamespaces(invocation, env);
        return invocation.kind === 'diagnose'
          ? await diagnoseTarget(invocation, env)
          : await sampleTarget(invocation, env);
      } catch (error) {
        env.stderr.write(`droplens: ${explain(error)}\n`);
        return 2;
      }
  }
}

async function diagnoseTarget(
  { target, seconds, json, root }: { target: Target; seconds: number; json: boolean; root: boolean },
  env: Environment,
): Promise<0 | 1> {
  // The runbooks are read while the host is reached: an incident does not wait for either twice.
  const [library, reached] = await both(loadLibrary(env.runbooks), open(target, env));
  await using opened = disposable(reached);
  const report = await watchTarget(opened.value, library, { seconds, json, root }, env);
  env.stdout.write(json ? jsonText(report) : reportText(report));
  return report.verdict === 'loss' ? 1 : 0;
}

async function listNamespaces({ target, json }: { target: HostTarget; json: boolean }, env: Environment): Promise<0> {
  await using opened = disposable(await open({ ...target, namespace: { kind: 'host' } }, env));
  const { session, transport } = opened.value;
  const list = await namespacesOf(target, transport, session.host.name, env.signal);
  const warning = namespacesWarning(list);
  if (warning !== undefined) env.stderr.write(`droplens: ${warning}\n`);
  env.stdout.write(json ? jsonText(list) : namespacesText(list));
  return 0;
}

async function sampleTarget(
  { target, json }: { target: Target; json: boolean },
  env: Environment,
): Promise<0> {
  await using opened = disposable(await open(target, env));
  const { session, uri } = opened.value;
  const sample = await session.sample(diagnosisTiers('first'), env.signal);
  if (json) {
    env.stdout.write(jsonText(sampleJson(uri, session.host, sample)));
    return 0;
  }
  const { read, unread } = sampleText(sample);
  env.stderr.write(unread);
  env.stdout.write(read);
  return 0;
}

/** Both, or the first error; a target that was opened all the same is closed again. */
async function both(library: Promise<Library>, opened: Promise<OpenedTarget>): Promise<readonly [Library, OpenedTarget]> {
  try {
    return await Promise.all([library, opened]);
  } catch (error) {
    await opened.then((target) => target.close()).catch(() => undefined);
    throw error;
  }
}

function explain(error: unknown): string {
  if (error instanceof TransportError) return error.how === undefined ? error.message : `${error.message} ${error.how}`;
  if (error instanceof Error && error.name === 'AbortError') return english(msg('Cancelled.'));
  return error instanceof Error ? error.message : String(error);
}
