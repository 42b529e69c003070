import type { Namespace, Target } from '../../collect/target.js';
import { msg } from '../../core/message.js';
import type { Translate } from '../../engine/report.js';
import { oneLine } from './format.js';

/** The name under which a person knows a target. */
export function targetTitle(target: Target, translate: Translate): string {
  if (target.kind === 'recording') return oneLine(translate(msg('recording {0}', target.path.split(/[\\/]/).at(-1) ?? '')));
  const host = target.kind === 'local' ? translate(msg('This machine')) : sshName(target);
  const inside = namespaceName(target.namespace, translate);
  return oneLine(inside === undefined ? host : `${host} · ${inside}`);
}

function sshName(target: Extract<Target, { kind: 'ssh' }>): string {
  const user = target.user === undefined ? '' : `${target.user}@`;
  const port = target.port === undefined ? '' : `:${target.port}`;
  return `${user}${target.host}${port}`;
}

function namespaceName(namespace: Namespace, translate: Translate): string | undefined {
  switch (namespace.kind) {
    case 'host':
      return undefined;
    case 'netns':
      return translate(msg('namespace {0}', namespace.name));
    case 'pid':
      return translate(msg('namespace of process {0}', namespace.pid));
    case 'container':
      return translate(msg('container {0}', namespace.id));
  }
}
