import { LineServer } from './processes.js';

/** `[level, name or number, value]` for setsockopt(). */
export type SocketOption = readonly [string, string | number, number];

/** Where a datagram or connection goes. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Sockets in one namespace, kept open by programs/agent.py until they are closed or the lab ends. */
export class Agent {
  readonly #server: LineServer;

  constructor(argv: readonly string[]) {
    this.#server = new LineServer(argv);
  }

  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** A listening socket that nobody accepts from. */
  async listen(backlog: number, opts: readonly SocketOption[] = []): Promise<{ socket: number; port: number }> {
    const answer = await this.#do('listen', { backlog, opts });
    return { socket: number(answer, 'socket'), port: number(answer, 'port') };
  }

  async accept(socket: number, count = 1): Promise<readonly number[]> {
    return numbers(await this.#do('accept', { socket, count }), 'sockets');
  }

  /** Accepts and reads everything from here on. */
  async swallow(socket: number): Promise<void> {
    await this.#do('swallow', { socket });
  }

  /** Starts connections. Without `wait` (seconds for each) they are left to the kernel. `errors`: '' means connected. */
  async connect(
    to: Place,
    how: { count?: number; wait?: number; opts?: readonly SocketOption[]; bind?: string; interval?: number } = {},
  ): Promise<{ sockets: readonly number[]; errors: readonly string[] }> {
    const answer = await this.#do('connect', { ...to, ...how });
    return { sockets: numbers(answer, 'sockets'), errors: strings(answer, 'errors') };
  }

  /** One connection that must come about. */
  async connected(to: Place, how: { opts?: readonly SocketOption[] } = {}): Promise<number> {
    const { sockets, errors } = await this.connect(to, { ...how, wait: 3 });
    const [socket] = sockets;
    if (socket === undefined || errors[0] !== '') throw new Error(`${to.address}:${to.port} did not answer: ${errors[0]}`);
    return socket;
  }

  /** Sends until `size` bytes went or the kernel took none for `seconds`. */
  async send(socket: number, size: number, seconds = 0): Promise<{ sent: number; error: string }> {
    const answer = await this.#do('send', { socket, size, seconds });
    return { sent: number(answer, 'sent'), error: string(answer, 'error') };
  }

  /** Sends `rate` bytes per second for so many seconds. */
  async stream(socket: number, rate: number, seconds: number, chunk = 8192): Promise<{ sent: number; error: string }> {
    const answer = await this.#do('stream', { socket, rate, seconds, chunk });
    return { sent: number(answer, 'sent'), error: string(answer, 'error') };
  }

  async receive(socket: number, size: number, seconds = 1): Promise<{ received: number; error: string }> {
    const answer = await this.#do('receive', { socket, size, seconds });
    return { received: number(answer, 'received'), error: string(answer, 'error') };
  }

  async udp(how: { bind?: string; opts?: readonly SocketOption[]; peer?: Place } = {}): Promise<{ socket: number; port: number }> {
    const answer = await this.#do('udp', how);
    return { socket: number(answer, 'socket'), port: number(answer, 'port') };
  }

  /** Reads an accepted connection from here on. */
  async readAll(socket: number): Promise<void> {
    await this.#do('read_all', { socket });
  }

  async swallowUdp(socket: number): Promise<void> {
    await this.#do('swallow_udp', { socket });
  }

  /** Sends datagrams of `size` bytes; `errors` counts what sendto() refused, by its errno. */
  async sendTo(
    socket: number,
    to: Place,
    what: { count: number; size?: number; interval?: number },
  ): Promise<{ sent: number; errors: Readonly<Record<string, number>> }> {
    const answer = await this.#do('sendto', { socket, ...to, ...what });
    const errors = answer['errors'];
    if (typeof errors !== 'object' || errors === null) throw new Error('The agent gave no errors');
    return { sent: number(answer, 'sent'), errors: errors as Record<string, number> };
  }

  async setOptions(socket: number, opts: readonly SocketOption[]): Promise<void> {
    await this.#do('setopt', { socket, opts });
  }

  /** Lets in only what the peer has signed with the key (RFC 2385). */
  async sign(socket: number, address: string, key: string): Promise<void> {
    await this.#do('sign', { socket, address, key });
  }

  /** Attaches a filter to the socket that refuses everything. */
  async refuseAll(socket: number): Promise<void> {
    await this.#do('drop_all', { socket });
  }

  async close(sockets: readonly number[]): Promise<void> {
    await this.#do('close', { sockets });
  }

  /** Sends whole Ethernet frames out of an interface. */
  async frames(dev: string, frames: readonly Buffer[], interval = 0): Promise<void> {
    await this.#do('frames', { dev, frames: frames.map((frame) => frame.toString('hex')), interval });
  }

  /** Sends a frame and gives the first TCP segment that comes back to that port, from its IPv4 header on. */
  async answerTo(dev: string, frame: Buffer, port: number): Promise<Buffer> {
    const answer = await this.#do('answer_to', { dev, frame: frame.toString('hex'), port });
    return Buffer.from(string(answer, 'packet'), 'hex');
  }

  /** Lets the program open no more than so many files beyond those that it has open. */
  async limitFiles(more: number): Promise<void> {
    await this.#do('limit_files', { more });
  }

  /** Accepts from here on, and tries again when it cannot. */
  async acceptForEver(socket: number): Promise<void> {
    await this.#do('accept_for_ever', { socket });
  }

  /** Closes connections by a reset. */
  async reset(sockets: readonly number[]): Promise<void> {
    await this.#do('reset', { sockets });
  }

  /** A packet socket on an interface that is never read. */
  async capture(dev: string, opts: readonly SocketOption[]): Promise<void> {
    await this.#do('capture', { dev, opts });
  }

  /** A tun device that is read by {@link drain} alone. */
  async tun(name: string): Promise<number> {
    return number(await this.#do('tun', { name }), 'socket');
  }

  /** Reads the datagrams or packets that have come so far. */
  async drain(socket: number): Promise<number> {
    return number(await this.#do('drain', { socket }), 'read');
  }

  /** Accepts and closes every connection that waits. */
  async drainAccepts(socket: number): Promise<number> {
    return number(await this.#do('drain_accepts', { socket }), 'accepted');
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async #do(operation: string, args: object): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#server.ask({ do: operation, with: args });
    if (typeof answer !== 'object' || answer === null) throw new Error(`The agent answered ${JSON.stringify(answer)}`);
    if ('failed' in answer) throw new Error(String(answer.failed));
    return answer as Record<string, unknown>;
  }
}

function number(answer: Readonly<Record<string, unknown>>, key: string): number {
  const value = answer[key];
  if (typeof value !== 'number') throw new Error(`The agent gave no ${key}`);
  return value;
}

function string(answer: Readonly<Record<string, unknown>>, key: string): string {
  const value = answer[key];
  if (typeof value !== 'string') throw new Error(`The agent gave no ${key}`);
  return value;
}

function numbers(answer: Readonly<Record<string, unknown>>, key: string): readonly number[] {
  const value = answer[key];
  if (!Array.isArray(value)) throw new Error(`The agent gave no ${key}`);
  return value.map(Number);
}

function strings(answer: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = answer[key];
  if (!Array.isArray(value)) throw new Error(`The agent gave no ${key}`);
  return value.map(String);
}
