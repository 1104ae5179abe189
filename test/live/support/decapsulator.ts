// test/live/support/decapsulator.ts: takes outer headers off on a backend and hands the packets inside to the kernel by a TUN
// device: the receiving end of a tunnel in a few lines of Python, which know nothing of our code. The kernel has looked at the
// outer headers before (raw and UDP sockets), and looks at the inner ones after.
import type { ChildProcess } from 'node:child_process';
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { until } from './until.js';

/** What it needs. */
export const DECAPSULATOR_PROGRAMS = ['python3'];

/** A tunnel's end: `outer` is the family of the outer header, `inner` of the packets inside. */
export interface TunnelEnd {
  type: 'ipip' | 'gre' | 'gue';
  outer: 4 | 6;
  inner: 4 | 6;
}

const SCRIPT = `
import fcntl, os, socket, struct, sys
kind, outer, inner = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
family = socket.AF_INET if outer == 4 else socket.AF_INET6
if kind == "gue":
    end = socket.socket(family, socket.SOCK_DGRAM)
    end.bind(("", 6080))
else:
    protocol = 47 if kind == "gre" else 4 if inner == 4 else 41
    end = socket.socket(family, socket.SOCK_RAW, protocol)
end.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)  # SO_RCVBUFFORCE
print("ready", flush=True)
while True:
    packet = end.recv(65536)
    if kind != "gue" and outer == 4:  # raw(7): with the IP header; ipv6(7): without
        packet = packet[(packet[0] & 15) * 4:]
    if kind == "gre":
        if packet[:4] != (b"\\0\\0\\x08\\0" if inner == 4 else b"\\0\\0\\x86\\xdd"):
            continue
        packet = packet[4:]
    os.write(tun, packet)
`;

/** Starts it on a host; resolves when packets out of the tunnel reach the kernel. */
export async function startDecapsulator(host: LabHost, { type, outer, inner }: TunnelEnd): Promise<ChildProcess> {
  const args = ['-c', SCRIPT, type, `${outer}`, `${inner}`];
  const child = host.spawn('python3', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  await until('the end of the tunnel', () => {
    if (child.exitCode !== null) throw new Error(`python3 ended: ${said}`);
    return said.startsWith('ready');
  });
  await host.ip('link set tun0 up');
  // What comes out of the tunnel has its way back elsewhere.
  await host.sysctl({ 'net/ipv4/conf/all/rp_filter': 0, 'net/ipv4/conf/tun0/rp_filter': 0 });
  return child;
}
