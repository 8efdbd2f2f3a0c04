/** The generator as its parent sees it: one forked process, one question at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GeneratorAnswer, GeneratorRequest, LoadJob, LoadResult, RunBounds } from './job.ts';

export class GeneratorProcess {
  readonly #child: ChildProcess;

  /** `program`: what a package was built to in the place of `generator.ts`. */
  constructor(program: URL = new URL('./generator.ts', import.meta.url)) {
    const options = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] } as const;
    this.#child = fork(fileURLToPath(program), [], {
      ...options,
      stdio: [...options.stdio],
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Builds the frames and connects: all lanes, or the first `lanes`. */
  async prepare(job: LoadJob, lanes: number | null = null): Promise<void> {
    await this.#ask({ kind: 'prepare', job, lanes });
  }

  /** Connects one lane more, or the last one anew. */
  async openLane(replace: boolean): Promise<void> {
    await this.#ask({ kind: 'open', replace });
  }

  async run(bounds: RunBounds): Promise<LoadResult> {
    const answer = await this.#ask({ kind: 'run', bounds });
    if (answer.kind !== 'ran') throw new Error('the load generator gave no result');
    return answer.result;
  }

  /** Ends the connections; the process stays. */
  async closeConnections(): Promise<void> {
    await this.#ask({ kind: 'close' });
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(request: GeneratorRequest): Promise<GeneratorAnswer> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null) => reject(new Error(`the load generator ended with ${code}`));
      this.#child.once('exit', exited);
      this.#child.once('message', (answer: GeneratorAnswer) => {
        this.#child.off('exit', exited);
        if (answer.kind === 'failed') reject(new Error(answer.message));
        else resolve(answer);
      });
      this.#child.send(request);
    });
  }
}
