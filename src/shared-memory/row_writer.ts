import { assert } from '../base/assert.ts';
import { highHalf, joinHalves, lowHalf } from './halves.ts';

/** Where a field lies in a half of a row, in words. 64-bit fields are two words, low half first. */
export const field = {
  incarnation: 0,
  state: 1,
  owner: 2,
  ownerEpoch: 3,
  leaderEpoch: 4,
  readEpoch: 5,
  logDirectory: 6,
  futureSlot: 7,
  segmentCount: 8,
  segmentsPlace: 9,
  segmentsGeneration: 10,
  activeSegmentBytes: 11,
  followersExtra: 12,
  abortedTransactions: 13,
  logEndOffset: 14,
  highWatermark: 16,
  lastStableOffset: 18,
  logStartOffset: 20,
  localLogStartOffset: 22,
  highestRemoteOffset: 24,
} as const;

export const fieldCount = Object.keys(field).length;
export const fieldWords = 26;
const everyWord = 2 ** fieldWords - 1;

assert(fieldWords < 31, 'a half has a bit for each of its words');
assert(Math.max(...Object.values(field)) + 2 === fieldWords, 'the last field ends the half');

/**
 * The writer's side of one row. Setters write the half that nobody reads; `publish` makes them visible together.
 * Reading a field gives what will be published next.
 *
 * The two halves differ in what the last publication set, and in nothing else: only those words are carried over,
 * and a publication costs as many stores as fields move.
 */
export class RowWriter {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #versionIndex: number;
  #version: number;
  /** First word of the half that readers use, and of the other one. */
  #published: number;
  #next: number;
  /** Words set since the last publication, and words that the other half lacks: bit by bit. */
  #set = 0;
  #lacking = everyWord;

  constructor(words: Int32Array<SharedArrayBuffer>, versionIndex: number, halfStart: number, halfDistance: number) {
    this.#words = words;
    this.#versionIndex = versionIndex;
    this.#version = Atomics.load(words, versionIndex);
    this.#published = halfStart + (this.#version & 1) * halfDistance;
    this.#next = halfStart + (~this.#version & 1) * halfDistance;
  }

  /** Makes everything set visible at once. Nothing set: does nothing. */
  publish(): void {
    if (this.#set === 0) return;
    let carry = this.#lacking & ~this.#set;
    for (; carry !== 0; carry &= carry - 1) {
      const word = 31 - Math.clz32(carry & -carry);
      Atomics.store(this.#words, this.#next + word, Atomics.load(this.#words, this.#published + word));
    }
    this.#version = (this.#version + 1) | 0;
    Atomics.store(this.#words, this.#versionIndex, this.#version);
    const published = this.#next;
    this.#next = this.#published;
    this.#published = published;
    this.#lacking = this.#set;
    this.#set = 0;
  }

  /** Sets every field but the incarnation and the read epoch to what a new replica begins with. */
  clear(): void {
    this.state = 0;
    this.owner = 0;
    this.ownerEpoch = 0;
    this.leaderEpoch = -1;
    this.logDirectory = 0;
    this.futureSlot = -1;
    this.segmentCount = 0;
    this.segmentsPlace = -1;
    this.segmentsGeneration = (this.segmentsGeneration + 1) | 0;
    this.activeSegmentBytes = 0;
    this.followersExtra = -1;
    this.abortedTransactions = 0;
    this.logEndOffset = 0;
    this.highWatermark = 0;
    this.lastStableOffset = 0;
    this.logStartOffset = 0;
    this.localLogStartOffset = 0;
    this.highestRemoteOffset = -1;
  }

  get incarnation(): number {
    return this.#get(field.incarnation);
  }
  set incarnation(value: number) {
    this.#put(field.incarnation, value);
  }
  get state(): number {
    return this.#get(field.state);
  }
  set state(value: number) {
    this.#put(field.state, value);
  }
  get owner(): number {
    return this.#get(field.owner);
  }
  set owner(value: number) {
    this.#put(field.owner, value);
  }
  get ownerEpoch(): number {
    return this.#get(field.ownerEpoch);
  }
  set ownerEpoch(value: number) {
    this.#put(field.ownerEpoch, value);
  }
  get leaderEpoch(): number {
    return this.#get(field.leaderEpoch);
  }
  set leaderEpoch(value: number) {
    this.#put(field.leaderEpoch, value);
  }
  get readEpoch(): number {
    return this.#get(field.readEpoch);
  }
  set readEpoch(value: number) {
    this.#put(field.readEpoch, value);
  }
  get logDirectory(): number {
    return this.#get(field.logDirectory);
  }
  set logDirectory(value: number) {
    this.#put(field.logDirectory, value);
  }
  get futureSlot(): number {
    return this.#get(field.futureSlot);
  }
  set futureSlot(value: number) {
    this.#put(field.futureSlot, value);
  }
  get segmentCount(): number {
    return this.#get(field.segmentCount);
  }
  set segmentCount(value: number) {
    this.#put(field.segmentCount, value);
  }
  get segmentsPlace(): number {
    return this.#get(field.segmentsPlace);
  }
  set segmentsPlace(value: number) {
    this.#put(field.segmentsPlace, value);
  }
  get segmentsGeneration(): number {
    return this.#get(field.segmentsGeneration);
  }
  set segmentsGeneration(value: number) {
    this.#put(field.segmentsGeneration, value);
  }
  /** Up to 4 GiB. */
  get activeSegmentBytes(): number {
    return this.#get(field.activeSegmentBytes) >>> 0;
  }
  set activeSegmentBytes(value: number) {
    this.#put(field.activeSegmentBytes, value | 0);
  }
  get abortedTransactions(): number {
    return this.#get(field.abortedTransactions);
  }
  set abortedTransactions(value: number) {
    this.#put(field.abortedTransactions, value);
  }
  get followersExtra(): number {
    return this.#get(field.followersExtra);
  }
  set followersExtra(value: number) {
    this.#put(field.followersExtra, value);
  }
  get logEndOffset(): number {
    return this.#getHalves(field.logEndOffset);
  }
  set logEndOffset(value: number) {
    this.#putHalves(field.logEndOffset, value);
  }
  get highWatermark(): number {
    return this.#getHalves(field.highWatermark);
  }
  set highWatermark(value: number) {
    this.#putHalves(field.highWatermark, value);
  }
  get lastStableOffset(): number {
    return this.#getHalves(field.lastStableOffset);
  }
  set lastStableOffset(value: number) {
    this.#putHalves(field.lastStableOffset, value);
  }
  get logStartOffset(): number {
    return this.#getHalves(field.logStartOffset);
  }
  set logStartOffset(value: number) {
    this.#putHalves(field.logStartOffset, value);
  }
  get localLogStartOffset(): number {
    return this.#getHalves(field.localLogStartOffset);
  }
  set localLogStartOffset(value: number) {
    this.#putHalves(field.localLogStartOffset, value);
  }
  get highestRemoteOffset(): number {
    return this.#getHalves(field.highestRemoteOffset);
  }
  set highestRemoteOffset(value: number) {
    this.#putHalves(field.highestRemoteOffset, value);
  }

  #get(word: number): number {
    const half = (this.#set & (1 << word)) !== 0 ? this.#next : this.#published;
    return Atomics.load(this.#words, half + word);
  }

  #getHalves(word: number): number {
    return joinHalves(this.#get(word), this.#get(word + 1));
  }

  #put(word: number, value: number): void {
    const bit = 1 << word;
    // A load is cheaper than a store: what already stands in both halves is left alone.
    if (((this.#set | this.#lacking) & bit) === 0 && Atomics.load(this.#words, this.#published + word) === value)
      return;
    this.#set |= bit;
    Atomics.store(this.#words, this.#next + word, value);
  }

  #putHalves(word: number, value: number): void {
    this.#put(word, lowHalf(value));
    this.#put(word + 1, highHalf(value));
  }
}
