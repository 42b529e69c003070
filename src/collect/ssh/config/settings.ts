/**
 * The options that hold for one host, with their values as they are written: by name in lower case, the first value of
 * each, and all values of those that add up.
 */
export class Settings {
  readonly first = new Map<string, readonly string[]>();
  readonly identityFiles: string[] = [];
  readonly certificateFiles: string[] = [];

  /** Takes one line. What was taken before stays (ssh_config(5): the first obtained value is used). */
  take(name: string, values: readonly string[]): void {
    const list = name === 'identityfile' ? this.identityFiles : name === 'certificatefile' ? this.certificateFiles : undefined;
    if (list !== undefined) {
      for (const file of values) if (!list.includes(file)) list.push(file);
      return;
    }
    // Whichever of the two comes first switches the other off (readconf.c, parse_jump and oProxyCommand).
    if (name === 'proxyjump' && this.first.has('proxycommand')) return;
    // A jump that is "none" leaves the way to a command (measured with OpenSSH 9.2), but not the other way round.
    if (name === 'proxycommand' && (this.first.get('proxyjump') ?? ['none']).join(' ').toLowerCase() !== 'none') return;
    if (!this.first.has(name)) this.first.set(name, values);
  }

  word(name: string): string | undefined {
    return this.first.get(name)?.[0];
  }
}
