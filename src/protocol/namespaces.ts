import * as v from 'valibot';
import { FOUND_KINDS } from '../core/namespaces/found.js';

/** One network namespace of a host. Names come from the host: plain text. */
export const NamespaceInfo = v.object({
  /** The target by which it is looked into. */
  target: v.string(),
  kind: v.picklist(FOUND_KINDS),
  /** A container's or pod's name, a unit, a name of `ip netns`, the program of a process. */
  name: v.string(),
  /** A process in it; `null`: it is held by its name only. */
  pid: v.nullable(v.number()),
  processes: v.number(),
  /** The program of that process. */
  program: v.string(),
  containers: v.array(v.object({ name: v.string(), id: v.string(), engine: v.string() })),
  /** The pod's namespace in Kubernetes. */
  podNamespace: v.nullable(v.string()),
  /** Names under which `ip netns` or Docker keep it. */
  names: v.array(v.string()),
  /** Its interfaces but for the loopback, the first few. */
  interfaces: v.array(v.string()),
});
export type NamespaceInfo = v.InferOutput<typeof NamespaceInfo>;

/** The JSON contract of `droplens namespaces --json`; the server answers `droplens/namespaces` with the same shape. */
export const NamespaceList = v.object({
  target: v.string(),
  host: v.string(),
  /** Whether root asked: only root sees whose network the processes of others use, and may enter it. */
  root: v.boolean(),
  /** How many processes could not be seen. */
  unread: v.number(),
  namespaces: v.array(NamespaceInfo),
});
export type NamespaceList = v.InferOutput<typeof NamespaceList>;
