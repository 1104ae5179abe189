// test/linux/bpfInterpreter.ts: classic BPF run by hand, after filter.rst of the kernel: the slow twin of the kernel's.

import type { BpfProgram } from '../../host/linux/bpf.js';

/** What the program returns for a frame. Throws for what the kernel's checker would refuse, or would not end. */
export function interpret(program: BpfProgram, frame: Uint8Array): { result: number; steps: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let a = 0;
  let x = 0;
  let pc = 0;
  for (let steps = 1; steps <= program.length; steps++) {
    const instruction = program[pc];
    if (instruction === undefined) throw new Error(`ran out of the program at ${pc}`);
    const { code, jt, jf, k } = instruction;
    if (![jt, jf].every((jump) => Number.isInteger(jump) && jump >= 0 && jump <= 255)) throw new Error(`jump at ${pc}`);
    pc += 1;
    const size = { 0: 4, 8: 2, 16: 1 }[code & 0x18] ?? 0;
    switch (code) {
      case 0x01:
        x = k;
        break;
      case 0x05:
        pc += k;
        break;
      case 0x06:
        return { result: k, steps };
      case 0x15:
        pc += a === k ? jt : jf;
        break;
      case 0x25:
        pc += a > k ? jt : jf;
        break;
      case 0x35:
        pc += a >= k ? jt : jf;
        break;
      case 0x28:
      case 0x40:
      case 0x48:
      case 0x50: {
        const at = k + (code === 0x28 ? 0 : x);
        if (at + size > frame.length) return { result: 0, steps };
        a = size === 4 ? view.getUint32(at) : size === 2 ? view.getUint16(at) : view.getUint8(at);
        break;
      }
      default:
        throw new Error(`code ${code} at ${pc - 1}`);
    }
  }
  throw new Error('longer than it has instructions: it went back');
}
