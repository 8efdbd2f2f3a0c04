import { ANY, atLeast, matching, oneOf, type TopicRow } from '../config_key.ts';

/** Where a share group begins (KIP-932): a duration as in ISO 8601. */
const SHARE_OFFSET_RESET = matching(
  /^(?:latest|earliest|by_duration:P(?!$)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d{1,9})?S)?)?)$/i,
  'latest, earliest or by_duration:PnDTnHnMn.nS',
);

/** The settings of a group, each with the node's key that it falls back to. Columns: see `TopicRow`. */
export const GROUP_SETTING_KEYS = [
  ['consumer.assignment.interval.ms', 'INT', '1000', atLeast(0), 'MEDIUM', ['group.consumer.assignment.interval.ms']],
  ['consumer.heartbeat.interval.ms', 'INT', '5000', atLeast(1), 'MEDIUM', ['group.consumer.heartbeat.interval.ms']],
  ['consumer.session.timeout.ms', 'INT', '45000', atLeast(1), 'MEDIUM', ['group.consumer.session.timeout.ms']],
  ['share.assignment.interval.ms', 'INT', '1000', atLeast(0), 'MEDIUM', ['group.share.assignment.interval.ms']],
  ['share.auto.offset.reset', 'STRING', 'latest', SHARE_OFFSET_RESET, 'MEDIUM', []],
  ['share.delivery.count.limit', 'INT', '5', atLeast(2), 'MEDIUM', ['group.share.delivery.count.limit']],
  ['share.heartbeat.interval.ms', 'INT', '5000', atLeast(1), 'MEDIUM', ['group.share.heartbeat.interval.ms']],
  ['share.isolation.level', 'STRING', 'read_uncommitted', oneOf('read_committed', 'read_uncommitted'), 'MEDIUM', []],
  [
    'share.partition.max.record.locks',
    'INT',
    '2000',
    atLeast(100),
    'MEDIUM',
    ['group.share.partition.max.record.locks'],
  ],
  ['share.record.lock.duration.ms', 'INT', '30000', atLeast(1000), 'MEDIUM', ['group.share.record.lock.duration.ms']],
  ['share.renew.acknowledge.enable', 'BOOLEAN', 'true', ANY, 'MEDIUM', []],
  ['share.session.timeout.ms', 'INT', '45000', atLeast(1), 'MEDIUM', ['group.share.session.timeout.ms']],
  ['streams.assignment.interval.ms', 'INT', '1000', atLeast(0), 'MEDIUM', ['group.streams.assignment.interval.ms']],
  ['streams.heartbeat.interval.ms', 'INT', '5000', atLeast(1), 'MEDIUM', ['group.streams.heartbeat.interval.ms']],
  [
    'streams.initial.rebalance.delay.ms',
    'INT',
    '3000',
    atLeast(0),
    'MEDIUM',
    ['group.streams.initial.rebalance.delay.ms'],
  ],
  ['streams.num.standby.replicas', 'INT', '0', atLeast(0), 'MEDIUM', ['group.streams.num.standby.replicas']],
  ['streams.session.timeout.ms', 'INT', '45000', atLeast(1), 'MEDIUM', ['group.streams.session.timeout.ms']],
] as const satisfies readonly TopicRow[];
