/** Words with a meaning of their own to a shell when they stand where a command is expected. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', 'in', 'select'],
  ...['function', 'time', 'coproc'],
]);

/**
 * Makes one word of a POSIX shell’s command line from any text. This file is the only place where text becomes part of a
 * command line: what is inside single quotes means itself to dash, bash and busybox (POSIX.1-2017, XCU 2.2.2).
 *
 * Plain words stay as they are, so that people can read what will run. Throws for a NUL, which no argument can hold.
 */
export function quote(arg: string): string {
  if (arg.includes('\0')) throw new RangeError('an argument cannot contain a NUL character');
  if (/^[A-Za-z0-9_./:,@+-]+$/.test(arg) && !RESERVED.has(arg)) return arg;
  return `'${arg.replaceAll("'", `'\\''`)}'`;
}

/** A command line that starts exactly these arguments. Throws as {@link quote} does. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

/** `NAME='value'` for the front of a command. Throws for a name that is not a shell variable's. */
export function quoteAssignment(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new RangeError('not the name of a shell variable');
  return `${name}=${quote(value)}`;
}

/**
 * The command line for a host's login shell, whichever it is: sshd hands it to `SHELL -c` (sshd(8)), and that may be
 * fish or csh, where {@link quote} does not hold (`!` and newlines in csh, a backslash between quotes in fish).
 *
 * Only what means the same to all of them is used: words of plain characters, a backslash before each other printable
 * ASCII character, and `''` for nothing. Other bytes, which no shell but the POSIX ones takes unchanged, are spelled
 * in octal and put together by a POSIX `sh` on the host. The program's name stands in quotes, so that no alias of a
 * start-up file takes its place. There is no `exec`, which a restricted shell refuses.
 *
 * Throws as {@link quote} does.
 */
export function loginShellLine(argv: readonly string[]): string {
  const plain = argv.every((word) => /^[ -~]*$/.test(word));
  const words = plain ? argv : ['sh', '-c', `eval "exec $(printf '${inOctal(quoteArgv(argv))}')"`];
  const [program = '', ...rest] = words;
  const name = /^[A-Za-z0-9_./-]+$/.test(program) ? `'${program}'` : backslashed(program);
  return [name, ...rest.map(backslashed)].join(' ');
}

/** A word in which every character stands for itself, to POSIX shells, zsh, fish and csh alike. For printable ASCII. */
function backslashed(word: string): string {
  return word === '' ? "''" : word.replace(/[^A-Za-z0-9_./-]/g, '\\$&');
}

/** A format of printf(1) that prints the text's UTF-8 bytes. */
function inOctal(text: string): string {
  if (text.includes('\0')) throw new RangeError('an argument cannot contain a NUL character');
  return Array.from(Buffer.from(text), (byte) =>
    /[A-Za-z0-9_./]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`,
  ).join('');
}
