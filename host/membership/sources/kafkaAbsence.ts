// host/membership/sources/kafkaAbsence.ts: what a topic's reader misses at the moment, and what of that has been told.

/**
 * What can be away, each to come back by itself: brokers; the topic, or the leader of a partition; the answer to a fetch; the records of a
 * topic that had some.
 */
export type AbsenceKind = 'brokers' | 'topic' | 'read' | 'records';

export class Absence {
  private readonly reasons = new Map<AbsenceKind, string>();
  private isTold = false;

  /** True when nothing is missed. */
  get isOver(): boolean {
    return this.reasons.size === 0;
  }

  has(kind: AbsenceKind): boolean {
    return this.reasons.has(kind);
  }

  /** Notes that something is away; returns whether that is news, to be told. */
  begin(kind: AbsenceKind, reason: string): boolean {
    const isNews = !this.reasons.has(kind);
    this.reasons.set(kind, reason);
    this.isTold = true;
    return isNews;
  }

  /** Notes that it is back; returns whether it was away. */
  end(kind: AbsenceKind): boolean {
    return this.reasons.delete(kind);
  }

  /** True once, when all is back after something was told to be away. */
  takeReturn(): boolean {
    const isBack = this.isOver && this.isTold;
    if (isBack) this.isTold = false;
    return isBack;
  }
}
