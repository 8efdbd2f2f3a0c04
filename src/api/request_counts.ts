import type { ApiName } from '../protocol/api_keys.ts';
import type { RequestCountSums } from '../shared-memory/request_counts.ts';
import { apiTable, NOT_SERVED } from './table.ts';

/** Requests of one API and version since the start; of none, those that are not served. */
export interface RequestCount {
  readonly api: ApiName | null;
  /** -1 where it is not served. */
  readonly version: number;
  readonly count: number;
}

/** What the node was asked, in the order of the table; what was not asked for is left out. */
export function requestCounts(sums: RequestCountSums): RequestCount[] {
  const counts: RequestCount[] = [];
  for (const { name, minVersion, maxVersion, kindsFrom } of apiTable.values()) {
    for (let version = minVersion; version <= maxVersion; version++) {
      counts.push({ api: name, version, count: sums.sum(kindsFrom + version - minVersion) });
    }
  }
  counts.push({ api: null, version: -1, count: sums.sum(NOT_SERVED) });
  return counts.filter(({ count }) => count > 0);
}
