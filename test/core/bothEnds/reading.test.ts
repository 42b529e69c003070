import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinFlows } from '../../../src/core/bothEnds/match.js';
import { parseAddresses, parseReading, type FlowReading } from '../../../src/core/bothEnds/reading.js';
import { formatFlow } from '../../../src/core/bothEnds/flow.js';

/** As the script prints it with iproute2 6.1 on Linux 6.18. */
const tcp = (local: string, peer: string, sent: number, received: number, sendQ = 0): string =>
  `droplens-begin 100.00\ndroplens-sockets\nESTAB 0 ${sendQ} ${local} ${peer} 	 skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0) cubic wscale:10,10 rto:204 rtt:0.03/0.02 mss:1448 ` +
  `cwnd:10 bytes_sent:${sent} bytes_acked:${sent} bytes_received:${received} segs_out:5 segs_in:5 data_segs_out:3 delivered:4 minrtt:0.01\n` +
  'CLOSE-WAIT 0 0 [::ffff:10.0.0.9]:22 [::ffff:10.0.0.8]:999 cubic mss:536 delivered:1\ndroplens-all 2\ndroplens-end 100.02\ndroplens-dev eth0\n';

const reading = (text: string): FlowReading => {
  const parsed = parseReading(text);
  if (parsed.kind === 'unreadable') throw new Error('unreadable');
  return parsed.reading;
};

describe('what a host says of its sockets', () => {
  it('is read with the time, the interface, and zeros that ss leaves out', () => {
    const read = reading(tcp('10.0.0.1:40000', '10.0.0.2:5201', 7, 0));
    expect([read.begin, read.end, read.dev, read.leftOut]).toEqual([100, 100.02, 'eth0', 0]);
    const [one, other] = read.sockets;
    expect(one?.local).toEqual({ address: '10.0.0.1', port: 40000 });
    expect(one?.row.counters.get('data_segs_in')).toBe(0);
    expect(other?.peer).toEqual({ address: '10.0.0.8', port: 999 });
  });

  it('is unreadable without a list, and says what stood in its place', () => {
    expect(parseReading('droplens-begin 1\nsh: ss: not found\ndroplens-all 0\ndroplens-end 2\n')).toMatchObject({ kind: 'unreadable', why: { args: ['sh: ss: not found'] } });
    expect(parseReading('').kind).toBe('unreadable');
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => ['reading', 'unreadable'].includes(parseReading(`droplens-sockets\n${text}`).kind)), { seed: 7 });
  });

  it('gives each address once, in one spelling', () => {
    expect(parseAddresses('10.0.0.1\n2001:DB8::0:1\n10.0.0.1\nnonsense\ndroplens-end\n')).toEqual(['10.0.0.1', '2001:db8::1']);
  });
});

describe('flows that two hosts share', () => {
  it('are joined by the four numbers, in the direction of the data', () => {
    const a = [reading(tcp('10.0.0.1:40000', '10.0.0.2:5201', 0, 0)), reading(tcp('10.0.0.1:40000', '10.0.0.2:5201', 0, 9_000))] as const;
    const b = [reading(tcp('[::ffff:10.0.0.2]:5201', '[::ffff:10.0.0.1]:40000', 0, 0)), reading(tcp('[::ffff:10.0.0.2]:5201', '[::ffff:10.0.0.1]:40000', 9_000, 0))] as const;
    const flows = joinFlows('tcp', a, b, ['10.0.0.2'], ['10.0.0.1']);
    expect(flows.map(({ flow, sender, moved }) => [formatFlow(flow), sender, moved])).toEqual([['tcp 10.0.0.2:5201 > 10.0.0.1:40000', 'b', 9_000]]);
  });

  it('take what waits as the direction where nothing arrives', () => {
    const a = reading(tcp('10.0.0.1:40000', '10.0.0.2:5201', 0, 0));
    const b = reading(tcp('10.0.0.2:5201', '10.0.0.1:40000', 0, 0, 4_000));
    expect(joinFlows('tcp', [a, a], [b, b], [], []).map(({ sender }) => sender)).toEqual(['b']);
    const stranger = reading(tcp('10.0.0.2:5201', '10.0.0.7:40000', 0, 0));
    expect(joinFlows('tcp', [a, a], [stranger, stranger], [], [])).toEqual([]);
  });

  it('join a connected UDP socket with one that takes from everybody', () => {
    const udp = (line: string): FlowReading => reading(`droplens-begin 1\ndroplens-sockets\n${line}\ndroplens-all 1\ndroplens-end 1\ndroplens-udp 1\n`);
    const a = udp('ESTAB 0 0 10.0.0.1:1111 10.0.0.2:53 skmem:(r0,rb4608,t0,tb4608,f0,w0,o0,bl0,d0)');
    const b = udp('UNCONN 2304 0 0.0.0.0:53 0.0.0.0:* skmem:(r2304,rb4608,t0,tb4608,f0,w0,o0,bl0,d5)');
    const flows = joinFlows('udp', [a, a], [b, b], ['10.0.0.2'], ['10.0.0.1']);
    expect(flows.map(({ flow, sender }) => [formatFlow(flow), sender])).toEqual([['udp 10.0.0.1:1111 > 10.0.0.2:53', 'a']]);
    expect(joinFlows('udp', [a, a], [b, b], ['10.0.0.3'], ['10.0.0.1'])).toEqual([]);
  });
});
