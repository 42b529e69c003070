import { lstat, readFile } from 'node:fs/promises';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import type { ResolvedHost } from '../config/resolvedHost.js';
import { Deadline } from '../deadline.js';
import { cancelledError, deadlineError, lostError } from '../errors.js';
import type { Route } from '../proxyJump.js';
import type { SshRequest, SshTransport } from '../types.js';
import { Channels } from './channels.js';
import { configurationText, type Dialect } from './configuration.js';
import { asksForEver, explain, isTooOld, nobodyToAsk } from './explain.js';
import { makePrivateFolder, type PrivateFolder } from './folder.js';
import { HostKeys } from './hostKeys.js';
import { startMaster, whenThere, type Master } from './master.js';
import { openProxy, type ProxyStream } from './mux.js';
import { listenForQuestions, type Question } from './questions.js';
import { HOST_KEY_SCRIPT, SECRET_SCRIPT } from './scripts.js';
import { Secrets, type SecretAnswer } from './secrets.js';
import { SystemTransport, type Holder } from './transport.js';

/** How long a prompt may stay open. The server has a limit of its own (sshd's LoginGraceTime, 120 s). */
const PERSON_MS = 300_000;

/**
 * Connects with the system's `ssh`; `why` says what it is needed for. The route is what our reading of the configuration
 * makes of it; ssh reads the configuration itself. One `ssh` holds the connection and passes on
 * channels of ours; where the person's own shared connection (`ControlPath`) is up, it is used, and left as it is.
 *
 * Rejects with a {@link TransportError}; when it does, no program and no file of ours is left.
 */
export async function connectSystem(request: SshRequest, route: Route, why: string): Promise<SshTransport> {
  const host = route.target;
  if (request.signal?.aborted === true) throw cancelledError(request.host);
  const backend = { client: 'system', why } as const;
  const shared = await openShared(host);
  if (shared !== undefined) return new SystemTransport(new Channels(shared), sharedHolder(host), host, backend);
  if (process.platform === 'win32') {
    throw new TransportError(
      'unsupported',
      english(msg('{0} needs the system’s ssh ({1}), which on Windows cannot share one connection.', host.alias, why)),
      english(msg('Use an agent for the keys, or look at the host from Linux, macOS or WSL.')),
    );
  }
  const opening = Opening.prepare(request, route);
  const { stream, master } = await opening.open();
  return new SystemTransport(new Channels(stream), ownHolder(master, host), host, backend);
}

/** The person's own shared connection, if it is up and really theirs: others may make sockets in /tmp as well. */
async function openShared({ controlPath }: ResolvedHost): Promise<ProxyStream | undefined> {
  if (controlPath === undefined) return undefined;
  try {
    const file = await lstat(controlPath);
    if (!file.isSocket() || file.uid !== process.getuid?.()) return undefined;
    return await openProxy(controlPath);
  } catch {
    // Nobody listens there, or it cannot pass on channels: then a connection of our own is made.
    return undefined;
  }
}

function sharedHolder(host: ResolvedHost): Holder {
  return { why: () => Promise.resolve(lostError(host)), stop: () => Promise.resolve() };
}

function ownHolder(master: Master, host: ResolvedHost): Holder {
  return {
    why: async () => {
      // The socket closes a moment before ssh has said why.
      await Promise.race([master.exit, new Promise((resolve) => setTimeout(resolve, 500).unref())]);
      const silent = /Timeout, server .* not responding/.test(master.printed());
      return lostError(host, silent ? Object.assign(new Error('silent'), { level: 'client-timeout' }) : undefined);
    },
    stop: () => master.stop(),
  };
}

interface Opened {
  readonly stream: ProxyStream;
  readonly master: Master;
}

/** The time between the start of `ssh` and a usable connection. */
class Opening {
  private constructor(
    private readonly request: SshRequest,
    private readonly host: ResolvedHost,
    private readonly hops: readonly ResolvedHost[],
    private readonly program: string,
  ) {}

  static prepare(request: SshRequest, { target: host, hops }: Route): Opening {
    const program = request.machine.sshProgram;
    if (program === undefined) {
      throw new TransportError('unsupported', english(msg('{0} needs the system’s ssh, which is not to be used here.', host.alias)));
    }
    // A name that looks like an option must never reach a command line.
    if (host.alias.startsWith('-') || host.user.startsWith('-')) {
      throw new TransportError('unsupported', english(msg('"{0}" is not a host name.', host.alias)));
    }
    return new Opening(request, host, hops, program);
  }

  async open(): Promise<Opened> {
    const first = await this.attempt('modern');
    if (first !== 'too-old') return first;
    const second = await this.attempt('old');
    if (second !== 'too-old') return second;
    throw explain(this.host, { status: 255, printed: '', program: this.program });
  }

  private async attempt(dialect: Dialect): Promise<Opened | 'too-old'> {
    const { request, host, hops } = this;
    const failing = new AbortController();
    const fail = (error: Error): void => failing.abort(error);
    const limit = host.connectTimeoutMs * (1 + hops.length);
    const deadline = new Deadline({ hostMs: limit, personMs: PERSON_MS }, (waiting) => fail(deadlineError(host, waiting)));
    const aborted = (): void => fail(cancelledError(host.alias));
    request.signal?.addEventListener('abort', aborted);
    if (request.signal?.aborted === true) aborted();
    let folder: PrivateFolder | undefined;
    let master: Master | undefined;
    let questions: { close(): void } | undefined;
    try {
      const keys = await HostKeys.prepare(host, hops, request, (question) => deadline.whileAsking(question));
      folder = await makePrivateFolder(request.machine.env);
      const proved = folder.file('proved');
      const secrets = new Secrets({
        target: host,
        hops,
        asker: request.asker,
        interactive: request.interactive,
        promptsMarked: dialect === 'modern',
        provedBy: async (party) => {
          keys.noteAll(await readFile(proved, 'utf8').catch(() => ''));
          return keys.provedBy(party);
        },
        printed: () => master?.printed() ?? '',
      });
      const answer = async (question: Question, gone: AbortSignal): Promise<string | undefined> => {
        try {
          return question.kind === 'host-key'
            ? await keys.judge(question.args[0] ?? '', question.args[1] ?? '')
            : await this.answerSecret(question, gone, secrets, deadline, fail);
        } catch (error) {
          // No answer before ssh is gone: it must not go on without one.
          fail(hostKeyError(error, host));
          await over(gone);
          return undefined;
        }
      };
      const server = await listenForQuestions(folder.file('ask.sock'), answer);
      questions = server;
      await folder.write('trusted', await keys.trusted());
      await folder.write('host-key', HOST_KEY_SCRIPT);
      await folder.write('secret', SECRET_SCRIPT, 0o700);
      await folder.write('config', configurationText(host, request.machine, folder, dialect));
      const control = folder.file('m');
      failing.signal.throwIfAborted();
      master = startMaster({ program: this.program, args: this.args(folder), env: this.env(folder, server.token), folder });
      const ended = master.exit.then((status) => ({ status }));
      const there = whenThere(control, folder.path, failing.signal).then(() => 'there' as const);
      // The one that loses the race may reject later.
      there.catch(() => undefined);
      const first = await Promise.race([there, ended]);
      if (first !== 'there') {
        failing.signal.throwIfAborted();
        const printed = master.printed();
        await master.stop();
        if (dialect === 'modern' && isTooOld(printed)) return 'too-old';
        const error = explain(host, { status: first.status, printed, program: this.program });
        if (error.reason === 'authentication') secrets.failed();
        throw error;
      }
      const stream = await openProxy(control).catch((error: unknown) => {
        throw new TransportError(
          'unsupported',
          english(msg('The ssh program {0} cannot share its connection; OpenSSH 7.4 or later is needed.', this.program)),
          undefined,
          { cause: error },
        );
      });
      if (failing.signal.aborted) {
        stream.socket.destroy();
        failing.signal.throwIfAborted();
      }
      secrets.succeeded();
      return { stream, master };
    } catch (error) {
      await (master?.stop() ?? folder?.remove());
      throw failing.signal.aborted ? failing.signal.reason : error;
    } finally {
      deadline.stop();
      questions?.close();
      request.signal?.removeEventListener('abort', aborted);
    }
  }

  private async answerSecret(
    question: Question,
    gone: AbortSignal,
    secrets: Secrets,
    deadline: Deadline,
    fail: (error: Error) => void,
  ): Promise<string | undefined> {
    // "Confirm user presence": there is nothing to type, the key blinks until it is touched.
    if (question.hint === 'none') return deadline.whileAsking(() => over(gone)).then(() => undefined);
    // Yes or no is asked for what nobody wanted here, e.g. to take a key into the agent.
    if (question.hint === 'confirm') return undefined;
    const answer = await deadline.whileAsking(() => Promise.race([secrets.answer(question.args[0] ?? ''), over(gone)]));
    if (answer === undefined) return undefined;
    switch (answer.kind) {
      case 'answer':
        return answer.text;
      case 'skip':
        return undefined;
      case 'stop':
        // ssh would send an empty answer to the host, which counts as a failed attempt there.
        fail(this.refusal(answer.why));
        await over(gone);
        return undefined;
    }
  }

  private refusal(why: Extract<SecretAnswer, { kind: 'stop' }>['why']): TransportError {
    switch (why) {
      case 'cancelled':
        return cancelledError(this.host.alias);
      case 'nobody':
        return nobodyToAsk(this.host);
      case 'enough':
        return asksForEver(this.host);
    }
  }

  private args(folder: PrivateFolder): string[] {
    const { user, port } = this.request;
    return [
      ...['-M', '-N', '-T', '-S', folder.file('m'), '-F', folder.file('config')],
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      '--',
      this.host.alias,
    ];
  }

  private env(folder: PrivateFolder, token: string): ReadonlyMap<string, string> {
    const { env } = this.request.machine;
    return new Map([
      // Before OpenSSH 8.4 the program that asks was only started where there is a display.
      ['DISPLAY', 'none'],
      ...env,
      // The texts of the system's calls are part of what is explained to a person.
      ['LC_ALL', 'C'],
      ['SSH_ASKPASS', folder.file('secret')],
      ['SSH_ASKPASS_REQUIRE', 'force'],
      ['DROPLENS_ASK_NODE', process.execPath],
      ['DROPLENS_ASK_SOCKET', folder.file('ask.sock')],
      ['DROPLENS_ASK_TOKEN', token],
    ]);
  }
}

function over(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

function hostKeyError(error: unknown, host: ResolvedHost): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError(
    'host-key-refused',
    english(msg('The host key of {0} could not be checked, or the answer could not be kept.', host.alias)),
    undefined,
    { cause: error },
  );
}
