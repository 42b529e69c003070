import { createHash, randomBytes } from 'node:crypto';
import { quote, quoteArgv } from '../collect/quote.js';
import { runScript } from '../collect/run.js';
import { TransportError } from '../collect/transport.js';
import type { HostFacts, HostFile, LinkFacts, Wanted } from '../core/fix/persist/types.js';
import { english, msg, type Message } from '../core/message.js';
import type { RootAt } from './settings.js';

/** The largest file that is looked into, and the most files and bytes of all together. */
const LARGEST = 64 * 1024;
const MOST_FILES = 200;
const MOST_BYTES = 2 * 1024 * 1024;

const SECONDS = 20;

/** Exit status of a script that met more files than are looked at: which of them sets what is not known then. */
const TOO_MANY = 9;

export type ReadFacts = { readonly kind: 'facts'; readonly facts: HostFacts } | { readonly kind: 'refused'; readonly why: Message };

/**
 * Reads how a host keeps its settings, in one run that changes nothing. Files are the host's and not its namespaces', so
 * that no prefix is used. Those of network managers that hold secrets are not read. Rejects with a TransportError.
 */
export async function readHostFacts(at: RootAt, wanted: Wanted, signal: AbortSignal): Promise<ReadFacts> {
  const mark = `droplens:${randomBytes(12).toString('hex')}`;
  const outcome = await runScript(at.transport, { script: scriptFor(wanted, mark), env: new Map(), timeoutSeconds: SECONDS, maxBytes: MOST_BYTES }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  if (outcome.exit !== 0 || !outcome.output.includes(`${mark} whole\n`)) {
    return { kind: 'refused', why: outcome.truncated || outcome.exit === TOO_MANY ? msg('The host’s configuration files are too many or too large to be looked at.') : msg('The host’s configuration files could not be read.') };
  }
  return { kind: 'facts', facts: factsOf(outcome.output, mark) };
}

// Root's test(1) of busybox looks at modes alone, so that the mounts tell what is read-only.
function scriptFor(wanted: Wanted, mark: string): string {
  return `dl_mark=${quote(mark)}
dl_count=0
dl_file() {
[ -f "$1" ] || return 0
case $1 in *'
'*) return 0 ;; esac
dl_count=$((dl_count + 1))
[ "$dl_count" -le ${MOST_FILES} ] || exit ${TOO_MANY}
dl_fit=fit
[ "$(wc -c < "$1")" -le ${LARGEST} ] || dl_fit=unfit
case $1 in /etc/network/*|/etc/netplan/*|*/NetworkManager/*|*/network-scripts/*)
if grep -qiE 'psk|passw|secret|private-key|wep-key' "$1"; then dl_fit=unfit; fi ;;
esac
printf '\\n%s file %s\\n%s\\n%s\\n' "$dl_mark" "$dl_fit" "$1" "$(readlink -f "$1" || printf %s "$1")"
[ "$dl_fit" = fit ] || return 0
{ sha256sum < "$1" || echo none; } 2>/dev/null
cat "$1"
printf '\\n%s end\\n' "$dl_mark"
}
dl_folder() {
for dl_path in "$1"/*"$2"; do dl_file "$dl_path"; done
}
dl_mounted() {
awk -v path="$1" '{ at = $2 == "/" ? "" : $2 } index(path "/", at "/") == 1 && length(at) >= longest { longest = length(at); options = $4 } END { exit options ~ /^ro(,|$)/ }' /proc/mounts
}
dl_writable() {
dl_path=$1
while [ ! -e "$dl_path" ]; do dl_path=$(dirname "$dl_path"); done
if [ -d "$dl_path" ] && [ -w "$dl_path" ] && dl_mounted "$(readlink -f "$dl_path" || printf %s "$dl_path")"; then printf '\\n%s writable\\n%s\\n' "$dl_mark" "$1"; fi
}
dl_present() {
if [ -e "$1" ]; then printf '\\n%s present\\n%s\\n' "$dl_mark" "$1"; fi
}
dl_program() {
dl_path=$(command -v "$1") || return 0
case $dl_path in /*) printf '\\n%s program\\n%s\\n%s\\n' "$dl_mark" "$1" "$dl_path" ;; esac
}
dl_link() {
dl_index=$(cat "/sys/class/net/$1/ifindex" 2>/dev/null) || return 0
dl_network=$(sed -n 's/^NETWORK_FILE=//p' "/run/systemd/netif/links/$dl_index" 2>/dev/null)
dl_uuid=$(sed -n 's/^connection-uuid=//p' "/run/NetworkManager/devices/$dl_index" 2>/dev/null)
dl_found=
if [ -n "$dl_uuid" ]; then
for dl_path in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* /usr/lib/NetworkManager/system-connections/* /etc/sysconfig/network-scripts/ifcfg-*; do
if [ -z "$dl_found" ] && [ -f "$dl_path" ] && grep -qixE "uuid=\\"?$dl_uuid\\"?" "$dl_path"; then dl_found=$dl_path; fi
done
fi
printf '\\n%s link\\n%s\\n%s\\n%s\\n%s\\n' "$dl_mark" "$1" "$dl_network" "$dl_uuid" "$dl_found"
if [ -n "$dl_found" ]; then dl_file "$dl_found"; fi
if [ -n "$dl_network" ]; then
dl_file "$dl_network"
dl_file "/etc/systemd/network/\${dl_network##*/}.d/50-droplens.conf"
fi
}
${[
  ...wanted.files.map((path) => quoteArgv(['dl_file', path])),
  ...wanted.folders.map(({ path, suffix }) => quoteArgv(['dl_folder', path, suffix])),
  ...wanted.writable.map((path) => quoteArgv(['dl_writable', path])),
  ...wanted.present.map((path) => quoteArgv(['dl_present', path])),
  ...wanted.programs.map((name) => quoteArgv(['dl_program', name])),
  ...wanted.links.map((dev) => quoteArgv(['dl_link', dev])),
].join('\n')}
printf '\\n%s whole\\n' "$dl_mark"`;
}

function factsOf(output: string, mark: string): HostFacts {
  const files = new Map<string, HostFile>();
  const present = new Set<string>();
  const writable = new Set<string>();
  const programs = new Map<string, string>();
  const links = new Map<string, LinkFacts>();
  for (const part of output.split(`\n${mark} `).slice(1)) {
    const [head = '', first = '', second = '', third = '', fourth = ''] = part.split('\n');
    if (head === 'present') present.add(first);
    else if (head === 'writable') writable.add(first);
    else if (head === 'program') programs.set(first, second);
    else if (head === 'file unfit') files.set(first, { path: first, real: second, text: null });
    else if (head === 'file fit') files.set(first, { path: first, real: second, text: textOf(part, third) });
    else if (head === 'link') {
      const connection = third === '' ? undefined : { uuid: third, path: fourth === '' ? undefined : fourth };
      links.set(first, { networkFile: second === '' ? undefined : second, connection });
    }
  }
  return { files, present, writable, programs, links };
}

/** What follows the lines about a file; `null` where it was cleaned on the way, or that cannot be known. */
function textOf(part: string, hash: string): string | null {
  const text = part.split('\n').slice(4).join('\n');
  return hash.startsWith(createHash('sha256').update(text).digest('hex')) ? text : null;
}
