import * as v from 'valibot';

/** The part of VS Code's `Memento` that is used. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'droplens.targets';
const MAX_TARGETS = 50;
const Saved = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1024), v.regex(/^(?:local:\/|ssh:\/\/|recording:\/\/\/)/))), v.maxLength(MAX_TARGETS));

/** The targets that a person added, in the order in which they were added; this machine itself is not among them. */
export class SavedTargets {
  constructor(private readonly memory: Memory) {}

  all(): readonly string[] {
    const parsed = v.safeParse(Saved, this.memory.get(KEY) ?? []);
    return parsed.success ? [...new Set(parsed.output)] : [];
  }

  async add(target: string): Promise<void> {
    const before = this.all();
    if (!before.includes(target)) await this.memory.update(KEY, [...before, target].slice(-MAX_TARGETS));
  }

  async remove(target: string): Promise<void> {
    await this.memory.update(
      KEY,
      this.all().filter((other) => other !== target),
    );
  }
}
