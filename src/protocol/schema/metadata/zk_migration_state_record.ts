import { int8, message, type Decoded } from '../../schema_language.ts';

/** Where a migration from ZooKeeper stands. */
export const zkMigrationStateRecord = message('ZkMigrationStateRecord', {
  apiKey: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    /** 0 none, 1 migration, 2 pre-migration, 3 post-migration; Kafka 3.4 wrote 1 for pre-migration. */
    zkMigrationState: int8(),
  },
});
export type ZkMigrationStateRecord = Decoded<typeof zkMigrationStateRecord>;
