import { workspace } from 'vscode';
import type { SshOptions } from '../protocol/messages.js';

const clamp = (value: unknown, low: number, high: number, fallback: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;

const isClient = (value: unknown): value is SshOptions['client'] => value === 'auto' || value === 'ssh2' || value === 'system';

/** The settings, read when they are needed; a value outside its range is brought into it. */
export const settings = {
  section: 'droplens',
  /** Seconds for which a diagnosis watches. */
  diagnoseSeconds: (): number => clamp(workspace.getConfiguration('droplens').get('diagnose.seconds'), 1, 60, 3),
  /** Milliseconds between two looks while something is visible. */
  intervalMs: (): number => clamp(workspace.getConfiguration('droplens').get('refreshInterval'), 1, 60, 1) * 1000,
  /** Seconds after which a host undoes a change that nobody keeps. */
  undoSeconds: (): number => clamp(workspace.getConfiguration('droplens').get('changes.undoAfter'), 15, 900, 60),
  /** How SSH connections are made. */
  ssh: (): SshOptions => {
    const configuration = workspace.getConfiguration('droplens');
    const client: unknown = configuration.get('ssh.client');
    const file: unknown = configuration.get('ssh.configFile');
    return {
      client: isClient(client) ? client : 'auto',
      configFile: typeof file === 'string' && file.trim() !== '' ? file.trim() : null,
      mayRunPrograms: workspace.isTrusted,
    };
  },
} as const;
