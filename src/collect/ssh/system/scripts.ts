/**
 * The programs that `ssh` starts to ask something. Each reaches the process that made the connection over the socket
 * in `DROPLENS_ASK_SOCKET` and prints its answer; nothing is kept in a file, and no secret stands in a command line.
 */

/**
 * Sends `{token, kind, hint, args}` on one line and prints the `text` of the answer. Without an answer it ends with
 * status 1. What comes from a host stands behind `--`, where node takes nothing for an option of its own.
 */
const ASK = `
const { DROPLENS_ASK_SOCKET: path, DROPLENS_ASK_TOKEN: token, SSH_ASKPASS_PROMPT: hint = "" } = process.env;
const [kind, ...args] = process.argv.slice(1);
let text = "";
const socket = require("node:net").connect(path, () => socket.write(JSON.stringify({ token, kind, hint, args }) + "\\n"));
socket.setEncoding("utf8").on("data", (chunk) => { text += chunk; }).on("error", () => process.exit(1)).on("end", () => {
  try { process.stdout.write(JSON.parse(text).text + "\\n", () => process.exit(0)); } catch { process.exit(1); }
});
`.trim();

const NODE = (kind: string, args: string): string =>
  `ELECTRON_RUN_AS_NODE=1 exec "$DROPLENS_ASK_NODE" -e '${ASK}' -- ${kind} ${args}`;

/** `SSH_ASKPASS`: its one argument is the prompt (ssh(1)). */
export const SECRET_SCRIPT = `#!/bin/sh
${NODE('secret', '"$1"')}
`;

/**
 * `KnownHostsCommand`: REASON NAME KEY, the key in base64 (ssh_config(5), TOKENS). Keys that are trusted already stand
 * in the file `trusted` beside it, as `name plain-name type key`, and are answered here: to start node for them would make
 * every connection slower. Which key a host proved itself with is noted in `proved`, as `name key`.
 */
export const HOST_KEY_SCRIPT = `#!/bin/sh
folder=\${0%/*}
while read -r name plain type key; do
  if [ "$1" = ORDER ]; then
    [ "$plain" = "$2" ] && echo "$2 $type $key"
  elif [ "$name" = "$2" ] && [ "$key" = "$3" ]; then
    echo "$2 $3" >> "$folder/proved"
    echo "$2 $type $key"
    exit 0
  fi
done < "$folder/trusted"
[ "$1" = HOSTNAME ] || exit 0
${NODE('host-key', '"$2" "$3"')}
`;

/**
 * Keeps `ssh`: FOLDER PROGRAM ARGUMENTS…. Its input is never written to; it ends with the process that started it, in
 * whatever way that happens, and then ssh is ended too. At the end the folder and all that is left of the group go. The
 * watcher removes the folder as well, for the case that the shell above it was killed. It asks ssh to end several
 * times: a signal that comes just before ssh waits for input is seen only at the next one (clientloop.c, quit_pending).
 */
export const KEEPER_SCRIPT = `
folder=$1
shift
exec 3<&0
"$@" 3<&- </dev/null >/dev/null &
ssh=$!
{
  read -r line
  rm -rf "$folder"
  for time in 1 2 3 4 5 6 7 8; do
    kill "$ssh"
    sleep 0.1 || sleep 1
  done
  kill -9 "$ssh"
} <&3 2>/dev/null >/dev/null &
exec 3<&-
wait "$ssh"
status=$?
rm -rf "$folder"
trap '' TERM
kill -TERM 0
exit "$status"
`;
