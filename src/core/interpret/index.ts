import { interpretIftop, interpretNethogs } from './capture.js';
import { interpretConntrack } from './conntrack.js';
import { interpretCounterDeltas, interpretNetstatCounters, interpretRetransmitShare } from './counters.js';
import { interpretDmesg } from './dmesg.js';
import { interpretSsEstablished } from './established.js';
import { interpretGoTools, interpretGoTrace } from './go.js';
import { interpretEthtoolLink, interpretIpLink, interpretIpLinkDeltas, interpretMtuList, interpretTxqueuelen } from './links.js';
import { interpretSsListen, interpretSynRecv } from './listeners.js';
import { interpretEthtoolRing, interpretEthtoolStats } from './nic.js';
import { interpretMtr, interpretPathMtu, interpretPing } from './path.js';
import { interpretTcQdisc } from './qdisc.js';
import { interpretConnectionRates, interpretNetDevRates, interpretProcessRates, interpretSarDev, interpretSarEdev } from './rates.js';
import { interpretSysctl } from './sysctl.js';
import type { Interpreter } from './types.js';

const INTERPRETERS: ReadonlyMap<string, Interpreter> = new Map<string, Interpreter>([
  ['sar-dev', interpretSarDev],
  ['sar-edev', interpretSarEdev],
  ['net-dev-rates', interpretNetDevRates],
  ['connection-rates', interpretConnectionRates],
  ['process-rates', interpretProcessRates],
  ['iftop', interpretIftop],
  ['nethogs', interpretNethogs],
  ['go-tools', interpretGoTools],
  ['go-trace', interpretGoTrace],
  ['ss-listen', interpretSsListen],
  ['syn-recv', interpretSynRecv],
  ['netstat-counters', interpretNetstatCounters],
  ['counter-deltas', interpretCounterDeltas],
  ['sysctl', interpretSysctl],
  ['conntrack', interpretConntrack],
  ['ip-link', interpretIpLink],
  ['ip-link-deltas', interpretIpLinkDeltas],
  ['tc-qdisc', interpretTcQdisc],
  ['txqueuelen', interpretTxqueuelen],
  ['ethtool-ring', interpretEthtoolRing],
  ['ethtool-stats', interpretEthtoolStats],
  ['ethtool-link', interpretEthtoolLink],
  ['ss-established', interpretSsEstablished],
  ['mtu-list', interpretMtuList],
  ['path-mtu', interpretPathMtu],
  ['ping', interpretPing],
  ['mtr', interpretMtr],
  ['dmesg', interpretDmesg],
  ['retransmit-share', interpretRetransmitShare],
]);

/** Names that a block's `droplens.interpret` may have. */
export const INTERPRETER_NAMES: readonly string[] = [...INTERPRETERS.keys()];

/** The interpreter of this name; `undefined` when there is none: then the output alone is shown. */
export function interpreterFor(name: string): Interpreter | undefined {
  return INTERPRETERS.get(name);
}

export type { Cell, CommandOutput, InterpretedRow, InterpretedTable, Interpretation, Interpreter, Mark } from './types.js';
export { viewOf, type InterpretationView } from './view.js';
