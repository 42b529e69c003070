import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a program came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_BYTES = 4_000_000;

/**
 * Runs a program to its end; never longer than `limit` seconds. Rejects when it could not be started or overran.
 * `started` is told its process id.
 */
export function run(argv: readonly string[], limit = 20, input = '', started?: (pid: number) => void): Promise<Ended> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('There is no program to run');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${argv.join(' ')} did not end within ${limit} s\n${stderr}`));
    }, limit * 1000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-LIMIT_BYTES)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-LIMIT_BYTES)));
    // A program that does not read its input may end before it was written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    if (child.pid !== undefined) started?.(child.pid);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed; gives its output. */
export async function succeed(argv: readonly string[], limit?: number, input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(argv, limit, input);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** A program that answers each line of JSON with one line of JSON, in order. */
export class LineServer {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  readonly #ended: Promise<void>;
  #stderr = '';

  constructor(argv: readonly string[]) {
    const [file, ...args] = argv;
    if (file === undefined) throw new Error('There is no program to start');
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-4000)));
    child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${argv.join(' ')} ended: ${why}`));
        resolve();
      };
      child.on('error', (error) => end(error.message));
      child.on('close', (code) => end(`status ${code} ${this.#stderr}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  ask(request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new Error(`The program has ended: ${this.#stderr}`));
        return;
      }
      this.#waiting.push({ resolve: (line) => resolve(JSON.parse(line)), reject });
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
