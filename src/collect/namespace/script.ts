/** Most processes whose control group and name are read, of all namespaces and of one. */
const MOST_READ = 4000;
const MOST_READ_OF_ONE = 500;
/** Most groups of processes that are printed. */
const MOST_GROUPS = 1500;
/** Most containers that are asked for their host name: each costs two programs. */
const MOST_HOSTNAMES = 64;

/**
 * Groups the processes by network namespace and control group. One awk reads everything, since a program started for each
 * process would cost a busy host dearly. Its input are the lines of `ls -ln`, the asker's own first.
 *
 * `unread N`: processes that the kernel does not show to this user (ptrace(2), PTRACE_MODE_READ). `ns INODE COUNT PID`,
 * `i INODE NAME`: an interface, from the namespace's own /proc/PID/net/dev. `g INODE PID COUNT`: a group by its lowest pid, with
 * `m NAME`, the program's name, and `c LINE`, the lines of its /proc/PID/cgroup.
 */
const GROUPS = String.raw`
!/\/ns\/net( |$)/ { next }
$NF !~ /^net:\[[0-9]+\]$/ { unread++; next }
{
  pid = $(NF - 2); sub(/\/.*/, "", pid)
  net = $NF; gsub(/[^0-9]/, "", net)
  if (pid == "self") { self = "n" net; print "self\t" net; next }
  if ("n" net == self) next
  if (!(net in count)) first[net] = pid
  count[net]++
  if (pid + 0 < first[net] + 0) first[net] = pid
  if (count[net] <= ${MOST_READ_OF_ONE} && read < ${MOST_READ}) { read++; of[read] = net; number[read] = pid }
}
END {
  print "unread\t" unread + 0
  for (net in count) {
    print "ns\t" net "\t" count[net] "\t" first[net]
    file = "/proc/" first[net] "/net/dev"
    shown = 0
    while (shown < 8 && (getline line < file) > 0) {
      if (line !~ /:/) continue
      sub(/:.*/, "", line); sub(/^ */, "", line)
      if (line != "lo") { shown++; print "i\t" net "\t" line }
    }
    close(file)
  }
  for (n = 1; n <= read; n++) {
    file = "/proc/" number[n] "/cgroup"
    text = of[n]
    for (lines = 0; lines < 20 && (getline line < file) > 0; lines++) text = text "\nc\t" substr(line, 1, 1024)
    close(file)
    if (!(text in members)) { members[text] = 0; lowest[text] = number[n]; if (groups < ${MOST_GROUPS}) { groups++; group[groups] = text } }
    members[text]++
    if (number[n] + 0 < lowest[text] + 0) lowest[text] = number[n]
  }
  for (n = 1; n <= groups; n++) {
    text = group[n]
    net = text; sub(/\n.*/, "", net)
    print "g\t" net "\t" lowest[text] "\t" members[text]
    file = "/proc/" lowest[text] "/comm"
    if ((getline line < file) > 0) print "m\t" substr(line, 1, 64)
    close(file)
    if (text != net) print substr(text, length(net) + 2)
  }
}`;

/** Where named namespaces are kept: iproute2 and CNI (ip-netns(8)), Docker. */
export const NAME_FOLDERS = ['/run/netns', '/var/run/netns', '/run/docker/netns', '/var/run/docker/netns'] as const;

/** Files in which engines keep the names of containers. Homes of others are left alone: each may be another host's. */
const NAME_FILES = [
  '/var/lib/docker/containers/*/config.v2.json',
  '/var/snap/docker/common/var-lib-docker/containers/*/config.v2.json',
  '/run/containerd/io.containerd.runtime.v2.task/*/*/config.json',
  '/run/containerd/io.containerd.runtime.v1.linux/*/*/config.json',
  '/run/k3s/containerd/io.containerd.runtime.v2.task/*/*/config.json',
  '/run/containers/storage/*-containers/*/userdata/config.json',
  '/var/lib/containers/storage/*-containers/*containers.json',
  '/run/containers/storage/*-containers/*containers.json',
  '"${HOME:-/nonexistent}"/.local/share/containers/storage/*-containers/*containers.json',
];

/** Only these words of the files leave the host: they also hold environments, and with them passwords. */
const NAME_PATTERN = [
  '"(Name|nerdctl/name|io\\.kubernetes\\.cri\\.(container-name|sandbox-name|sandbox-namespace)',
  '|io\\.kubernetes\\.cri-o\\.(ContainerName|KubeName|Namespace))": ?"[^"]*"',
  '|"id": ?"[0-9a-f]{64}", ?"names": ?\\["[^"]*"',
].join('');

/** The programs that entering a namespace needs, as `tool NAME`, and whether this is root. */
export const TOOL_QUESTIONS = `[ "$(id -u)" = 0 ] && echo root
for dl_tool in nsenter unshare mount; do command -v "$dl_tool" >/dev/null 2>&1 && printf 'tool\\t%s\\n' "$dl_tool"; done
true`;

/**
 * Prints what there is to know of the network namespaces of a host, one thing a line, parts divided by tabs: the lines of
 * `TOOL_QUESTIONS` and `GROUPS`; `name INODE PATH` for named ones; `h PID NAME`, the host name in /etc of a container;
 * `f PATH:MATCH` for names of containers. Uses only what busybox has, too; a constant number of programs but for host names.
 *
 * A container may put anything in the place of its /etc/hostname: what is no plain file is not opened, and little is read.
 */
export const LISTING = `${TOOL_QUESTIONS}
dl_groups=$({ ls -ln /proc/self/ns/net; cd /proc && printf '%s\\n' [0-9]*/ns/net | xargs ls -ln; } 2>/dev/null | sed 's,/proc/,,' | awk '${GROUPS}')
printf '%s\\n' "$dl_groups"
ls -Lid ${NAME_FOLDERS.map((folder) => `${folder}/*`).join(' ')} 2>/dev/null | awk '{ sub(/^ */, ""); at = index($0, " "); print "name\\t" substr($0, 1, at - 1) "\\t" substr($0, at + 1) }' | head -n 2000
for dl_pid in $(printf '%s\\n' "$dl_groups" | awk -F '\\t' '$1 == "g" { pid = $3 } $1 == "c" && pid != "" && /[-:\\/.](docker|libpod|containerd|crio|kubepods|lxc|payload|machine)/ { print pid; pid = "" }' | head -n ${MOST_HOSTNAMES}); do
dl_file=/proc/$dl_pid/root/etc/hostname
if [ -f "$dl_file" ] && [ ! -L "$dl_file" ] && [ ! -L "/proc/$dl_pid/root/etc" ]; then printf 'h\\t%s\\t%s\\n' "$dl_pid" "$(head -c 128 "$dl_file" 2>/dev/null | head -n 1)"; fi
done
grep -EoH '${NAME_PATTERN}' ${NAME_FILES.join(' ')} 2>/dev/null | head -n 4000 | sed 's/^/f\t/'
true`;
