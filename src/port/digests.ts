export type DigestAlgorithm = 'sha256' | 'sha512';

/**
 * Cryptographic digests. Pure functions of their arguments; results are plain memory that the caller owns.
 *
 * `pbkdf2` blocks for as long as its iterations take (4096: some milliseconds): for commands and background tasks.
 */
export interface Digests {
  hash(algorithm: DigestAlgorithm, bytes: Uint8Array): Uint8Array;
  hmac(algorithm: DigestAlgorithm, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** PBKDF2 with HMAC (RFC 8018), one block: as long as a digest. */
  pbkdf2(algorithm: DigestAlgorithm, password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
