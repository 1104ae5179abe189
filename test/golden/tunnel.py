#!/usr/bin/env python3
"""Makes tunnel.ts beside it with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/tunnel.py

Outer headers are scapy's, all of its checksums made over all bytes; the GUE header is written out from draft-ietf-intarea-gue-09.
"""
import struct

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE
from scapy.packet import Raw

from make import (
    BACKEND4,
    BACKEND6,
    SOURCE4,
    SOURCE6,
    TCP,
    arrives,
    built,
    family4,
    family6,
    flow_hash,
    hop,
    leaves,
    write,
    Ether,
    CLIENT4,
    CLIENT6,
    VIP4,
    VIP6,
)

PRIVATE = bytes.fromhex("c0ffee00010203ff")
DSCP = 46


def packets(frames):
    return {name: Ether(bytes(frame)).payload for name, _, frame in frames}


def stripped(packet):
    """Without the padding of its frame."""
    length = packet.len if packet.version == 4 else 40 + packet.plen
    return type(packet)(bytes(packet)[:length])


FOUR, SIX = packets(family4()), packets(family6())
SYN4, SYN6 = stripped(FOUR["SYN"]), stripped(SIX["SYN"])
OPTIONS4 = FOUR["OPTIONS"]


def outer(packet, family, protocol):
    tos = packet.tos if packet.version == 4 else packet.tc
    if family == 4:
        return IP(src=SOURCE4, dst=BACKEND4, proto=protocol, ttl=64, id=0, flags="DF", tos=tos)
    label = flow_hash(packet) & 0xFFFFF
    return IPv6(src=SOURCE6, dst=BACKEND6, nh=protocol, hlim=64, tc=tos, fl=label)


def number(packet):
    return 4 if packet.version == 4 else 41


def ipip(packet, family):
    return built(outer(packet, family, number(packet)) / hop(packet))


def gre(packet, family):
    return built(outer(packet, family, 47) / GRE(proto=0x0800 if packet.version == 4 else 0x86DD) / hop(packet))


def gue(packet, family, port=6080, header=b""):
    udp = UDP(sport=0xC000 | flow_hash(packet) & 0x3FFF, dport=port)
    return built(outer(packet, family, 17) / udp / Raw(header + bytes(hop(packet))))


def gue0(packet, family, private=b""):
    """Variant 0: version and C bit 0, length in words behind the first four bytes, protocol, no flags, the private field."""
    return gue(packet, family, 6081, struct.pack(">BBH", len(private) // 4, number(packet), 0) + private)


def l3dsr(packet):
    """Another destination and DSCP, ECN kept; every checksum made anew."""
    packet = hop(packet)
    ecn = (packet.tos if packet.version == 4 else packet.tc) & 3
    if packet.version == 4:
        packet.dst, packet.tos = BACKEND4, DSCP << 2 | ecn
        del packet.chksum
    else:
        packet.dst, packet.tc = BACKEND6, DSCP << 2 | ecn
    transport = packet.getlayer(TCP) or packet.getlayer(UDP)
    if not (transport.name == "UDP" and transport.chksum == 0):
        del transport.chksum
    return built(packet)


def frames():
    udp4 = IP(src=CLIENT4, dst=VIP4, ttl=64, id=0x1234, flags="DF") / UDP(sport=40001, dport=53, chksum=0) / Raw(b"no checksum")
    udp6 = built(IPv6(src=CLIENT6, dst=VIP6, hlim=64, tc=0x2A, fl=0x12345) / UDP(sport=40001, dport=53) / Raw(b"a query, odd"[:11]))
    udp4 = built(udp4)
    spare = IP(bytes(built(IP(src=CLIENT4, dst=VIP4) / UDP(sport=40001, dport=53) / Raw(b"counted"))) + b"spare")
    spare.len += 5
    del spare.chksum
    spare = built(spare)
    yield "NO_CHECKSUM", "UDP over IPv4 without a checksum.", arrives(udp4)
    yield "SPARE", "UDP whose length leaves five bytes of the packet over.", arrives(spare)
    yield "UDP6", "UDP over IPv6, odd length.", arrives(udp6)
    for name, packet in (("SYN4", SYN4), ("SYN6", SYN6)):
        inner = name[-1]
        for family in (4, 6):
            yield f"{name}_IPIP{family}", f"SYN of forward{inner} in an outer IPv{family} header.", leaves(ipip(packet, family))
            yield f"{name}_GRE{family}", f"SYN of forward{inner} in GRE over IPv{family}.", leaves(gre(packet, family))
            yield f"{name}_GUE{family}", f"SYN of forward{inner} in GUE variant 1 over IPv{family}.", leaves(gue(packet, family))
            yield (
                f"{name}_GUE0_{family}",
                f"SYN of forward{inner} in GUE variant 0 over IPv{family}, port 6081.",
                leaves(gue0(packet, family)),
            )
            yield (
                f"{name}_PRIVATE{family}",
                f"The same with a private field of {len(PRIVATE)} bytes.",
                leaves(gue0(packet, family, PRIVATE)),
            )
        yield f"{name}_L3DSR", f"SYN of forward{inner} to the backend's address, DSCP {DSCP}.", leaves(l3dsr(packet))
    for family in (4, 6):
        yield f"OPTIONS_GUE{family}", f"OPTIONS of forward4 in GUE over IPv{family}.", leaves(gue(OPTIONS4, family))
        yield f"NO_CHECKSUM_GUE{family}", f"NO_CHECKSUM in GUE over IPv{family}.", leaves(gue(udp4, family))
        yield f"SPARE_GUE{family}", f"SPARE in GUE over IPv{family}.", leaves(gue(spare, family))
        yield f"UDP6_GUE{family}", f"UDP6 in GUE over IPv{family}.", leaves(gue(udp6, family))
        yield f"DATA_GUE{family}", f"DATA of forward4 (and DATA_HALF, completed) in GUE over IPv{family}.", leaves(gue(FOUR["DATA"], family))
    yield "OPTIONS_L3DSR", "OPTIONS of forward4: ECN 1 stays.", leaves(l3dsr(OPTIONS4))
    yield "NO_CHECKSUM_L3DSR", "NO_CHECKSUM: still without one.", leaves(l3dsr(udp4))
    yield "UDP6_L3DSR", "UDP6 to the backend's address.", leaves(l3dsr(udp6))
    yield "DATA_L3DSR", "DATA of forward4 (and DATA_HALF, completed).", leaves(l3dsr(FOUR["DATA"]))


if __name__ == "__main__":
    write("tunnel", "what leaves through IPIP, GRE, GUE and L3DSR.", list(frames()), "tunnel.py")
