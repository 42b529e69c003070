import { LINK_SETTINGS } from './settings.js';

/** How many sockets with a waiting queue one sample lists at most; the rest are counted, not listed. */
export const SOCKET_LIMIT = 256;

/** Every setting of every interface as `./ipv4/conf/NAME/SETTING:VALUE`. */
export function linkConfScript(): string {
  const patterns = LINK_SETTINGS.map((setting) => `./${setting.replace('/', '/conf/*/')}`).join(' ');
  return `cd /proc/sys/net && { grep -s '' ${patterns}; cd /; }`;
}

/**
 * Prints sockets with a non-empty queue, each with the indented detail line that follows it, and stops at the limit.
 * The last line tells how many were left out.
 */
export const BUSY_SOCKETS = `awk -v max=${SOCKET_LIMIT} 'NR==1{print;next} /^[^ \\t]/{keep=($1+0>0||$2+0>0); if(keep&&n>=max){more++;keep=0} if(keep)n++} keep{print} END{print "droplens-left-out " more+0}'`;

/**
 * One run of `ss` for three sources: listeners, half-open connections counted by local address, and established sockets
 * as {@link BUSY_SOCKETS} prints them. Without the header `ss` has failed, and so does this.
 */
export const TCP_SOCKETS = `ss -tnmoi state listening state syn-recv state established | awk -v mark="$dl_mark" -v max=${SOCKET_LIMIT} '
NR==1{head=$0;next}
/^LISTEN/{keep=0;listen[++l]=$0;next}
/^SYN-RECV/{keep=0;half[$4]++;next}
/^ESTAB/{keep=($2+0>0||$3+0>0); if(keep&&n>=max){more++;keep=0} if(keep){n++;sub(/^ESTAB[ \\t]*/,"");busy[++b]=$0} next}
keep{busy[++b]=$0}
END{if(head !~ /Recv-Q/)exit 1
print head; for(i=1;i<=l;i++)print listen[i]
printf "\\n%s done 0\\n\\n%s part ss_synrecv\\n",mark,mark; for(a in half)print half[a],a
printf "\\n%s done 0\\n\\n%s part ss_established\\n",mark,mark; print "Recv-Q Send-Q"; for(i=1;i<=b;i++)print busy[i]; print "droplens-left-out " more+0}'`;

/**
 * Routes and rules that refuse packets, each behind the word of its family. `ip` dumps whole tables, so a host with a
 * table of the size of the Internet is left alone; the last line says so. Without a line of a rule `ip` did not do as
 * it was told (BusyBox has no -batch), and the last line is missing.
 */
export const REFUSING_ROUTES =
  'dl_n=0 dl_six=0; { while read -r dl_k dl_v dl_x; do case $dl_k in Prefixes:) dl_n=$((dl_n+dl_v));; esac; done </proc/net/fib_triestat; } 2>/dev/null; ' +
  '{ read -r dl_k dl_v dl_x dl_six dl_y </proc/net/rt6_stats; } 2>/dev/null; ' +
  'if [ "$dl_n" -gt 100000 ] || [ "$((0x$dl_six))" -gt 100000 ]; then echo droplens-refusing many; else ' +
  `{ for dl_f in 4 6; do echo "droplens-family ipv$dl_f"; printf 'rule show\\nroute show table all\\n' | ip -$dl_f -batch -; done; } 2>/dev/null | ` +
  `awk '$1=="droplens-family"{f=$2;next} / lookup /{seen=1} /(^|[ \\t])(blackhole|unreachable|prohibit|throw)([ \\t]|$)/{if($1~/^(blackhole|unreachable|prohibit|throw|[0-9]+:)$/){if(n++<200)print f,$0;else more++}} END{if(seen)print "droplens-refusing",more+0}'; fi`;

/** Neighbours that do not answer and static ones, at most 64 of each state, and how many there are of each family. */
export const TELLING_NEIGHBOURS =
  `ip -s neigh show | awk '{n[$1~/:/]++} $NF=="FAILED"||$NF=="INCOMPLETE"||$NF=="PERMANENT"{if(c[$NF]++<64)print;else more++} END{print "droplens-neighbours",n[0]+0,n[1]+0,more+0}'`;

/**
 * Open files of the programs behind listeners, at most 64. A process whose highest allowed descriptor is free has a free
 * one, so only the others are counted. The list of listeners is that of the source before it.
 */
export const PROCESS_FILES =
  `printf '%s\\n' "\${dl_listeners-}" | awk '{s=$0; while(match(s,/pid=[0-9]+/)){p=substr(s,RSTART+4,RLENGTH-4); if(!(p in d)){d[p]=1; if(n++<64)print p; else more++} s=substr(s,RSTART+RLENGTH)}} END{print "-",more+0}' | ` +
  `while read -r dl_p dl_more; do if [ "$dl_p" = - ]; then echo "droplens-processes $dl_more"; continue; fi; dl_max= dl_name= dl_open=-; ` +
  `{ while read -r dl_a dl_b dl_c dl_soft dl_x; do case "$dl_a $dl_b $dl_c" in 'Max open files') dl_max=$dl_soft; break;; esac; done </proc/$dl_p/limits; read -r dl_name </proc/$dl_p/comm; } 2>/dev/null; ` +
  `case $dl_max in ''|*[!0-9]*) continue;; esac; if [ -h "/proc/$dl_p/fd/$((dl_max-1))" ]; then set -- /proc/$dl_p/fd/*; dl_open=$#; fi; ` +
  `printf '%s %s %s %s\\n' "$dl_p" "$dl_max" "$dl_open" "$dl_name"; done`;

/**
 * How many local ports the busiest pair of own address and destination holds. Asked only when half the port range could
 * be in use at all: listing all connections costs the host more than anything else here.
 */
export const PORTS_IN_USE =
  // A shell reads byte by byte, and a sysctl of numbers answers only the first read.
  `dl_x=$(awk 'FILENAME~/range/{lo=$1;hi=$2} $1=="TCP:"{n+=$3+$7} $1=="TCP6:"{n+=$3} END{print n+0,lo+0,hi+0}' /proc/sys/net/ipv4/ip_local_port_range /proc/net/sockstat*); ` +
  `dl_n=\${dl_x%% *} dl_hi=\${dl_x##* } dl_x=\${dl_x#* } dl_lo=\${dl_x% *}; ` +
  `if [ $((dl_n*2)) -lt $((dl_hi-dl_lo+1)) ]; then echo droplens-ports few; else ss -tan | ` +
  `awk -v lo="$dl_lo" -v hi="$dl_hi" 'NR>1&&$1!="LISTEN"{a=$4; p=a; sub(/.*:/,"",p); sub(/:[^:]*$/,"",a); if(p+0>=lo&&p+0<=hi)n[a " " $5]++} END{for(k in n)if(n[k]>m){m=n[k];b=k} if(m)print m,b; print "droplens-ports",hi-lo+1}'; fi`;

/** Connections that only the program here must close, and attempts that nobody answered; rare ones added up. */
export const TCP_STATES =
  `ss -tn state close-wait state syn-sent | awk '$1=="CLOSE-WAIT"{c[$4]++} $1=="SYN-SENT"{s[$5]++} ` +
  `END{for(k in c)if(c[k]>2&&n++<256)print "close-wait",c[k],k;else rest+=c[k]; if(rest)print "close-wait",rest,"*:*"; ` +
  `for(k in s)if(m++<64)print "syn-sent",s[k],k;else more+=s[k]; if(more)print "syn-sent",more,"*:*"}'`;

/** Captures (packet sockets), each with its detail on one line; asked only where the kernel lists one. */
export const CAPTURES =
  `dl_x=; { read -r dl_y; read -r dl_x; } 2>/dev/null </proc/net/packet; if [ -n "$dl_x" ]; then ss -0nm | ` +
  `awk 'NR>1{if(/^[ \\t]/)l=l $0;else{if(l!=""&&n++<64)print l;l=$0}} END{if(l!=""&&n++<64)print l}'; fi; true`;
