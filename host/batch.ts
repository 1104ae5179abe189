// host/batch.ts: the cells of a hot path as its users see them: frames written in, verdicts and frames read out, without garbage.

/** What the bytes of a frame do not say. */
export interface FrameMeta {
  /** VLAN tag that was taken out of the frame: TCI, 0..65535. */
  vlanTci?: number;
  /** virtio_net_hdr, 10 bytes: half checksum, segments. */
  virtio?: Uint8Array;
  /** sll_pkttype: 0 for us, 1 broadcast, 2 multicast, 3 for another host, 4 outgoing. Default 0. */
  packetType?: number;
  /** A packet of this host for a health check: its mark (SO_MARK), 0..4294967295, says for which backend. Default: none. */
  mark?: number;
}

/**
 * Frames of one call, without garbage: write into input(i), set its length, run(), read. Numbers only; outputs are places
 * in `bytes`. All views are valid until the hot path is disposed of; their contents until the next run.
 */
export interface Batch {
  /** How many frames it holds. */
  readonly size: number;
  /** The whole memory, where outputs lie. */
  readonly bytes: Uint8Array;
  /** Where frame `i` is written: frameBytesMax bytes, which are rewritten in place by run(). */
  input(i: number): Uint8Array;
  /** Length of frame `i` in bytes; clears its meta. Longer than frameBytesMax: the frame will get DROP_SNAPPED. */
  setLength(i: number, bytes: number): void;
  /** What the bytes of frame `i` do not say. Call it behind setLength(), which clears it. */
  setMeta(i: number, meta: FrameMeta): void;
  /** Takes the first `count` frames to their verdicts. Default: all. */
  run(count?: number): void;
  /** Verdict number of frame `i` (verdictName). */
  verdict(i: number): number;
  /** Key of the VIP that frame `i` was for, undefined when it was for none. */
  vip(i: number): string | undefined;
  /** Address of the backend that was chosen for frame `i`, undefined when none was. */
  backend(i: number): string | undefined;
  /**
   * Bytes that inline decapsulation (compat 'katran') took off the front of frame `i`, 0 otherwise: with IGNORE_DECAPSULATED the rest of
   * input(i) is what this host is to get.
   */
  front(i: number): number;
  /** How many frames leave because of frame `i`. */
  outputs(i: number): number;
  /** Where in `bytes` output `k` of frame `i` begins. */
  outputBase(i: number, k?: number): number;
  /** Its bytes. */
  outputLength(i: number, k?: number): number;
  /** virtio_net_hdr (10 bytes, a view) that must go with output `k` of frame `i`: a super-frame; undefined otherwise. */
  outputVirtio(i: number, k?: number): Uint8Array | undefined;
}
