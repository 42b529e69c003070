import { msg } from '../../message.js';
import type { Setting } from '../types.js';
import { comment, linesOf, spliced } from './lines.js';
import { isWritable } from './sysctl.js';
import type { Author, HostFacts, HostFile, Kept, Ways } from './types.js';

type Route = Extract<Setting, { kind: 'route' }>;

/** A route that was taken away: what adds it at boot becomes a comment. */
export function routeWays(kept: Kept, route: Route, facts: HostFacts, author: Author): Ways {
  if (kept.value !== 'absent') return { kind: 'refused', why: msg('Only a route that was taken away can be kept so; this one was added.') };
  for (const file of facts.files.values()) {
    const place = placeOf(route, file);
    if (place === undefined || file.text === null || !file.real.startsWith('/etc/') || !isWritable(file.real, facts)) continue;
    return {
      kind: 'ways',
      ways: [
        {
          means: file.path.endsWith('.network') ? 'systemd-networkd' : 'ifupdown',
          path: file.real,
          edit: (text) => {
            const now = placeOf(route, { ...file, text });
            if (now === undefined) return text ?? '';
            const old = linesOf(text).slice(now.at, now.at + now.count);
            return spliced(text, now.at, now.count, [comment(author, kept), ...old.map((line) => `# ${line.replace(/\r$/, '')}`)]);
          },
          notes: [msg('What adds the route at boot becomes a comment. The route is gone already.')],
        },
      ],
    };
  }
  return {
    kind: 'refused',
    why: msg('No file was found that adds the route {0} {1}: a routing daemon or a script may.', route.type, route.destination),
    how: msg('Look for it with “grep -r {0} /etc”.', route.destination),
  };
}

function placeOf(route: Route, { path, text }: HostFile): { readonly at: number; readonly count: number } | undefined {
  const lines = linesOf(text).map((line) => line.trim());
  return path.endsWith('.network') ? sectionOf(route, lines) : commandOf(route, lines);
}

/** `up ip route add blackhole 10.0.0.0/8` (interfaces(5)). */
function commandOf({ type, destination }: Route, lines: readonly string[]): { readonly at: number; readonly count: number } | undefined {
  const at = lines.findIndex((line) => {
    const words = line.split(/\s+/);
    if (words[0]?.endsWith('up') !== true || !words.includes('route')) return false;
    const verb = words.findIndex((word) => word === 'add' || word === 'replace');
    const [first, second] = words.slice(verb + 1);
    return verb > 0 && (first === type ? second === destination : type === 'unicast' && first === destination);
  });
  return at < 0 ? undefined : { at, count: 1 };
}

/** A `[Route]` section with this `Destination=` and `Type=` (systemd.network(5)). */
function sectionOf({ type, destination }: Route, lines: readonly string[]): { readonly at: number; readonly count: number } | undefined {
  for (const [at, line] of lines.entries()) {
    if (line !== '[Route]') continue;
    const next = lines.findIndex((one, index) => index > at && one.startsWith('['));
    const body = lines.slice(at, next < 0 ? lines.length : next);
    // Blank lines after it belong to nobody.
    const count = body.findLastIndex((one) => one !== '') + 1;
    const isIt = body.includes(`Destination=${destination}`) && (type === 'unicast' ? !body.some((one) => one.startsWith('Type=')) : body.includes(`Type=${type}`));
    if (isIt) return { at, count };
  }
  return undefined;
}
