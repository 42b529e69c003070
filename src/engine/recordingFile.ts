import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { firstLine, sanitize } from '../collect/sanitize.js';
import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';
import { MOST_BYTES } from '../core/recording/lines.js';
import { readRecording } from '../core/recording/read.js';
import type { Recording } from '../core/recording/types.js';
import { writeRecording } from '../core/recording/write.js';
import { checkSize, sha256 } from './record.js';

/**
 * Writes a recording, readable for its owner alone. A file that exists is left as it is unless `replace`; one that could
 * not be written in full is not left behind. Rejects with a TransportError.
 */
export async function saveRecording(path: string, recording: Recording, replace: boolean): Promise<void> {
  const text = checkSize(writeRecording(recording, sha256));
  // Beside the file, so that it takes its place in one step and nobody sees a half of it.
  const beside = replace ? `${path}.${randomBytes(6).toString('hex')}` : path;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    if (replace) await rename(beside, path);
  } catch (error) {
    if (replace) await rm(beside, { force: true });
    if (codeOf(error) === 'EEXIST') throw exists(path, error);
    throw new TransportError('unsupported', english(msg('{0} cannot be written: {1}.', path, wordsOf(error))), undefined, { cause: error });
  }
}

/** Rejects with a TransportError when there is a file of this name already. */
export async function checkFree(path: string): Promise<void> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there) throw exists(path, undefined);
}

/** Reads a recording. Rejects with a TransportError that says what is wrong with the file. */
export async function loadRecording(path: string): Promise<Recording> {
  const text = textOf(await bytesOf(path), path);
  const read = readRecording(text, sha256);
  if (read.kind === 'recording') return safe(read.recording);
  throw refused(path, english(read.why));
}

/** A file may hold what no host could have sent past us: what is shown is as clean as from a host. */
function safe(recording: Recording): Recording {
  const { header, commands } = recording;
  const host = { ...header.host, name: firstLine(header.host.name), kernel: firstLine(header.host.kernel), bootId: firstLine(header.host.bootId) };
  return { ...recording, header: { ...header, host }, commands: commands.map((command) => ({ ...command, output: sanitize(command.output) })) };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const about = await stat(path);
    if (!about.isFile()) throw refused(path, english(msg('It is not a file.')));
    if (about.size > MOST_BYTES) throw refused(path, english(msg('It is larger than {0} MB.', MOST_BYTES / 1024 / 1024)));
    return await readFile(path);
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('unsupported', english(msg('The recording {0} cannot be read: {1}.', path, wordsOf(error))), undefined, { cause: error });
  }
}

function textOf(bytes: Uint8Array, path: string): string {
  // A byte order mark is a change like any other.
  const decode = (part: Uint8Array): string => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
  try {
    return decode(bytes);
  } catch {
    for (let begin = 0, line = 1; ; line += 1) {
      const end = bytes.indexOf(0x0a, begin);
      try {
        decode(bytes.subarray(begin, end < 0 ? bytes.length : end));
      } catch {
        throw refused(path, english(msg('Line {0} of the recording is damaged.', line)));
      }
      begin = end + 1;
    }
  }
}

function refused(path: string, why: string): TransportError {
  return new TransportError('unsupported', english(msg('The recording {0} cannot be opened. {1}', path, why)));
}

function exists(path: string, cause: unknown): TransportError {
  const how = english(msg('Choose another name, or write over it with --force.'));
  return new TransportError('unsupported', english(msg('{0} exists already.', path)), how, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function wordsOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return english(msg('there is no such file or folder'));
    case 'EACCES':
    case 'EPERM':
      return english(msg('permission denied'));
    case 'ENOSPC':
      return english(msg('the disk is full'));
    case 'EISDIR':
      return english(msg('it is a folder'));
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
