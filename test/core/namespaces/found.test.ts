import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foundNamespaces, resolveContainer, type FoundNamespace } from '../../../src/core/namespaces/found.js';
import { parseListing } from '../../../src/core/namespaces/listing.js';

const id = (digit: string): string => digit.repeat(64);
const UID = '74ba62da_1a3d_11e7_bb11_080027cb0e22';
const POD = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID}.slice`;

/** A namespace in the words of the listing script; `inside`: pid, program, path of the control group. */
function namespace(inode: number, inside: readonly (readonly [pid: number, comm: string, cgroup: string])[]): string {
  return [
    `ns\t${inode}\t${inside.length}\t${Math.min(...inside.map(([pid]) => pid))}`,
    ...inside.flatMap(([pid, comm, cgroup]) => [`g\t${inode}\t${pid}\t1`, `m\t${comm}`, `c\t0::${cgroup}`]),
  ].join('\n');
}

const found = (...lines: readonly string[]): readonly FoundNamespace[] => foundNamespaces(parseListing(['root', 'self\t4026531833', ...lines].join('\n')));
const said = (list: readonly FoundNamespace[]): unknown => list.map(({ kind, name, way }) => [kind, name, way.kind === 'container' ? way.id : way]);

describe('the namespaces of a host', () => {
  it('a pod is one entry with its containers, and not its pause', () => {
    const list = found(
      namespace(4026532300, [
        [900, 'pause', `${POD}/cri-containerd-${id('a')}.scope`],
        [950, 'nginx', `${POD}/cri-containerd-${id('b')}.scope`],
        [960, 'nginx', `${POD}/cri-containerd-${id('b')}.scope/workers`],
        [970, 'envoy', `${POD}/cri-containerd-${id('c')}.scope`],
      ]),
      'i\t4026532300\teth0',
      'name\t4026532300\t/run/netns/cni-0c2f7a7c',
      'name\t4026532300\t/var/run/netns/cni-0c2f7a7c',
      `f\t/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id('b')}/config.json:"io.kubernetes.cri.container-name":"web"`,
      `f\t/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id('b')}/config.json:"io.kubernetes.cri.sandbox-name": "shop-7d9"`,
      `f\t/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id('b')}/config.json:"io.kubernetes.cri.sandbox-namespace":"prod"`,
    );
    expect(list).toMatchObject([
      { kind: 'pod', name: 'shop-7d9', podNamespace: 'prod', pid: 950, comm: 'nginx', processes: 4, names: ['cni-0c2f7a7c'], interfaces: ['eth0'] },
    ]);
    expect(list[0]?.containers).toEqual([
      { name: 'web', id: id('b'), engine: 'containerd' },
      { name: 'cccccccccccc', id: id('c'), engine: 'containerd' },
    ]);
    expect(list[0]?.way).toEqual({ kind: 'container', id: 'shop-7d9' });
  });

  it('names come from each engine’s files, then from the host name, then from the id', () => {
    const list = found(
      namespace(4026532301, [[10, 'nginx', `/system.slice/docker-${id('1')}.scope`]]),
      namespace(4026532302, [[20, 'redis', `/machine.slice/libpod-${id('2')}.scope/container`]]),
      namespace(4026532303, [[30, 'app', `/docker/${id('3')}`]]),
      'h\t30\tbuild-host',
      namespace(4026532304, [[40, 'app', `/docker/${id('4')}`]]),
      namespace(4026532305, [[50, 'api', `/kubepods/pod${UID.replaceAll('_', '-')}/${id('5')}`]]),
      namespace(4026532306, [[60, 'ctr', `/system.slice/nerdctl-${id('6')}.scope`]]),
      // A label called Name stands before Docker's own, and one with a slash does not count either.
      `f\t/var/lib/docker/containers/${id('1')}/config.v2.json:"Name":"label"`,
      `f\t/var/lib/docker/containers/${id('1')}/config.v2.json:"Name":"/label"`,
      `f\t/var/lib/docker/containers/${id('1')}/config.v2.json:"Name":"/web"`,
      `f\t/var/lib/containers/storage/overlay-containers/containers.json:"id":"${id('2')}","names":["cache"`,
      `f\t/var/lib/docker/containers/${id('5')}/config.v2.json:"Name":"/k8s_api_shop-0_prod_74ba62da-1a3d_0"`,
      `f\t/run/containerd/io.containerd.runtime.v2.task/default/${id('6')}/config.json:"nerdctl/name":"tool"`,
    );
    expect(said(list)).toEqual([
      ['pod', 'shop-0', 'shop-0'],
      ['container', '444444444444', '444444444444'],
      ['container', 'build-host', 'build-host'],
      ['container', 'cache', 'cache'],
      ['container', 'tool', 'tool'],
      ['container', 'web', 'web'],
    ]);
  });

  it('containers that share a network are one entry; a name that two have leads to neither', () => {
    const list = found(
      namespace(4026532301, [[10, 'web', `/docker/${id('1')}`], [11, 'sidecar', `/docker/${id('2')}`]]),
      namespace(4026532302, [[20, 'web', `/docker/${id('3')}`]]),
      ...['1', '3'].map((digit) => `f\t/var/lib/docker/containers/${id(digit)}/config.v2.json:"Name":"/web"`),
      `f\t/var/lib/docker/containers/${id('2')}/config.v2.json:"Name":"/log"`,
    );
    expect(said(list)).toEqual([['container', 'web', '111111111111'], ['container', 'web', '333333333333']]);
    expect(resolveContainer('web', list).kind).toBe('ambiguous');
    expect(resolveContainer('log', list)).toMatchObject({ kind: 'found', namespace: { inode: '4026532301' } });
    expect(resolveContainer('3333', list)).toMatchObject({ kind: 'found', namespace: { inode: '4026532302' } });
    expect(resolveContainer(id('2'), list)).toMatchObject({ kind: 'found', namespace: { inode: '4026532301' } });
    expect(resolveContainer('333', list).kind).toBe('none');
    expect(resolveContainer('sidecar', list).kind).toBe('none');
  });

  it('a namespace within a container is not the container', () => {
    const list = found(
      namespace(4026532301, [[10, 'systemd', `/docker/${id('1')}/init.scope`]]),
      namespace(4026532302, [[99, 'resolver', `/docker/${id('1')}/system.slice/resolver.service`]]),
    );
    expect(said(list)).toEqual([['container', '111111111111', '111111111111'], ['process', 'resolver', { kind: 'pid', pid: 99 }]]);
  });

  it('services, named namespaces and processes; what has neither process nor name is nothing', () => {
    const list = found(
      namespace(4026532301, [[10, 'nginx', '/system.slice/nginx.service']]),
      namespace(4026532302, [[20, 'postgres', '/system.slice/system-postgresql.slice/postgresql@16-main.service']]),
      namespace(4026532303, [[30, 'sleep', '/user.slice/user-1000.slice/session-2.scope']]),
      namespace(4026532304, [[40, 'vpn', '/system.slice/vpn.service']]),
      'name\t4026532304\t/run/netns/vpn',
      'name\t4026532305\t/run/docker/netns/ingress_sbox',
      // Left over: a plain file, and the host's own under a name.
      'name\t1234\t/run/netns/stale',
      'name\t4026531833\t/run/netns/host',
      'i\t4026532399\teth9',
    );
    expect(said(list)).toEqual([
      ['service', 'nginx.service', 'nginx.service'],
      ['service', 'postgresql@16-main.service', 'postgresql@16-main.service'],
      ['named', 'ingress_sbox', { kind: 'netns', name: 'ingress_sbox' }],
      ['named', 'vpn', { kind: 'netns', name: 'vpn' }],
      ['process', 'sleep', { kind: 'pid', pid: 30 }],
    ]);
  });

  it('reads any text, and every way leads back to where it came from', () => {
    const word = fc.constantFrom('root', 'self', 'unread', 'ns', 'g', 'm', 'c', 'i', 'h', 'name', 'f', 'tool');
    const part = fc.oneof(
      fc.constantFrom('4026532301', '4026532302', '7', '8', 'web', `0::/docker/${id('1')}`, `0::/docker/${id('2')}`, '/run/netns/web', '0::/lxc/web'),
      fc.string(),
    );
    const line = fc.tuple(word, fc.array(part, { maxLength: 4 })).map(([first, rest]) => [first, ...rest].join('\t'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const list = found(...lines);
        for (const one of list) {
          if (one.way.kind !== 'container') continue;
          expect(resolveContainer(one.way.id, list)).toMatchObject({ kind: 'found', namespace: { inode: one.inode } });
        }
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
