import type { History, Read, Send } from './history.ts';

export interface Finding {
  /** The promise of RELIABILITY that is broken, and how. */
  readonly rule: string;
  readonly detail: string;
}

export interface Expectations {
  /** False after a power cut of a node that does not sync before it acknowledges: its last records may be gone. */
  readonly acknowledgedSurvives: boolean;
  /** Consumers have read everything after the faults. */
  readonly finalCatchUp: boolean;
}

/** All checks of the queue workload. Nothing found is no proof; something found is. */
export function checkQueue(history: History, expectations: Expectations): Finding[] {
  return [
    ...abortedReads(history),
    ...divergence(history, expectations),
    ...lostAcknowledged(history, expectations),
    ...duplicates(history, expectations),
    ...orderOfConnections(history, expectations),
    ...orderInRealTime(history, expectations),
    ...gapsOfConsumers(history),
    ...watermarksGoingBack(history),
    ...unseen(history, expectations),
  ];
}

/** I21: a value whose send was refused for certain, or that nobody sent, is never read. */
export function abortedReads(history: History): Finding[] {
  const found: Finding[] = [];
  for (const read of history.reads) {
    const send = history.sends[read.value - 1];
    if (send === undefined) found.push({ rule: 'I2 foreign value', detail: `${named(read)} was never sent` });
    else if (send.partition !== read.partition) {
      found.push({ rule: 'I2 foreign value', detail: `${named(read)} was sent to ${send.partition}` });
    } else if (send.outcome === 'fail') {
      found.push({ rule: 'I21 aborted read', detail: `${named(read)} was refused to its producer` });
    }
  }
  return found;
}

/** I2: offset → bytes is a function, of all reads and of the offsets that producers were told. */
export function divergence(history: History, expectations: Expectations): Finding[] {
  const found: Finding[] = [];
  const seen = new Map<string, Read>();
  for (const read of history.reads) {
    const key = `${eraOf(read, expectations)} ${read.partition}@${read.offset}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, read);
    else if (before.value !== read.value || before.sum !== read.sum) {
      found.push({ rule: 'I2 divergence', detail: `${named(before)}, then ${named(read)}` });
    }
  }
  if (!expectations.acknowledgedSurvives) return found;
  for (const send of history.sends) {
    if (send.outcome !== 'ok' || !send.durable || send.offset < 0) continue;
    const read = seen.get(`0 ${send.partition}@${send.offset}`);
    if (read !== undefined && read.value !== send.value) {
      found.push({ rule: 'I2 divergence', detail: `${told(send)}, but ${named(read)}` });
    }
  }
  return found;
}

/** I1: what was acknowledged below the highest offset ever read has been read by somebody. */
export function lostAcknowledged(history: History, expectations: Expectations): Finding[] {
  const highest = new Map<string, number>();
  const values = new Set<number>();
  for (const read of history.reads) {
    if (!expectations.acknowledgedSurvives && read.era !== history.era) continue;
    values.add(read.value);
    if (read.offset > (highest.get(read.partition) ?? -1)) highest.set(read.partition, read.offset);
  }
  return history.sends
    .filter((send) => isBinding(send, history, expectations) && send.offset >= 0)
    .filter((send) => send.offset < (highest.get(send.partition) ?? -1) && !values.has(send.value))
    .map((send) => ({ rule: 'I1 lost', detail: `${told(send)}, and nobody read it` }));
}

/** I2: where no call of the disk has failed, a log that cannot be used was damaged by whoever wrote or opened it. */
export function damagedLogs(history: History): Finding[] {
  return [...history.storageErrors].map(([partition, atMs]) => ({
    rule: 'I2 a log is damaged',
    detail: `${partition} is offline at ${atMs.toFixed(3)} ms, and no disk has failed`,
  }));
}

/** I6: a value lies at one offset, or at as many as it was sent times. */
export function duplicates(history: History, expectations: Expectations): Finding[] {
  const places = new Map<string, Set<number>>();
  for (const read of history.reads) {
    const key = `${eraOf(read, expectations)} ${read.value}`;
    const offsets = places.get(key) ?? new Set();
    offsets.add(read.offset);
    places.set(key, offsets);
  }
  const found: Finding[] = [];
  for (const [key, offsets] of places) {
    const value = Number(key.split(' ')[1]);
    const attempts = history.sends[value - 1]?.attempts ?? 1;
    if (offsets.size > attempts) {
      found.push({ rule: 'I6 duplicate', detail: `value ${value} lies at ${[...offsets].join(', ')}` });
    }
  }
  return found;
}

/** Requests of one connection take effect in order. */
export function orderOfConnections(history: History, expectations: Expectations): Finding[] {
  const offsets = offsetsOfValues(history, expectations);
  const last = new Map<string, { offset: number; value: number }>();
  const found: Finding[] = [];
  for (const send of history.sends) {
    if (send.attempts > 1) continue;
    const offset = offsets.get(send.value);
    if (offset === undefined) continue;
    const key = `${send.producer} ${send.connection} ${send.partition}`;
    const before = last.get(key);
    if (before !== undefined && before.offset > offset) {
      const detail = `${send.partition}: value ${before.value} at ${before.offset}, the later ${send.value} at ${offset}`;
      found.push({ rule: 'order of a connection', detail });
    } else last.set(key, { offset, value: send.value });
  }
  return found;
}

/** What was acknowledged before another send began lies before it. */
export function orderInRealTime(history: History, expectations: Expectations): Finding[] {
  const offsets = offsetsOfValues(history, expectations);
  const found: Finding[] = [];
  for (const sends of byPartition(history.sends).values()) {
    const placed = sends.filter((send) => send.attempts === 1 && offsets.has(send.value));
    const acknowledged = placed
      .filter((send) => send.outcome === 'ok' && send.offset >= 0)
      .toSorted((a, b) => a.endedAt - b.endedAt);
    let next = 0;
    let highest: Send | null = null;
    for (const send of placed.toSorted((a, b) => a.startedAt - b.startedAt)) {
      for (; next < acknowledged.length; next++) {
        const earlier = acknowledged[next] as Send;
        if (earlier.endedAt >= send.startedAt) break;
        if (highest === null || earlier.offset > highest.offset) highest = earlier;
      }
      const offset = offsets.get(send.value) as number;
      if (highest !== null && offset < highest.offset) {
        found.push({ rule: 'order in real time', detail: `${told(highest)} before ${send.value} began at ${offset}` });
      }
    }
  }
  return found;
}

/** A consumer that goes on from where it was sees every offset once, in order. */
export function gapsOfConsumers(history: History): Finding[] {
  const last = new Map<string, Read>();
  const found: Finding[] = [];
  for (const read of history.reads) {
    const key = `${read.era} ${read.consumer} ${read.partition}`;
    const before = last.get(key);
    last.set(key, read);
    if (before === undefined || read.offset === before.offset + 1 || read.isFirst) continue;
    const rule = read.offset > before.offset ? 'consumer skips' : 'consumer goes back';
    found.push({ rule, detail: `consumer ${read.consumer}: ${named(before)}, then ${named(read)}` });
  }
  return found;
}

/** I4: no fetch is shown less than was shown or acknowledged before it was sent. */
export function watermarksGoingBack(history: History): Finding[] {
  const found: Finding[] = [];
  for (const seen of history.watermarks) {
    const { partition, highWatermark, floor, atMs } = seen;
    if (highWatermark < floor) {
      const detail = `${partition}: ${highWatermark} at ${atMs.toFixed(3)} ms, but ${floor} was known before`;
      found.push({ rule: 'I4 watermark goes back', detail });
    }
    if (seen.logStartOffset > highWatermark) {
      found.push({ rule: 'I4 log start above watermark', detail: `${partition}: ${seen.logStartOffset}` });
    }
  }
  return found;
}

/** I1, at the end: whatever was acknowledged has been read once everybody has caught up. */
export function unseen(history: History, expectations: Expectations): Finding[] {
  if (!expectations.finalCatchUp) return [];
  const values = new Set(history.reads.map((read) => read.value));
  return history.sends
    .filter((send) => isBinding(send, history, expectations) && !values.has(send.value))
    .map((send) => ({ rule: 'I1 unseen at the end', detail: told(send) }));
}

/** Acknowledged, and after the last loss of power if that was allowed to lose something. */
function isBinding(send: Send, history: History, expectations: Expectations): boolean {
  if (send.outcome !== 'ok' || !send.durable) return false;
  return expectations.acknowledgedSurvives || send.era === history.era;
}

/** Offset of each value that was read; the first one of a value that lies at several. */
function offsetsOfValues(history: History, expectations: Expectations): Map<number, number> {
  const offsets = new Map<number, number>();
  const lastEra = history.era;
  for (const read of history.reads) {
    if (!expectations.acknowledgedSurvives && read.era !== lastEra) continue;
    if (!offsets.has(read.value)) offsets.set(read.value, read.offset);
  }
  return offsets;
}

/** When acknowledged records survive everything, all eras are one. */
function eraOf(read: Read, expectations: Expectations): number {
  return expectations.acknowledgedSurvives ? 0 : read.era;
}

function byPartition(sends: readonly Send[]): Map<string, Send[]> {
  const groups = new Map<string, Send[]>();
  for (const send of sends) {
    const group = groups.get(send.partition);
    if (group === undefined) groups.set(send.partition, [send]);
    else group.push(send);
  }
  return groups;
}

function named(read: Read): string {
  return `value ${read.value} read at ${read.partition}@${read.offset} by consumer ${read.consumer}`;
}

function told(send: Send): string {
  return `value ${send.value} was acknowledged at ${send.partition}@${send.offset}`;
}
