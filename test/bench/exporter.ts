import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const PROGRAM = 'prometheus-node-exporter';

/** Starts a program, tells its number, and ends it when the input closes: with us, however we end. */
const KEEPER = '"$@" </dev/null >/dev/null & echo "$!"; read -r _; kill "$!"; wait "$!"';

/** A running node_exporter. */
export interface Exporter {
  readonly pid: number;
  /** Those of the wanted collectors that this version has. */
  readonly collectors: readonly string[];
  /** Fetches the metrics once; answers the size of the text. */
  scrape(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts node_exporter on a free port of 127.0.0.1 with these collectors and nothing else: no metrics about itself.
 * Metrics are fetched uncompressed over one connection, which is the cheapest way for the exporter.
 */
export async function startExporter(wanted: readonly string[], options: readonly string[] = []): Promise<Exporter> {
  const { stdout: help } = await promisify(execFile)(PROGRAM, ['--help']);
  const collectors = wanted.filter((name) => help.includes(`--collector.${name} `));
  const port = await freePort();
  const flags = [
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.disable-exporter-metrics',
    '--collector.disable-defaults',
    '--log.level=error',
    ...collectors.map((name) => `--collector.${name}`),
    ...options,
  ];
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', PROGRAM, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [first] = (await once(keeper.stdout.setEncoding('utf8'), 'data')) as [string];
  let said = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const stop = async (): Promise<void> => {
    agent.destroy();
    if (keeper.exitCode !== null || keeper.signalCode !== null) return;
    const gone = once(keeper, 'exit');
    keeper.stdin.end();
    await gone;
  };
  const scrape = (): Promise<number> => fetchSize(agent, port);
  for (let attempt = 0; ; attempt++) {
    try {
      await scrape();
      break;
    } catch (error) {
      if (attempt < 100) {
        await sleep(50);
        continue;
      }
      await stop();
      throw new Error(`${PROGRAM} did not start: ${said || String(error)}`, { cause: error });
    }
  }
  return { pid: Number(first), collectors, scrape, stop };
}

function fetchSize(agent: Agent, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, host: '127.0.0.1', port, path: '/metrics', headers: { 'accept-encoding': 'identity' } }, (response) => {
      let size = 0;
      response.on('data', (chunk: Buffer) => (size += chunk.length));
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve(size) : reject(new Error(`HTTP ${response.statusCode}`))));
    });
    request.on('error', reject);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}
