// `npm start`: from a fresh clone to VS Code with Droplens in it. Plain Node, so that it runs before anything is
// installed. Options: --embedded (do not use the installed VS Code), --password (protect the embedded one).
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { install, lastLines } from './lib/install.mjs';
import { installEmbedded, startEmbedded, whyNoEmbedded } from './lib/embedded.mjs';
import { root, vsixFile } from './lib/paths.mjs';
import { findProgram, run } from './lib/processes.mjs';

const say = (text) => console.log(text);

const parent = process.ppid;
// When whoever reads our output has gone, there is still a profile to remove.
process.stdout.on('error', () => undefined);
try {
  await main();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Error(`Droplens is built with Node 20 or later, and this is Node ${process.versions.node}.`);
  }
  await install(root, { say });
  say('Building …');
  const built = await run([process.execPath, join(root, 'scripts', 'build.mjs')], { cwd: root, limit: 120 });
  if (built.code !== 0) throw new Error(`The build failed:\n${lastLines(built.output, 40)}`);
  const { makePackage } = await import('./package.mjs');
  await makePackage();
  if (!process.argv.includes('--embedded') && (await openInstalled())) return;
  const why = whyNoEmbedded();
  if (why !== null) {
    throw new Error(
      `Built ${vsixFile}.\nThere is no \`code\` command to open it with, and ${why}.\n` +
        'Install VS Code, run "Shell Command: Install \'code\' command in PATH" in its command palette, and call ' +
        '`npm start` again; or in VS Code run "Extensions: Install from VSIX…" and choose that file.',
    );
  }
  await openEmbedded();
}

/** Opens the VS Code that is installed. `false`: there is none that can show a window. */
async function openInstalled() {
  const code = findProgram('code');
  if (code === null) return false;
  const { DISPLAY, WAYLAND_DISPLAY, VSCODE_IPC_HOOK_CLI } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY && !VSCODE_IPC_HOOK_CLI) {
    say('VS Code is installed, but there is no display for its window: using the embedded one.');
    return false;
  }
  say('Installing Droplens into VS Code …');
  const installed = await run([code, '--install-extension', vsixFile, '--force'], { limit: 120 });
  const opened = installed.code === 0 ? await run([code], { limit: 60 }) : installed;
  if (opened.code !== 0) {
    say(`VS Code said:\n${lastLines(opened.output, 10)}\nUsing the embedded one instead.`);
    return false;
  }
  say('VS Code is open. Click the Droplens icon in its activity bar.');
  return true;
}

async function openEmbedded() {
  await installEmbedded(say);
  say('Starting the embedded VS Code …');
  const password = process.argv.includes('--password') ? randomBytes(12).toString('base64url') : undefined;
  const vscode = await startEmbedded({ vsix: vsixFile, ...(password === undefined ? {} : { password }) });
  say(`\n  ${vscode.url}/?ew=true\n`);
  say('Open this address in a browser on this machine and click the Droplens icon in the activity bar.');
  if (password === undefined) {
    say('Anybody who can log in to this machine can use it while it runs; `npm start -- --password` asks for one.');
  } else {
    say(`Password: ${password}`);
  }
  say('Ctrl+C ends it and removes its profile.');
  await untilTold(vscode);
  say('\nStopping …');
  await vscode.stop();
}

/** Until Ctrl+C, a request to end, the end of our parent (npm does not pass signals on), or of VS Code itself. */
async function untilTold(vscode) {
  await Promise.race([
    vscode.exited,
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
      setInterval(() => {
        if (process.ppid !== parent) resolve();
      }, 500).unref();
    }),
  ]);
}
