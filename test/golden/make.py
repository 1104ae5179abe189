#!/usr/bin/env python3
"""Makes the golden frames of this folder with scapy, which knows nothing of the code under test:

    pip install scapy==2.8.0 && python3 test/golden/make.py

writes forward4.ts, forward6.ts and neighbour.ts. Addresses, headers and checksums are scapy's; what scapy cannot know (half
checksums, the flow label that our flow hash gives) is worked out below from the RFCs and from ARCHITECTURE.md's description of the
hash, with Python's own integers, hmac and struct.
"""
import hashlib
import hmac
import pathlib
import struct

from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP, IPOption_RR
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Padding, Raw

HERE = pathlib.Path(__file__).parent

CLIENT_MAC = "02:00:00:00:0c:01"
OUR_MAC = "02:00:00:00:00:01"
BACKEND_MAC = "02:00:00:00:0b:09"
CLIENT4, VIP4, BACKEND4, SOURCE4 = "198.51.100.7", "192.0.2.80", "10.0.1.9", "10.0.0.1"
CLIENT6, VIP6, BACKEND6, SOURCE6 = "2001:db8:c::7", "2001:db8::80", "2001:db8:1::9", "2001:db8:5::1"
SECRET = b"golden frames of the hot path"


# --- what scapy does not know -----------------------------------------------------------------------
def hkdf(label, length):
    """RFC 5869 with SHA-256 and an empty salt."""
    key = hmac.new(b"\0" * 32, SECRET, hashlib.sha256).digest()
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + label + bytes([i]), hashlib.sha256).digest()
        out += block
        i += 1
    return out[:length]


def flow_hash(packet):
    """NH of the flow (RFC 4418, section 5.2, little-endian words) and MurmurHash3's fmix64 after a keyed xor."""
    raw = bytes(packet)
    if packet.version == 4:
        header, addresses, protocol = packet.ihl * 4, raw[12:20], packet.proto | 4 << 8
    else:
        header, addresses, protocol = 40, raw[8:40], packet.nh | 6 << 8
    message = addresses + raw[header : header + 4] + struct.pack("<I", protocol)
    words = struct.unpack(f"<{len(message) // 4}I", message)
    key = struct.unpack("<12I", hkdf(b"maglev-dsr native packet hash", 48))
    add = lambda i: (words[i] + key[i]) % 2**32
    x = sum(add(i) * add(i + 1) for i in range(0, len(words), 2)) % 2**64
    x ^= struct.unpack("<Q", hkdf(b"maglev-dsr native finalizer", 8))[0]
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD % 2**64
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 % 2**64
    return x ^ x >> 33


def folded(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def half(packet):
    """The packet with only the pseudo-header sum in the checksum field, as a sender with checksum offload leaves it."""
    raw = bytearray(bytes(packet))
    if packet.version == 4:
        header, protocol, addresses = packet.ihl * 4, packet.proto, bytes(raw[12:20])
    else:
        header, protocol, addresses = 40, packet.nh, bytes(raw[8:40])
    field = header + (16 if protocol == 6 else 6)
    length = len(raw) - header
    raw[field : field + 2] = struct.pack(">H", folded(addresses + struct.pack(">II", length, protocol)))
    return type(packet)(bytes(raw))


# --- from packets to hex ----------------------------------------------------------------------------
def built(packet):
    """Lengths and checksums filled in."""
    return packet.__class__(bytes(packet))


def lines(frame):
    frame = Ether(bytes(frame))
    layer = frame
    while layer is not None and layer.name != "NoPayload":
        body = bytes(layer)[: len(layer) - len(layer.payload)] if layer.payload else bytes(layer)
        if isinstance(layer, Padding):
            body = layer.load
        yield body, describe(layer)
        layer = layer.payload or None
        if isinstance(layer, Raw) and len(layer.load) == 0:
            return


def describe(layer):
    name = layer.name
    if name == "Ethernet":
        return f"{layer.src} > {layer.dst}"
    if name == "802.1Q":
        return f"VLAN {layer.vlan}, priority {layer.prio}"
    if name == "IP":
        return f"{layer.src} > {layer.dst}, TTL {layer.ttl}, protocol {layer.proto}"
    if name == "IPv6":
        return f"{layer.src} > {layer.dst}, hop limit {layer.hlim}, next {layer.nh}"
    if name == "TCP":
        return f"{layer.sport} > {layer.dport}, flags {layer.flags}"
    if name == "UDP":
        return f"{layer.sport} > {layer.dport}, length {layer.len}"
    return "payload" if name == "Raw" else name


def tag(name, doc, frame):
    out = [f"/** {doc} */", f"export const {name} = hex`"]
    raw, at = bytes(frame), 0
    for body, text in lines(frame):
        body, at = raw[at : at + len(body)], at + len(body)
        rows = [body[i : i + 16] for i in range(0, len(body), 16)]
        for i, row in enumerate(rows):
            comment = f" // {text}" if i == 0 else ""
            out.append(f"  {' '.join(f'{b:02x}' for b in row)}{comment}")
    assert at == len(raw), (name, at, len(raw))
    return "\n".join([*out, "`;", ""])


def write(name, what, frames, maker="make.py"):
    head = f"// test/golden/{name}.ts: {what}\n// Made by {maker} with scapy 2.8.0; not by the code under test.\n"
    head += "import { hex } from '../support/hex.js';\n\n"
    (HERE / f"{name}.ts").write_text(head + "\n".join(tag(*frame) for frame in frames))


# --- the frames -------------------------------------------------------------------------------------
def arrives(packet, vlan=None):
    ether = Ether(src=CLIENT_MAC, dst=OUR_MAC)
    return (ether / Dot1Q(vlan=vlan, prio=5) if vlan else ether) / packet


def leaves(packet, vlan=None):
    ether = Ether(src=OUR_MAC, dst=BACKEND_MAC)
    return (ether / Dot1Q(vlan=vlan, prio=5) if vlan else ether) / packet


def hop(packet):
    """The packet one hop further: TTL one less, header checksum made anew, the rest byte for byte."""
    packet = packet.copy()
    if packet.version == 4:
        packet.ttl -= 1
        del packet.chksum
    else:
        packet.hlim -= 1
    return built(packet)


def ipip(packet):
    """RFC 2003, RFC 2473: TOS and traffic class copied, DF and id 0, TTL 64; the flow label from the flow hash."""
    inner = hop(packet)
    if packet.version == 4:
        return IP(src=SOURCE4, dst=BACKEND4, proto=4, ttl=64, id=0, flags="DF", tos=packet.tos) / inner
    label = flow_hash(packet) & 0xFFFFF
    return IPv6(src=SOURCE6, dst=BACKEND6, nh=41, hlim=64, tc=packet.tc, fl=label) / inner


def zero_udp(ip):
    """A UDP packet whose checksum comes out as 0 before RFC 768 turns it into all ones."""
    for word in range(65536):
        packet = built(ip / UDP(sport=40001, dport=53) / Raw(b"zero" + struct.pack(">H", word)))
        raw = bytearray(bytes(packet))
        if packet[UDP].chksum == 0xFFFF:
            return packet
    raise AssertionError


def family4():
    ip = IP(src=CLIENT4, dst=VIP4, ttl=64, id=0x1234, flags="DF")
    syn = built(ip / TCP(sport=40000, dport=80, flags="S", seq=1, window=64240))
    data = built(ip / TCP(sport=40000, dport=80, flags="PA", seq=2, ack=7, window=501) / Raw(b"GET / HTTP/1.1\r\n\r\n"))
    route = [IPOption_RR(pointer=4, routers=["0.0.0.0"]), IPOption_NOP()]
    ef = IP(src=CLIENT4, dst=VIP4, ttl=64, id=7, tos=0xB9, options=route)
    options = built(ef / UDP(sport=40001, dport=53) / Raw(b"odd"))
    udp = built(ip / UDP(sport=40001, dport=53) / Raw(b"a query, odd"[:11]))
    zero = zero_udp(ip)
    padding = Padding(bytes.fromhex("ee ee ee ee ee ee"))
    yield "SYN", "A SYN as a switch hands it over: padded to 60 bytes.", arrives(syn) / padding
    yield "SYN_L2", "SYN, sent on by L2: TTL one less, no padding.", leaves(hop(syn))
    yield "SYN_IPIP", "SYN, in an outer IPv4 header.", leaves(ipip(syn))
    yield "DATA_TAGGED", "TCP data in a frame with a VLAN tag.", arrives(data, 42)
    yield "DATA", "The same without the tag.", arrives(data)
    yield "DATA_TAGGED_L2", "DATA_TAGGED, sent on by L2 out of its port: the tag stays.", leaves(hop(data), 42)
    yield "DATA_TAGGED_IPIP", "DATA_TAGGED, in an outer IPv4 header.", leaves(ipip(data), 42)
    yield "DATA_L2", "DATA (and DATA_HALF, completed), sent on by L2.", leaves(hop(data))
    yield "DATA_HALF", "DATA with a half checksum.", arrives(half(data))
    yield "DATA_IPIP", "DATA (and DATA_HALF, completed) in an outer IPv4 header.", leaves(ipip(data))
    yield "OPTIONS", "UDP with IP options (record route), TOS 0xb9 (EF, ECN 1).", arrives(options)
    yield "OPTIONS_L2", "OPTIONS, sent on by L2.", leaves(hop(options))
    yield "OPTIONS_IPIP", "OPTIONS in an outer header: TOS copied, options stay inside.", leaves(ipip(options))
    yield "UDP", "UDP with an odd length.", arrives(udp)
    yield "UDP_HALF", "UDP with a half checksum.", arrives(half(udp))
    yield "UDP_IPIP", "UDP (and UDP_HALF, completed) in an outer IPv4 header.", leaves(ipip(udp))
    yield "UDP_ZERO_HALF", "A half checksum that comes out as 0.", arrives(half(zero))
    yield "UDP_ZERO_IPIP", "UDP_ZERO_HALF in an outer header: all ones (RFC 768).", leaves(ipip(zero))


def family6():
    ip = IPv6(src=CLIENT6, dst=VIP6, hlim=64, tc=0x2A, fl=0x12345)
    syn = built(ip / TCP(sport=40000, dport=80, flags="S", seq=1, window=64240))
    data = built(ip / TCP(sport=40000, dport=80, flags="PA", seq=2, ack=7, window=501) / Raw(b"GET / HTTP/1.1\r\n\r\n"))
    udp = built(ip / UDP(sport=40001, dport=53) / Raw(b"a query, odd"[:11]))
    zero = zero_udp(ip)
    yield "SYN", "A SYN.", arrives(syn)
    yield "SYN_L2", "SYN, sent on by L2: hop limit one less.", leaves(hop(syn))
    yield "SYN_IPIP", "SYN in an outer IPv6 header: traffic class copied, flow label from the flow hash.", leaves(ipip(syn))
    yield "DATA_TAGGED", "TCP data in a frame with a VLAN tag.", arrives(data, 42)
    yield "DATA_TAGGED_L2", "DATA_TAGGED, sent on by L2 out of its port: the tag stays.", leaves(hop(data), 42)
    yield "DATA_HALF", "TCP data with a half checksum.", arrives(half(data))
    yield "DATA_L2", "DATA_HALF, completed, sent on by L2.", leaves(hop(data))
    yield "DATA_IPIP", "DATA_HALF, completed, in an outer IPv6 header.", leaves(ipip(data))
    yield "UDP_HALF", "UDP with a half checksum.", arrives(half(udp))
    yield "UDP_IPIP", "UDP_HALF, completed, in an outer IPv6 header.", leaves(ipip(udp))
    yield "UDP_ZERO_HALF", "A half checksum that comes out as 0.", arrives(half(zero))
    yield "UDP_ZERO_IPIP", "UDP_ZERO_HALF in an outer header: all ones (RFC 768).", leaves(ipip(zero))


def neighbours():
    broadcast, asker = "ff:ff:ff:ff:ff:ff", "192.0.2.1"
    request = ARP(op=1, hwsrc=CLIENT_MAC, psrc=asker, hwdst="00:00:00:00:00:00", pdst=VIP4)
    other = ARP(op=1, hwsrc=CLIENT_MAC, psrc=asker, hwdst="00:00:00:00:00:00", pdst="192.0.2.81")
    reply = ARP(op=2, hwsrc=OUR_MAC, psrc=VIP4, hwdst=CLIENT_MAC, pdst=asker)
    pad = Padding(b"\0" * 18)
    back = Ether(src=OUR_MAC, dst=CLIENT_MAC)
    yield "ARP_REQUEST", "Who has the VIP? Padded to 60 bytes.", Ether(src=CLIENT_MAC, dst=broadcast) / request / pad
    yield "ARP_REPLY", "The answer to ARP_REQUEST.", back / reply
    tagged = Ether(src=CLIENT_MAC, dst=broadcast) / Dot1Q(vlan=42, prio=0) / request
    yield "ARP_REQUEST_TAGGED", "The same question on VLAN 42.", tagged
    yield "ARP_REPLY_TAGGED", "The answer to ARP_REQUEST_TAGGED.", back / Dot1Q(vlan=42, prio=0) / reply
    yield "ARP_OTHER", "Who has an address that is no VIP?", Ether(src=CLIENT_MAC, dst=broadcast) / other
    told = ARP(op=2, hwsrc=CLIENT_MAC, psrc=VIP4, hwdst=OUR_MAC, pdst=asker)
    yield "ARP_TOLD", "Somebody else tells that he has the VIP.", Ether(src=CLIENT_MAC, dst=OUR_MAC) / told

    group_mac, group = "33:33:ff:00:00:80", "ff02::1:ff00:80"
    link_local = "fe80::c:1"
    source_option = ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC)
    solicit = lambda src, dst, target=VIP6: IPv6(src=src, dst=dst, hlim=255) / ICMPv6ND_NS(tgt=target)
    advertise = lambda dst, solicited: (
        IPv6(src=VIP6, dst=dst, hlim=255)
        / ICMPv6ND_NA(R=0, S=solicited, O=1, tgt=VIP6)
        / ICMPv6NDOptDstLLAddr(lladdr=OUR_MAC)
    )
    asked = Ether(src=CLIENT_MAC, dst=group_mac)
    yield "NS", "Who has the VIP? To the solicited-node group.", asked / solicit(link_local, group) / source_option
    yield "NA", "The answer to NS and NS_UNICAST.", back / advertise(link_local, 1)
    to_us = Ether(src=CLIENT_MAC, dst=OUR_MAC)
    yield "NS_UNICAST", "The same to our MAC address, without an option (reachability).", to_us / solicit(link_local, VIP6)
    yield "NS_DAD", "Duplicate address detection: from nobody yet.", asked / solicit("::", group)
    everybody = Ether(src=OUR_MAC, dst="33:33:00:00:00:01")
    yield "NA_DAD", "The answer to NS_DAD: to all nodes, not solicited.", everybody / advertise("ff02::1", 0)
    other_group = Ether(src=CLIENT_MAC, dst="33:33:ff:00:00:81")
    yield "NS_OTHER", "Who has an address that is no VIP?", other_group / solicit(
        link_local, "ff02::1:ff00:81", "2001:db8::81"
    ) / source_option


if __name__ == "__main__":
    write("forward4", "IPv4 client frames and what leaves because of them.", list(family4()))
    write("forward6", "IPv6 client frames and what leaves because of them.", list(family6()))
    write("neighbour", "ARP and neighbour discovery: questions and answers.", list(neighbours()))
