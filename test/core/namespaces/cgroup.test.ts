import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ownerOf, ownerOfPath } from '../../../src/core/namespaces/cgroup.js';

const ID = 'cb1eadb7abe3a6545e9856411207073277838e1bdc003337c2f8685faeedc32c';
const UID = '74ba62da-1a3d-11e7-bb11-080027cb0e22';
const SLICE = UID.replaceAll('-', '_');

const container = (engine: string, id = ID, pod?: string) => ({ kind: 'container', engine, id, pod });

describe('the path of a control group tells whose it is', () => {
  it.each([
    // Docker: systemd and cgroupfs driver, rootless, in Docker, from within a namespace of control groups.
    [`/system.slice/docker-${ID}.scope`, container('docker')],
    [`/docker/${ID}`, container('docker')],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope`, container('docker')],
    [`/docker/a9a5ad238e59234193ee7ec3fcff5e735b3708ea1068826952255b69e3cfa413/docker/${ID}`, container('docker')],
    [`/../docker-${ID}.scope`, container('docker')],
    [`/../../../docker/${ID}/init`, container('docker')],
    // Podman: with root, without, with systemd inside, --cgroups=split, in a pod, cgroupfs.
    [`/machine.slice/libpod-${ID}.scope/container`, container('podman')],
    [`/machine.slice/libpod-${ID}.scope/container/system.slice/nginx.service`, container('podman')],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`, container('podman')],
    [`/system.slice/app.service/libpod-payload-${ID}`, container('podman')],
    [`/libpod_parent/libpod-${ID}`, container('podman')],
    [
      `/machine.slice/machine-libpod_pod_ddf44d54b520f0b4469fcd01c3155ca49e6911dc2175471eb3a7b789187a7a89.slice/libpod-${ID}.scope/container`,
      container('podman', ID, 'ddf44d54b520f0b4469fcd01c3155ca49e6911dc2175471eb3a7b789187a7a89'),
    ],
    // Kubernetes: cgroupfs, systemd; guaranteed, burstable, best effort; a static pod; each runtime.
    [`/kubepods/besteffort/pod${UID}/${ID}`, container('unknown', ID, UID)],
    [`/kubepods/pod${UID}/${ID}/kube-proxy`, container('unknown', ID, UID)],
    [`/kubepods.slice/kubepods-pod${SLICE}.slice/cri-containerd-${ID}.scope`, container('containerd', ID, UID)],
    [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE}.slice/crio-${ID}.scope`, container('cri-o', ID, UID)],
    [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE}.slice/docker-${ID}.scope`, container('docker', ID, UID)],
    ['/kubepods/burstable/pod5a6f3b1d0e2c4987a1b2c3d4e5f60718/' + ID, container('unknown', ID, '5a6f3b1d0e2c4987a1b2c3d4e5f60718')],
    [`/system.slice/containerd.service/kubepods-burstable-pod${SLICE}.slice:cri-containerd:${ID}`, container('containerd', ID, UID)],
    [
      `/system.slice/docker-9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d.scope/kubelet.slice/kubelet-kubepods.slice/` +
        `kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${SLICE}.slice/cri-containerd-${ID}.scope`,
      container('containerd', ID, UID),
    ],
    // containerd without Kubernetes, a folder of one's own.
    [`/system.slice/nerdctl-${ID}.scope`, container('containerd')],
    [`/default/${ID}`, container('containerd')],
    [`/ecs/0b69d5c0d655496da95d6be35e5d6d6f/${ID}`, container('unknown')],
    // LXC, LXD, Incus, Proxmox, with the container's own services.
    ['/lxc.payload.web-1', container('lxc', 'web-1')],
    ['/lxc.payload.web-1/system.slice/nginx.service', container('lxc', 'web-1')],
    ['/lxc/101/ns/init.scope', container('lxc', '101')],
    // systemd-nspawn: by hand, as a unit; names are escaped.
    ['/machine.slice/machine-web\\x2d1.scope/payload/system.slice/nginx.service', container('nspawn', 'web-1')],
    ['/machine.slice/systemd-nspawn@web.service/payload', container('nspawn', 'web')],
    // No containers.
    ['/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator', { kind: 'none' }],
    [`/machine.slice/libpod-conmon-${ID}.scope`, { kind: 'none' }],
    [`/system.slice/crio-conmon-${ID}.scope`, { kind: 'none' }],
    ['/lxc.monitor.web-1', { kind: 'none' }],
    ['/system.slice/nginx.service', { kind: 'unit', unit: 'nginx.service' }],
    ['/system.slice/system-postgresql.slice/postgresql@16-main.service', { kind: 'unit', unit: 'postgresql@16-main.service' }],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service', { kind: 'unit', unit: 'syncthing.service' }],
    ['/user.slice/user-1000.slice/session-3.scope', { kind: 'none' }],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-f22f14d2.scope', { kind: 'none' }],
    ['/', { kind: 'none' }],
    ['/../..', { kind: 'none' }],
  ])('%s', (path, expected) => {
    expect(ownerOfPath(path)).toEqual(expected);
  });

  it('one telling line of several is enough, whatever the order', () => {
    const v1 = ['8:pids:/', '3:rdma:/', `2:cpu,memory:/docker/${ID}`, '1:name=systemd:/system.slice/docker.service', '0::/'];
    expect(ownerOf(v1)).toEqual(container('docker'));
    expect(ownerOf(v1.toReversed())).toEqual(container('docker'));
    expect(ownerOf(['1:name=systemd:/system.slice/nginx.service', '0::/'])).toEqual({ kind: 'unit', unit: 'nginx.service' });
    expect(ownerOf(['0::/'])).toEqual({ kind: 'none' });
    expect(ownerOf([])).toEqual({ kind: 'none' });
  });

  it('reads any text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.string().map((text) => `0::/${text}`)), { maxLength: 12 }), (lines) => {
        expect(['container', 'unit', 'none']).toContain(ownerOf(lines).kind);
      }),
      { seed: 4 },
    );
  });
});
