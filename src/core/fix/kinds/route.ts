import { msg, type Message } from '../../message.js';
import type { Act, Current, Setting, SettingKind } from '../types.js';

type Route = Extract<Setting, { kind: 'route' }>;

const family = ({ family: version }: Route): string => (version === 4 ? '-4' : '-6');

/** A route: there or not. */
export const routeKind: SettingKind<Route> = {
  tools: () => ['ip'],
  name: ({ type, destination, table }) => `route ${type} ${destination} in table ${table}`,
  reads: (route) => [{ kind: 'run', argv: ['ip', family(route), 'route', 'show', 'table', route.table, 'type', route.type, 'exact', route.destination] }],
  understand(route, [text = '']): Current | Message {
    const [line = '', ...more] = text.split('\n').filter((one) => one.trim() !== '');
    // Several routes to one destination differ in their metric; which is meant, nobody said.
    if (more.length > 0) return msg('There are several routes {0} {1}.', route.type, route.destination);
    return { value: line === '' ? 'absent' : 'present', state: line.trim() };
  },
  check: (_route, value, current) => {
    if (value === 'absent') return undefined;
    return value === 'present' && current.state !== '' ? undefined : msg('A route can be taken away and put back.');
  },
  sets: (route, value, current) => (value === 'present' ? put(route, current.state) : take(route)),
  resets: (route, before) => (before.state === '' ? take(route) : put(route, before.state)),
};

/** 2: the kernel has no such route (ip(8), EXIT STATUS). */
function take(route: Route): readonly Act[] {
  return [{ kind: 'run', argv: ['ip', family(route), 'route', 'del', route.type, route.destination, 'table', route.table], tolerates: 2 }];
}

/** `replace` puts it there whether or not it is there. */
function put(route: Route, line: string): readonly Act[] {
  const words = line.split(/\s+/);
  // `ip route show` leaves the type out where it is the usual one, and prints flags that cannot be given back.
  const known = words.filter((word) => !['linkdown', 'dead', 'onlink', 'offload', 'trap'].includes(word));
  return [{ kind: 'run', argv: ['ip', family(route), 'route', 'replace', ...(known[0] === route.type ? [] : [route.type]), ...known, 'table', route.table] }];
}
