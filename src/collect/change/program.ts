import type { Act } from '../../core/fix/types.js';
import { quote, quoteArgv } from '../quote.js';

/** A change that a host makes and, unless it is told to keep it, takes back by itself. */
export interface TrialProgram {
  /** Word that nobody else uses; the process on the host carries it as its name. */
  readonly nonce: string;
  readonly apply: readonly Act[];
  /** Brings every setting back to what it was, whether or not `apply` got to it. */
  readonly undo: readonly Act[];
  /** Whole seconds after which the host undoes the change. */
  readonly seconds: number;
  /** The way into a namespace, to be put before the program's arguments. */
  readonly prefix: readonly string[];
}

/** The name (`$0`) of the process that waits on the host. */
export const processName = (nonce: string): string => `droplens-change:${nonce}`;

/** Begins every line that the process says; what else comes is what the programs of the change printed. */
export const eventMark = (nonce: string): string => `droplens:${nonce} `;

/** Shell text of one act, as a person is shown it. */
export function actLine(act: Act): string {
  // By cat, because a shell's own printf does not say why the kernel refused the value (dash: “I/O error”).
  if (act.kind === 'write') return `printf '%s\\n' ${quote(act.text)} | cat > ${quote(act.path)}`;
  const line = quoteArgv(act.argv);
  const whole = act.stdin === undefined ? line : `printf '%s' ${quote(act.stdin)} | ${line}`;
  return act.tolerates === undefined ? whole : `${whole} || [ $? -eq ${act.tolerates} ]`;
}

/**
 * Shell text for a shell's input: starts the process that makes the change, and ends. One compound command, so that
 * nothing happens when only a part of it arrives.
 *
 * The process is alone in a session of its own, so that neither the end of the connection nor that of a login ends it:
 * it ignores SIGHUP and SIGPIPE, and where logind would end it with the login (KillUserProcesses, logind.conf(5)) it
 * leaves the login's control group. It keeps everything in memory; there is no file to be left behind.
 */
export function starterProgram(trial: TrialProgram): string {
  return `{
unset IFS
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH LC_ALL=C
if ! command -v setsid >/dev/null 2>&1; then echo 'setsid is not installed' >&2; exit 127; fi
dl_leave=${quote(LEAVE_LOGIN)}
dl_keeper=${quote(keeperProgram(trial))}
setsid sh -c "$dl_leave" droplens ${quoteArgv([...trial.prefix, 'sh', '-c'])} "$dl_keeper" ${quote(processName(trial.nonce))} </dev/null 2>&1 &
}
exit 0
`;
}

/**
 * Leaves the control group of the login and becomes its arguments: before a namespace is entered, where /sys is another.
 * A process of root’s may go to the root group: of version 2, alone or beside version 1, and of systemd’s own (cgroups(7)).
 */
const LEAVE_LOGIN = `if grep -q 'session-[^/]*[.]scope' /proc/self/cgroup 2>/dev/null; then
for dl_group in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/unified/cgroup.procs /sys/fs/cgroup/systemd/cgroup.procs; do
[ -w "$dl_group" ] && echo $$ > "$dl_group"
done 2>/dev/null
fi
exec "$@"`;

/**
 * The process itself. SIGUSR1 keeps the change, SIGUSR2 (and SIGTERM) undoes it at once; the first word counts. A signal
 * can fall between a test and a wait, which POSIX shells cannot join: whoever signals does so until the process answers.
 *
 * What makes the change runs in a session of its own, which is killed before the undoing begins, so that a part of it
 * that hangs cannot change anything afterwards.
 */
function keeperProgram({ nonce, apply, undo, seconds }: TrialProgram): string {
  return `trap '' HUP PIPE INT QUIT
dl_said=
trap 'dl_said=\${dl_said:-keep}' USR1
trap 'dl_said=\${dl_said:-undo}' USR2 TERM
trap 'dl_said=\${dl_said:-late}' ALRM
dl_say() { printf '\\n%s%s\\n' ${quote(eventMark(nonce))} "$*" 2>/dev/null; }
dl_self=$$
( trap 'kill "$dl_sleep" 2>/dev/null; exit 0' TERM
trap '' USR1 USR2 ALRM
sleep ${seconds} &
dl_sleep=$!
wait "$dl_sleep"
kill -s ALRM "$dl_self" ) >/dev/null 2>&1 &
dl_timer=$!
dl_say "armed $$"
setsid sh -c ${quote(applyText(apply))} ${quote(`${processName(nonce)}-apply`)} </dev/null 2>&1 &
dl_job=$!
dl_status=
while [ -z "$dl_status" ]; do
wait "$dl_job"
dl_code=$?
if kill -0 "$dl_job" 2>/dev/null; then
case $dl_said in undo|late) dl_status=stopped ;; esac
else
dl_status=$dl_code
fi
done
if [ "$dl_status" = 0 ]; then
[ -n "$dl_said" ] || dl_say applied
while [ -z "$dl_said" ]; do
wait "$dl_timer"
[ -n "$dl_said" ] || kill -0 "$dl_timer" 2>/dev/null || dl_said=late
done
else
dl_say "failed $dl_status"
dl_said=undo
kill -s KILL -- "-$dl_job" 2>/dev/null
fi
kill "$dl_timer" 2>/dev/null
if [ "$dl_said" = keep ]; then dl_say kept; exit 0; fi
trap '' USR1 USR2 TERM ALRM
dl_limit=
if timeout 1 true >/dev/null 2>&1; then dl_limit='timeout 20'; fi
for dl_try in 1 2 3; do
if $dl_limit sh -c ${quote(undoText(undo))} ${quote(`${processName(nonce)}-undo`)} </dev/null 2>&1; then dl_say "undone $dl_said"; exit 0; fi
sleep 1
done
dl_say 'undo-failed'
exit 1
`;
}

/** The first act that fails ends it. */
function applyText(acts: readonly Act[]): string {
  return ['set -e', ...acts.map(actLine)].join('\n');
}

/** Every act is tried, whatever became of the others. */
function undoText(acts: readonly Act[]): string {
  return ['dl_bad=0', ...acts.map((act) => `{ ${actLine(act)}; } || dl_bad=1`), 'exit "$dl_bad"'].join('\n');
}

/**
 * Shell text that tells the process of a trial what to do: prints `told` when it was there and has ended upon it,
 * `gone` when there was none (any more), `deaf` when it did not end in time. It is found by its name, never by a number
 * that another process may have by then.
 */
export const DECIDE_SCRIPT = `dl_is() { [ "$(tr '\\000' '\\n' < "/proc/$1/cmdline" 2>/dev/null | tail -n 1)" = "$DL_NAME" ]; }
dl_pid=$(grep -la -- "$DL_NAME" /proc/[0-9]*/cmdline 2>/dev/null | sed 's|/proc/||; s|/cmdline||' | while read -r dl_one; do
if dl_is "$dl_one"; then echo "$dl_one"; fi
done | head -n 1)
if [ -z "$dl_pid" ]; then echo gone; exit 0; fi
dl_count=0
while [ "$dl_count" -lt 60 ]; do
if ! dl_is "$dl_pid"; then echo told; exit 0; fi
kill -s "$DL_SIGNAL" "$dl_pid" 2>/dev/null
sleep 0.2 2>/dev/null || sleep 1
dl_count=$((dl_count + 1))
done
echo deaf`;
