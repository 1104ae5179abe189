// test/model/fragments.ts: the plain twin of assembly/fragment.ts: a map of packets whose fragments come, and lists of what is held.
// Its table has room for every packet; the places to hold frames are counted.

/** A fragment that came. */
interface ModelFragment {
  /** Source, destination, identification and, in IPv4, protocol. */
  key: string;
  isFirst: boolean;
  /** Names the frame. */
  id: number;
  /** Where the first one goes; undefined when it is not forwarded. */
  backend?: string | undefined;
}

interface ModelOutcome {
  kind: 'forward' | 'hold' | 'drop';
  /** Frames that leave because of it, in order, and to whom. */
  sent: number[];
  backend: string | undefined;
}

interface Entry {
  isDecided: boolean;
  tick: number;
  held: number[];
  backend: string | undefined;
}

export class FragmentModel {
  heldSent = 0;
  heldLost = 0;
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly heldMax: number,
    private readonly timeoutTicks: number,
  ) {}

  get heldNow(): number {
    let count = 0;
    for (const { held } of this.entries.values()) count += held.length;
    return count;
  }

  arrive(fragment: ModelFragment, tick: number): ModelOutcome {
    this.expire(tick);
    return fragment.isFirst ? this.first(fragment, tick) : this.later(fragment, tick);
  }

  private first({ key, id, backend }: ModelFragment, tick: number): ModelOutcome {
    const held = this.entries.get(key)?.held ?? [];
    this.entries.set(key, { isDecided: true, tick, held: [], backend });
    if (backend === undefined) {
      this.heldLost += held.length;
      return { kind: 'drop', sent: [], backend };
    }
    this.heldSent += held.length;
    return { kind: 'forward', sent: [id, ...held], backend };
  }

  private later({ key, id }: ModelFragment, tick: number): ModelOutcome {
    const entry = this.entries.get(key);
    if (entry?.isDecided) {
      if (entry.backend === undefined) return { kind: 'drop', sent: [], backend: undefined };
      entry.tick = tick;
      return { kind: 'forward', sent: [id], backend: entry.backend };
    }
    if (this.heldNow >= this.heldMax) return { kind: 'drop', sent: [], backend: undefined };
    if (entry === undefined) this.entries.set(key, { isDecided: false, tick, held: [id], backend: undefined });
    else entry.held.push(id);
    return { kind: 'hold', sent: [], backend: undefined };
  }

  private expire(tick: number): void {
    for (const [key, entry] of this.entries) {
      if (tick - entry.tick <= this.timeoutTicks) continue;
      this.heldLost += entry.held.length;
      this.entries.delete(key);
    }
  }
}
