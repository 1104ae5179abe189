// restore.h: puts frames into the cells, the same work as restore() of assembly/bench.ts: rewriting in place destroys the
// input, so every batch begins with this, on every side, inside the timed part.
#pragma once

#include "image.h"

#define HEAD_BYTES 16

typedef u8 v128 __attribute__((vector_size(16), aligned(1), may_alias));

static inline void copy16(u8 *to, const u8 *from) { *(v128 *)to = *(const v128 *)from; }

static inline void copy_line(u8 *to, const u8 *from) {
  v128 a = *(const v128 *)from, b = *(const v128 *)(from + 16), c = *(const v128 *)(from + 32), d = *(const v128 *)(from + 48);
  *(v128 *)to = a;
  *(v128 *)(to + 16) = b;
  *(v128 *)(to + 32) = c;
  *(v128 *)(to + 48) = d;
}

static u32 restore(const struct core *shared, u32 first, u32 count) {
  const struct core c = *shared; // as in run_batch()
  u32 flow = first;
  for (u32 i = 0; i < count; i++) {
    u8 *meta = c.metas + i * META_BYTES;
    copy16(meta, c.heads + (size_t)flow * HEAD_BYTES);
    memset(meta + HEAD_BYTES, 0, META_BYTES - HEAD_BYTES);
    const u8 *from = c.frames + (size_t)flow * c.stride;
    u8 *to = c.cells + i * c.cell_bytes + HEADROOM;
    for (u32 at = 0; at < c.stride; at += CACHE_LINE) copy_line(to + at, from + at);
    if (++flow == c.flow_count) flow = 0;
  }
  return flow;
}
