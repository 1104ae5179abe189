// test/live/programs/sendFrames.ts: puts frames on an interface as they are, checksums, tags and all.
import { readConfig, report } from '../../../host/demo/programs/parent.js';
import { openNetlink, sendFrames } from '../../../host/linux/index.js';

/** What is sent, and how often. */
export interface SendFramesConfig {
  link: string;
  /** Base64. */
  frames: string[];
  times: number;
}

/** What is told when all are sent. */
export type SendFramesReport = { type: 'done' };

const { link, frames, times } = readConfig<SendFramesConfig>();
const netlink = openNetlink();
const found = netlink.links().find(({ name }) => name === link);
netlink.close();
if (found === undefined) throw new Error(`no interface ${link}`);
const bytes = frames.map((frame) => Uint8Array.from(Buffer.from(frame, 'base64')));
sendFrames(found, Array.from({ length: times }, () => bytes).flat());
report<SendFramesReport>({ type: 'done' });
process.disconnect?.();
