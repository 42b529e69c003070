/** Words with a meaning of their own to a shell when they stand where a command is expected. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', 'in', 'select'],
  ...['function', 'time', 'coproc'],
]);

/**
 * Makes one word of a POSIX shell's command line from any text. This is the only place where text becomes part of a
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
