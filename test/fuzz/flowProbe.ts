// test/fuzz/flowProbe.ts: a flow begins, before and behind anything else that happens: what its packets do to the flow table.
// A SYN, however often it is sent, confirms no entry, or a flood of them would push out flows that live; the next packet does.
import { FLOW_BYTES, FLOW_CONFIRMED, REGION_FLOWS } from '../../assembly/layout.js';
import { flowFrame } from '../support/packets.js';
import { Input } from './input.js';
import type { Ledger } from './ledger.js';
import { PROBED_PORT } from './scene.js';
import type { Subject } from './subject.js';

/** Looks into the flow table of one subject. */
export class FlowProbe {
  private readonly input: Input;

  constructor(private readonly subject: Subject) {
    this.input = new Input(subject.capacity);
  }

  /** Sends the first packets of a flow that `chance` chooses. The rule that they break, or undefined. */
  broken(chance: number, tick: number, ledger: Ledger): string | undefined {
    // Clients of 198.51.128.0/17 are nobody else's.
    const flow = { protocol: 'tcp' as const, client: 0x8000 | (chance & 0x7fff), sourcePort: (chance >>> 16) | 1 };
    const destination: [number, number, number, number] = [192, 0, 2, 80];
    const syn = flowFrame({ ...flow, destination, destinationPort: PROBED_PORT, isSyn: true });
    const ack = flowFrame({ ...flow, destination, destinationPort: PROBED_PORT });
    this.send(syn, tick, ledger);
    const before = this.copy();
    this.send(syn, tick, ledger);
    if (this.copy().compare(before) !== 0) return 'a SYN that is sent again changed the flow table';
    this.send(ack, tick, ledger);
    const after = this.copy();
    for (let at = 0; at < after.length; at += FLOW_BYTES) {
      const [old, now] = [before.readBigUInt64LE(at), after.readBigUInt64LE(at)];
      if (old === now) continue;
      return (old ^ now) === BigInt(FLOW_CONFIRMED)
        ? undefined
        : 'the second packet of a flow did more than confirm it';
    }
    return undefined; // it was there, or its bucket is full of flows that live
  }

  private send(frame: Uint8Array, tick: number, ledger: Ledger): void {
    const { input, subject } = this;
    input.clear();
    input.bytes.set(frame);
    input.length = frame.length;
    subject.putGuarded(0, input);
    subject.run(1, tick);
    subject.isGuarded(0, input, false); // remembers where this frame's output lies
    ledger.count(0);
  }

  private copy(): Buffer {
    const { base, bytes } = this.subject.engine.memory.region(REGION_FLOWS);
    return Buffer.from(this.subject.memory.subarray(base, base + bytes));
  }
}
