import type { Uuid } from '../base/uuid.ts';
import type { AccessControlEntryRecord } from '../protocol/schema/metadata/access_control_entry_record.ts';
import type { DelegationTokenRecord } from '../protocol/schema/metadata/delegation_token_record.ts';
import type { UserScramCredentialRecord } from '../protocol/schema/metadata/user_scram_credential_record.ts';

/** `ScramMechanism` on the wire (KIP-554). */
export const scramMechanism = { sha256: 1, sha512: 2 } as const;

const MECHANISMS: readonly number[] = Object.values(scramMechanism);

/** How users prove who they are: SCRAM credentials (RFC 5802), at most one of each mechanism for a user. */
export class ScramImage {
  readonly #byMechanism = new Map<number, Map<string, UserScramCredentialRecord>>(
    MECHANISMS.map((mechanism) => [mechanism, new Map()]),
  );

  of(mechanism: number, user: string): UserScramCredentialRecord | undefined {
    return this.#byMechanism.get(mechanism)?.get(user);
  }

  *credentials(): IterableIterator<UserScramCredentialRecord> {
    for (const byUser of this.#byMechanism.values()) yield* byUser.values();
  }

  /** False: a mechanism that this build does not know. */
  set(credential: UserScramCredentialRecord): boolean {
    return this.#byMechanism.get(credential.mechanism)?.set(credential.name, credential) !== undefined;
  }

  /** False: a mechanism that this build does not know. */
  remove(mechanism: number, user: string): boolean {
    const byUser = this.#byMechanism.get(mechanism);
    byUser?.delete(user);
    return byUser !== undefined;
  }
}

/** Who may do what: access control entries by id. */
export class AclsImage {
  readonly #entries = new Map<Uuid, AccessControlEntryRecord>();

  get entries(): ReadonlyMap<Uuid, AccessControlEntryRecord> {
    return this.#entries;
  }

  add(entry: AccessControlEntryRecord): void {
    this.#entries.set(entry.id, entry);
  }

  /** False: there is no such entry. */
  remove(id: Uuid): boolean {
    return this.#entries.delete(id);
  }
}

/** Delegation tokens by id (KIP-48). */
export class TokensImage {
  readonly #tokens = new Map<string, DelegationTokenRecord>();

  get tokens(): ReadonlyMap<string, DelegationTokenRecord> {
    return this.#tokens;
  }

  set(token: DelegationTokenRecord): void {
    this.#tokens.set(token.tokenId, token);
  }

  remove(id: string): void {
    this.#tokens.delete(id);
  }
}
