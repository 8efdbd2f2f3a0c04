import { metadataRecord } from '../metadata/metadata_record.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { DigestAlgorithm, Digests } from '../port/digests.ts';
import { userScramCredentialRecord } from '../protocol/schema/metadata/user_scram_credential_record.ts';

/** A kind of SCRAM (RFC 5802, RFC 7677) as Kafka has it. */
export interface ScramMechanism {
  readonly name: string;
  /** Its number in records and requests. */
  readonly type: number;
  readonly digest: DigestAlgorithm;
  readonly iterationsMin: number;
  readonly iterationsMax: number;
}

export const SCRAM_MECHANISMS: readonly ScramMechanism[] = [
  { name: 'SCRAM-SHA-256', type: 1, digest: 'sha256', iterationsMin: 4096, iterationsMax: 16_384 },
  { name: 'SCRAM-SHA-512', type: 2, digest: 'sha512', iterationsMin: 4096, iterationsMax: 16_384 },
];

/** What a password becomes before it leaves whoever was told it: PBKDF2 over it. */
export interface SaltedPassword {
  readonly mechanism: ScramMechanism;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly saltedPassword: Uint8Array;
}

export function saltPassword(
  digests: Digests,
  mechanism: ScramMechanism,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): SaltedPassword {
  const saltedPassword = digests.pbkdf2(mechanism.digest, password, salt, iterations);
  return { mechanism, salt, iterations, saltedPassword };
}

/** What the metadata log keeps: enough to check a client, and not enough to be one. */
export function scramCredentialRecord(
  digests: Digests,
  user: string,
  { mechanism, salt, iterations, saltedPassword }: SaltedPassword,
): MetadataRecord {
  const { digest, type } = mechanism;
  const clientKey = digests.hmac(digest, saltedPassword, ascii('Client Key'));
  return metadataRecord(userScramCredentialRecord, 0, {
    name: user,
    mechanism: type,
    salt,
    storedKey: digests.hash(digest, clientKey),
    serverKey: digests.hmac(digest, saltedPassword, ascii('Server Key')),
    iterations,
  });
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
