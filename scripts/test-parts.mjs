// The parts of `npm test`, in their order. A part says why it cannot run here, what it runs, and how it went.
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installEmbedded, whyNoEmbedded } from './lib/embedded.mjs';
import { lastLines } from './lib/install.mjs';
import { root } from './lib/paths.mjs';
import { findProgram, run } from './lib/processes.mjs';
import { findChromium, isRoot } from './lib/requirements.mjs';

const module = (...names) => join(root, 'node_modules', ...names);
const tsc = [process.execPath, module('typescript', 'bin', 'tsc')];
const eslint = [process.execPath, module('eslint', 'bin', 'eslint.js')];
const vitest = [process.execPath, module('vitest', 'vitest.mjs'), 'run'];
const build = [process.execPath, join(root, 'scripts', 'build.mjs')];

const always = async () => null;

/** Several checks as one result: each gives its problems, and none when it passes. */
async function checks(list) {
  const found = [];
  for (const check of list) found.push(await check());
  const failed = found.filter((problems) => problems.length > 0).length;
  return { passed: found.length - failed, failed, problems: found.flat() };
}

/** A program that passes when it exits with 0. */
function program(argv, limit, { env, signal }) {
  return async () => {
    const { code, output, timedOut } = await run(argv, { cwd: root, env, limit, signal });
    if (timedOut) return [`${argv.slice(1).join(' ')} did not end within ${limit} s`];
    return code === 0 ? [] : [lastLines(output, 60)];
  };
}

/** Tests by vitest, counted from its JSON report. */
async function tests(args, limit, { env, signal, temp }) {
  const report = join(mkdtempSync(join(temp, 'r-')), 'report.json');
  const argv = [...vitest, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args];
  const { code, timedOut } = await run(argv, { cwd: root, env, limit, signal, show: true });
  const problems = timedOut ? [`did not end within ${limit} s`] : [];
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, problems: [...problems, 'vitest wrote no report'] };
  }
  const passed = result.numPassedTests;
  // A file that cannot be loaded, or whose set-up fails, has failed without a failed test in it.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  // Every test must run: one that is skipped, or that an earlier failure kept from running, has not passed.
  const left = result.numPendingTests + result.numTodoTests;
  if (left > 0) problems.push(`${left} tests were left out`);
  const known = result.numFailedTests + broken.length + left;
  // Vitest ends with an error for what happens outside of a test, too.
  const failed = known === 0 && (code !== 0 || timedOut) ? 1 : known;
  return { passed, failed, problems };
}

const missing = (names) => {
  const absent = names.filter((name) => findProgram(name) === null);
  return absent.length === 0 ? null : `${absent.join(', ')} ${absent.length === 1 ? 'is' : 'are'} not installed`;
};

export const parts = [
  {
    name: 'types',
    what: 'tsc for the extension and the tests, and for the page',
    whyNot: always,
    run: (context) =>
      checks([['-p', '.'], ['-p', join('src', 'webview')]].map((args) => program([...tsc, ...args], 300, context))),
  },
  {
    name: 'lint',
    what: 'eslint with types',
    whyNot: always,
    run: (context) => checks([program([...eslint, '.'], 300, context)]),
  },
  {
    name: 'imports',
    what: 'who imports whom (scripts/import-rules.mjs), cycles',
    whyNot: always,
    run: async () => {
      const { checkImports } = await import('./check-imports.mjs');
      const { files, problems } = checkImports(join(root, 'src'));
      return checks([() => (files === 0 ? ['there are no source files'] : problems)]);
    },
  },
  {
    name: 'l10n',
    what: 'every text can be translated and is in l10n/bundle.l10n.json',
    whyNot: always,
    run: async () => {
      const { checkBundles } = await import('./l10n.mjs');
      const { texts, problems } = checkBundles();
      return checks([() => (texts === 0 ? ['there are no texts'] : problems)]);
    },
  },
  {
    name: 'package',
    what: 'bundles, .vsix, its files and their sizes, texts of package.json, lockfiles',
    whyNot: always,
    run: async (context) => {
      const { makePackage } = await import('./package.mjs');
      const { checkFiles, checkLockfiles, checkTexts } = await import('./check-package.mjs');
      const { checkSizes } = await import('./check-sizes.mjs');
      const packed = () => makePackage().then(() => [], (error) => [error.message]);
      const sizes = () => {
        const found = checkSizes();
        for (const [file, size] of Object.entries(found.sizes)) {
          context.say(`  ${(size / 1000).toFixed(1).padStart(7)} kB ${file}`);
        }
        return found.problems;
      };
      const built = await checks([program(build, 120, context)]);
      if (built.failed > 0) return built;
      const rest = await checks([packed, checkFiles, checkTexts, checkLockfiles, sizes]);
      return { ...rest, passed: rest.passed + built.passed };
    },
  },
  {
    name: 'unit',
    what: 'vitest: core, collect, server, extension, page, command line, scripts',
    whyNot: always,
    run: (context) => tests(['--exclude', 'test/ssh/**', '--exclude', 'test/lab/**'], 600, context),
  },
  {
    name: 'ssh',
    what: 'vitest: a real sshd on 127.0.0.1',
    whyNot: async () => missing(['sshd', 'ssh', 'ssh-keygen']),
    // These wait far more than they compute.
    run: (context) => tests(['test/ssh', '--maxWorkers=3'], 600, context),
  },
  {
    name: 'lab',
    what: 'vitest: real faults in network namespaces',
    whyNot: async () => {
      if (process.platform !== 'linux') return 'this is not Linux';
      if (!isRoot()) return 'making network namespaces needs root';
      return missing(['ip', 'ss', 'tc', 'nft', 'ping', 'python3', 'setpriv', 'sysctl', 'sshd', 'ssh-keygen']);
    },
    run: async (context) => {
      const built = await checks([program(build, 120, context)]);
      if (built.failed > 0) return built;
      // What changes or reads what belongs to the whole machine has it to itself; the rest mostly waits, side by side.
      const alone = ['test/lab/lab.test.ts', 'test/lab/cures.test.ts'];
      const beside = await tests(['test/lab', ...alone.flatMap((file) => ['--exclude', file]), '--maxWorkers=3'], 600, context);
      if (beside.failed > 0) return beside;
      const rest = await tests(alone, 1200, context);
      return { ...rest, passed: beside.passed + rest.passed };
    },
  },
  {
    name: 'e2e',
    what: 'vitest: VS Code (code-server) in Chromium, with the packaged extension',
    whyNot: async () => {
      const why = whyNoEmbedded();
      if (why !== null) return why;
      return findChromium() === null ? 'there is no Chromium (apt-get install chromium, or DROPLENS_CHROMIUM=…)' : null;
    },
    run: async (context) => {
      await installEmbedded(context.say);
      const { makePackage } = await import('./package.mjs');
      const prepared = await checks([
        program([...tsc, '-p', join('test', 'e2e')], 120, context),
        program(build, 120, context),
        () => makePackage().then(() => [], (error) => [error.message]),
      ]);
      if (prepared.failed > 0) return prepared;
      return tests(['--config', join('test', 'e2e', 'vitest.config.mts')], 600, context);
    },
  },
];
