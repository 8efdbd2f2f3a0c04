/**
 * Work that takes long, done beside the thread that asks for it. A task is plain data: everything that it needs is in it
 * or on the disk, and nothing is held from one task to the next. So a task may run on any thread, more than one may run
 * at once, and one that is lost with its process leaves nothing behind but what it wrote: whoever runs a task must be
 * able to run it again.
 *
 * `Types` names what kinds of task there are (see `src/background/tasks.ts`).
 */
export interface Background<Types extends TaskTypes<Types>> {
  /**
   * Runs a task as soon as a thread is free for it, in the order of the calls. Task and outcome are copied between
   * threads: plain objects, arrays, numbers, text, typed arrays. `done` is called once, in a later event, unless
   * `close` comes first.
   */
  run<Kind extends keyof Types>(
    task: Types[Kind]['task'] & { readonly kind: Kind },
    done: (outcome: Types[Kind]['outcome'] | TaskFailure) => void,
  ): void;
  /**
   * Ends the threads: tasks stop where they are, and no `done` comes any more. `closed` is called in a later event, when
   * none of them can write any more.
   */
  close(closed: () => void): void;
}

/** For each kind of task, the task itself and what comes of it. */
export type TaskTypes<Types> = {
  readonly [Kind in keyof Types]: { readonly task: { readonly kind: Kind }; readonly outcome: object };
};

/** A task ended without an outcome: a bug of ours, or its thread ran out of memory. What it was to do is not done. */
export class TaskFailure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}
