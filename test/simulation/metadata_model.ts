import type { MetadataImage } from '../../src/metadata/metadata_image.ts';
import type { Finding } from './checkers.ts';

/** One change of the metadata: a topic that comes or goes, and where its batch ends in the log. */
export interface MetadataChange {
  readonly topic: string;
  readonly isRemoval: boolean;
  endOffset: number;
}

/**
 * What a metadata log must hold, as a list of changes: obviously right. A change that was being written when the process
 * died may be there after it or not; one that was refused may not.
 */
export class MetadataModel {
  readonly committed: MetadataChange[] = [];
  /** Being written now; kept when the process dies. */
  inDoubt: MetadataChange | null = null;

  /** The topics that there are when everything below `endOffset` is applied. */
  topicsAt(endOffset: number): string[] {
    return topicsOf(this.committed.filter((change) => change.endOffset <= endOffset));
  }

  get topics(): string[] {
    return topicsOf(this.committed);
  }

  begin(change: MetadataChange): void {
    this.inDoubt = change;
  }

  /** The change took place, or was refused for good. */
  end(endOffset: number | null): void {
    if (endOffset !== null) this.committed.push({ ...this.inDoubt!, endOffset });
    this.inDoubt = null;
  }

  /** What a process found at its start: all that was committed, and what was in doubt or not. */
  opened(found: readonly string[], endOffset: number): Finding | null {
    const without = this.topics;
    const { inDoubt } = this;
    const withDoubt = inDoubt === null ? without : topicsOf([...this.committed, inDoubt]);
    this.inDoubt = null;
    if (sameTopics(found, without)) return null;
    if (!sameTopics(found, withDoubt)) {
      const doubt = inDoubt === null ? '' : ` (or ${inDoubt.topic} on top)`;
      return { rule: 'I10 committed metadata', detail: `found ${found.join()} instead of ${without.join()}${doubt}` };
    }
    this.committed.push({ ...inDoubt!, endOffset });
    return null;
  }

  /** A thread has applied everything below `endOffset`, and nothing else. */
  applied(image: MetadataImage, endOffset: number): Finding | null {
    const found = topicsIn(image);
    const expected = this.topicsAt(endOffset);
    if (sameTopics(found, expected)) return null;
    const detail = `up to ${endOffset}: ${found.join()} instead of ${expected.join()}`;
    return { rule: 'I10 applied metadata is a prefix of what is committed', detail };
  }
}

export function topicsIn(image: MetadataImage): string[] {
  return [...image.topics()].map(({ name }) => name);
}

function topicsOf(changes: readonly MetadataChange[]): string[] {
  const topics = new Set<string>();
  for (const { topic, isRemoval } of changes) {
    if (isRemoval) topics.delete(topic);
    else topics.add(topic);
  }
  return [...topics];
}

/** Snapshots may tell of topics in another order. */
function sameTopics(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}
