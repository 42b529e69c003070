import { workspace } from 'vscode';

const clamp = (value: unknown, low: number, high: number, fallback: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;

/** The settings, read when they are needed; a value outside its range is brought into it. */
export const settings = {
  section: 'droplens',
  /** Seconds for which a diagnosis watches. */
  diagnoseSeconds: (): number => clamp(workspace.getConfiguration('droplens').get('diagnose.seconds'), 1, 60, 3),
  /** Milliseconds between two looks while something is visible. */
  intervalMs: (): number => clamp(workspace.getConfiguration('droplens').get('refreshInterval'), 1, 60, 1) * 1000,
} as const;
