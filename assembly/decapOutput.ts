// decapOutput.ts: where packets out of tunnels go: records that writev(2) takes as they are, one a packet. The packet stays where it
// lies; what the kernel is to know of it stands beside.
import {
  DECAP_OUTPUT_BASE,
  DECAP_OUTPUT_BYTES,
  DECAP_OUTPUT_LENGTH,
  DECAP_OUTPUT_VECTOR,
  DECAP_OUTPUT_VIRTIO,
  DECAP_OUTPUTS,
  DECAP_OUTPUTS_MAX,
  VIRTIO_BYTES,
} from './layout';
import { decap } from './memory';

/** Records filled since clear(). */
export let outputCount: u32 = 0;

export function clear(): void {
  outputCount = 0;
}

export function hasRoom(count: u32): bool {
  return outputCount + count <= <u32>DECAP_OUTPUTS_MAX;
}

/** Where record `i` is. */
function outputAt(i: u32): usize {
  return decap + DECAP_OUTPUTS + i * DECAP_OUTPUT_BYTES;
}

/**
 * Hands on the packet of `bytes` bytes at `packet`; `base` is where address 0 of this memory is in the process. Answers where the virtio
 * header of the packet has to be written. There must be room.
 */
export function commit(packet: usize, bytes: u32, base: u64): usize {
  const output = outputAt(outputCount);
  const virtio = output + DECAP_OUTPUT_VIRTIO;
  store<u64>(output, base + virtio, DECAP_OUTPUT_VECTOR);
  store<u64>(output, VIRTIO_BYTES, DECAP_OUTPUT_VECTOR + 8);
  store<u64>(output, base + packet, DECAP_OUTPUT_VECTOR + 16);
  store<u64>(output, bytes, DECAP_OUTPUT_VECTOR + 24);
  store<u32>(output, <u32>packet, DECAP_OUTPUT_BASE);
  store<u32>(output, bytes, DECAP_OUTPUT_LENGTH);
  outputCount++;
  return virtio;
}
