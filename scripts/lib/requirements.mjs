// What the tests need of the machine, beyond Node and npm.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { findProgram, run } from './processes.mjs';
import { lastLines } from './install.mjs';

/** Debian packages by a program that each brings. */
const packages = {
  ip: 'iproute2',
  ss: 'iproute2',
  tc: 'iproute2',
  ethtool: 'ethtool',
  busybox: 'busybox',
  dash: 'dash',
  fish: 'fish',
  'bsd-csh': 'csh',
  tcsh: 'tcsh',
  zsh: 'zsh',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  sar: 'sysstat',
  ping: 'iputils-ping',
  mtr: 'mtr-tiny',
  ps: 'procps',
  sysctl: 'procps',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  python3: 'python3',
  sudo: 'sudo',
  curl: 'curl',
};

/** A Chromium that can be driven, or `null`. `DROPLENS_CHROMIUM` names another one. */
export function findChromium() {
  const named = process.env.DROPLENS_CHROMIUM;
  if (named !== undefined) return existsSync(named) ? named : null;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = findProgram(name);
    if (found !== null) return found;
  }
  return null;
}

export const isRoot = () => process.getuid?.() === 0;

/** Names of the programs that are not here. */
export function missingPrograms() {
  const missing = Object.keys(packages).filter((program) => findProgram(program) === null);
  return findChromium() === null ? [...missing, 'chromium'] : missing;
}

/**
 * Installs what is missing, when we are root and there is apt-get. The daemons among the packages are not started.
 * @param {(text: string) => void} say
 */
export async function installPrograms(say) {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const wanted = [...new Set(missing.map((program) => packages[program] ?? program))];
  const apt = findProgram('apt-get');
  if (!isRoot() || apt === null) {
    say(`Not installed here, and only root with apt-get can install them: ${wanted.join(' ')}`);
    return;
  }
  say(`Installing Debian packages: ${wanted.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const withoutDaemons = await forbidDaemons();
  try {
    const install = () => run([apt, 'install', '-y', '--no-install-recommends', ...wanted], { env, limit: 900 });
    let result = await install();
    if (result.code !== 0) {
      // The package lists are missing or old.
      await run([apt, 'update'], { env, limit: 300 });
      result = await install();
    }
    if (result.code !== 0) say(`apt-get install failed:\n${lastLines(result.output, 10)}`);
  } finally {
    await withoutDaemons();
  }
}

/** Debian asks this program before it starts a newly installed daemon; ours says no. Returns how to undo that. */
async function forbidDaemons() {
  const file = '/usr/sbin/policy-rc.d';
  if (existsSync(file)) return async () => undefined;
  await writeFile(file, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rm(file, { force: true });
}
