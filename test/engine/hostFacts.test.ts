import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localTransport } from '../../src/collect/local.js';
import { readHostFacts } from '../../src/engine/hostFacts.js';
import { readTextFile, removeFile, writeTextFile } from '../../src/engine/hostFile.js';
import type { RootAt } from '../../src/engine/settings.js';
import type { HostFacts, Wanted } from '../../src/core/fix/persist/types.js';

/** Programs of busybox alone, as on the smallest of hosts. */
const small = mkdtempSync(join(tmpdir(), 'droplens-busybox-'));
execFileSync('busybox', ['--install', '-s', small]);
afterAll(() => rmSync(small, { recursive: true, force: true }));

const hosts = [
  ['a usual host', { transport: localTransport(), prefix: [] }],
  ['a host that has busybox alone', { transport: localTransport({ platform: 'linux', env: { PATH: small }, exists: existsSync }), prefix: [] }],
] as const;
const { signal } = new AbortController();
const nothing: Wanted = { files: [], folders: [], present: [], writable: [], programs: [], links: [] };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'droplens-facts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function factsAt(at: RootAt, wanted: Partial<Wanted>): Promise<HostFacts> {
  const read = await readHostFacts(at, { ...nothing, ...wanted }, signal);
  if (read.kind === 'refused') throw new Error(read.why.text);
  return read.facts;
}

describe.each(hosts)('what %s keeps', (_name, at) => {
  const facts = (wanted: Partial<Wanted>): Promise<HostFacts> => factsAt(at, wanted);

  it('is read byte by byte, or not at all', async () => {
    const texts = { 'a.conf': 'no end', 'b.conf': '', 'c.conf': '\n\nx = ü\n\n', "d'$(reboot).conf": 'x\n' };
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'crlf.conf'), 'a = 1\r\n');
    writeFileSync(join(folder, 'long.conf'), 'x'.repeat(65 * 1024));
    writeFileSync(join(folder, 'other.txt'), 'x');
    mkdirSync(join(folder, 'folder.conf'));
    symlinkSync('a.conf', join(folder, 'link.conf'));
    symlinkSync('nowhere', join(folder, 'dangling.conf'));
    const { files } = await facts({ folders: [{ path: folder, suffix: '.conf' }] });
    const seen = Object.fromEntries([...files].map(([path, { text }]) => [path.slice(folder.length + 1), text]));
    expect(seen).toEqual({ ...texts, 'crlf.conf': null, 'long.conf': null, 'link.conf': 'no end' });
    expect(files.get(join(folder, 'link.conf'))?.real).toBe(join(folder, 'a.conf'));
  });

  it('says what can be written, what is there, and where programs are', async () => {
    const known = await facts({ writable: [join(folder, 'not/yet'), '/dev/null/x'], present: [folder, join(folder, 'x')], programs: ['sh', 'no-such-program'], links: ['$(reboot)', 'lo'] });
    expect([...known.writable]).toEqual([join(folder, 'not/yet')]);
    expect([...known.present]).toEqual([folder]);
    expect([...known.programs.keys()]).toEqual(['sh']);
    expect(known.links.get('lo')).toEqual({ networkFile: undefined, connection: undefined });
  });

  it('is not guessed from a part of it', async () => {
    for (let number = 0; number < 201; number += 1) writeFileSync(join(folder, `${number}.conf`), '');
    expect(await readHostFacts(at, { ...nothing, folders: [{ path: folder, suffix: '.conf' }] }, signal)).toMatchObject({ kind: 'refused' });
  });
});

describe.each(hosts)('a file of %s', (_name, at) => {
  it('is written and removed only as it was seen', async () => {
    const path = join(folder, 'new', "it's $(x)");
    expect(await writeTextFile(at, path, 'one', signal, 'other')).toMatchObject({ text: expect.stringContaining('was changed') as unknown });
    expect(await writeTextFile(at, path, "one'\\ ü\n\n", signal, null)).toBeUndefined();
    expect(await writeTextFile(at, path, 'two', signal, null)).toMatchObject({ text: expect.stringContaining('was changed') as unknown });
    expect(await readTextFile(at, path, signal)).toEqual({ kind: 'text', text: "one'\\ ü\n\n" });
    expect(await removeFile(at, path, 'one', signal)).toMatchObject({ text: expect.stringContaining('was changed') as unknown });
    expect(await removeFile(at, path, "one'\\ ü\n\n", signal)).toBeUndefined();
    expect(await readTextFile(at, path, signal)).toEqual({ kind: 'text', text: null });
  });

  it('is not put in the place of a link', async () => {
    symlinkSync('elsewhere', join(folder, 'link'));
    expect(await writeTextFile(at, join(folder, 'link'), 'x', signal, null)).toMatchObject({ text: expect.stringContaining('was changed') as unknown });
  });
});
