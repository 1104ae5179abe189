// host/linux/frameSocket.ts: single frames out of an interface and in by it, without rings: for who measures a balancer from outside.
import { EAGAIN, int32, libc, MSG_DONTWAIT, MSG_TRUNC } from './libc.js';
import {
  bindPacketSocket,
  ETH_P_ALL,
  PACKET_IGNORE_OUTGOING,
  type PacketInterface,
  packetSocket,
  SOL_PACKET,
} from './packetSocket.js';
import { POLLIN, Poller } from './poller.js';
import { syscallError } from './syscallError.js';

/** A packet socket on one interface that hears all it receives, and nothing that it sends. */
export class FrameSocket {
  private readonly poller: Poller;

  private constructor(
    private readonly fd: number,
    private readonly name: string,
  ) {
    this.poller = new Poller([{ fd, events: POLLIN }]);
  }

  /** @throws MaglevError ERR_SYSCALL */
  static open(iface: PacketInterface): FrameSocket {
    const fd = packetSocket(iface.name);
    try {
      if (libc().setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, int32(1), 4) < 0)
        throw syscallError('setsockopt PACKET_IGNORE_OUTGOING', iface.name);
      bindPacketSocket(fd, iface, ETH_P_ALL);
      return new FrameSocket(fd, iface.name);
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /** Sends a frame, complete with its Ethernet header. @throws MaglevError ERR_SYSCALL */
  send(frame: Uint8Array): void {
    if (libc().sendto(this.fd, frame, frame.length, 0, null, 0) < 0) throw syscallError('sendto', this.name);
  }

  /** Takes the next frame into `frame`; returns its whole length, which may be more than that holds, or 0 when there is none. */
  receive(frame: Uint8Array): number {
    const length = libc().recvfrom(this.fd, frame, frame.length, MSG_DONTWAIT | MSG_TRUNC, null, null);
    if (length >= 0) return length;
    if (libc().errno() === EAGAIN) return 0;
    throw syscallError('recvfrom', this.name);
  }

  /** Sleeps until there is a frame, at most `timeoutMs`. Blocks the thread. */
  wait(timeoutMs: number): void {
    this.poller.wait(timeoutMs);
  }

  close(): void {
    libc().close(this.fd);
  }
}
