import type { NumberKey } from './keys.ts';
import type { Findings } from './problems.ts';
import type { ConfigValues } from './values.ts';

/** Keys whose values must not fall: least, default, most. */
const RISING: readonly (readonly [NumberKey, NumberKey, NumberKey])[] = [
  ...(['consumer', 'share', 'streams'] as const).flatMap((kind): (readonly [NumberKey, NumberKey, NumberKey])[] => [
    [
      `group.${kind}.min.assignment.interval.ms`,
      `group.${kind}.assignment.interval.ms`,
      `group.${kind}.max.assignment.interval.ms`,
    ],
    [
      `group.${kind}.min.heartbeat.interval.ms`,
      `group.${kind}.heartbeat.interval.ms`,
      `group.${kind}.max.heartbeat.interval.ms`,
    ],
    [
      `group.${kind}.min.session.timeout.ms`,
      `group.${kind}.session.timeout.ms`,
      `group.${kind}.max.session.timeout.ms`,
    ],
  ]),
  [
    'group.share.min.record.lock.duration.ms',
    'group.share.record.lock.duration.ms',
    'group.share.max.record.lock.duration.ms',
  ],
  ['group.share.min.delivery.count.limit', 'group.share.delivery.count.limit', 'group.share.max.delivery.count.limit'],
  [
    'group.share.min.partition.max.record.locks',
    'group.share.partition.max.record.locks',
    'group.share.max.partition.max.record.locks',
  ],
];

/** Bounds of keys that may be unset. */
const LEAST_WHERE_SET: readonly (readonly [NumberKey, number])[] = [
  ['log.roll.ms', 1],
  ['log.roll.jitter.ms', 0],
];

/** Keys that name a compression by its number in batches: none, gzip, snappy, lz4, zstd. */
const COMPRESSIONS: readonly NumberKey[] = [
  'offsets.topic.compression.codec',
  'share.coordinator.state.topic.compression.codec',
];
const COMPRESSION_MAX = 4;

const CLEANER_BUFFER_BYTES_MIN = 1024 * 1024;

/** Holds values against each other, and against bounds that depend on others, as Apache Kafka does. */
export function checkOrder(values: ConfigValues, findings: Findings): void {
  for (const [key, least] of LEAST_WHERE_SET) {
    const value = values.numberOrNull(key);
    if (value !== null && value < least) findings.error(values, key, `must be at least ${least}`);
  }
  for (const key of COMPRESSIONS) {
    const codec = values.number(key);
    if (codec < 0 || codec > COMPRESSION_MAX) {
      findings.error(values, key, 'must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd)');
    }
  }
  for (const [least, usual, most] of RISING) {
    if (values.number(least) > values.number(most)) notAbove(values, least, most, findings);
    else {
      if (values.number(least) > values.number(usual)) notAbove(values, least, usual, findings);
      if (values.number(usual) > values.number(most)) notAbove(values, usual, most, findings);
    }
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const heartbeat = `group.${kind}.heartbeat.interval.ms` as const;
    const session = `group.${kind}.session.timeout.ms` as const;
    if (values.number(heartbeat) < values.number(session)) continue;
    findings.error(values, heartbeat, `must be below ${session}, which is ${values.number(session)}`);
  }
  if (values.number('group.streams.num.standby.replicas') > values.number('group.streams.max.standby.replicas')) {
    notAbove(values, 'group.streams.num.standby.replicas', 'group.streams.max.standby.replicas', findings);
  }
  if (values.number('broker.heartbeat.interval.ms') > values.number('broker.session.timeout.ms') / 2) {
    const consequence = 'one late heartbeat fences the broker';
    findings.warn(
      values,
      'broker.heartbeat.interval.ms',
      `is above half of broker.session.timeout.ms, which is ${values.number('broker.session.timeout.ms')}: ${consequence}`,
    );
  }
  const perThread = values.number('log.cleaner.dedupe.buffer.size') / Math.max(1, values.number('log.cleaner.threads'));
  if (perThread < CLEANER_BUFFER_BYTES_MIN) {
    findings.error(values, 'log.cleaner.dedupe.buffer.size', 'must be at least 1 MiB for each of log.cleaner.threads');
  }
}

function notAbove(values: ConfigValues, lower: NumberKey, upper: NumberKey, findings: Findings): void {
  findings.error(values, lower, `must not be above ${upper}, which is ${values.number(upper)}`);
}
