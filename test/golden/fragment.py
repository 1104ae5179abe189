#!/usr/bin/env python3
"""Makes fragment.ts beside it with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/fragment.py
"""
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN
from scapy.packet import Raw

from make import (
    BACKEND4,
    CLIENT4,
    CLIENT6,
    SOURCE4,
    VIP4,
    VIP6,
    arrives,
    built,
    hop,
    leaves,
    write,
)

DATA = Raw(bytes(range(100)))


def four():
    whole = built(IP(src=CLIENT4, dst=VIP4, ttl=64, id=0x4321) / UDP(sport=40001, dport=53) / DATA)
    for i, piece in enumerate(fragment(whole, fragsize=48), 1):
        piece = built(piece)
        yield f"PIECE4_{i}", f"Fragment {i} of a UDP datagram of 108 bytes.", arrives(piece)
        yield f"PIECE4_{i}_L2", f"PIECE4_{i}, sent on by L2.", leaves(hop(piece))
        outer = IP(src=SOURCE4, dst=BACKEND4, proto=4, ttl=64, id=0, flags="DF")
        yield f"PIECE4_{i}_IPIP", f"PIECE4_{i} in an outer IPv4 header.", leaves(outer / hop(piece))


def six():
    head = IPv6(src=CLIENT6, dst=VIP6, hlim=64)
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
    datagram = bytes(built(head / UDP(sport=40001, dport=53) / DATA))[40:]
    # Destination options on both sides of the fragment header: those behind it are in the first fragment only.
    body = bytes([17, 0, 1, 4, 0, 0, 0, 0]) + datagram
    for i, at in enumerate(range(0, len(body), 48), 1):
        more = int(at + 48 < len(body))
        piece = head / options / IPv6ExtHdrFragment(nh=60, id=0xABCD, offset=at // 8, m=more) / Raw(body[at : at + 48])
        piece = built(piece)
        yield f"PIECE6_{i}", f"Fragment {i} of the datagram behind extension headers.", arrives(piece)
        yield f"PIECE6_{i}_L2", f"PIECE6_{i}, sent on by L2.", leaves(hop(piece))


if __name__ == "__main__":
    write("fragment", "fragments of UDP datagrams.", [*four(), *six()], "fragment.py")
