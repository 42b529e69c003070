import { quote } from '../quote.js';

export interface TraceProgram {
  /** Letters and digits: the instance is `droplens-NAME`. */
  readonly name: string;
  /** After how many seconds the instance is removed, whatever happens. */
  readonly seconds: number;
  /** How many events are counted at most. */
  readonly events: number;
}

/** Most memory of the trace buffers of all CPUs together, and of one, in KiB. */
const BUFFER_KIB = 8_192;
const CPU_BUFFER_KIB = 1_024;

/**
 * The keeper of a drop trace: a POSIX shell program that counts why and where the kernel frees packets that it drops
 * (tracepoint skb:kfree_skb), in a tracefs instance of its own, and prints the counts when it is told to.
 *
 * It prints `droplens-trace ready METHOD` (or `droplens-trace failed WHY`), waits for a line on its input, prints what
 * core/privileged/dropTrace reads, and ends. An input that ends instead ends it without a word.
 *
 * The instance is made by a watchdog in a session of its own, which holds the reading end of a pipe whose other end is the
 * keeper's alone. However the keeper ends, that pipe ends, and the watchdog stops the trace and removes the instance; at
 * the deadline it does so anyway. Should the watchdog be killed, the keeper does the same at its own end. Where tracefs is not mounted, both run in a mount namespace of their own in which it is.
 *
 * Counting is done in the kernel where it has histogram triggers (CONFIG_HIST_TRIGGERS), else by awk on the host, which
 * switches the event off by itself when it has seen enough.
 */
export function traceProgram({ name, seconds, events }: TraceProgram): string {
  if (!/^[a-z0-9]{4,40}$/.test(name)) throw new RangeError('not the name of a trace');
  const watch = WATCHDOG.replaceAll('@SECONDS', String(Math.ceil(seconds)));
  const keep = KEEPER.replaceAll('@WATCHDOG', quote(watch)).replaceAll('@EVENTS', String(Math.ceil(events)));
  return `{
unset IFS
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH LC_ALL=C
dl_keep=${quote(keep)}
dl_name=droplens-${name}
dl_failed() { printf 'droplens-trace failed %s\\n' "$1"; exit 1; }
for dl_tool in awk setsid; do command -v $dl_tool >/dev/null 2>&1 || dl_failed "$dl_tool is not installed"; done
[ -e /sys/kernel/tracing/events/skb ] && exec sh -c "$dl_keep" droplens-trace /sys/kernel/tracing "$dl_name"
if [ -d /sys/kernel/tracing ] && unshare -m true 2>/dev/null </dev/null; then
exec unshare -m sh -c 'mount --make-rprivate / && mount -t tracefs tracefs /sys/kernel/tracing && exec sh -c "$0" droplens-trace /sys/kernel/tracing "$1"
printf "droplens-trace failed tracefs cannot be mounted\\n"' "$dl_keep" "$dl_name"
fi
[ -e /sys/kernel/debug/tracing/events/skb ] && exec sh -c "$dl_keep" droplens-trace /sys/kernel/debug/tracing "$dl_name"
dl_failed 'this kernel has no tracefs, or it may not be used here'
}
`;
}

/**
 * Ends the trace in `$dl_i` and removes it; a process of `$dl_told` is trusted only while it still reads this instance.
 * It can be done twice.
 */
const CLEAN = `dl_clean() {
[ -d "$dl_i" ] || return 0
echo 0 >"$dl_i/tracing_on"
echo 0 >"$dl_i/events/skb/kfree_skb/enable"
dl_n=0
while [ -d "$dl_i" ] && [ "$dl_n" -lt 50 ]; do
for dl_pid in $dl_told; do
case $(readlink "/proc/$dl_pid/fd/0") in */"\${dl_i##*/}"/*) kill -s KILL "$dl_pid";; esac
done
rmdir "$dl_i" && break
dl_n=$((dl_n+1))
sleep 0.1 || sleep 1
done
}`;

/** `$0` is the instance. Signals of the terminal and of a polite end are not for it. */
const WATCHDOG = `trap "" HUP INT TERM PIPE
cd /
dl_i=$0
${CLEAN}
mkdir "$dl_i" || exit 1
if timeout -s KILL 1 true >/dev/null 2>&1; then dl_told=$(timeout -s KILL @SECONDS cat); else dl_told=$(cat); fi
dl_clean`;

/**
 * `$1` is where tracefs is, `$2` the instance's name. Descriptor 3 is the pipe to the watchdog, 4 the output. Only the
 * shell itself may hold 3 while it waits. awk ends when it reads the marker, which the kernel puts behind all events; the
 * marker is long, because mawk reads on until its buffer is full.
 */
const KEEPER = `dl_i=$1/instances/$2 dl_e=$1/instances/$2/events/skb/kfree_skb
dl_pause() { sleep 0.05 2>/dev/null || sleep 1; }
dl_failed() { printf 'droplens-trace failed %s\\n' "$1" >&4; }
dl_told=
${CLEAN}
dl_count() {
exec awk -v most=@EVENTS -v off="$dl_e/enable" '
/kfree_skb: / {
  at = index($0, "location="); if (!at) next
  place = substr($0, at + 9); reason = "-"
  at = index(place, "reason: "); if (at) reason = substr(place, at + 8)
  at = index(place, " "); if (at) place = substr(place, 1, at - 1)
  at = index(place, "+"); if (at) place = substr(place, 1, at - 1)
  sub(/ .*/, "", reason)
  count[reason " " place]++
  if (++n >= most) { stopped = 1; print 0 > off; close(off); exit }
  next
}
/droplens-stop/ { exit }
END {
  for (pair in count) {
    print "droplens-drop", count[pair], pair
    place = pair; sub(/.* /, "", place); sub(/^0x/, "", place)
    if (place ~ /^[0-9a-f]+$/ && length(place) >= 8 && m < 200) { key[++m] = place; best[m] = "" }
  }
  while (m && (getline line < "/proc/kallsyms") > 0) {
    split(line, field, " ")
    for (i = 1; i <= m; i++) if (length(field[1]) == length(key[i]) && field[1] "" <= key[i] "" && field[1] "" >= best[i] "") { best[i] = field[1]; name[i] = field[3] }
  }
  for (i = 1; i <= m; i++) if (best[i] != "") print "droplens-symbol", key[i], name[i]
  print "droplens-trace stopped", stopped + 0
}' <"$dl_i/trace_pipe" >&4 3>&-
}
dl_counting() { [ -d "/proc/$dl_awk" ] && ! grep -q '^State:.Z' "/proc/$dl_awk/status"; }
dl_body() {
dl_n=0
while [ ! -e "$dl_i/tracing_on" ]; do [ "$dl_n" -lt 60 ] || { dl_failed 'the trace instance could not be made'; return; }; dl_n=$((dl_n+1)); dl_pause; done
[ -e "$dl_e/enable" ] || { dl_failed 'this kernel does not have the event skb:kfree_skb'; return; }
dl_cpus=$(ls -d "$dl_i"/per_cpu/cpu* | grep -c .)
dl_kib=$((${BUFFER_KIB}/dl_cpus)); [ "$dl_kib" -le ${CPU_BUFFER_KIB} ] || dl_kib=${CPU_BUFFER_KIB}
echo "$dl_kib" >"$dl_i/buffer_size_kb"
dl_hist='hist:keys=location.sym:size=2048'
if grep -q 'reason;' "$dl_e/format"; then dl_hist=hist:keys=reason,location.sym:size=2048; fi
if [ -e "$dl_e/hist" ] && echo "$dl_hist" >"$dl_e/trigger"; then
echo 'droplens-trace ready hist' >&4
read -r dl_line || return
[ -d "$dl_i" ] || { dl_failed 'the trace was ended because its time was over'; return; }
grep '^print fmt' "$dl_e/format" | sed 's/^/droplens-format /' >&4
cat "$dl_e/hist" >&4
echo "!$dl_hist" >"$dl_e/trigger"
else
for dl_option in context-info hash-ptr record-cmd; do echo 0 >"$dl_i/options/$dl_option"; done
dl_count &
dl_awk=$!
dl_told=$dl_awk
echo "$dl_awk" >&3
echo 1 >"$dl_e/enable"
echo 'droplens-trace ready tally' >&4
read -r dl_line || return
[ -d "$dl_i" ] || { dl_failed 'the trace was ended because its time was over'; return; }
echo 0 >"$dl_e/enable"
dl_n=0 dl_pad=$(printf %0900d 0)
while [ "$dl_n" -lt 40 ]; do echo "droplens-stop $dl_pad"; dl_n=$((dl_n+1)); done >"$dl_i/trace_marker"
dl_n=0
while dl_counting; do [ "$dl_n" -lt 60 ] || { dl_failed 'counting took too long'; return; }; dl_n=$((dl_n+1)); dl_pause; done
cat "$dl_i"/per_cpu/cpu*/stats | awk '/^overrun:/ { n += $2 } END { printf "droplens-trace lost %d\\n", n }' >&4
fi
echo 'droplens-trace end' >&4
}
exec 4>&1
{ dl_body 3>&1 1>&4; dl_clean; } 2>/dev/null | setsid sh -c @WATCHDOG "$dl_i" >/dev/null 2>&1 4>&-`;
