// image.h: the twin works on a copy of the hot path's memory: the same records at the same addresses. layout.h is made from
// assembly/layout.ts and verdict.ts before compiling (bench/twin.ts), so that no number is typed twice.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "layout.h"

/** Where things are, as assembly/memory.ts has it, of worker 0. Pointers into the image. */
struct core {
  u8 *memory; // address 0 of the Wasm memory
  u8 *control, *worker, *backends, *next_hops, *egresses, *flows, *build, *roots;
  u8 *verdict_counters, *event_counters, *vip_counters, *backend_counters;
  u8 *metas, *outputs, *cells;
  u32 flow_bucket_mask, vip_index_mask, vip_records, root_bytes, cell_count, cell_bytes;
  u8 *heads, *frames; // prepared input, see restore.h
  u32 stride, flow_count;
};

static inline void fail(const char *what, const char *on) {
  fprintf(stderr, "%s %s: %s\n", what, on, strerror(errno));
  exit(1);
}

/** Reads the file into private anonymous pages, which is what a Wasm memory has; huge ones, as host/linux/hugePages.ts. */
static u8 *read_image(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) fail("open", path);
  u8 *memory = mmap(NULL, about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap", path);
  madvise(memory, about.st_size, MADV_HUGEPAGE); // a kernel without has none for either side
  for (off_t at = 0; at < about.st_size;) {
    ssize_t got = read(fd, memory + at, about.st_size - at);
    if (got <= 0) fail("read", path);
    at += got;
  }
  close(fd);
  return memory;
}

static inline u8 *region(u8 *memory, int index) { return memory + load32(memory + DIRECTORY + DIRECTORY_REGIONS + 8 * index); }
static inline u32 region_bytes(u8 *memory, int index) { return load32(memory + DIRECTORY + DIRECTORY_REGIONS + 8 * index + 4); }
static inline u32 limit(u8 *memory, int index) { return load32(memory + DIRECTORY + DIRECTORY_LIMITS + 4 * index); }

static struct core open_core(const char *path, u32 heads, u32 frames, u32 stride, u32 flow_count) {
  u8 *m = read_image(path);
  if (load32(m + DIRECTORY + DIRECTORY_MAGIC) != LAYOUT_MAGIC) fail("no directory in", path);
  struct core c = {
      .memory = m,
      .control = region(m, REGION_CONTROL),
      .worker = region(m, REGION_WORKERS),
      .backends = region(m, REGION_BACKENDS),
      .next_hops = region(m, REGION_NEXT_HOPS),
      .egresses = region(m, REGION_EGRESSES),
      .flows = region(m, REGION_FLOWS),
      .build = region(m, REGION_BUILD),
      .roots = region(m, REGION_ROOTS),
      .verdict_counters = region(m, REGION_COUNTERS),
      .event_counters = region(m, REGION_COUNTERS) + COUNTER_EVENTS,
      .vip_counters = region(m, REGION_VIP_COUNTERS),
      .backend_counters = region(m, REGION_BACKEND_COUNTERS),
      .metas = region(m, REGION_CELLS),
      .flow_bucket_mask = limit(m, LIMIT_FLOW_BUCKETS) - 1,
      .vip_index_mask = limit(m, LIMIT_VIP_INDEX) - 1,
      .vip_records = ROOT_HEADER_BYTES + 2 * limit(m, LIMIT_VIP_INDEX),
      .root_bytes = region_bytes(m, REGION_ROOTS) / 2,
      .cell_count = limit(m, LIMIT_CELLS),
      .cell_bytes = limit(m, LIMIT_CELL_BYTES),
      .heads = m + heads,
      .frames = m + frames,
      .stride = stride,
      .flow_count = flow_count,
  };
  c.outputs = c.metas + c.cell_count * META_BYTES;
  c.cells = c.outputs + limit(m, LIMIT_OUTPUTS) * OUTPUT_BYTES;
  return c;
}

// --- counters (assembly/memory.ts) -----------------------------------------------------------------

static inline void add64(u8 *at, u64 v) { store64(at, load64(at) + v); }

static inline void count_verdict(const struct core *c, u32 verdict) { add64(c->verdict_counters + 8 * verdict, 1); }
static inline void count_event(const struct core *c, u32 event) { add64(c->event_counters + 8 * event, 1); }

static inline void count_traffic(const struct core *c, u32 vip_number, u32 backend_index, u32 octets) {
  u8 *vip = c->vip_counters + vip_number * COUNT_BYTES;
  u8 *backend = c->backend_counters + backend_index * COUNT_BYTES;
  add64(vip + COUNT_PACKETS, 1);
  add64(vip + COUNT_OCTETS, octets);
  add64(backend + COUNT_PACKETS, 1);
  add64(backend + COUNT_OCTETS, octets);
}

// --- a batch sees one published state (assembly/epoch.ts) -------------------------------------------

static inline u8 *enter(const struct core *c) {
  u32 *live = (u32 *)(c->control + CONTROL_GENERATION), *epoch = (u32 *)(c->worker + WORKER_EPOCH), generation;
  do {
    generation = __atomic_load_n(live, __ATOMIC_SEQ_CST);
    __atomic_store_n(epoch, generation, __ATOMIC_SEQ_CST);
  } while (__atomic_load_n(live, __ATOMIC_SEQ_CST) != generation);
  count_event(c, EVENT_BATCHES);
  return c->roots + (generation & 1) * c->root_bytes;
}

static inline void leave(const struct core *c) {
  __atomic_store_n((u32 *)(c->worker + WORKER_EPOCH), EPOCH_IDLE, __ATOMIC_SEQ_CST);
}
