// bench/studies/kafka/prober.ts: the client's end of the wire: sends SYNs to the balancer and sees where they come out again.
import { FrameSocket, openNetlink } from '../../../host/linux/index.js';
import type { SynFrame } from './flows.js';

const FRAME_BYTES_MAX = 2048;
const SPACING_MS = 0.2;
const ETHER_TYPE = 12;
const IPV4 = 0x0800;
const OUTER_PROTOCOL = 23;
const IPIP = 4;
const OUTER_DESTINATION = 30;
const INNER_SEQUENCE = 58; // Ethernet 14, outer header 20, inner 20, ports 4
const MOVED_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 100;

/** Time that all processes of this machine share, ms: CLOCK_MONOTONIC. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A frame that came out of the balancer. */
interface Forwarded {
  /** The backend's address, as a number. */
  backend: number;
  sequence: number;
}

/** Sends and receives on one interface. Blocks its thread while it waits. */
export class Prober {
  private readonly received = new Uint8Array(FRAME_BYTES_MAX);
  private readonly view = new DataView(this.received.buffer);
  private readonly pillow = new Int32Array(new SharedArrayBuffer(4));
  private sequence = 0;

  private constructor(private readonly socket: FrameSocket) {}

  static open(link: string): Prober {
    const netlink = openNetlink();
    const found = netlink.links().find(({ name }) => name === link);
    netlink.close();
    if (found === undefined) throw new Error(`no interface ${link}`);
    return new Prober(FrameSocket.open(found));
  }

  /** Sends one flow, which must come out for a backend that `isNew` says no to: else the change that we wait for is no change. */
  seeOld(frame: SynFrame, flow: number, isNew: (backend: number) => boolean): void {
    while (this.receive() !== undefined); // what is late, of the change before
    const sequence = this.sequence++;
    this.socket.send(frame.write(flow, sequence));
    const found = this.answerTo(sequence);
    if (found === undefined) throw new Error(`no frame came out within ${ANSWER_TIMEOUT_MS} ms`);
    if (isNew(found.backend))
      throw new Error('frames were forwarded under the new table before the change was published');
  }

  /** Sends a new flow every 0.2 ms until one comes out for a backend that `isNew` says yes to; returns when that one was here, ms. */
  untilMoved(frame: SynFrame, nextFlow: () => number, isNew: (backend: number) => boolean): number {
    const first = this.sequence;
    const deadline = nowMs() + MOVED_TIMEOUT_MS;
    for (;;) {
      this.socket.send(frame.write(nextFlow(), this.sequence++));
      this.sleep(SPACING_MS);
      for (let found = this.receive(); found !== undefined; found = this.receive()) {
        if (found.sequence >= first && isNew(found.backend)) return nowMs();
      }
      if (nowMs() > deadline) throw new Error(`no frame under the new table after ${MOVED_TIMEOUT_MS} ms`);
    }
  }

  /** Sends one frame; returns how long it took to come out again, ms. Infinity: it did not, within 100 ms. */
  roundTrip(frame: SynFrame, flow: number): number {
    const sequence = this.sequence++;
    const sentMs = nowMs();
    this.socket.send(frame.write(flow, sequence));
    return this.answerTo(sequence) === undefined ? Number.POSITIVE_INFINITY : nowMs() - sentMs;
  }

  sleep(ms: number): void {
    if (ms > 0) Atomics.wait(this.pillow, 0, 0, ms);
  }

  close(): void {
    this.socket.close();
  }

  /** What became of the frame of that number; undefined: nothing within 100 ms. */
  private answerTo(sequence: number): Forwarded | undefined {
    const deadline = nowMs() + ANSWER_TIMEOUT_MS;
    while (nowMs() < deadline) {
      this.socket.wait(1);
      for (let found = this.receive(); found !== undefined; found = this.receive())
        if (found.sequence === sequence) return found;
    }
    return undefined;
  }

  /** The next frame that the balancer has put into a tunnel; others are passed over. */
  private receive(): Forwarded | undefined {
    for (let length = this.socket.receive(this.received); length > 0; length = this.socket.receive(this.received)) {
      if (length < INNER_SEQUENCE + 4 || this.view.getUint16(ETHER_TYPE) !== IPV4) continue;
      if (this.received[OUTER_PROTOCOL] !== IPIP) continue;
      return { backend: this.view.getUint32(OUTER_DESTINATION), sequence: this.view.getUint32(INNER_SEQUENCE) };
    }
    return undefined;
  }
}
