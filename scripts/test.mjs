// `npm test`: all checks and tests, from a fresh clone. `npm test -- unit lab` runs the named parts. Plain Node until the
// packages are installed. With CI=true nothing may be left out.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from './lib/install.mjs';
import { root } from './lib/paths.mjs';
import { processesWithEnv } from './lib/processes.mjs';
import { installPrograms } from './lib/requirements.mjs';
import { parts } from './test-parts.mjs';

const say = (text) => console.log(text);
const strict = process.env.CI === 'true';

/** Processes that a part started and did not end. They are ended here, and the part has failed. */
async function leftBehind(temp) {
  if (process.platform !== 'linux') return 0;
  const left = () => processesWithEnv(`TMPDIR=${temp}`);
  for (let i = 0; i < 30 && left().length > 0; i++) await sleep(100);
  const pids = left();
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself at last.
    }
  }
  return pids.length;
}

/** Runs one part. Never throws: what goes wrong is a failure of the part. */
async function runPart(part, context) {
  const why = await part.whyNot();
  if (why !== null) {
    say(`\n▸ ${part.name}: left out, because ${why}`);
    return { name: part.name, passed: 0, failed: strict ? 1 : 0, seconds: 0, why };
  }
  say(`\n▸ ${part.name}: ${part.what}`);
  const start = performance.now();
  let result;
  try {
    result = await part.run(context);
  } catch (error) {
    result = { passed: 0, failed: 1, problems: [error.message] };
  }
  const left = await leftBehind(context.temp);
  const problems = [...(result.problems ?? [])];
  const { passed } = result;
  let { failed } = result;
  if (left > 0) {
    failed += 1;
    problems.push(`${left} processes were left behind`);
  }
  if (passed + failed === 0) {
    failed = 1;
    problems.push('no test was executed');
  }
  for (const problem of problems) say(`  ✗ ${problem}`);
  const seconds = (performance.now() - start) / 1000;
  say(`  ${part.name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)`);
  return { name: part.name, passed, failed, seconds, why: null };
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Error(`The tests need Node 20 or later, and this is Node ${process.versions.node}.`);
  }
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`There is no part "${unknown.join('", "')}". Parts: ${parts.map(({ name }) => name).join(', ')}`);
  }
  await install(root, { say });
  await installPrograms(say);

  const chosen = parts.filter((part) => names.length === 0 || names.includes(part.name));
  // Short, for the path of a Unix socket ends at 107 bytes.
  const temp = mkdtempSync(join(tmpdir(), 'dlt-'));
  // The lab diagnoses as a user without rights, who must be able to reach the program that it built below.
  chmodSync(temp, 0o711);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());
  const results = [];
  try {
    const context = { temp, say, signal: stop.signal, env: { ...process.env, TMPDIR: temp } };
    for (const part of chosen) if (!stop.signal.aborted) results.push(await runPart(part, context));
  } finally {
    rmSync(temp, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  report(results, stop.signal.aborted);
}

function report(results, stopped) {
  say('');
  for (const { name, passed, failed, seconds, why } of results) {
    const counts = why === null ? `${passed} passed, ${failed} failed` : `left out: ${why}`;
    say(`${name.padEnd(9)}${seconds.toFixed(1).padStart(7)} s  ${counts}`);
  }
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  if (stopped) say('Stopped before the end.');
  if (strict && results.some(({ why }) => why !== null)) say('With CI=true nothing may be left out.');
  process.exitCode = total('failed') > 0 || total('passed') === 0 || stopped ? 1 : 0;
  say(`${total('passed')} passed, ${total('failed')} failed`);
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
