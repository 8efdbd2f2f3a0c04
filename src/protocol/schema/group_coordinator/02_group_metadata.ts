import { array, bytes, int32, int64, message, string, type Decoded } from '../../schema_language.ts';

/** State of a group of the classic protocol. */

export const groupMetadataKey = message('GroupMetadataKey', {
  apiKey: 2,
  versions: '0',
  fields: {
    group: string(),
  },
});
export type GroupMetadataKey = Decoded<typeof groupMetadataKey>;

const memberMetadata = {
  memberId: string(),
  groupInstanceId: string({ versions: '3+', nullable: '0+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ versions: '1+', default: -1, ignorable: true }),
  sessionTimeout: int32(),
  /** Of the chosen protocol. */
  subscription: bytes(),
  assignment: bytes(),
};

export const groupMetadataValue = message('GroupMetadataValue', {
  apiKey: 2,
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string(),
    /** Grows with each rebalance. */
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: int64({ versions: '2+', default: -1, ignorable: true }),
    members: array(memberMetadata),
  },
});
export type GroupMetadataValue = Decoded<typeof groupMetadataValue>;
