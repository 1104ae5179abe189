#!/usr/bin/env python3
"""Makes icmp.ts beside it with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/icmp.py

Headers and checksums are scapy's; what is to be quoted, and how much of it, is worked out here from the RFCs.
"""
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_RR
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    PadN,
)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

from make import (
    BACKEND4,
    CLIENT4,
    CLIENT6,
    CLIENT_MAC,
    OUR_MAC,
    SOURCE4,
    SOURCE6,
    VIP4,
    VIP6,
    arrives,
    built,
    hop,
    leaves,
    write,
)

ROUTER4, ROUTER6 = "203.0.113.1", "2001:db8:f::1"
PING = Raw(b"0123456789abcde")


def back(packet, vlan=None):
    """From us to who sent the frame."""
    ether = Ether(src=OUR_MAC, dst=CLIENT_MAC)
    return (ether / Dot1Q(vlan=vlan, prio=5) if vlan else ether) / packet


def echo():
    options = [IPOption_RR(pointer=4, routers=["0.0.0.0"]), IPOption_NOP()]
    ask4 = built(IP(src=CLIENT4, dst=VIP4, ttl=9, id=7, tos=0x28) / ICMP(type=8, id=0x1234, seq=5) / PING)
    routed4 = built(IP(src=CLIENT4, dst=VIP4, ttl=9, id=7, tos=0x28, options=options) / ICMP(type=8, id=0x1234, seq=5) / PING)
    tell4 = IP(src=VIP4, dst=CLIENT4, ttl=64, id=0, flags="DF", tos=0x28) / ICMP(type=0, id=0x1234, seq=5) / PING
    yield "PING4", "An echo request to the VIP.", arrives(ask4)
    yield "PING4_TAGGED", "The same on VLAN 42.", arrives(ask4, 42)
    yield "PING4_OPTIONS", "The same with IP options (record route).", arrives(routed4)
    yield "PONG4", "The answer to PING4 and PING4_OPTIONS: TOS kept, options not.", back(tell4)
    yield "PONG4_TAGGED", "The answer to PING4_TAGGED.", back(tell4, 42)
    ip6 = IPv6(src=CLIENT6, dst=VIP6, hlim=9, tc=0x28, fl=0x12345)
    ask6 = built(ip6 / ICMPv6EchoRequest(id=0x1234, seq=5, data=PING.load))
    hops = IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")])
    routed6 = built(ip6 / hops / ICMPv6EchoRequest(id=0x1234, seq=5, data=PING.load))
    tell6 = IPv6(src=VIP6, dst=CLIENT6, hlim=64, tc=0x28) / ICMPv6EchoReply(id=0x1234, seq=5, data=PING.load)
    yield "PING6", "An echo request to the VIP.", arrives(ask6)
    yield "PING6_EXTENSION", "The same behind hop-by-hop options.", arrives(routed6)
    yield "PONG6", "The answer to both.", back(tell6)


def errors():
    """What a router says of the backend's answer to the client."""
    answer4 = built(IP(src=VIP4, dst=CLIENT4, ttl=60, id=9, flags="DF") / TCP(sport=80, dport=40000, flags="A", seq=7, ack=3) / Raw(b"x" * 900))
    quote4 = Raw(bytes(answer4)[:28])
    needfrag = built(IP(src=ROUTER4, dst=VIP4, ttl=64, id=1) / ICMP(type=3, code=4, nexthopmtu=1400) / quote4)
    yield "ERROR4", "Fragmentation needed, with 8 bytes of the TCP header.", arrives(needfrag)
    yield "ERROR4_L2", "ERROR4, to the backend of the flow.", leaves(hop(needfrag))
    outer = IP(src=SOURCE4, dst=BACKEND4, proto=4, ttl=64, id=0, flags="DF")
    yield "ERROR4_IPIP", "ERROR4 in an outer IPv4 header.", leaves(outer / hop(needfrag))
    answer6 = built(IPv6(src=VIP6, dst=CLIENT6, hlim=60) / TCP(sport=80, dport=40000, flags="A", seq=7, ack=3) / Raw(b"x" * 1400))
    # scapy makes the checksum of an ICMPv6 error over what is behind it.
    big = built(IPv6(src=ROUTER6, dst=VIP6, hlim=64) / ICMPv6PacketTooBig(mtu=1280) / Raw(bytes(answer6)[:1232]))
    short = built(IPv6(src=ROUTER6, dst=VIP6, hlim=64) / ICMPv6PacketTooBig(mtu=1280) / Raw(bytes(answer6)[:48]))
    yield "ERROR6", "Packet too big, with 8 bytes of the TCP header.", arrives(short)
    yield "ERROR6_L2", "ERROR6, to the backend of the flow.", leaves(hop(short))
    yield "ERROR6_LONG", "Packet too big, with as much as makes 1280 bytes.", arrives(big)
    yield "ERROR6_LONG_L2", "ERROR6_LONG, to the backend of the flow.", leaves(hop(big))
    udp4 = built(IP(src=VIP4, dst=CLIENT4, ttl=60, id=9) / UDP(sport=53, dport=40001) / Raw(b"an answer"))
    unreachable = built(IP(src=CLIENT4, dst=VIP4, ttl=64, id=1) / ICMP(type=3, code=3) / Raw(bytes(udp4)))
    yield "UNREACHABLE4", "Port unreachable, from the client, about a UDP answer.", arrives(unreachable)
    destination = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0\0\0")])
    answer6 = IPv6(src=VIP6, dst=CLIENT6, hlim=60) / destination / IPv6ExtHdrFragment(id=3, m=1, offset=0, nh=17)
    udp6 = built(answer6 / UDP(sport=53, dport=40001, len=2000) / Raw(b"y" * 64))
    behind = built(IPv6(src=ROUTER6, dst=VIP6, hlim=64) / ICMPv6DestUnreach(code=4) / Raw(bytes(udp6)))
    yield "UNREACHABLE6", "About a first fragment behind destination options.", arrives(behind)
    of_outer = built(IP(src=SOURCE4, dst=BACKEND4, proto=4, ttl=60, id=0, flags="DF") / Raw(bytes(answer4)[:40]))
    outer4 = built(IP(src=ROUTER4, dst=SOURCE4, ttl=64, id=1) / ICMP(type=3, code=4, nexthopmtu=1400) / Raw(bytes(of_outer)[:28]))
    yield "OUTER_ERROR4", "About what we sent in a tunnel.", arrives(outer4)
    of_outer = built(IPv6(src=SOURCE6, dst="2001:db8:1::9", nh=41, hlim=60) / Raw(bytes(answer6)[:40]))
    outer6 = built(IPv6(src=ROUTER6, dst=SOURCE6, hlim=64) / ICMPv6PacketTooBig(mtu=1280) / Raw(bytes(of_outer)))
    yield "OUTER_ERROR6", "The same over IPv6.", arrives(outer6)


def too_big():
    """Answers for a way of 1400 bytes: L2 leaves all of it, IPIP over IPv4 1380."""
    data4 = built(IP(src=CLIENT4, dst=VIP4, ttl=64, id=3, flags="DF") / TCP(sport=40000, dport=80, flags="A", seq=2, ack=7) / Raw(b"z" * 1361))
    quote4 = Raw(bytes(data4)[:548])
    yield "BIG4", "1401 bytes, DF set.", arrives(data4)
    yield "BIG4_TAGGED", "The same on VLAN 42.", arrives(data4, 42)
    for name, mtu, doc in (("BIG4_ANSWER", 1400, "L2"), ("BIG4_ANSWER_IPIP", 1380, "IPIP: 20 bytes less")):
        said = IP(src=VIP4, dst=CLIENT4, ttl=64, id=0, flags="DF", tos=0xC0) / ICMP(type=3, code=4, nexthopmtu=mtu) / quote4
        yield name, f"The answer to BIG4 with {doc}: 576 bytes.", back(said)
        if mtu == 1400:
            yield "BIG4_ANSWER_TAGGED", "The answer to BIG4_TAGGED.", back(said, 42)
    data6 = built(IPv6(src=CLIENT6, dst=VIP6, hlim=64) / TCP(sport=40000, dport=80, flags="A", seq=2, ack=7) / Raw(b"z" * 1341))
    yield "BIG6", "1401 bytes.", arrives(data6)
    for name, mtu, doc in (("BIG6_ANSWER", 1400, "L2"), ("BIG6_ANSWER_IPIP", 1360, "IPIP: 40 bytes less")):
        said = IPv6(src=VIP6, dst=CLIENT6, hlim=64) / ICMPv6PacketTooBig(mtu=mtu) / Raw(bytes(data6)[:1232])
        yield name, f"The answer to BIG6 with {doc}: 1280 bytes.", back(said)


def extensions():
    ip = IPv6(src=CLIENT6, dst=VIP6, hlim=64)
    pad = lambda n: PadN(optdata=b"\0" * n)
    hops, destination = IPv6ExtHdrHopByHop(options=[pad(4)]), IPv6ExtHdrDestOpt(options=[pad(12)])
    udp = UDP(sport=40001, dport=53) / Raw(b"query")
    two = built(ip / hops / destination / udp)
    atomic = built(ip / IPv6ExtHdrFragment(id=3, m=0, offset=0) / udp)
    yield "EXTENSIONS6", "UDP behind hop-by-hop and destination options.", arrives(two)
    yield "EXTENSIONS6_L2", "EXTENSIONS6, sent on by L2.", leaves(hop(two))
    yield "ATOMIC6", "UDP behind a fragment header with nothing before and behind it.", arrives(atomic)
    yield "ATOMIC6_L2", "ATOMIC6, sent on by L2.", leaves(hop(atomic))
    eight, nine = ip, ip
    for i in range(8):
        eight = eight / IPv6ExtHdrDestOpt(options=[pad(4)])
    for i in range(9):
        nine = nine / IPv6ExtHdrDestOpt(options=[pad(4)])
    yield "EIGHT6", "UDP behind 8 extension headers.", arrives(built(eight / udp))
    yield "NINE6", "UDP behind 9 extension headers.", arrives(built(nine / udp))


if __name__ == "__main__":
    frames = [*echo(), *errors(), *too_big(), *extensions()]
    write("icmp", "ICMP for VIPs, errors we send, extension headers.", frames, "icmp.py")
