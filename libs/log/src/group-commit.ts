/**
 * One flush at a time: whoever asks while one is under way shares the next. Holds the two promises.
 * Used by `PartitionLog`; a flush that fails, fails for all that share it.
 */

export class GroupCommit {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly commit: () => Promise<void>) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Resolves when a commit that began after the call is done. */
  flush(): Promise<void> {
    if (this.running === undefined) return this.start();
    this.next ??= this.running.catch(() => undefined).then(() => this.start());
    return this.next;
  }

  private start(): Promise<void> {
    this.next = undefined;
    const running = this.commit().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }
}
