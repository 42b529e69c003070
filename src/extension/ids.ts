/** Every name that package.json and the code must agree on. A test compares the two. */
export const COMMANDS = {
  diagnose: 'droplens.diagnose',
  diagnoseDeeper: 'droplens.diagnoseDeeper',
  diagnoseBothEnds: 'droplens.diagnoseBothEnds',
  addSshHost: 'droplens.addSshHost',
  addNamespace: 'droplens.addNamespace',
  connect: 'droplens.connect',
  removeTarget: 'droplens.removeTarget',
  openRunbook: 'droplens.openRunbook',
  openStep: 'droplens.openStep',
  openTerminal: 'droplens.openTerminal',
  copyRow: 'droplens.copyRow',
  recordHost: 'droplens.recordHost',
  openRecording: 'droplens.openRecording',
  writeReport: 'droplens.writeReport',
  showChanges: 'droplens.showChanges',
  undoAllChanges: 'droplens.undoAllChanges',
  openChange: 'droplens.openChange',
  forgetCredentials: 'droplens.forgetCredentials',
  forgetHostKey: 'droplens.forgetHostKey',
  restartServer: 'droplens.restartServer',
  showLog: 'droplens.showLog',
} as const;

export const VIEW = 'droplens.layers';
export const PANEL = 'droplens.runbook';
export const OUTPUT = 'Droplens';

/** Context keys for `when` clauses. */
export const CONTEXT = {
  /** `starting` · `noLocal` · `failed` · `ready`: which welcome text the empty tree shows. */
  view: 'droplens.view',
  /** A diagnosis is under way. */
  diagnosing: 'droplens.diagnosing',
} as const;

export type ViewState = 'starting' | 'noLocal' | 'failed' | 'ready';

/** The guide: every step in the packet's order. */
export const GUIDE = 'packet-loss';

export const LOCAL_TARGET = 'local:/';

/** Runbooks as files in an editor, which the server checks as they are written; no other Markdown is touched. */
export const RUNBOOK_FILES = [
  { language: 'markdown', pattern: '**/*.runbook.md' },
  { language: 'markdown', pattern: '**/media/runbooks/**/*.md' },
] as const;
