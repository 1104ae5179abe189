#!/usr/bin/env python3
"""Makes sctp.ts beside it with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/sctp.py
"""
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkInit

from make import BACKEND4, CLIENT4, CLIENT6, SOURCE4, VIP4, VIP6, arrives, built, hop, leaves, write


def zeroed(packet, at):
    """The checksum left to the device: nothing in the field."""
    raw = bytearray(bytes(packet))
    raw[at : at + 4] = bytes(4)
    return type(packet)(bytes(raw))


def frames():
    init = SCTPChunkInit(init_tag=7, a_rwnd=65536, n_out_streams=10, n_in_streams=10, init_tsn=1)
    data = SCTPChunkData(tsn=1, stream_id=0, stream_seq=0, data=b"odd" * 9)
    four = lambda chunk: built(IP(src=CLIENT4, dst=VIP4, ttl=64, id=5, flags="DF") / SCTP(sport=40002, dport=3868, tag=9) / chunk)
    six = built(IPv6(src=CLIENT6, dst=VIP6, hlim=64) / SCTP(sport=40002, dport=3868, tag=9) / data)
    yield "INIT", "An INIT.", arrives(four(init))
    yield "INIT_L2", "INIT, sent on by L2.", leaves(hop(four(init)))
    yield "DATA_HALF", "Data whose checksum is left to the device.", arrives(zeroed(four(data), 28))
    yield "DATA_L2", "DATA_HALF, completed, sent on by L2.", leaves(hop(four(data)))
    outer = IP(src=SOURCE4, dst=BACKEND4, proto=4, ttl=64, id=0, flags="DF")
    yield "DATA_IPIP", "DATA_HALF, completed, in an outer IPv4 header.", leaves(outer / hop(four(data)))
    yield "DATA6_HALF", "The same over IPv6.", arrives(zeroed(six, 48))
    yield "DATA6_L2", "DATA6_HALF, completed, sent on by L2.", leaves(hop(six))


if __name__ == "__main__":
    write("sctp", "SCTP packets and what leaves because of them.", list(frames()), "sctp.py")
