import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkGeometry,
  ringBytes,
  ringFrames,
  ringGeometry,
  SUPER_FRAME_BYTES,
} from '../../host/linux/ringGeometry.js';
import { errorOf } from './netns.js';

const Geometry = suite('linux/ringGeometry');
const KIB = 1024;

Geometry('takes the block size that wastes least', () => {
  // 66112 bytes fit 1, 3, 7 and 15 times into 128, 256, 512 and 1024 KiB. 18 frames: 18 * 128 = 2304 KiB,
  // 6 * 256 = 1536, 3 * 512 = 1536, 2 * 1024 = 2048; of the two least, the smaller block.
  assert.equal(ringGeometry({ frames: 18 }), {
    blockBytes: 256 * KIB,
    blockCount: 6,
    frameBytes: 66112,
    framesPerBlock: 3,
  });
  // 128 frames: 43 * 256 = 11008 KiB, 19 * 512 = 9728, 9 * 1024 = 9216.
  assert.equal(ringGeometry({ frames: 128 }), {
    blockBytes: 1024 * KIB,
    blockCount: 9,
    frameBytes: 66112,
    framesPerBlock: 15,
  });
});

Geometry('packs powers of two without a rest', () => {
  const geometry = ringGeometry({ frames: 1024, frameBytes: 2048 });
  assert.equal(geometry, { blockBytes: 64 * KIB, blockCount: 32, frameBytes: 2048, framesPerBlock: 32 });
  assert.is(ringBytes(geometry), 2048 * KIB);
  assert.is(ringFrames(geometry), 1024);
});

Geometry('never gives fewer frames than asked, and always what the kernel and checkGeometry take', () => {
  for (let frames = 1; frames < 3000; frames += 37) {
    for (const frameBytes of [256, 2048, 9216, SUPER_FRAME_BYTES, 1 << 20]) {
      const geometry = ringGeometry({ frames, frameBytes });
      assert.ok(ringFrames(geometry) >= frames, `${frames} of ${frameBytes}`);
      assert.is(geometry.blockBytes % 65536, 0);
      assert.ok(geometry.blockBytes <= 1 << 20);
      assert.ok(geometry.framesPerBlock * frameBytes <= geometry.blockBytes);
      checkGeometry('rx', geometry);
    }
  }
});

Geometry('a super-frame spans an odd number of cache lines and holds 64 KiB with all headers', () => {
  assert.is(SUPER_FRAME_BYTES % 64, 0);
  assert.is((SUPER_FRAME_BYTES / 64) % 2, 1);
  // tpacket_rcv: the frame begins at most at TPACKET_ALIGN(52 + 16) + 10 - 14 = 76, then Ethernet, a tag, a packet.
  assert.ok(76 + 14 + 4 + 65535 <= SUPER_FRAME_BYTES);
});

Geometry('refuses what no ring can be', async () => {
  const rules: [number, number, string][] = [
    [0, 2048, 'ring frames 0 must be 1..65536'],
    [65537, 2048, 'ring frames 65537 must be 1..65536'],
    [1.5, 2048, 'ring frames 1.5 must be 1..65536'],
    [8, 2050, 'ring frameBytes 2050 must be a multiple of 16, 256..1048576'],
    [8, 128, 'ring frameBytes 128 must be a multiple of 16, 256..1048576'],
  ];
  for (const [frames, frameBytes, message] of rules) {
    const error = await errorOf(() => ringGeometry({ frames, frameBytes }));
    assert.is(error.code, 'ERR_OPTION');
    assert.is(error.message, message);
  }
  const odd = { blockBytes: 4096, blockCount: 1, frameBytes: 2048, framesPerBlock: 2 };
  assert.is(
    (await errorOf(() => checkGeometry('rx', odd))).message,
    'rx.blockBytes 4096 must be a multiple of the page size, 65536',
  );
});

Geometry.run();
