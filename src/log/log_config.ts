import { assert } from '../base/assert.ts';

/** The settings of a topic (and their broker defaults) that shape its log. Replaced as a whole when they change. */
export interface LogConfig {
  /** `segment.bytes`: a segment never grows beyond it. */
  readonly segmentBytes: number;
  /** `segment.ms`: a segment whose first batch is older is closed at the next append. */
  readonly segmentMs: number;
  /** `segment.jitter.ms`: up to this much is taken off `segmentMs`, drawn anew for each segment. */
  readonly segmentJitterMs: number;
  /** `segment.index.bytes`: the largest size of an index file. */
  readonly segmentIndexBytes: number;
  /** `index.interval.bytes`: log bytes between two index entries. */
  readonly indexIntervalBytes: number;
  /** `flush.messages`: offsets appended since the last flush that make one due. */
  readonly flushMessages: number;
  /** `flush.ms`: milliseconds since the last flush, with something to flush, that make one due. */
  readonly flushMs: number;
  /** `file.delete.delay.ms`: how long a removed segment stays under its `.deleted` name. */
  readonly fileDeleteDelayMs: number;
  /**
   * True when offsets may be missing between and inside segments: `cleanup.policy` has compact, or had it. Where it
   * is false a gap between two segments means that a file is gone.
   */
  readonly gapsAllowed: boolean;
  /** `producer.id.expiration.ms`: how long after its last record a producer is forgotten. The same for all topics. */
  readonly producerIdExpirationMs: number;
}

export const logConfigDefaults: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 1024 * 1024,
  indexIntervalBytes: 4096,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  fileDeleteDelayMs: 60_000,
  gapsAllowed: false,
  producerIdExpirationMs: 24 * 60 * 60 * 1000,
};

/** Positions in a segment and relative offsets are written as signed 32-bit integers. */
export const segmentBytesLimit = 0x7fff_ffff;
export const relativeOffsetLimit = 0x7fff_ffff;

export function assertLogConfig(config: LogConfig): void {
  assert(config.segmentBytes >= 1 && config.segmentBytes <= segmentBytesLimit, 'segment.bytes fits 31 bits');
  assert(config.segmentIndexBytes >= 4, 'segment.index.bytes holds something');
  assert(config.indexIntervalBytes >= 0, 'index.interval.bytes is not negative');
}
