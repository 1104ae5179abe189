// host/linux/bpf.ts: classic BPF as SO_ATTACH_FILTER takes it (filter.rst of the kernel): two registers, A and X, and
// jumps that only go forward. Loads past the end of the frame end the program with 0: the frame is dropped.
//
//   struct sock_filter:  code u16 at 0 | jt u8 at 2 | jf u8 at 3 | k u32 at 4
//   struct sock_fprog:   count u16 at 0 | pointer u64 at 8

import { libc } from './libc.js';

export const LD_H_ABS = 0x28; // A = u16 at k
export const LD_W_IND = 0x40; // A = u32 at X + k
export const LD_H_IND = 0x48; // A = u16 at X + k
export const LD_B_IND = 0x50; // A = u8 at X + k
export const LDX_IMM = 0x01; // X = k
export const JA = 0x05; // skip k instructions
export const JEQ_K = 0x15; // skip jt instructions when A == k, else jf
export const JGT_K = 0x25;
export const JGE_K = 0x35;
export const RET_K = 0x06; // keep the first k bytes of the frame; 0 drops it

/** BPF_MAXINSNS: the kernel takes no longer program. */
export const INSTRUCTIONS_MAX = 4096;

/** One instruction. `jt` and `jf` (0..255) count the instructions to skip. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  /** u32 */
  readonly k: number;
}

/** At most INSTRUCTIONS_MAX instructions; every path ends with RET_K. */
export type BpfProgram = readonly Instruction[];

/** Puts an instruction together. */
export function op(code: number, k: number, jt = 0, jf = 0): Instruction {
  return { code, jt, jf, k: k >>> 0 };
}

/** Drops every frame: what a socket has until it is ready. */
export const DROP_ALL: BpfProgram = [op(RET_K, 0)];

const INSTRUCTION_BYTES = 8;
const FPROG_BYTES = 16;

/** Instructions as the kernel reads them. */
export function encodeProgram(program: BpfProgram): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(i * INSTRUCTION_BYTES, code, true);
    view.setUint8(i * INSTRUCTION_BYTES + 2, jt);
    view.setUint8(i * INSTRUCTION_BYTES + 3, jf);
    view.setUint32(i * INSTRUCTION_BYTES + 4, k, true);
  });
  return bytes;
}

/** A struct sock_fprog that points to `instructions`, which must be kept until the call is over. */
export function fprog(instructions: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FPROG_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, instructions.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, libc().address(instructions), true);
  return bytes;
}
