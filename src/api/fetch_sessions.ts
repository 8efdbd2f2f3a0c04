import { assert } from '../base/assert.ts';
import type { Entropy } from '../port/entropy.ts';
import { FetchSession } from './fetch_session.ts';

/** One shard's part of `max.incremental.fetch.session.cache.slots`, and of the ids that sessions may have. */
export interface FetchSessionsShare {
  readonly slots: number;
  readonly idMin: number;
  readonly idMax: number;
}

/**
 * Cuts the node's slots and ids into the shares of its shards. An id says whose session it is: another shard, to which
 * a client may come with a new connection, does not know it, and the client begins anew.
 */
export function shareOfShard(slots: number, shards: number, shard: number): FetchSessionsShare {
  const ids = Math.floor(ID_MAX / shards);
  return {
    slots: Math.floor(slots / shards) + (shard < slots % shards ? 1 : 0),
    idMin: shard * ids + 1,
    idMax: (shard + 1) * ids,
  };
}

/**
 * The fetch sessions of one shard (KIP-227). When all slots are taken a new session takes that of one that was not used
 * for two minutes, else of a smaller one that is older than two minutes; followers take any consumer's.
 */
export class FetchSessions {
  readonly #share: FetchSessionsShare;
  readonly #entropy: Entropy;
  /** In order of use, oldest first. */
  readonly #byId = new Map<number, FetchSession>();
  #bytes = 0;

  constructor(share: FetchSessionsShare, entropy: Entropy) {
    this.#share = share;
    this.#entropy = entropy;
  }

  get count(): number {
    return this.#byId.size;
  }

  get(id: number): FetchSession | null {
    return this.#byId.get(id) ?? null;
  }

  /** A new session, which `fill` completes; null when there is no slot or memory for it. */
  create(
    size: number,
    usesTopicIds: boolean,
    isPrivileged: boolean,
    nowMs: number,
    fill: (session: FetchSession) => void,
  ): FetchSession | null {
    const isFull = this.#byId.size >= this.#share.slots;
    if (isFull && (this.#share.slots === 0 || !this.#evictFor(size, isPrivileged, nowMs))) return null;
    const session = new FetchSession(this.#newId(), usesTopicIds, isPrivileged, nowMs);
    fill(session);
    if (this.#bytes + session.bytes > SESSIONS_BYTES_MAX) return null;
    this.#byId.set(session.id, session);
    this.#bytes += session.bytes;
    return session;
  }

  /**
   * Changes a session by a request. False: it has become too large for the memory that all may take, and is gone.
   */
  update(session: FetchSession, nowMs: number, change: (session: FetchSession) => void): boolean {
    assert(this.#byId.get(session.id) === session, 'a session that is changed is in the cache');
    const before = session.bytes;
    change(session);
    this.#bytes += session.bytes - before;
    if (this.#bytes > SESSIONS_BYTES_MAX) {
      this.remove(session.id);
      return false;
    }
    session.lastUsedMs = nowMs;
    this.#byId.delete(session.id);
    this.#byId.set(session.id, session);
    return true;
  }

  remove(id: number): void {
    const session = this.#byId.get(id);
    if (session === undefined) return;
    this.#byId.delete(id);
    this.#bytes -= session.bytes;
  }

  #evictFor(size: number, isPrivileged: boolean, nowMs: number): boolean {
    const oldest = this.#byId.values().next().value!;
    if (nowMs - oldest.lastUsedMs > EVICTION_MS) {
      this.remove(oldest.id);
      return true;
    }
    let victim: FetchSession | null = null;
    for (const session of this.#byId.values()) {
      // Older when it was used last: one that has become so since stays until it was used again, or too long not used.
      const isMature = session.lastUsedMs - session.createdMs > EVICTION_MS;
      const isOpenTo = isMature || (isPrivileged && !session.isPrivileged);
      if (isOpenTo && (victim === null || outweighs(victim.isPrivileged, victim.size, session))) victim = session;
    }
    if (victim === null || !outweighs(isPrivileged, size, victim)) return false;
    this.remove(victim.id);
    return true;
  }

  #newId(): number {
    const { idMin, idMax } = this.#share;
    for (;;) {
      const id = idMin + (this.#entropy.uint32() % (idMax - idMin + 1));
      if (!this.#byId.has(id)) return id;
    }
  }
}

/** Followers count more than consumers, many partitions more than few. */
function outweighs(isPrivileged: boolean, size: number, other: FetchSession): boolean {
  return isPrivileged === other.isPrivileged ? size > other.size : isPrivileged;
}

const ID_MAX = 0x7fff_ffff;
/** How long a session is safe, from its creation and from its last use. */
const EVICTION_MS = 120_000;
/** Of all sessions of a shard. */
const SESSIONS_BYTES_MAX = 128 * 1024 * 1024;
