import { assert } from '../base/assert.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ProduceHandler } from './00_produce.ts';
import { FetchHandler } from './01_fetch.ts';
import { ListOffsetsHandler } from './02_list_offsets.ts';
import { MetadataHandler } from './03_metadata.ts';
import { apiVersionsHandler } from './18_api_versions.ts';
import { createTopicsHandler } from './19_create_topics.ts';
import { InitProducerIdHandler } from './22_init_producer_id.ts';
import type { ApiHandler } from './host.ts';
import { apiTable } from './table.ts';

/** The handlers of one shard, by API key: those that keep something keep it for their shard alone. */
export class ApiHandlers {
  readonly produce = new ProduceHandler();
  readonly fetch = new FetchHandler();
  readonly #byKey: ReadonlyMap<number, ApiHandler>;

  constructor() {
    this.#byKey = new Map<number, ApiHandler>([
      [ApiKey.Produce, this.produce],
      [ApiKey.Fetch, this.fetch],
      [ApiKey.ListOffsets, new ListOffsetsHandler()],
      [ApiKey.Metadata, new MetadataHandler()],
      [ApiKey.ApiVersions, apiVersionsHandler],
      [ApiKey.CreateTopics, createTopicsHandler],
      [ApiKey.InitProducerId, new InitProducerIdHandler()],
    ]);
    for (const key of apiTable.keys()) assert(this.#byKey.has(key), 'what the table lists has a handler');
  }

  /** The handler of a key that the table lists. */
  of(apiKey: number): ApiHandler {
    const handler = this.#byKey.get(apiKey);
    assert(handler !== undefined, 'only what the table lists is handled');
    return handler;
  }
}
