import type { Namespace, Target } from '../../collect/target.js';
import { msg, type Message } from '../../core/message.js';
import type { Translate } from '../../engine/report.js';
import { oneLine } from './format.js';

/** The name under which a person knows a target. */
export function targetTitle(target: Target, translate: Translate): string {
  if (target.kind === 'recording') return oneLine(translate(msg('recording {0}', target.path.split(/[\\/]/).at(-1) ?? '')));
  const inside = target.namespace.kind !== 'host';
  const host = target.kind === 'ssh' ? sshName(target) : translate(inside ? msg('this machine') : msg('This machine'));
  return oneLine(translate(titleOf(target.namespace, host)));
}

/** The name of a recording that is open: whose it is, and when it was made. */
export function recordingTitle({ host, began }: { readonly host: { readonly name: string }; readonly began: string }, translate: Translate): string {
  return oneLine(translate(msg('{0}, recorded {1}', host.name, minuteOf(new Date(began)))));
}

/** `2026-11-20 14:03` where the reader is. */
function minuteOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function sshName(target: Extract<Target, { kind: 'ssh' }>): string {
  const user = target.user === undefined ? '' : `${target.user}@`;
  const port = target.port === undefined ? '' : `:${target.port}`;
  return `${user}${target.host}${port}`;
}

function titleOf(namespace: Namespace, host: string): Message {
  switch (namespace.kind) {
    case 'host':
      return msg('{0}', host);
    case 'netns':
      return msg('{0} · namespace on {1}', namespace.name, host);
    case 'pid':
      return msg('process {0} on {1}', namespace.pid, host);
    case 'container':
      return namespace.id.endsWith('.service')
        ? msg('{0} · service on {1}', namespace.id, host)
        : msg('{0} · container on {1}', namespace.id, host);
  }
}
