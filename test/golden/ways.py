#!/usr/bin/env python3
"""Makes ways.ts beside it: what clients of a QUIC server send, by aioquic, whose server puts its id into the connection ids it gives out;
the rest is scapy's:

    pip install scapy==2.8.0 aioquic==1.7.2 && python3 test/golden/ways.py

Keys and random numbers are new in each run, and so are most bytes; what the frames show is the same.
"""
import datetime
import os
import tempfile

from aioquic.buffer import Buffer
from aioquic.quic import connection
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicProtocolVersion, pull_quic_header
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from make import CLIENT4, CLIENT6, VIP4, VIP6, arrives, built, write

MOVED4 = "203.0.113.99"
KEPT = 64  # bytes of a datagram: what is behind them is encrypted
CID_BYTES = 8


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    start = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3650)).sign(key, hashes.SHA256())
    paths = [os.path.join(folder, part) for part in ("cert.pem", "key.pem")]
    pem = serialization.Encoding.PEM
    with open(paths[0], "wb") as file:
        file.write(made.public_bytes(pem))
    with open(paths[1], "wb") as file:
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


def connection_id(form, server_id):
    """Two bits say how the id stands in it: 16 bits behind them, 24 or 32 bits behind their byte; the rest is random."""
    fixed = {
        1: (0b01 << 62 | server_id << 46, 0x0000_3FFF_FFFF_FFFF),
        2: (0b10 << 62 | server_id << 32, 0x3F00_0000_FFFF_FFFF),
        3: (0b11 << 62 | server_id << 24, 0x3F00_0000_00FF_FFFF),
    }
    value, free = fixed[form]
    return (value | int.from_bytes(os.urandom(CID_BYTES), "big") & free).to_bytes(CID_BYTES, "big")


class ServerIds:
    """aioquic asks os.urandom for connection ids: while the server runs, those of CID_BYTES have its id in them."""

    def __init__(self, form, server_id):
        self.make = lambda count: connection_id(form, server_id) if count == CID_BYTES else os.urandom(count)

    def __enter__(self):
        self.was, connection.os = connection.os, type("os", (), {"urandom": staticmethod(self.make), "path": os.path})

    def __exit__(self, *_):
        connection.os = self.was


class Talk:
    """A client and a server that hand each other their datagrams; what the client sent is kept."""

    def __init__(self, form, server_id, version=QuicProtocolVersion.VERSION_1, ticket=None):
        self.sent, self.now, self.ids = [], 0.0, ServerIds(form, server_id)
        self.tickets, self.form = [], form
        client = QuicConfiguration(is_client=True, server_name="example.org", verify_mode=0, connection_id_length=CID_BYTES)
        client.original_version, client.supported_versions, client.session_ticket = version, [version], ticket and ticket[0]
        server = QuicConfiguration(is_client=False, connection_id_length=CID_BYTES, supported_versions=[version])
        with tempfile.TemporaryDirectory() as folder:
            server.load_cert_chain(*certificate(folder))
        self.client = connection.QuicConnection(configuration=client, session_ticket_handler=self.tickets.append)
        self.stored = ticket[1] if ticket else {}
        self.server_configuration, self.server = server, None

    def begin(self, early=b""):
        self.client.connect(("server", 443), now=self.now)
        if early:
            self.client.send_stream_data(0, early)
        self.pump()

    def pump(self):
        for _ in range(8):
            self.now += 0.01
            outgoing = [data for data, _ in self.client.datagrams_to_send(now=self.now)]
            self.sent += outgoing
            for data in outgoing:
                self.serve(data)
            if self.server is None:
                return
            with self.ids:
                answers = [data for data, _ in self.server.datagrams_to_send(now=self.now)]
            for data in answers:
                self.client.receive_datagram(data, ("server", 443), now=self.now)

    def serve(self, data):
        with self.ids:
            if self.server is None:
                first = pull_quic_header(Buffer(data=data), host_cid_length=CID_BYTES)
                self.server = connection.QuicConnection(
                    configuration=self.server_configuration,
                    original_destination_connection_id=first.destination_cid,
                    session_ticket_fetcher=lambda label: self.stored.pop(label, None),
                    session_ticket_handler=lambda ticket: self.stored.__setitem__(ticket.ticket, ticket),
                )
            self.server.receive_datagram(data, ("client", 40000), now=self.now)

    def ping(self, moves=False):
        """What the client sends of its own accord; with another connection id of the server's when it moves."""
        if moves:
            self.client.change_connection_id()
        before = len(self.sent)
        self.client.send_ping(1)
        self.pump()
        return self.sent[before]

    def first(self, kind):
        """The client's first packet of a kind, as a datagram of its own, though some come behind another in one."""
        for data in self.sent:
            buffer = Buffer(data=data)
            while not buffer.eof() and data[buffer.tell()] != 0:  # padding
                start = buffer.tell()
                header = pull_quic_header(buffer, host_cid_length=CID_BYTES)
                if header.packet_type.name == kind:
                    return data[start:]
                buffer.seek(start + header.packet_length)
        raise AssertionError(f"no {kind}")


def packet(data, source=CLIENT4, sport=40000):
    return arrives(built(IP(src=source, dst=VIP4, ttl=64, id=1, flags="DF") / UDP(sport=sport, dport=443) / Raw(data[:KEPT])))


def packet6(data):
    return arrives(built(IPv6(src=CLIENT6, dst=VIP6, hlim=64) / UDP(sport=40000, dport=443) / Raw(data[:KEPT])))


def segment(options, flags="A"):
    return arrives(built(IP(src=CLIENT4, dst=VIP4, ttl=64, id=1, flags="DF") / TCP(sport=40000, dport=80, flags=flags, options=options)))


def quic():
    for form, server_id in (1, 300), (2, 70000), (3, 0xFFFFFD):
        talk = Talk(form, server_id)
        talk.begin()
        what = f"server id {server_id} in form {form} of its connection ids"
        if form == 1:
            yield "QUIC_INITIAL", "A client's Initial.", packet(talk.first("INITIAL"))
        yield f"QUIC_HANDSHAKE_{form}", f"Handshake, {what}.", packet(talk.first("HANDSHAKE"))
        yield f"QUIC_SHORT_{form}", f"1-RTT, {what}.", packet(talk.ping())
        yield f"QUIC_SHORT6_{form}", "The next over IPv6.", packet6(talk.ping())
        yield f"QUIC_MOVED_{form}", "The same connection from another address, with another connection id.", packet(talk.ping(moves=True), MOVED4, 53211)
    again = Talk(1, 300, ticket=(talk_ticket(), TICKETS))
    again.begin(early=b"GET /")
    yield "QUIC_0RTT", "0-RTT: the connection id is the client's own.", packet(again.first("ZERO_RTT"))
    second = Talk(2, 70000, QuicProtocolVersion.VERSION_2)
    second.begin()
    yield "QUIC2_INITIAL", "An Initial of QUIC version 2.", packet(second.first("INITIAL"))
    yield "QUIC2_HANDSHAKE", "Handshake of version 2, server id 70000 in form 2.", packet(second.first("HANDSHAKE"))


TICKETS = {}


def talk_ticket():
    talk = Talk(1, 300)
    talk.stored = TICKETS
    talk.begin()
    return talk.tickets[0]


def others():
    stable = lambda server_id: b"\x52" + server_id.to_bytes(3, "big") + b"rest and data"
    yield "STABLE", "The stable header, server id 70000.", packet(stable(70000))
    yield "STABLE_6", "The same over IPv6.", packet6(stable(70000))
    option = (0xB7, (70000).to_bytes(4, "little"))
    yield "TCP_OPTION", "Server id 70000 in a TCP option behind others.", segment([("NOP", None), ("NOP", None), ("Timestamp", (1, 2)), option])
    yield "TCP_OPTION_SYN", "The same in a SYN.", segment([("MSS", 1460), option, ("NOP", None), ("NOP", None)], "S")
    yield "TCP_NO_OPTION", "Options of other kinds only.", segment([("NOP", None), ("NOP", None), ("Timestamp", (1, 2))])


if __name__ == "__main__":
    write("ways", "packets that name their server, and some that do not.", [*quic(), *others()], "ways.py with aioquic 1.7.2 and")
