import { msg, type Message } from './message.js';

/** The layers in the order in which the tree and the runbook show them, from the application down to the path. */
export const LAYERS = [
  'application',
  'transport',
  'netfilter',
  'network',
  'neighbour',
  'link',
  'softnet',
  'nic',
  'path',
] as const;

export type Layer = (typeof LAYERS)[number];

/** Receive, transmit, forwarding, beyond this host, or both ways. */
export const DIRECTIONS = ['rx', 'tx', 'fwd', 'path', 'both'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Severity in the order in which findings are listed. */
export const SEVERITIES = ['loss', 'risk', 'harmless', 'history'] as const;
export type Severity = (typeof SEVERITIES)[number];

const TITLES: Readonly<Record<Layer, Message>> = {
  application: msg('Application'),
  transport: msg('Transport'),
  netfilter: msg('Netfilter'),
  network: msg('Network'),
  neighbour: msg('Neighbour'),
  link: msg('Link / qdisc'),
  softnet: msg('Softnet / CPU'),
  nic: msg('NIC'),
  path: msg('Path'),
};

/** The layer's name as people see it. */
export function layerTitle(layer: Layer): Message {
  return TITLES[layer];
}
