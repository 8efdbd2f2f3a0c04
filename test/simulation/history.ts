/**
 * What the clients of a run did and saw: the material of the checkers. Every value that is sent is a number of its
 * own, so that a value read tells which send it came from.
 */

/**
 * `ok`: acknowledged with an offset. `fail`: refused for certain, the value must never be seen. `info`: nobody knows
 * (the connection broke, time ran out), it may be there or not. `pending`: the run ended first; like `info`.
 */
export type SendOutcome = 'pending' | 'ok' | 'fail' | 'info';

export interface Send {
  readonly value: number;
  readonly partition: string;
  readonly producer: number;
  /** Sends of one connection and partition take effect in their order. */
  readonly connection: number;
  /**
   * Events of the world before it began, and before it ended. They tell what was before what; the clock does not quite: a
   * thread that others interrupted in a call, and stayed longer in calls of their own, goes on at a time before theirs.
   */
  readonly startedAt: number;
  /** How often it went out: a value sent twice may be there twice, without idempotence. */
  attempts: number;
  outcome: SendOutcome;
  endedAt: number;
  /** Of an `ok`. */
  offset: number;
  /** Losses of power before its begin: an answer may still be on its way when the power goes. */
  readonly era: number;
  /** False for acks=0 and for what a stated window allows to be lost. */
  durable: boolean;
}

export interface Read {
  readonly partition: string;
  readonly offset: number;
  readonly value: number;
  readonly consumer: number;
  readonly atMs: number;
  /** Checksum of the record's bytes as they came. */
  readonly sum: number;
  /** Times that the machine lost power before this read. Offsets may be given anew after a loss that was announced. */
  readonly era: number;
  /** The consumer began anew at this offset: it did not go on from where it was. */
  readonly isFirst: boolean;
}

/** What one answer to a fetch said of a partition, and what was known when the fetch was sent. */
export interface WatermarkSeen {
  readonly partition: string;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** The highest watermark that any answer had shown before this fetch was sent. */
  readonly floor: number;
  readonly atMs: number;
  readonly era: number;
}

export class History {
  readonly sends: Send[] = [];
  readonly reads: Read[] = [];
  readonly watermarks: WatermarkSeen[] = [];
  /** Partitions that a consumer has read to the end after all faults, with the end that it reached. */
  readonly caughtUp = new Map<string, number>();
  /** Partitions that answered that their log cannot be used, with when they did first. */
  readonly storageErrors = new Map<string, number>();
  era = 0;
  /** A first segment whose name was not synced may be gone: the log begins later than at 0. */
  mayBeginLater = false;
  readonly #floor = new Map<string, number>();

  beginSend(partition: string, producer: number, connection: number, step: number, durable: boolean): Send {
    const send: Send = {
      value: this.sends.length + 1,
      partition,
      producer,
      connection,
      startedAt: step,
      attempts: 1,
      outcome: 'pending',
      endedAt: Infinity,
      offset: -1,
      era: this.era,
      durable,
    };
    this.sends.push(send);
    return send;
  }

  endSend(send: Send, outcome: SendOutcome, step: number, offset = -1): void {
    if (send.outcome !== 'pending') return;
    send.outcome = outcome;
    send.endedAt = step;
    send.offset = offset;
    if (outcome === 'ok' && send.durable && send.era === this.era && offset >= 0)
      this.#raiseFloor(send.partition, offset + 1);
  }

  read(read: Omit<Read, 'era'>): void {
    this.reads.push({ ...read, era: this.era });
  }

  /** What every later fetch must find: watermarks that were shown and sends that were acknowledged. */
  floorOf(partition: string): number {
    return this.#floor.get(partition) ?? 0;
  }

  watermark(partition: string, highWatermark: number, logStartOffset: number, floor: number, atMs: number): void {
    this.watermarks.push({ partition, highWatermark, logStartOffset, floor, atMs, era: this.era });
    this.#raiseFloor(partition, highWatermark);
  }

  /** The machine lost power and may have lost what was not synced: nothing that was seen before binds any more. */
  powerLost(): void {
    this.era++;
    this.#floor.clear();
  }

  #raiseFloor(partition: string, offset: number): void {
    if (offset > this.floorOf(partition)) this.#floor.set(partition, offset);
  }
}
