import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that only we may enter, for one connection. It is gone when the connection is. */
export interface PrivateFolder {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string, mode?: number): Promise<void>;
  remove(): Promise<void>;
}

/**
 * `sun_path` holds 104 bytes on macOS (108 on Linux), and ssh binds its socket under the name with 17 characters more
 * before it renames it (mux.c, muxserver_listen).
 */
const LONGEST_PATH = 104 - 1 - 17 - '/m'.length;
const TEMPLATE = 'droplens-ssh-';

/** Makes the folder in the first of the usual places that takes it. Rejects when none does. */
export async function makePrivateFolder(env: ReadonlyMap<string, string>): Promise<PrivateFolder> {
  const places = [env.get('XDG_RUNTIME_DIR'), tmpdir(), '/tmp'].filter((place) => place !== undefined).filter(usable);
  let failure: unknown = new Error('no folder for temporary files');
  for (const place of places) {
    try {
      const path = await mkdtemp(join(place, TEMPLATE));
      await chmod(path, 0o700);
      return folderAt(path);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Short enough for a socket, and of characters that `ProxyJump` and `Include` pass on without quoting (ssh.c). */
function usable(place: string): boolean {
  return /^\/[A-Za-z0-9_./+-]*$/.test(place) && place.length + 1 + TEMPLATE.length + 6 <= LONGEST_PATH;
}

function folderAt(path: string): PrivateFolder {
  return {
    path,
    file: (name) => join(path, name),
    write: async (name, text, mode = 0o600) => {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await writeFile(join(path, name), text, { mode, flag: 'wx' });
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
