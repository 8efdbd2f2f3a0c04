import type { DigestAlgorithm, Digests } from '../port/digests.ts';
import { lateCrypto } from './late_modules.ts';

const bytesOf: Readonly<Record<DigestAlgorithm, number>> = { sha256: 32, sha512: 64 };

export function createDigests(): Digests {
  return {
    hash: (algorithm, bytes) => new Uint8Array(lateCrypto().createHash(algorithm).update(bytes).digest()),
    hmac: (algorithm, key, bytes) => new Uint8Array(lateCrypto().createHmac(algorithm, key).update(bytes).digest()),
    pbkdf2: (algorithm, password, salt, iterations) =>
      new Uint8Array(lateCrypto().pbkdf2Sync(password, salt, iterations, bytesOf[algorithm], algorithm)),
  };
}
