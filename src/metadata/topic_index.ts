import type { TopicImage } from './topic_image.ts';

/**
 * Topics found by the bytes of a request, without making a string: an open-addressed table of hashes, compared byte
 * by byte. One for names and one for ids in each thread. Built anew when it fills; topics come and go rarely.
 */
export class TopicIndex {
  #byName: (TopicImage | null)[] = new Array<TopicImage | null>(64).fill(null);
  #byId: (TopicImage | null)[] = new Array<TopicImage | null>(64).fill(null);
  #topics = new Set<TopicImage>();

  get size(): number {
    return this.#topics.size;
  }

  topics(): IterableIterator<TopicImage> {
    return this.#topics.values();
  }

  add(topic: TopicImage): void {
    this.#topics.add(topic);
    if (this.#topics.size * 2 > this.#byName.length) this.#rebuild(this.#byName.length * 2);
    else this.#insert(topic);
  }

  /** Rebuilds the tables: deletion is rare, and open addressing without tombstones stays simple. */
  remove(topic: TopicImage): void {
    if (this.#topics.delete(topic)) this.#rebuild(this.#byName.length);
  }

  /** The topic whose name is `bytes[start, end)`, or null. */
  byName(bytes: Uint8Array, start: number, end: number): TopicImage | null {
    const mask = this.#byName.length - 1;
    let at = hashName(bytes, start, end) & mask;
    for (;;) {
      const topic = this.#byName[at]!;
      if (topic === null || sameBytes(topic.nameBytes, bytes, start, end)) return topic;
      at = (at + 1) & mask;
    }
  }

  /** The topic with this id, given as four words most significant first, or null. */
  byId(a: number, b: number, c: number, d: number): TopicImage | null {
    const mask = this.#byId.length - 1;
    let at = hashId(b, d) & mask;
    for (;;) {
      const topic = this.#byId[at]!;
      if (topic === null) return null;
      const words = topic.idWords;
      if (words[0] === a && words[1] === b && words[2] === c && words[3] === d) return topic;
      at = (at + 1) & mask;
    }
  }

  #rebuild(size: number): void {
    this.#byName = new Array<TopicImage | null>(size).fill(null);
    this.#byId = new Array<TopicImage | null>(size).fill(null);
    for (const topic of this.#topics) this.#insert(topic);
  }

  #insert(topic: TopicImage): void {
    place(this.#byName, hashName(topic.nameBytes, 0, topic.nameBytes.length), topic);
    place(this.#byId, hashId(topic.idWords[1]!, topic.idWords[3]!), topic);
  }
}

function place(table: (TopicImage | null)[], hash: number, topic: TopicImage): void {
  const mask = table.length - 1;
  let at = hash & mask;
  while (table[at] !== null) at = (at + 1) & mask;
  table[at] = topic;
}

/** FNV-1a. */
function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Ids are random already. */
function hashId(b: number, d: number): number {
  const mixed = Math.imul(b ^ d, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}
