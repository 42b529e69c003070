import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

/** What a program that `ssh` started wants to know. */
export interface Question {
  /** `secret`: ARGS is a prompt. `host-key`: ARGS are the host’s name as it is recorded, and the key in base64. */
  readonly kind: 'secret' | 'host-key';
  /** `SSH_ASKPASS_PROMPT` (ssh(1)): `confirm` wants yes or no, `none` only tells something; else empty. */
  readonly hint: string;
  readonly args: readonly string[];
}

/** Answers a question; `undefined` for no answer. `gone` fires when nobody waits for it any more. */
export type Answerer = (question: Question, gone: AbortSignal) => Promise<string | undefined>;

export interface QuestionServer {
  /** What the asking programs must bring to be heard. */
  readonly token: string;
  close(): void;
}

/** Longest question: an RSA key of 16384 bits in base64 takes 2.8 KB, a prompt is cut for people anyway. */
const MAX_QUESTION = 64 * 1024;

/** Listens on a socket in a private folder for the questions of `ssh`. Rejects when the socket cannot be made. */
export async function listenForQuestions(path: string, answer: Answerer): Promise<QuestionServer> {
  const token = randomBytes(24).toString('hex');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, token, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, resolve);
  });
  return {
    token,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function serve(socket: Socket, token: string, answer: Answerer): void {
  const gone = new AbortController();
  let text = '';
  let asked = false;
  socket.on('error', () => undefined).on('close', () => gone.abort());
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (asked || text.length > MAX_QUESTION) {
      socket.destroy();
      return;
    }
    if (!text.endsWith('\n')) return;
    asked = true;
    const question = parseQuestion(text, token);
    if (question === undefined) {
      socket.destroy();
      return;
    }
    answer(question, gone.signal).then(
      (reply) => {
        if (reply === undefined) socket.destroy();
        else socket.end(JSON.stringify({ text: reply }));
      },
      () => socket.destroy(),
    );
  });
}

function parseQuestion(text: string, token: string): Question | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('token' in value) || typeof value.token !== 'string' || !sameText(value.token, token)) return undefined;
  if (!('kind' in value) || (value.kind !== 'secret' && value.kind !== 'host-key')) return undefined;
  if (!('hint' in value) || typeof value.hint !== 'string') return undefined;
  if (!('args' in value) || !Array.isArray(value.args)) return undefined;
  const args: readonly unknown[] = value.args;
  if (!args.every((arg): arg is string => typeof arg === 'string')) return undefined;
  return { kind: value.kind, hint: value.hint, args };
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
