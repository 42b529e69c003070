import type { Source, Tier } from '../../core/sources.js';
import { quote } from '../quote.js';
import { frameMark } from './frames.js';

/** The letter that stands for a tier in a request line. */
export const TIER_LETTERS: Readonly<Record<Tier, string>> = { fast: 'f', medium: 'm', slow: 's' };

/** Files that every answer begins with, whatever was asked for: they tell when it was read, and in which boot. */
const ALWAYS = ['uptime', 'boot_id'] as const;

/** What the probe program is made of. */
export interface ProbeProgram {
  readonly nonce: string;
  readonly sources: readonly Source[];
  /** Programs whose presence is reported, beside those that the sources need. */
  readonly tools: readonly string[];
  /** After how many seconds the commands of one sample are ended, where the host has GNU timeout. */
  readonly commandSeconds: number;
  /** After how many seconds without a request the probe ends by itself; see {@link guardFunction}. */
  readonly idleSeconds: number;
  /** Tiers of an answer, number 1, that follows the hello without a request. */
  readonly first?: ReadonlySet<Tier>;
}

/** The letters of a request for these tiers. */
export function tierLetters(tiers: ReadonlySet<Tier>): string {
  return (['fast', 'medium', 'slow'] as const).map((tier) => (tiers.has(tier) ? TIER_LETTERS[tier] : '')).join('');
}

/**
 * Makes the probe: a POSIX shell program (dash, bash, busybox ash) that is fed to `sh` on its standard input and stays.
 *
 * It prints a hello (frame 0), then for each request line `SEQ TIERS` (letters of {@link TIER_LETTERS}) one frame, and
 * ends when its input ends or when nothing was asked for long. Requests may be sent only after the hello: a shell reads its program ahead in blocks, and
 * would take an early request for a part of it.
 *
 * What a host names (interfaces, above all) is only ever an argument that a pattern expanded to: never evaluated again.
 * The program starts one process for all files, and one group of processes under one time limit for all commands.
 */
export function probeProgram(program: ProbeProgram): string {
  const tools = [...new Set([...program.sources.flatMap(toolsOf), ...program.tools])];
  for (const tool of tools) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(tool)) throw new RangeError(`"${tool}" is not the name of a tool`);
  }
  const first = program.first === undefined ? '' : `dl_seq=1; dl_due=${tierLetters(program.first)}; dl_sample; `;
  return [
    // A start-up file may have put zsh in the place of sh.
    '[ -z "$ZSH_VERSION" ] || emulate sh',
    // Options come with the environment too, where sh is bash (SHELLOPTS), and so do functions.
    'set +efuvx',
    'unset IFS GREP_OPTIONS',
    `unset -f ${[...OWN_TOOLS, ...tools].filter((tool) => /^[A-Za-z0-9_]+$/.test(tool)).join(' ')} 2>/dev/null`,
    'LC_ALL=C',
    'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"',
    'export LC_ALL PATH',
    'cd /',
    `dl_mark=${quote(frameMark(program.nonce))}`,
    `dl_head=${quote(COMMAND_HEAD)}`,
    ...(['medium', 'slow'] as const).map((tier) => `dl_${tier}=${quote(commandsOf(program.sources, tier))}`),
    lookFunction(program.sources, tools),
    helloFunction(program.commandSeconds),
    sampleFunction(program.sources),
    guardFunction(program.idleSeconds),
    // One line, so that no shell has a rest of the program left to read when it waits for requests.
    `dl_hello; dl_watch; ${first}while read -r $dl_wait dl_seq dl_due; do dl_sample; done; exit 0`,
    '',
  ].join('\n');
}

/** Programs that the probe itself starts. */
const OWN_TOOLS = ['tail', 'grep', 'cat', 'id', 'timeout', 'sh', 'sleep'];

/**
 * A connection that is cut without a word can stay open on the host for ever: where sshd has no ClientAliveInterval, it
 * never learns of it, and the probe would wait for its next request as long as the host runs. It ends by itself.
 *
 * bash, busybox and most others have `read -t`. For those that do not (dash) a second process looks from time to time
 * whether the probe has done anything (proc(5): /proc/PID/stat counts its faults, its time and its children's). It costs
 * a request nothing, and ends with the probe, however that ends: at once, or after a step when the probe was killed.
 */
function guardFunction(idleSeconds: number): string {
  const step = Math.ceil(idleSeconds / 15);
  return [
    'dl_guarded() {',
    `trap 'kill "$!" 2>/dev/null; exit 0' TERM`,
    'dl_before= dl_same=0',
    `while [ "$dl_same" -lt ${Math.ceil(idleSeconds / step)} ]; do`,
    `sleep ${step} & wait "$!"`,
    'dl_after=; { read -r dl_after </proc/$$/stat; } 2>/dev/null',
    '[ -n "$dl_after" ] || exit 0',
    'if [ "$dl_after" = "$dl_before" ]; then dl_same=$((dl_same + 1)); else dl_same=0 dl_before=$dl_after; fi; done',
    'kill "$$"; exit 0',
    '}',
    'dl_watch() {',
    'dl_wait= dl_guard=',
    `if (read -r -t${idleSeconds} dl_line </proc/uptime) 2>/dev/null; then dl_wait=-t${idleSeconds}`,
    'else',
    // A write to a connection that is gone ends the probe too.
    `trap 'exit 1' TERM HUP INT PIPE`,
    `trap 'kill "$dl_guard" 2>/dev/null' EXIT`,
    'dl_guarded </dev/null >/dev/null 2>&1 & dl_guard=$!; fi',
    '}',
  ].join('\n');
}

function toolsOf(source: Source): readonly string[] {
  return source.reader.kind === 'command' ? source.reader.tools : [];
}

/** Paths stand unquoted in the program, so that a shell without arrays can split a list of them. */
function plainPath(path: string): string {
  if (!/^[A-Za-z0-9_./-]+$/.test(path) || path.startsWith('-')) throw new RangeError(`"${path}" is not a plain path`);
  return path;
}

function pathsOf(sources: readonly Source[], tier: Tier): string[] {
  return sources.flatMap((source) =>
    source.reader.kind === 'file' && source.tier === tier && !(ALWAYS as readonly string[]).includes(source.id)
      ? [plainPath(source.reader.path)]
      : [],
  );
}

/** Finds out what can be read, which may change while the probe runs (a module is loaded, a tool is installed). */
function lookFunction(sources: readonly Source[], tools: readonly string[]): string {
  const lists = (['fast', 'medium', 'slow'] as const).map((tier) =>
    [
      `dl_${tier}_files=`,
      `for dl_path in ${pathsOf(sources, tier).join(' ')}; do`,
      `if [ -r "$dl_path" ]; then dl_${tier}_files="$dl_${tier}_files $dl_path"`,
      `elif [ -e "$dl_path" ]; then printf 'denied %s\\n' "$dl_path"`,
      `else printf 'absent %s\\n' "$dl_path"; fi; done`,
    ].join('\n'),
  );
  return [
    'dl_look() {',
    `printf '%s part look\\n' "$dl_mark"`,
    ...lists,
    'dl_tools=" "',
    `for dl_tool in ${tools.join(' ')}; do`,
    `if command -v "$dl_tool" >/dev/null 2>&1; then dl_tools="$dl_tools$dl_tool "; printf 'tool %s\\n' "$dl_tool"; fi; done`,
    `printf '\\n%s done 0\\n' "$dl_mark"`,
    '}',
  ].join('\n');
}

function helloFunction(commandSeconds: number): string {
  const line = (name: string, path: string): string =>
    `dl_line=; { read -r dl_line <${path}; } 2>/dev/null; printf '%s part ${name}\\n%s\\n%s done 0\\n' "$dl_mark" "$dl_line" "$dl_mark"`;
  return [
    'dl_hello() {',
    `printf '\\n%s begin 0\\n' "$dl_mark"`,
    line('name', '/proc/sys/kernel/hostname'),
    line('kernel', '/proc/sys/kernel/osrelease'),
    line('boot', '/proc/sys/kernel/random/boot_id'),
    `printf '%s part uid\\n' "$dl_mark"; id -u 2>/dev/null </dev/null; printf '\\n%s done 0\\n' "$dl_mark"`,
    'dl_look',
    // Only GNU timeout ends the whole group of what it started; others leave the children of a shell running.
    `case $(timeout --version 2>/dev/null </dev/null) in *GNU*|*uutils*) dl_limit='timeout -k 0.5 ${commandSeconds}';; *) dl_limit=;; esac`,
    `printf '%s end 0\\n' "$dl_mark"`,
    '}',
  ].join('\n');
}

function sampleFunction(sources: readonly Source[]): string {
  const always = ALWAYS.map((id) => {
    const source = sources.find((one) => one.id === id);
    if (source?.reader.kind !== 'file') throw new RangeError(`the probe needs the file source ${id}`);
    return plainPath(source.reader.path);
  });
  return [
    'dl_sample() {',
    `printf '\\n%s begin %s\\n' "$dl_mark" "$dl_seq"`,
    `case $dl_due in *s*) dl_look;; esac`,
    `dl_files='${always.join(' ')}' dl_commands=`,
    'case $dl_due in *f*) dl_files="$dl_files$dl_fast_files";; esac',
    'case $dl_due in *m*) dl_files="$dl_files$dl_medium_files" dl_commands=$dl_medium;; esac',
    'case $dl_due in *s*) dl_files="$dl_files$dl_slow_files" dl_commands=$dl_commands$dl_slow;; esac',
    `printf '%s part files\\n' "$dl_mark"`,
    // With more than one file named, GNU and busybox tail print "==> PATH <==" before each that can be opened.
    'tail -n +1 -- $dl_files 2>/dev/null </dev/null',
    `printf '\\n%s done %s\\n' "$dl_mark" "$?"`,
    'if [ -n "$dl_commands" ]; then',
    '$dl_limit sh -c "$dl_head$dl_commands" droplens "$dl_mark" "$dl_tools" 2>&1 </dev/null',
    // Closes the part of a command that was ended by the time limit; where all have ended it says nothing.
    `printf '\\n%s done %s\\n' "$dl_mark" "$?"; fi`,
    `printf '%s end %s\\n' "$dl_mark" "$dl_seq"`,
    '}',
  ].join('\n');
}

/** The functions of the command program: `$1` is the mark, `$2` the tools that exist, between blanks. */
const COMMAND_HEAD = [
  'dl_mark=$1 dl_have=$2',
  'dl_has() { case $dl_have in *" $1 "*) return 0;; esac; return 1; }',
  `dl_part() { printf '\\n%s part %s\\n' "$dl_mark" "$1"; }`,
  `dl_done() { printf '\\n%s done %s\\n' "$dl_mark" "$1"; }`,
  '',
].join('\n');

/** The program of one tier's commands, to be put after {@link COMMAND_HEAD}. */
function commandsOf(sources: readonly Source[], tier: Tier): string {
  return sources
    .filter((source) => source.tier === tier)
    .map((source) => {
      if (source.reader.kind === 'file' || source.reader.kind === 'with') return '';
      const script = source.reader.kind === 'sysfs' ? sysfsScript(source.reader.attributes) : source.reader.script;
      return `if ${condition(source, sources)}; then\ndl_part ${plainPath(source.id)}\n{ ${script}\n}\ndl_done "$?"; fi\n`;
    })
    .join('');
}

/** A source runs where its tools exist; one that stands in for another only where that one's are missing. */
function condition(source: Source, sources: readonly Source[]): string {
  const all = (tools: readonly string[]): string => ['true', ...tools.map((tool) => `dl_has ${tool}`)].join(' && ');
  const replaced = sources.find((one) => one.id === source.insteadOf);
  return replaced === undefined ? all(toolsOf(source)) : `${all(toolsOf(source))} && ! { ${all(toolsOf(replaced))}; }`;
}

/** Every attribute of every interface as `./NAME/ATTRIBUTE:VALUE`. Links have attributes that fail to read: expected. */
function sysfsScript(attributes: readonly string[]): string {
  const patterns = attributes.map((attribute) => `./*/${plainPath(attribute)}`).join(' ');
  return `cd /sys/class/net && { grep -s '' ${patterns}; cd /; }`;
}
