// batched.c: the same work in stages over the whole batch, so that what one stage asks memory for is there when the next
// one needs it:
//   1 decide, hash      asks for the slot, and for the flow's bucket, which counts only if the slot is tracked
//   2 slot -> backend   asks for the backend record and its counters
//   3 send              rewrites, counts
// Order within a stage is the order of the frames, so flow table and outputs come out as in scalar.c.
#include "decide.h"
#include "driver.h"
#include "hash.h"
#include "select.h"
#include "send.h"

#define BATCH_MAX 4096

/** A frame between the stages. */
struct step {
  struct parsed p;
  u64 hash;
  const u8 *vip;
  u32 slot, verdict, chosen, bytes;
};

static struct step steps[BATCH_MAX];

static inline void ask(const void *at) { __builtin_prefetch(at); }

static void decide_all(const struct core *c, const u8 *root, u32 count) {
  for (u32 i = 0; i < count; i++) {
    struct step *f = &steps[i];
    u8 *meta = c->metas + i * META_BYTES;
    u32 bytes = load32(meta + META_LENGTH);
    struct parsed p;
    const u8 *vip = NULL;
    f->bytes = bytes;
    f->verdict = is_snapped(c, bytes) ? DROP_SNAPPED
                                      : (store32(meta + META_VIP, 0),
                                         decide(c, root, &p, c->cells + i * c->cell_bytes + HEADROOM, bytes, meta, &vip));
    if (f->verdict != NO_VERDICT) continue;
    f->p = p;
    f->vip = vip;
    f->hash = flow_hash(c, &p);
    f->slot = slot_of(f->hash, load32(vip + VIP_SLOT_COUNT));
    ask(slot_at(c, vip, f->slot));
    if (load32(vip + VIP_TRACKS)) ask(bucket_of(c, f->hash));
  }
}

static void choose_all(const struct core *c, u32 count, u32 tick) {
  for (u32 i = 0; i < count; i++) {
    struct step *f = &steps[i];
    if (f->verdict != NO_VERDICT) continue;
    u32 chosen = load16(slot_at(c, f->vip, f->slot));
    if (chosen & SLOT_TRACKED) {
      chosen = select_tracked(c, f->vip, f->slot, chosen & SLOT_BACKEND, f->hash, f->p.protocol == TCP, f->p.is_syn, tick);
    }
    f->chosen = chosen;
    ask(c->backends + chosen * BACKEND_BYTES);
    ask(c->backend_counters + chosen * COUNT_BYTES);
  }
}

static u32 send_one(const struct core *c, struct sink *s, const struct step *f, u8 *meta) {
  u32 vip_number = load32(f->vip + VIP_NUMBER);
  note_choice(meta, vip_number, f->chosen);
  count_traffic(c, vip_number, f->chosen, f->bytes);
  if (f->chosen == NO_BACKEND) return DROP_NO_BACKEND;
  return send(c, s, &f->p, c->backends + f->chosen * BACKEND_BYTES, f->hash);
}

void run_batch(const struct core *shared, u32 count, u32 tick) {
  const struct core c = *shared; // a copy nobody else points at, so that stores into frames do not reload it
  const u8 *root = enter(&c);
  struct sink s = {0};
  decide_all(&c, root, count);
  choose_all(&c, count, tick);
  for (u32 i = 0; i < count; i++) {
    u8 *meta = c.metas + i * META_BYTES;
    u32 first = s.output_count, verdict = steps[i].verdict;
    s.cell = c.cells + i * c.cell_bytes;
    if (verdict == NO_VERDICT) verdict = send_one(&c, &s, &steps[i], meta);
    count_verdict(&c, verdict);
    note_verdict(meta, verdict, first, s.output_count - first);
  }
  leave(&c);
}

int main(int argc, char **argv) { return drive(argc, argv); }
