import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { DigestAlgorithm, Digests } from '../port/digests.ts';

const bytesOf: Readonly<Record<DigestAlgorithm, number>> = { sha256: 32, sha512: 64 };

export function createDigests(): Digests {
  return {
    hash: (algorithm, bytes) => new Uint8Array(createHash(algorithm).update(bytes).digest()),
    hmac: (algorithm, key, bytes) => new Uint8Array(createHmac(algorithm, key).update(bytes).digest()),
    pbkdf2: (algorithm, password, salt, iterations) =>
      new Uint8Array(pbkdf2Sync(password, salt, iterations, bytesOf[algorithm], algorithm)),
  };
}
