// test/live/support/offload.ts: receive offloads of an interface, as ethtool(8) switches them, by ethtool's own ioctl: that program need
// not be there.
import type { Lab } from '../../../host/demo/lab/lab.js';
import type { LabHost } from '../../../host/demo/lab/labHost.js';

const SCRIPT = `
import fcntl, socket, struct, sys, array
name, wanted = sys.argv[1], dict((word.lstrip("-"), word[0] != "-") for word in sys.argv[2:])
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def ask(data):
    data = array.array("B", data)
    address, _ = data.buffer_info()
    fcntl.ioctl(end, 0x8946, struct.pack("16sP", name.encode(), address))  # SIOCETHTOOL
    return data.tobytes()
FEATURES = 4  # ETH_SS_FEATURES
count = struct.unpack_from("I", ask(struct.pack("IIQI", 0x37, 0, 1 << FEATURES, 0)), 16)[0]  # ETHTOOL_GSSET_INFO
strings = ask(struct.pack("III", 0x1b, FEATURES, count) + bytes(32 * count))[12:]  # ETHTOOL_GSTRINGS
names = [strings[32 * i : 32 * i + 32].split(b"\\0")[0].decode() for i in range(count)]
blocks = (count + 31) // 32
valid = requested = 0
for feature, on in wanted.items():
    valid |= 1 << names.index(feature)
    requested |= on << names.index(feature)
words = b"".join(struct.pack("II", valid >> 32 * i & 0xffffffff, requested >> 32 * i & 0xffffffff) for i in range(blocks))
ask(struct.pack("II", 0x3b, blocks) + words)  # ETHTOOL_SFEATURES
now = ask(struct.pack("II", 0x3a, blocks) + bytes(16 * blocks))[8:]  # ETHTOOL_GFEATURES: available, requested, active, never changed
active = sum(struct.unpack_from("IIII", now, 16 * i)[2] << 32 * i for i in range(blocks))
wrong = [feature for feature, on in wanted.items() if active >> names.index(feature) & 1 != on]
if wrong:
    sys.exit("not as asked: " + " ".join(wrong))
`;

const SEGMENTATION = [
  'tx-tcp-segmentation',
  'tx-tcp-ecn-segmentation',
  'tx-tcp6-segmentation',
  'tx-tcp-mangleid-segmentation',
];

/** Switches features of an interface on, and those with a minus off. */
async function setFeatures(host: LabHost, link: string, ...features: string[]): Promise<void> {
  await host.exec('python3', ['-c', SCRIPT, link, ...features]);
}

/** veth(4) joins nothing that comes from an end which may send super-frames: there is mostly no need. */
async function joinAt(lab: Lab, host: LabHost, link: string, ...features: string[]): Promise<void> {
  const { stdout } = await host.exec('ip', ['-json', 'link', 'show', 'dev', link]);
  const [{ link_index: peer } = { link_index: 0 }] = JSON.parse(stdout) as { link_index: number }[];
  const { stdout: all } = await lab.fabric.exec('ip', ['-json', 'link', 'show']);
  const port = (JSON.parse(all) as { ifindex: number; ifname: string }[]).find(({ ifindex }) => ifindex === peer);
  if (port === undefined) throw new Error(`no port of ${link}`);
  await setFeatures(lab.fabric, port.ifname, ...SEGMENTATION.map((feature) => `-${feature}`));
  await setFeatures(host, link, ...features);
  // In a thread of its own: else each frame is received before the next one is sent. /sys as it was mounted shows another namespace.
  const thread = `mount -t sysfs sysfs /sys && echo 1 >/sys/class/net/${link}/threaded`;
  await host.exec('unshare', ['--mount', 'sh', '-c', thread]);
}

/** The kernel joins TCP segments that come in by this interface, also inside of IPIP. */
export function joinSegments(lab: Lab, host: LabHost, link: string): Promise<void> {
  return joinAt(lab, host, link, 'rx-gro');
}

/** And UDP datagrams of one length, of one flow. */
export function joinDatagrams(lab: Lab, host: LabHost, link: string): Promise<void> {
  return joinAt(lab, host, link, 'rx-gro', 'rx-udp-gro-forwarding');
}
