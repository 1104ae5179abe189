// batched.c: the same work in stages over a chunk of the batch, so that what one stage asks memory for is there when the
// next one needs it:
//   1 decide, hash      asks for the slot, and for the flow's bucket, which counts only if the slot is tracked
//   2 slot -> backend   asks for the backend record and its counters
//   3 send              rewrites, counts
// Order within a stage is the order of the frames, so flow table and outputs come out as in scalar.c.
#include "decide.h"
#include "driver.h"
#include "hash.h"
#include "select.h"
#include "send.h"

#define CHUNK 64 // frames between the stages: few enough to stay in the first-level cache, enough to hide memory behind

/** A frame between the stages: what choosing and sending need of what was parsed. */
struct step {
  u64 hash;
  const u8 *vip;
  u8 *packet;
  u32 slot, chosen, bytes, packet_bytes;
  u16 verdict, vlan_tci;
  bool is_v6, has_vlan, is_tcp, is_syn;
};

static inline void ask(const void *at) { __builtin_prefetch(at); }

static inline u32 decide_one(const struct core *c, const u8 *root, struct last_vip *last, struct step *f, u8 *meta, u8 *cell) {
  struct parsed p;
  f->bytes = load32(meta + META_LENGTH);
  if (is_snapped(c, f->bytes)) return DROP_SNAPPED;
  store32(meta + META_VIP, 0); // and META_BACKEND behind it
  u32 verdict = decide(c, root, last, &p, cell + HEADROOM, f->bytes, meta, &f->vip);
  if (verdict != NO_VERDICT) return verdict;
  f->hash = flow_hash(c, &p);
  f->slot = slot_of(f->hash, load32(f->vip + VIP_SLOT_COUNT));
  ask(slot_at(c, f->vip, f->slot));
  if (load32(f->vip + VIP_TRACKS)) ask(bucket_of(c, f->hash));
  f->packet = p.packet;
  f->packet_bytes = p.packet_bytes;
  f->vlan_tci = (u16)p.vlan_tci;
  f->is_v6 = p.is_v6;
  f->has_vlan = p.has_vlan;
  f->is_tcp = p.protocol != UDP;
  f->is_syn = p.is_syn;
  return NO_VERDICT;
}

static inline void choose_one(const struct core *c, struct step *f, u32 tick) {
  u32 chosen = load16(slot_at(c, f->vip, f->slot));
  if (chosen & SLOT_TRACKED) {
    chosen = select_tracked(c, f->vip, f->slot, chosen & SLOT_BACKEND, f->hash, f->is_tcp, f->is_syn, tick);
  }
  f->chosen = chosen;
  ask(c->backends + chosen * BACKEND_BYTES);
  ask(c->backend_counters + chosen * COUNT_BYTES);
}

static inline u32 send_one(const struct core *c, struct sink *s, const struct step *f, u8 *meta) {
  u32 vip_number = load16(f->vip + VIP_NUMBER);
  note_choice(meta, vip_number, f->chosen);
  count_traffic(c, vip_number, f->chosen, f->bytes);
  if (f->chosen == NO_BACKEND) return DROP_NO_BACKEND;
  const struct parsed p = {.meta = meta,
                           .packet = f->packet,
                           .packet_bytes = f->packet_bytes,
                           .vlan_tci = f->vlan_tci,
                           .has_vlan = f->has_vlan,
                           .is_v6 = f->is_v6};
  return send(c, s, &p, c->backends + f->chosen * BACKEND_BYTES, f->hash);
}

static inline void run_chunk(const struct core *c, struct sink *s, const u8 *root, u32 first, u32 count, u32 tick) {
  struct step steps[CHUNK];
  struct last_vip last = {0};
  u8 *metas = c->metas + first * META_BYTES, *cells = c->cells + first * c->cell_bytes;
  for (u32 i = 0; i < count; i++) {
    steps[i].verdict = (u16)decide_one(c, root, &last, &steps[i], metas + i * META_BYTES, cells + i * c->cell_bytes);
  }
  for (u32 i = 0; i < count; i++) {
    if (steps[i].verdict == NO_VERDICT) choose_one(c, &steps[i], tick);
  }
  for (u32 i = 0; i < count; i++) {
    u8 *meta = metas + i * META_BYTES;
    u32 output = s->output_count, verdict = steps[i].verdict;
    s->cell = cells + i * c->cell_bytes;
    if (verdict == NO_VERDICT) verdict = send_one(c, s, &steps[i], meta);
    count_verdict(c, verdict);
    note_verdict(meta, verdict, output, s->output_count - output);
  }
}

void run_batch(const struct core *shared, u32 count, u32 tick) {
  const struct core c = *shared; // a copy nobody else points at, so that stores into frames do not reload it
  const u8 *root = enter(&c);
  struct sink s = {0};
  for (u32 first = 0; first < count; first += CHUNK) {
    run_chunk(&c, &s, root, first, count - first < CHUNK ? count - first : CHUNK, tick);
  }
  leave(&c);
}

int main(int argc, char **argv) { return drive(argc, argv); }
