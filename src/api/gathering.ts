import type { ApiHost } from './host.ts';
import type { Request } from './request.ts';

/**
 * An answer that is put together from parts, some of which come later: from the disk, from the owners of partitions.
 *
 *     const gathering = new Gathering(request, host, () => write the answer);
 *     for each part:  gathering.begin(); … ; gathering.end() when it is there
 *     gathering.end()                       // all parts were begun
 */
export class Gathering {
  readonly #request: Request;
  readonly #host: ApiHost;
  readonly #write: () => void;

  constructor(request: Request, host: ApiHost, write: () => void) {
    this.#request = request;
    this.#host = host;
    this.#write = write;
    // Guards against completion while parts are still to be begun.
    request.parts = 1;
  }

  begin(): void {
    this.#request.parts++;
  }

  end(): void {
    const request = this.#request;
    request.parts--;
    if (request.parts > 0) return;
    // The connection may be gone by the time the last part comes.
    if (request.isAbandoned) return this.#host.returned(request);
    this.#write();
    this.#host.complete(request);
  }
}
