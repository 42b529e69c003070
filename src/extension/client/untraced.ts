import { Disposable, LogLevel, type LogOutputChannel } from 'vscode';

/**
 * The channel that the language client writes its trace of messages to. It takes none, and says so by its level: answers to
 * questions for passwords are among the messages, and a workspace's settings can ask for a trace with contents.
 */
export function untraced(name: string): LogOutputChannel {
  const nothing = (): void => undefined;
  return {
    name,
    logLevel: LogLevel.Off,
    onDidChangeLogLevel: () => new Disposable(nothing),
    append: nothing,
    appendLine: nothing,
    replace: nothing,
    clear: nothing,
    show: nothing,
    hide: nothing,
    dispose: nothing,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
  };
}
