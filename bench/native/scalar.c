// scalar.c: the work of the hot path in plain C, one frame after the other. What gcc -O3 makes of it is its own affair.
#include "decide.h"
#include "driver.h"
#include "hash.h"
#include "select.h"
#include "send.h"

static inline u32 forward(const struct core *c, struct sink *s, const u8 *root, u8 *frame, u32 bytes, u8 *meta, u32 tick) {
  struct parsed p;
  const u8 *vip = NULL;
  store32(meta + META_VIP, 0); // and META_BACKEND behind it
  u32 verdict = decide(c, root, NULL, &p, frame, bytes, meta, &vip);
  if (verdict != NO_VERDICT) return verdict;
  u64 hash = flow_hash(c, &p);
  u32 slot = slot_of(hash, load32(vip + VIP_SLOT_COUNT)), chosen = load16(slot_at(c, vip, slot));
  if (chosen & SLOT_TRACKED) {
    chosen = select_tracked(c, vip, slot, chosen & SLOT_BACKEND, hash, p.protocol != UDP, p.is_syn, tick);
  }
  u32 vip_number = load16(vip + VIP_NUMBER);
  note_choice(meta, vip_number, chosen);
  count_traffic(c, vip_number, chosen, bytes);
  if (chosen == NO_BACKEND) return DROP_NO_BACKEND;
  return send(c, s, &p, c->backends + chosen * BACKEND_BYTES, hash);
}

void run_batch(const struct core *shared, u32 count, u32 tick) {
  const struct core c = *shared; // a copy nobody else points at, so that stores into frames do not reload it
  const u8 *root = enter(&c);
  struct sink s = {0};
  for (u32 i = 0; i < count; i++) {
    u8 *meta = c.metas + i * META_BYTES;
    s.cell = c.cells + i * c.cell_bytes;
    u32 bytes = load32(meta + META_LENGTH), first = s.output_count;
    u32 verdict = is_snapped(&c, bytes) ? DROP_SNAPPED : forward(&c, &s, root, s.cell + HEADROOM, bytes, meta, tick);
    count_verdict(&c, verdict);
    note_verdict(meta, verdict, first, s.output_count - first);
  }
  leave(&c);
}

int main(int argc, char **argv) { return drive(argc, argv); }
