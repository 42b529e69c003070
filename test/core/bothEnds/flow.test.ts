import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, endpointOf, formatFlow, parseFlow, tupleAt, type Endpoint, type Flow } from '../../../src/core/bothEnds/flow.js';

const parsed = (text: string): Flow => {
  const result = parseFlow(text);
  if (result.kind === 'malformed') throw new Error(`${text} is malformed`);
  return result.flow;
};

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => canonicalAddress(text) ?? '::1'),
);
const endpoint: fc.Arbitrary<Endpoint> = fc.record({ address, port: fc.integer({ min: 1, max: 65535 }) });
const tuple = fc.record({ sender: endpoint, receiver: endpoint });

describe('a flow as text', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.constantFrom('tcp' as const, 'udp' as const), tuple, fc.option(tuple, { nil: undefined }), (protocol, here, there) => {
        const flow: Flow = { protocol, ...here, ...(there === undefined ? {} : { there }) };
        expect(parsed(formatFlow(flow))).toEqual(flow);
      }),
      { seed: 7 },
    );
  });

  it('has one spelling for IPv4 in IPv6, long IPv6 and interfaces', () => {
    const spelt = 'TCP  [::ffff:10.0.0.1]:40000>[2001:DB8:0:0:0:0:0:1]:5201';
    expect(formatFlow(parsed(spelt))).toBe('tcp 10.0.0.1:40000 > [2001:db8::1]:5201');
    expect(endpointOf('[fe80::1]%eth0:22')).toEqual({ address: 'fe80::1', port: 22 });
    expect(endpointOf('10.0.0.1%eth0:22')).toEqual({ address: '10.0.0.1', port: 22 });
    expect(endpointOf('0.0.0.0:*')).toBeUndefined();
  });

  it('tells what the host behind address translation sees', () => {
    const flow = parsed('tcp 10.0.0.1:4 > 192.0.2.1:80 as 192.0.2.9:6 > 10.9.0.1:8080');
    expect(tupleAt(flow, 'sender').receiver).toEqual({ address: '192.0.2.1', port: 80 });
    expect(tupleAt(flow, 'receiver').receiver).toEqual({ address: '10.9.0.1', port: 8080 });
  });

  it.each(['', 'tcp', 'sctp 10.0.0.1:1 > 10.0.0.2:2', 'tcp 10.0.0.1 > 10.0.0.2:2', 'tcp 10.0.0.1:0 > 10.0.0.2:2', 'tcp 10.0.0.256:1 > 10.0.0.2:2',
    'tcp 10.0.0.1:1 > 10.0.0.2:70000', 'tcp $(reboot):1 > 10.0.0.2:2', 'tcp [1::2::3]:1 > [::1]:2', 'tcp 1.1.1.1:1 > 1.1.1.2:2 as x > y'])(
    'refuses %j',
    (text) => expect(parseFlow(text).kind).toBe('malformed'),
  );

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => ['flow', 'malformed'].includes(parseFlow(text).kind)), { seed: 7 });
  });
});
