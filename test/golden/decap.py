#!/usr/bin/env python3
"""Makes decap.ts beside it with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/decap.py

Outer frames as they come to a backend, and, where it is not one of INSIDE4 and INSIDE6, the packet that has to come out. GUE headers
are written out from draft-ietf-intarea-gue-09, the ECN fields from figure 4 of RFC 6040.
"""
import struct

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.packet import Raw

from make import BACKEND4, BACKEND6, BACKEND_MAC, CLIENT4, CLIENT6, OUR_MAC, SOURCE4, SOURCE6, VIP4, VIP6, built, write

NOT_ECT, ECT1, ECT0, CE = range(4)
NAMES = ["NOT_ECT", "ECT1", "ECT0", "CE"]
# Figure 4 of RFC 6040: rows inner, columns outer; None: dropped.
COMBINED = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}
DSCP = 0x28  # of every packet inside; the outer one has another
OUTER_DSCP = 0x10


def inside(family, ecn=NOT_ECT):
    if family == 4:
        ip = IP(src=CLIENT4, dst=VIP4, ttl=63, id=0x1234, flags="DF", tos=DSCP | ecn)
    else:
        ip = IPv6(src=CLIENT6, dst=VIP6, hlim=63, tc=DSCP | ecn, fl=0x12345)
    return built(ip / TCP(sport=40000, dport=80, flags="PA", seq=2, ack=7, window=501) / Raw(b"odd"))


IN4, IN6 = inside(4), inside(6)


def outer(family, protocol, ecn=NOT_ECT, **fields):
    if family == 4:
        return IP(**{"src": SOURCE4, "dst": BACKEND4, "proto": protocol, "id": 0, "flags": "DF", "tos": OUTER_DSCP | ecn, **fields})
    return IPv6(**{"src": SOURCE6, "dst": BACKEND6, "nh": protocol, "hlim": 64, "tc": OUTER_DSCP | ecn, **fields})


def number(packet):
    return 4 if packet.version == 4 else 41


def ethertype(packet):
    return 0x0800 if packet.version == 4 else 0x86DD


def ipip(packet, family, **fields):
    return outer(family, number(packet), **fields) / packet


def gre(packet, family, **fields):
    return outer(family, 47) / GRE(proto=ethertype(packet), **fields) / packet


def gue(data, family, port=6080, **fields):
    return outer(family, 17) / UDP(sport=50000, dport=port, **fields) / Raw(bytes(data))


def header(protocol, private=b"", first=0, flags=0, words=None):
    return struct.pack(">BBH", first | (len(private) // 4 if words is None else words), protocol, flags) + private


def comes(packet, vlan=None):
    ether = Ether(src=OUR_MAC, dst=BACKEND_MAC)
    return (ether / Dot1Q(vlan=vlan) if vlan else ether) / built(packet)


def spoiled(frame, at):
    raw = bytearray(bytes(frame))
    raw[at] ^= 0x04
    return Ether(bytes(raw))


def frames():
    yield "INSIDE4", "The packet inside of IPIP4_4, GRE4_6 and the like, and of those that name no family, behind an Ethernet header.", comes(IN4)
    yield "INSIDE6", "The packet inside of IPIP6_4 and the like.", comes(IN6)
    for packet, inner in ((IN4, 4), (IN6, 6)):
        for family in (4, 6):
            name = f"{inner}_{family}"
            yield f"IPIP{name}", f"IPv{inner} in IPv{family}.", comes(ipip(packet, family))
            yield f"GRE{name}", f"IPv{inner} in GRE over IPv{family}.", comes(gre(packet, family))
            yield f"GRE_SUM{name}", f"The same with a GRE checksum.", comes(gre(packet, family, chksum_present=1))
            yield f"GUE{name}", f"IPv{inner} in GUE variant 1 over IPv{family}.", comes(gue(packet, family))
            yield f"GUE_NONE{name}", f"The same with UDP checksum 0.", comes(gue(packet, family, chksum=0))
            gue0 = header(number(packet)) + bytes(packet)
            private = header(number(packet), bytes.fromhex("c0ffee00010203ff")) + bytes(packet)
            yield f"GUE0{name}", f"IPv{inner} in GUE variant 0 over IPv{family}.", comes(gue(gue0, family))
            yield f"GUE0_PRIVATE{name}", f"The same with a private field.", comes(gue(private, family))
    tagged = comes(ipip(IN4, 4), 42)
    yield "IPIP_TAGGED", "4in4 on VLAN 42.", tagged
    limit = bytes([4, 0, 4, 1, 4, 1, 1, 0])  # RFC 2473, section 5.1, and a PadN of three bytes
    yield "IPIP_LIMIT", "4in6 behind a tunnel encapsulation limit, as Linux sends it.", comes(outer(6, 60) / Raw(limit + bytes(IN4)))
    yield "IPIP_SPARE", "4in4, the outer packet five bytes longer.", comes(outer(4, 4) / Raw(bytes(IN4) + b"spare"))
    yield "IPIP_SHORT", "4in4, the outer packet a byte shorter.", comes(outer(4, 4) / Raw(bytes(IN4)[:-1]))
    yield "IPIP_LIE", "Protocol 4 with an IPv6 packet.", comes(outer(4, 4) / Raw(bytes(IN6)))
    yield "IPIP_NOTHING", "Protocol 41 with nothing.", comes(outer(4, 41))
    yield "IPIP_OTHER", "4in4 from another source.", comes(ipip(IN4, 4, src="10.0.0.2"))
    yield "IPIP_OTHER6", "6in6 from another source.", comes(ipip(IN6, 6, src="2001:db8:5::2"))
    yield "IPIP_ELSEWHERE", "4in4 to another destination.", comes(ipip(IN4, 4, dst="10.0.1.10"))
    yield "IPIP_BROKEN", "4in4 with a wrong outer header checksum.", spoiled(comes(ipip(IN4, 4)), 24)
    yield "IPIP_FRAGMENT", "The first fragment of a 4in4 packet.", comes(outer(4, 4, flags="MF") / Raw(bytes(IN4)))
    yield "IPIP_LATER", "A later one.", comes(outer(4, 4, flags=0, frag=9) / Raw(bytes(IN4)))
    fragment = IPv6ExtHdrFragment(nh=4, m=1, offset=0, id=7)
    yield "IPIP_FRAGMENT6", "The first fragment of a 4in6 packet.", comes(outer(6, 44) / fragment / IN4)
    yield "GRE_KEY", "GRE with a key (RFC 2890).", comes(gre(IN4, 4, key_present=1, key=7))
    yield "GRE_SEQUENCE", "GRE with a sequence number (RFC 2890).", comes(gre(IN4, 4, seqnum_present=1, sequence_number=7))
    yield "GRE_RESERVED", "GRE with bits 6 to 12 set, which are ignored.", comes(gre(IN4, 4, flags=0x1F))
    yield "GRE_VERSION", "GRE version 1.", comes(gre(IN4, 4, version=1))
    yield "GRE_BRIDGED", "GRE with an Ethernet frame inside.", comes(outer(4, 47) / GRE(proto=0x6558) / Raw(bytes(comes(IN4))))
    yield "GRE_SHORT", "Three bytes of GRE.", comes(outer(4, 47) / Raw(b"\0\0\x08"))
    yield "GRE_SUM_SHORT", "A GRE header that ends before its checksum.", comes(outer(4, 47) / Raw(b"\x80\0\x08\0\0\0"))
    yield "GRE_SUM_BROKEN", "A wrong GRE checksum.", spoiled(comes(gre(IN4, 4, chksum_present=1)), 14 + 20 + 8 + 30)
    yield "GUE_PORT", "GUE to port 6081.", comes(gue(IN4, 4, 6081))
    yield "GUE_BROKEN4", "A wrong UDP checksum over IPv4.", spoiled(comes(gue(IN4, 4)), 14 + 28 + 30)
    yield "GUE_BROKEN6", "A wrong UDP checksum over IPv6.", spoiled(comes(gue(IN4, 6)), 14 + 48 + 30)
    yield "GUE_SPARE", "GUE whose UDP length leaves five bytes over.", comes(outer(4, 17) / Raw(bytes(gue(IN4, 4))[20:] + b"spare"))
    yield "GUE_NOTHING", "GUE without a byte.", comes(gue(b"", 4))
    yield "GUE_VARIANT2", "A variant that is not defined.", comes(gue(b"\x80\0\0\0" + bytes(IN4), 4))
    yield "GUE_VERSION5", "Variant 1 with a packet of version 5.", comes(gue(b"\x55" + bytes(IN4)[1:], 4))
    yield "GUE0_CONTROL", "Variant 0, control message 1.", comes(gue(header(1, first=0x20) + bytes(IN4), 4))
    yield "GUE0_FLAGS", "Variant 0 with a flag.", comes(gue(header(4, flags=0x8000) + bytes(IN4), 4))
    yield "GUE0_TCP", "Variant 0 with TCP behind it.", comes(gue(header(6) + bytes(IN4)[20:], 4))
    yield "GUE0_LONG", "Variant 0 whose header is longer than the datagram.", comes(gue(header(4, words=31) + b"\0" * 120, 4))
    for inner in (4, 6):
        for own in range(4):
            for mark in range(4):
                name = f"ECN{inner}_{NAMES[own]}_IN_{NAMES[mark]}"
                yield name, f"{NAMES[own]} inside, {NAMES[mark]} outside.", comes(ipip(inside(inner, own), 4, ecn=mark))
                after = COMBINED[own][mark]
                if after is not None:
                    yield f"{name}_OUT", "What comes out of it.", comes(inside(inner, after))


if __name__ == "__main__":
    write("decap", "outer frames as they come to a backend, and what has to come out.", list(frames()), "decap.py")
