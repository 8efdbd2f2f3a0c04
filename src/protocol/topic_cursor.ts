import { FrameCursor } from './frame_cursor.ts';

/** From here on topics have ids instead of names, in Produce and in Fetch (KIP-516). */
const TOPIC_IDS_FROM = 13;

/** A request whose topics have names, or ids, and partitions. */
export class TopicCursor extends FrameCursor {
  /** Bounds of the current topic's name; both -1 from version 13 on. */
  topicNameStart = -1;
  topicNameEnd = -1;
  /** The current topic's id as four words, most significant first; 0 before version 13. */
  topicId0 = 0;
  topicId1 = 0;
  topicId2 = 0;
  topicId3 = 0;
  /** Of the current topic. */
  partitionCount = 0;

  /** Goes over a topic's name or id. False: it is not there. */
  protected readTopic(): boolean {
    if (this.version >= TOPIC_IDS_FROM) {
      const at = this.take(16);
      if (at < 0) return false;
      this.topicNameStart = -1;
      this.topicNameEnd = -1;
      this.topicId0 = this.view.getInt32(at);
      this.topicId1 = this.view.getInt32(at + 4);
      this.topicId2 = this.view.getInt32(at + 8);
      this.topicId3 = this.view.getInt32(at + 12);
      return true;
    }
    const length = this.stringLength();
    if (length < 0) {
      this.fail();
      return false;
    }
    this.topicNameStart = this.take(length);
    this.topicNameEnd = this.position;
    this.topicId0 = 0;
    this.topicId1 = 0;
    this.topicId2 = 0;
    this.topicId3 = 0;
    return true;
  }

  /** What a topic without partitions takes at least. */
  protected topicBytesMin(): number {
    if (!this.flexible) return 6;
    return this.version >= TOPIC_IDS_FROM ? 18 : 3;
  }
}
