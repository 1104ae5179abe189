// assembly/layout.ts: the one memory that host, hot path and kernel share; read by asc and by tsc.
// Integer constants only: no decorators, enums or imports.
//
//   0x00000  asc's static data         constants only: every instance writes the same bytes
//   0x10000  DIRECTORY                 written once by the host: base and bytes of every region, limits
//   then, in the order of the REGION_ numbers, each on a cache line (rings: on 64 KiB):
//     CONTROL           written by the host       what is live; the keys of the hash
//     WORKERS           a record per worker       epoch, command, ring descriptors
//     COUNTERS          written by one worker     u64 per verdict and per event, a block per worker
//     VIP_COUNTERS      written by one worker     packets and bytes per VIP, a block per worker
//     BACKEND_COUNTERS  written by one worker     packets and bytes per backend, a block per worker
//     ROOTS             written by the builder    two copies of (VIP index, VIP records), live one by generation
//     BACKENDS          written by the builder    outer header ready made, next hop, MTU
//     NEXT_HOPS         written by the host       MAC and egress in one u64, replaced by one atomic store
//     EGRESSES          written by the host       what an interface says of itself: MAC, flags
//     TABLES            written by the builder    lookup tables and tracking maps, allocated by the host
//     FLOWS             written by all workers    flow table, one atomic u64 a flow
//     BUILD             used by the builder       inputs of one table build
//     CELLS             host and worker           frames without kernel rings: batch(), forward(), pcap
//     RINGS             kernel and worker         packet rings, mapped here with MAP_FIXED
//     FRAGMENTS         written by one worker     where packets in fragments go, and frames that are held
//     STEPS             one worker                what the fast path knows of the frames in hand
//     SEGMENTS          written by one worker     segments of super-frames that were in cells
//     DECAP             host, one worker          what a decapsulator takes, and what it found inside
//     KATRAN            host, then one worker     settings of compat 'katran', and what it counts; empty without
//
// Everything is little-endian, as Wasm is. Addresses are 16 bytes: an IPv4 address a.b.c.d is stored as
// ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). "base" is an address in this memory; 0 means there is none.

export const LAYOUT_VERSION = 7; // raise with any change below; the host refuses another one
export const LAYOUT_MAGIC = 0x6d61676c; // "lgam"

export const CACHE_LINE = 64;
export const RING_ALIGN = 65536; // arm64 has pages of 64 KiB
export const ADDRESS_BYTES = 16;

// --- DIRECTORY -----------------------------------------------------------------------------------
export const DIRECTORY = 0x10000;
export const DIRECTORY_BYTES = 512;
export const DIRECTORY_MAGIC = 0; // u32
export const DIRECTORY_VERSION = 4; // u32
export const DIRECTORY_REGIONS = 64; // REGION_COUNT times { base u32, bytes u32 }
export const DIRECTORY_LIMITS = 256; // LIMIT_COUNT times u32

export const REGION_CONTROL = 0;
export const REGION_WORKERS = 1;
export const REGION_COUNTERS = 2;
export const REGION_VIP_COUNTERS = 3;
export const REGION_BACKEND_COUNTERS = 4;
export const REGION_ROOTS = 5;
export const REGION_BACKENDS = 6;
export const REGION_NEXT_HOPS = 7;
export const REGION_EGRESSES = 8;
export const REGION_TABLES = 9;
export const REGION_FLOWS = 10;
export const REGION_BUILD = 11;
export const REGION_CELLS = 12;
export const REGION_RINGS = 13;
export const REGION_FRAGMENTS = 14;
export const REGION_SEGMENTS = 15;
export const REGION_STEPS = 16;
export const REGION_DECAP = 17;
export const REGION_KATRAN = 18;
export const REGION_COUNT = 19;

export const LIMIT_WORKERS = 0; // how many worker records there are
export const LIMIT_VIPS = 1; // VIP records in a root, record 0 not used
export const LIMIT_VIP_INDEX = 2; // entries of the VIP index in a root, a power of two
export const LIMIT_BACKENDS = 3; // backend records, record 0 not used
export const LIMIT_NEXT_HOPS = 4; // next-hop records, record 0 not used
export const LIMIT_FLOW_BUCKETS = 5; // buckets of the flow table, a power of two
export const LIMIT_CELLS = 6; // cells of a worker
export const LIMIT_CELL_BYTES = 7; // bytes of a cell, headroom included
export const LIMIT_FRAGMENTS = 8; // fragment entries of a worker, a power of two
export const LIMIT_HELD = 9; // places of a worker for fragments that are held
export const LIMIT_FRAGMENT_TICKS = 10; // how long an entry lives
export const LIMIT_OUTPUTS = 12; // output records of a worker: one a cell, and one a segment
export const LIMIT_SEGMENT_BYTES = 13; // bytes of the SEGMENTS region that are one worker's
export const LIMIT_COUNT = 20;

// --- CONTROL: one cache line of what changes, then the keys ----------------------------------------
export const CONTROL_BYTES = 256;
export const CONTROL_GENERATION = 0; // u32: number of the published state, from 1, the empty one; its lowest bit names the live root
export const CONTROL_FLOW_TICKS = 4; // u32: longest flow timeout; an entry older than this is nobody's
export const CONTROL_TOO_BIG_RATE = 8; // u32: needfrag and packet-too-big a second that one worker sends; 0 = none
export const CONTROL_COMPAT = 12; // u32: COMPAT_, from the start on
export const CONTROL_NH_KEY = 64; // NH_KEY_WORDS times u32: the key of the native packet hash
export const CONTROL_FINAL_KEY = 128; // u64: the key of its finalizer
export const CONTROL_IDENTITY_KEY = 136; // 16 bytes: the SipHash key of a backend's permutation
export const NH_KEY_WORDS = 12;
export const COMPAT_NONE = 0;
export const COMPAT_KATRAN = 1;

// --- WORKERS ---------------------------------------------------------------------------------------
export const WORKER_BYTES = 2048;
export const WORKER_EPOCH = 0; // u32: generation of the batch in hand, or EPOCH_IDLE
export const WORKER_COMMAND = 64; // u32: COMMAND_, written by the host, on a cache line of its own
export const WORKER_INGRESS = 128; // u32: egress index of the interface it receives from
export const WORKER_RX_RING = 256; // ring descriptor of the interface this worker receives from
export const WORKER_TX_RINGS = 320; // EGRESS_MAX ring descriptors, by egress index
export const WORKER_TOKENS = 1344; // u32: thousandths of errors it may still send
export const WORKER_TOKENS_TICK = 1348; // u32: tick at which they were counted last
export const WORKER_QUOTE = 1408; // 64 bytes: headers of the flow that an ICMP error is about
export const WORKER_SCRATCH = 1472; // WORKER_SCRATCH_BYTES: what a hash is taken of, when it does not lie so in the packet
export const WORKER_SCRATCH_BYTES = 64;
export const EPOCH_IDLE = 0; // generations count from 1, so that 0 is no generation
export const COMMAND_RUN = 0;
export const COMMAND_STOP = 1;

// A kernel ring inside this memory (packet_mmap: blocks that hold whole frames; the rest of a block is unused).
export const RING_BYTES = CACHE_LINE;
export const RING_BASE = 0; // u32: address of block 0; 0 = no such ring
export const RING_BLOCK_BYTES = 4; // u32
export const RING_BLOCK_COUNT = 8; // u32
export const RING_FRAME_BYTES = 12; // u32: tp_frame_size
export const RING_FRAMES_PER_BLOCK = 16; // u32
export const RING_AT = 20; // u32: address of the next frame; this and the rest is moved by the worker alone
export const RING_IN_BLOCK = 24; // u32: which frame of its block that is
export const RING_BLOCK = 28; // u32: which block
export const RING_QUEUED = 32; // u32: transmit: frames filled since the host last asked

export const EGRESS_MAX = 16; // interfaces of one balancer

// --- COUNTERS --------------------------------------------------------------------------------------
export const COUNTERS_BYTES = 1280; // of one worker: VERDICT_MAX u64, then EVENT_MAX u64
export const VERDICT_MAX = 96;
export const EVENT_MAX = 64;
export const COUNTER_EVENTS = 768; // where the u64 per EVENT_ begin

export const EVENT_FLOW_HIT = 0;
export const EVENT_FLOW_HIT_DEAD = 1;
export const EVENT_FLOW_MISS_SYN = 2;
export const EVENT_FLOW_MISS_NON_SYN = 3;
export const EVENT_FLOW_MISS_UDP = 4;
export const EVENT_FLOW_INSERT = 5;
export const EVENT_FLOW_REPLACE = 6;
export const EVENT_FLOW_FULL = 7;
export const EVENT_PREVIOUS_TAKEN = 8;
export const EVENT_CHECKSUM_COMPLETED = 9;
export const EVENT_BATCHES = 10;
export const EVENT_ICMP_ERROR = 11;
export const EVENT_OUTER_ERROR = 12;
export const EVENT_HELD_SENT = 13;
export const EVENT_HELD_LOST = 14;
export const EVENT_ROUTED_QUIC = 15;
export const EVENT_QUIC_UNKNOWN = 16;
export const EVENT_QUIC_NO_ID = 17;
export const EVENT_QUIC_INITIAL = 18;
export const EVENT_QUIC_V1 = 19; // and V2, V3 behind it
export const EVENT_QUIC_V2 = 20;
export const EVENT_QUIC_V3 = 21;
export const EVENT_ROUTED_STABLE_UDP = 22;
export const EVENT_STABLE_UDP_UNKNOWN = 23;
export const EVENT_STABLE_UDP_NO_ID = 24;
export const EVENT_ROUTED_TCP_OPTION = 25;
export const EVENT_TCP_OPTION_UNKNOWN = 26;
export const EVENT_TCP_OPTION_NO_ID = 27;
export const EVENT_ROUTED_SOURCE = 28;
export const EVENT_SOURCE_NO_ROUTE = 29;
export const EVENT_NAMED_DOWN = 30;
export const EVENT_NAMED_FLOW_SAME = 31;
export const EVENT_NAMED_FLOW_OTHER = 32;
export const EVENT_NAMED_FLOW_NEW = 33;
export const EVENT_HEALTH_CHECK = 34;
export const EVENT_SEGMENTS_SENT = 40;
export const EVENT_SEGMENTS_LOST = 41;
export const EVENT_COUNT = 42;

export const COUNT_BYTES = 16; // of one VIP or backend of one worker
export const COUNT_PACKETS = 0; // u64
export const COUNT_OCTETS = 8; // u64: bytes of the frames as they came in

// --- ROOTS: two of these, the live one is at base + (generation & 1) * bytes / 2 ---------------------
//   header       ROOT_HEADER_BYTES: which prefix lengths VIPs have, so that a frame asks for no other
//   VIP index    LIMIT_VIP_INDEX times u16: open addressing, linear probing; 0 = free, else a VIP record
//   VIP records  LIMIT_VIPS times VIP_BYTES, on a cache line
export const ROOT_HEADER_BYTES = 192;
export const ROOT_PREFIXES4 = 0; // u8: how many, then that many u8, longest first: VIP_PREFIX_BITS of IPv4 prefixes
export const ROOT_PREFIXES6 = 32; // the same of IPv6 prefixes, up to 127
export const ROOT_MARKS = 160; // u32: base of the map of health checks' marks, 0 = there are none; behind it to 191 is free
export const ROOT_MARK_MASK = 164; // u32: entries of that map less 1
export const MARK_BYTES = 8;
export const MARK_MARK = 0; // u32: 0 = free
export const MARK_BACKEND = 4; // u16
export const MARK_IS_V6 = 6; // u8: family of its VIP, and so of the packets it is reached with
export const VIP_BYTES = 64; // one VIP, one cache line
export const VIP_ADDRESS = 0; // 16 bytes
export const VIP_PORT = 16; // u16, host order; 0 = any port
export const VIP_PROTOCOL = 18; // u8: IANA protocol number; 0 = the record says only "this address is ours"
export const VIP_PREFIX_BITS = 19; // u8: of the 128, so 96 more than an IPv4 prefix says; 128 = one address
export const VIP_TABLE = 20; // u32: base of its lookup table
export const VIP_SLOT_COUNT = 24; // u32: slots, a prime, so every skip reaches every slot
export const VIP_TRACKING = 28; // u8: TRACKING_
export const VIP_HASH = 29; // u8: HASH_: how a flow finds its slot
export const VIP_FIELDS = 30; // u8: FIELDS_: what of the flow counts for its slot; the flow table has the whole 5-tuple
export const VIP_WAYS = 31; // u8: WAY_ bits: what is asked before the table
export const VIP_TRACKS = 32; // u32: base of its tracking map, 0 = no slot is tracked
export const VIP_TRACK_MASK = 36; // u32: entries of that map less 1
export const VIP_LEARN_TICKS = 40; // u32: learning window
export const VIP_IDLE_TICKS = 44; // u32: idle timeout of a flow
export const VIP_NUMBER = 48; // u16: index of this VIP, the same in every root: for counters
export const VIP_KATRAN = 50; // u16: KATRAN_VIP_ bits, of compat 'katran'
export const VIP_NAMES = 52; // u32: base of its names (TABLES), 0 = none
// u64: of an IPv4 address and port whose frames may take the fast path: both as they lie in a packet, the protocol between; else 0.
export const VIP_SERVICE = 56;

export const TRACKING_CHANGED = 0;
export const TRACKING_ALL = 1;
export const TRACKING_NONE = 2;
export const HASH_NATIVE = 0;
export const HASH_KATRAN_V1 = 1;
export const HASH_KATRAN_V2 = 2;
export const HASH_CILIUM = 3;
export const HASH_ENVOY = 4;
export const FIELDS_5_TUPLE = 0;
export const FIELDS_SOURCE = 1;
export const FIELDS_PORT = 2;
export const WAY_QUIC = 1;
export const WAY_STABLE_UDP = 2;
export const WAY_TCP_OPTION = 4;
export const WAY_SOURCE = 8;
export const ENCAP_L2 = 0;
export const ENCAP_IPIP = 1;
export const ENCAP_GUE = 2;
export const ENCAP_GRE = 3;
export const ENCAP_L3DSR = 4;

// --- TABLES ----------------------------------------------------------------------------------------
// Lookup table: u16 a slot. The top bit says that the slot is tracked, so that an untracked slot costs one load.
export const SLOT_BYTES = 2;
export const SLOT_TRACKED = 0x8000;
export const SLOT_BACKEND = 0x7fff;
export const NO_BACKEND = 0; // backend index 0 is never given out
export const BACKENDS_MAX = 0x7fff;

// Tracking map: open addressing by slot, linear probing, at most half full. State in proportion to disruption.
export const TRACK_BYTES = 16;
export const TRACK_SLOT = 0; // u32: slot index + 1; 0 = free
export const TRACK_PREVIOUS = 4; // u16: backend before the change, NO_BACKEND = none
export const TRACK_FLAGS = 6; // u16
export const TRACK_LEARN_UNTIL = 8; // u32: tick at which the learning window ends
export const TRACK_LAST_OTHER = 12; // u32: tick of the last packet that took another backend than the new one
export const TRACK_RELEASED = 1; // flag: no longer tracked, kept so that probing goes on past it

// Names of a VIP: which backend a server id or the prefix of a client's address names. Header, then two open-addressing maps with
// linear probing, at most half full: server ids behind the header, source routes at NAMES_ROUTES.
export const NAMES_HEADER_BYTES = 192;
export const NAMES_ID_MASK = 0; // u32: entries of the first map less 1
export const NAMES_ROUTES = 4; // u32: base of the second map
export const NAMES_ROUTE_MASK = 8; // u32: entries of that less 1
export const NAMES_PREFIXES = 16; // u8: how many prefix lengths, then that many u8 of the 128, longest first
export const ID_BYTES = 8;
export const ID_SERVER = 0; // u32: server id; 0 = free
export const ID_BACKEND = 4; // u16: NO_BACKEND = it is down
export const ROUTE_BYTES = 24;
export const ROUTE_ADDRESS = 0; // 16 bytes, with no bits behind the prefix
export const ROUTE_PREFIX_BITS = 16; // u16: of the 128, and 1 more; 0 = free
export const ROUTE_BACKEND = 18; // u16: NO_BACKEND = it is down, or not there
export const SERVER_ID_MAX = 0xfffffd;

// --- BACKENDS --------------------------------------------------------------------------------------
export const BACKEND_BYTES = 128;
export const BACKEND_ENCAP = 0; // u8: ENCAP_
export const BACKEND_CAN_SERVE = 1; // u8: 1 = active or draining; the one byte that changes while published
export const BACKEND_OUTER_BYTES = 2; // u8: outer headers between Ethernet header and client packet: what the MTU counts beside it
export const BACKEND_OUTER_IS_V6 = 3; // u8
export const BACKEND_NEXT_HOP = 4; // u32: index
export const BACKEND_OUTER_SUM = 8; // u32: one's complement sum of the outer IPv4 header with length, TOS and id 0
export const BACKEND_VIP = 12; // u32: VIP_NUMBER it stands under
export const BACKEND_ADDRESS = 16; // 16 bytes
export const BACKEND_OUTER = 32; // outer headers ready made, at most BACKEND_OUTER_MAX bytes
export const BACKEND_OUTER_MAX = 88;
export const BACKEND_UDP_SUM = 120; // u32: GUE: sum of what the outer UDP checksum covers before the packet, less what a packet sets
export const BACKEND_GUE_BYTES = 124; // u8: GUE header between UDP header and packet; 0 = variant 1
export const BACKEND_DSCP = 125; // u8: L3DSR: DSCP to mark, shifted to its place in the TOS byte
export const BACKEND_KATRAN = 126; // u8: KATRAN_REAL_ bits, of compat 'katran'; may change while published

// --- NEXT_HOPS -------------------------------------------------------------------------------------
export const NEXT_HOP_BYTES = 16;
export const NEXT_HOP_WAY = 0; // u64: MAC in bytes 0 to 5, egress index u16 in bytes 6 and 7; 0 = not resolved
export const NEXT_HOP_MTU = 8; // u32: largest IP packet this way, 0 = no limit

// --- EGRESSES --------------------------------------------------------------------------------------
export const EGRESS_BYTES = 32;
export const EGRESS_MAC = 0; // 6 bytes: our source address there
export const EGRESS_FLAGS = 8; // u32: EGRESS_UP, EGRESS_ANNOUNCE
export const EGRESS_SOURCE4 = 12; // 4 bytes: our address in outer headers there; 0 = none known
export const EGRESS_SOURCE6 = 16; // 16 bytes
export const EGRESS_UP = 1; // frames may leave here
export const EGRESS_ANNOUNCE = 2; // answer ARP and neighbour solicitations that ask for a VIP here

// --- FLOWS -----------------------------------------------------------------------------------------
// A bucket is one cache line of FLOW_WAYS entries; an entry is one u64, read and replaced by one atomic access:
//   | fingerprint 32 | backend 16 | confirmed 1 | tick 15 |
export const FLOW_WAYS = 8;
export const FLOW_BYTES = 8;
export const FLOW_CONFIRMED = 0x8000;
export const FLOW_TICK_MASK = 0x7fff;
export const TICK_BITS = 9; // a tick is 2^9 ms = 512 ms, so 15 bits go round after 4.6 hours
export const FLOW_TICKS_MAX = 0x3fff; // longest timeout: half way round, 2.3 hours

// --- FRAGMENTS: of one worker: LIMIT_FRAGMENTS entries, then LIMIT_HELD places of HELD_BYTES (flow/fragments.ts) ----------
export const FRAGMENT_BYTES = 64; // one packet whose fragments come
export const FRAGMENT_WAYS = 4; // entries of a bucket
export const FRAGMENT_SOURCE = 0; // 16 bytes
export const FRAGMENT_DESTINATION = 16; // 16 bytes
export const FRAGMENT_ID = 32; // u32: identification, as it lies in the packet
export const FRAGMENT_PROTOCOL = 36; // u8: of IPv4; 0 for IPv6
export const FRAGMENT_STATE = 37; // u8
export const FRAGMENT_BACKEND = 38; // u16: where the first went, NO_BACKEND = it did not
export const FRAGMENT_HASH = 40; // u64: hash of its flow
export const FRAGMENT_TICK = 48; // u32: waiting: when the entry was made; decided: of the last fragment
export const FRAGMENT_VIP = 52; // u32: VIP_NUMBER
export const FRAGMENT_FIRST = 56; // u16: held frames, a list of places + 1; 0 = none
export const FRAGMENT_LAST = 58; // u16
export const FRAGMENT_FREE = 0;
export const FRAGMENT_WAITING = 1;
export const FRAGMENT_DECIDED = 2;
export const HELD_NEXT = 32; // u16, behind a META record: place + 1 of the next one of the same packet
export const HELD_ENTRY = 36; // u32: base of its entry, 0 = free
export const HELD_FRAME = 64; // headroom, then the frame
export const HELD_FRAME_BYTES = 2048; // longest frame that is held
export const HELD_BYTES = 2432; // HELD_FRAME, headroom, frame, what a copy may write past it

// --- BUILD: inputs of one table build, BUILD_BYTES a backend, in the order of identity ---------------
export const BUILD_BYTES = 32;
export const BUILD_INDEX = 0; // u32: backend index to write into the slots
export const BUILD_WEIGHT = 4; // u32: 1..65535
export const BUILD_NEXT = 8; // u32: offset, then the next slot to try
export const BUILD_SKIP = 12; // u32: 1..slotCount - 1
export const BUILD_TARGET = 16; // u32: slots it is to get
export const BUILD_TAKEN = 20; // u32: slots it has
export const BUILD_CREDIT = 24; // u32: turns saved up, in units of its weight
// Other profiles use the same places otherwise (assembly/profiles/):
export const BUILD_RANK = 16; // u64: katran, before the fill: hash of the address, by which backends stand in line
export const BUILD_TURN = 16; // u32: katran: k of the next (offset + k * skip) to try
export const BUILD_DUE = 16; // f64: cilium, envoy: what its weight times the turns must reach before it takes another slot
export const BUILD_SHARE = 24; // f64: envoy: its weight, where all together are 1
// Behind the records: identity of one backend as text, to be hashed.
export const BUILD_TEXT_BYTES = 128;

// --- CELLS: of one worker: LIMIT_CELLS meta records, LIMIT_OUTPUTS output records, then the cells ----------
export const HEADROOM = 256; // free bytes before a frame, for outer headers
export const META_BYTES = 32;
export const META_LENGTH = 0; // u32: bytes of the frame in the cell
export const META_PACKET_TYPE = 4; // u8: sll_pkttype, PACKET_TYPE_
export const META_VERDICT = 5; // u8: out
export const META_FLAGS = 6; // u16: META_HAS_
export const META_INGRESS = 8; // u16: egress index of the interface it came from
export const META_VLAN_TCI = 10; // u16
export const META_VIRTIO = 12; // virtio_net_hdr, 10 bytes
export const META_MARK = 24; // u32: in: SO_MARK of a packet of this host, in the place of the next two
export const META_FRONT = 22; // u16: out: bytes taken off the front of the frame, which is left so (compat 'katran', inline decapsulation)
export const META_OUTPUT = 24; // u16: out: first output record
export const META_OUTPUTS = 26; // u16: out: how many
export const META_VIP = 28; // u16: out: VIP number, 0 = none
export const META_BACKEND = 30; // u16: out: backend index, 0 = none
export const META_HAS_VLAN = 1; // the ring header carries a VLAN tag that is not in the frame
export const META_HAS_VIRTIO = 2;
export const META_HAS_MARK = 4; // a health check: META_MARK says for which backend
export const PACKET_TYPE_HOST = 0; // sll_pkttype PACKET_HOST: the frame is for us
export const PACKET_TYPE_MULTICAST = 2;

export const SEGMENTS_MAX = 512; // of one super-frame: 64 KiB in pieces of 128 bytes
export const OUTPUT_BYTES = 32;
export const OUTPUT_BASE = 0; // u32: address of the frame
export const OUTPUT_LENGTH = 4; // u32
export const OUTPUT_EGRESS = 8; // u16
export const OUTPUT_FLAGS = 10; // u16: META_HAS_VIRTIO
export const OUTPUT_VIRTIO = 12; // virtio_net_hdr, 10 bytes

// virtio_net_hdr (virtio 1.2, section 5.1.6), as PACKET_VNET_HDR puts it before a frame
export const VIRTIO_BYTES = 10;
export const VIRTIO_FLAGS = 0; // u8
export const VIRTIO_GSO_TYPE = 1; // u8
export const VIRTIO_HDR_LEN = 2; // u16
export const VIRTIO_GSO_SIZE = 4; // u16
export const VIRTIO_CSUM_START = 6; // u16
export const VIRTIO_CSUM_OFFSET = 8; // u16
export const VIRTIO_NEEDS_CSUM = 1; // flag
export const VIRTIO_DATA_VALID = 2; // flag: the device has looked at the checksum
export const VIRTIO_GSO_NONE = 0;

// --- STEPS: of one worker: STEPS_MAX steps, one a frame in hand, then as many metas for the frames of rings -------------
export const STEPS_MAX = 64; // few enough to stay in the first-level cache, enough to hide memory behind
export const STEP_BYTES = 64;
export const STEP_FRAME = 0; // u32: address of the frame; 0 = it was cut when it was put where it lies
export const STEP_LENGTH = 4; // u32
export const STEP_META = 8; // u32: address of its meta
export const STEP_VIP = 12; // u32: record of its VIP, or first STEP_VIP_BEFORE, STEP_VIP_SOUGHT; 0 = not a frame for the fast path
export const STEP_HASH = 16; // u64
export const STEP_SLOT_AT = 24; // u32: address of its slot
export const STEP_CHOSEN = 28; // u32: the slot as it stands in the table, then the backend index
export const STEP_PACKET_BYTES = 32; // u32: without padding
export const STEP_KIND = 36; // u32: STEP_IS_
export const STEP_NO_SLOT = 40; // u16: NO_BACKEND, always: the slot of what is not for the fast path
export const STEP_RING_FRAME = 44; // u32: frame of the receive ring it lies in
// With STEP_VIP_SOUGHT, the key it is found by:
export const STEP_KEY = 28; // u32: as VIP_PORT, VIP_PROTOCOL, VIP_PREFIX_BITS
export const STEP_HIGH = 48; // u64: destination address
export const STEP_LOW = 56; // u64
// then
export const STEP_BACKEND = 48; // u64: what the backend's record begins with, BACKEND_ENCAP to BACKEND_NEXT_HOP
export const STEP_TOUCHED = 56; // u32: of no use, see fast/choose.ts
export const STEP_VIP_BEFORE = 1; // as STEP_VIP: that of the step before, which is sought; no record is there
export const STEP_VIP_SOUGHT = 2; // as STEP_VIP: not where it nearly always is
export const STEP_IS_V6 = 1;

// --- DECAP: only of a decapsulator, which is one worker -----------------------------------------------------------------------
//   two halves     what is taken: settings, three lists of prefixes; the live one by generation, as with roots
//   output records
export const DECAP_MEMORY = 0; // u64: where address 0 of this memory is in the process: for the kernel
export const DECAP_TYPES = 8; // u32: DECAP_TAKES_
export const DECAP_ZERO_CHECKSUM6 = 12; // u32: 1 = GUE over IPv6 may lack a UDP checksum
export const DECAP_PORT_COUNT = 16; // u32
export const DECAP_PORTS = 20; // DECAP_PORTS_MAX times u16, host order: UDP ports of GUE
export const DECAP_LOCALS = 64; // lists of prefixes, a PREFIX_LIST_ record each: our addresses, those of balancers, those let in
export const DECAP_SOURCES = 76;
export const DECAP_INNERS = 88;
export const DECAP_LISTS = 128; // where the prefixes are
export const DECAP_HALF_BYTES = 24704; // DECAP_LISTS, and three times PREFIXES_MAX * PREFIX_BYTES
export const DECAP_OUTPUTS = 49408; // behind both halves
export const DECAP_TAKES_IPIP = 1;
export const DECAP_TAKES_GUE = 2;
export const DECAP_TAKES_GRE = 4;
export const DECAP_PORTS_MAX = 8;
export const PREFIX_LIST_BASE = 0; // u32: of PREFIXES_MAX records
export const PREFIX_LIST_COUNT4 = 4; // u32: those of IPv4 come first
export const PREFIX_LIST_COUNT6 = 8; // u32
export const PREFIXES_MAX = 256; // of one list, both families together
export const PREFIX_BYTES = 32;
export const PREFIX_ADDRESS = 0; // 16 bytes, no bits behind the prefix
export const PREFIX_MASK = 16; // 16 bytes
export const DECAP_OUTPUTS_MAX = 1024; // of one batch: a frame that may hold more than what is left waits for the next
export const DECAP_OUTPUT_BYTES = 64;
export const DECAP_OUTPUT_VECTOR = 0; // two struct iovec, as writev(2) takes them: the virtio header, the packet
export const DECAP_OUTPUT_VIRTIO = 32; // virtio_net_hdr, 10 bytes
export const DECAP_OUTPUT_BASE = 44; // u32: the packet, in this memory
export const DECAP_OUTPUT_LENGTH = 48; // u32
// --- KATRAN: settings, decapsulation destinations, then KATRAN_WORKER_BYTES a worker. Addresses are as Katran keeps them: an IPv4 one
// in the first 4 bytes, the other 12 are 0 (assembly/compat/katran/) ----------------------------------------------------------------
export const KATRAN_FLAGS = 0; // u32: KATRAN_HAS_
export const KATRAN_FRAME_BYTES_MAX = 4; // u32: longest frame that is forwarded, Ethernet header included
export const KATRAN_GUE_PORT = 8; // u32: UDP port whose packets are decapsulated
export const KATRAN_DESTINATION_COUNT = 12; // u32: decapsulation destinations
export const KATRAN_OWN4 = 16; // 16 bytes: the address that strict decapsulation lets in, 0 = none
export const KATRAN_OWN6 = 32; // 16 bytes
export const KATRAN_SETTINGS_BYTES = 64;
export const KATRAN_DESTINATIONS_MAX = 64;
export const KATRAN_DESTINATION_BYTES = 32;
export const KATRAN_DESTINATION_ADDRESS = 0; // 16 bytes
export const KATRAN_DESTINATION_EGRESS = 16; // u32: 1 = decapsulated frames go back out
export const KATRAN_WORKER_BYTES = 576;
export const KATRAN_COUNTERS = 0; // u64 per KATRAN_COUNT_
export const KATRAN_COUNTERS_MAX = 64;
export const KATRAN_WINDOW_TICK = 512; // u32: when the second began in which new connections are counted
export const KATRAN_WINDOW_COUNT = 516; // u32
export const KATRAN_HAS_LOCAL_DELIVERY = 1;
export const KATRAN_HAS_DECAP_IPIP = 2;
export const KATRAN_HAS_DECAP_GUE = 4;
export const KATRAN_HAS_STRICT_DECAP = 8;
export const KATRAN_IS_SERVER = 16; // decapsulates for itself, and balances nothing
// Flags of a VIP, as Katran numbers them; what asks for ids and sources is in VIP_WAYS
export const KATRAN_VIP_NO_SOURCE_PORT = 1;
export const KATRAN_VIP_LRU_BYPASS = 2;
export const KATRAN_VIP_DESTINATION_PORT_ONLY = 8;
export const KATRAN_VIP_LOCAL = 32;
export const KATRAN_VIP_SOURCE_DESTINATION_PORT = 128;
export const KATRAN_VIP_FLOW_MIGRATION = 512;
export const KATRAN_REAL_DOWN = 1; // in the set of down reals of its VIP
export const KATRAN_REAL_LOCAL = 2; // this host itself
// Counters, in the order in which host/compat/katranStats.ts names them
export const KATRAN_COUNT_LRU = 0; // and misses behind it, as with all pairs
export const KATRAN_COUNT_LRU_MISS_SYN = 2;
export const KATRAN_COUNT_TOO_BIG4 = 4;
export const KATRAN_COUNT_SOURCE_MISS = 6;
export const KATRAN_COUNT_INLINE_DECAP = 8;
export const KATRAN_COUNT_DECAP4 = 10;
export const KATRAN_COUNT_AGAIN4 = 12;
export const KATRAN_COUNT_EGRESS4 = 14;
export const KATRAN_COUNT_RING_EMPTY = 16;
export const KATRAN_COUNT_QUIC_ICMP = 18;
export const KATRAN_COUNT_PTB4 = 20;
export const KATRAN_COUNT_PTB6 = 22;
export const KATRAN_COUNT_MIGRATED = 24;
export const KATRAN_COUNT_QUIC_RING = 26;
export const KATRAN_COUNT_QUIC_INITIAL = 27;
export const KATRAN_COUNT_QUIC_UNKNOWN = 28;
export const KATRAN_COUNT_QUIC_ROUTED = 29;
export const KATRAN_COUNT_QUIC_V1 = 30; // V2 and V3 behind it
export const KATRAN_COUNT_QUIC_SAME = 33;
export const KATRAN_COUNT_QUIC_OTHER = 34;
export const KATRAN_COUNT_QUIC_NEW = 35;
export const KATRAN_COUNT_STABLE_RING = 36;
export const KATRAN_COUNT_STABLE_ROUTED = 37;
export const KATRAN_COUNT_STABLE_INVALID = 38;
export const KATRAN_COUNT_STABLE_NO_HEADER = 39;
export const KATRAN_COUNT_TCP_RING = 40;
export const KATRAN_COUNT_TCP_ROUTED = 41;
export const KATRAN_COUNT_TCP_SYN = 42;
export const KATRAN_COUNT_TCP_OTHER = 43;
export const KATRAN_COUNT_HOST = 44; // decapsulated for a VIP and passed

// --- What explained() is asked for (explain.ts) --------------------------------------------------------------------------
export const EXPLAIN_ETHERTYPE = 0;
export const EXPLAIN_VLAN = 1; // TCI, and 0x10000 when there is a tag
export const EXPLAIN_HAS_DESTINATION = 2; // 1: the IP header is right; what follows is of this frame
export const EXPLAIN_IS_V6 = 3;
export const EXPLAIN_PROTOCOL = 4;
export const EXPLAIN_SOURCE_PORT = 5;
export const EXPLAIN_DESTINATION_PORT = 6;
export const EXPLAIN_IS_SYN = 7;
export const EXPLAIN_IS_FRAGMENT = 8;
export const EXPLAIN_PACKET_BYTES = 9;
export const EXPLAIN_IS_LOOKED_UP = 10; // 1: a backend was chosen by the table; the three below are of that
export const EXPLAIN_HASH = 11;
export const EXPLAIN_SLOT_INDEX = 12;
export const EXPLAIN_SLOT = 13; // as it stands in the table: SLOT_TRACKED, SLOT_BACKEND
export const EXPLAIN_WAYS_ASKED = 14; // WAY_ bits
export const EXPLAIN_WAY = 15; // the WAY_ that decided, 0 = none
export const EXPLAIN_SERVER_ID = 16; // the last that was read, 0 = none
export const EXPLAIN_NAMED_DOWN = 17; // 1: a name led to a backend that cannot serve
export const EXPLAIN_ROUTE_BITS = 18; // prefix length, of the 128, of the route that was found, and 1 more; 0 = none
export const EXPLAIN_IS_KNOWN = 19; // 1: a route was found, and the flow table knew the flow
