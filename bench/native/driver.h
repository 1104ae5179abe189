// driver.h: what a twin does on request. One request a line on stdin, one answer a line on stdout; it ends with stdin.
//   run MS SAMPLE_US   forwards batches for MS milliseconds      -> ns a frame of each sample of about SAMPLE_US
//   restore MS SAMPLE_US   only puts frames into cells           -> the same
//   fill COUNT SLOTS MS    fills a lookup table of SLOTS slots   -> ms of each fill
//   table COUNT SLOTS FILE fills it once and writes it to FILE   -> done
//   check BATCHES FILE     forwards so many batches from the first flow on and writes what came out   -> done
#pragma once

#include <inttypes.h>
#include <time.h>

#include "fill.h"
#include "restore.h"

/** Takes the first `count` cells to their verdicts: the twin's own work, in scalar.c and batched.c. */
void run_batch(const struct core *c, u32 count, u32 tick);

static struct core core;
static u32 batch, tick, next_flow;

static inline u64 now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void forward_batches(u32 count) {
  for (u32 i = 0; i < count; i++) {
    next_flow = restore(&core, next_flow, batch);
    run_batch(&core, batch, tick);
  }
}

static void restore_batches(u32 count) {
  for (u32 i = 0; i < count; i++) {
    next_flow = restore(&core, next_flow, batch);
    __asm__ volatile("" ::: "memory"); // what was written is used
  }
}

/** Samples `work` for `ms`; a sample is as many batches as take about `sample_us`. */
static void sample(void (*work)(u32), u32 ms, u32 sample_us) {
  u32 count = 1;
  for (u64 took = 0; took < (u64)sample_us * 1000;) {
    u64 from = now_ns();
    work(count);
    took = now_ns() - from;
    if (took < (u64)sample_us * 500) count *= 2;
    else if (took < (u64)sample_us * 1000) count += count / 8 + 1;
  }
  for (u64 end = now_ns() + (u64)ms * 1000000; now_ns() < end;) {
    u64 from = now_ns();
    work(count);
    printf(" %.4f", (double)(now_ns() - from) / ((double)count * batch));
  }
}

/** Scratch: the RINGS region behind the prepared frames. */
static u16 *scratch_table(void) { return (u16 *)(core.frames + (size_t)core.flow_count * core.stride); }

static void time_fills(u32 count, u32 slots, u32 ms) {
  u64 end = now_ns() + (u64)ms * 1000000;
  do {
    u64 from = now_ns();
    fill_table(&core, scratch_table(), slots, count);
    printf(" %.6f", (double)(now_ns() - from) / 1e6);
  } while (now_ns() < end);
}

static void write_all(FILE *file, const void *from, size_t bytes) {
  if (fwrite(from, 1, bytes, file) != bytes) fail("write", "result");
}

static FILE *create(const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) fail("open", path);
  return file;
}

static void write_table(u32 count, u32 slots, const char *path) {
  fill_table(&core, scratch_table(), slots, count);
  FILE *file = create(path);
  write_all(file, scratch_table(), (size_t)slots * SLOT_BYTES);
  if (fclose(file) != 0) fail("close", path);
}

/** A frame: its meta, then each output's record and bytes. */
static void write_frame(FILE *file, const u8 *meta) {
  write_all(file, meta, META_BYTES);
  u32 first = load16(meta + META_OUTPUT), outputs = load16(meta + META_OUTPUTS);
  for (u32 k = first; k < first + outputs; k++) {
    const u8 *output = core.outputs + k * OUTPUT_BYTES;
    write_all(file, output, OUTPUT_VIRTIO);
    write_all(file, core.memory + load32(output + OUTPUT_BASE), load32(output + OUTPUT_LENGTH));
  }
}

static void write_region(FILE *file, int index) {
  write_all(file, region(core.memory, index), region_bytes(core.memory, index));
}

/** Frames, then counters and flow table: the twin must have done the same work, not only sent the same frames. */
static void check(u32 batches, const char *path) {
  FILE *file = create(path);
  next_flow = 0;
  for (u32 i = 0; i < batches; i++) {
    forward_batches(1);
    for (u32 k = 0; k < batch; k++) write_frame(file, core.metas + k * META_BYTES);
  }
  write_region(file, REGION_COUNTERS);
  write_region(file, REGION_VIP_COUNTERS);
  write_region(file, REGION_BACKEND_COUNTERS);
  write_region(file, REGION_FLOWS);
  if (fclose(file) != 0) fail("close", path);
}

static void answer(const char *request) {
  u32 a, b, c;
  char path[1024];
  if (sscanf(request, "run %" SCNu32 " %" SCNu32, &a, &b) == 2) sample(forward_batches, a, b);
  else if (sscanf(request, "restore %" SCNu32 " %" SCNu32, &a, &b) == 2) sample(restore_batches, a, b);
  else if (sscanf(request, "fill %" SCNu32 " %" SCNu32 " %" SCNu32, &a, &b, &c) == 3) time_fills(a, b, c);
  else if (sscanf(request, "table %" SCNu32 " %" SCNu32 " %1023[^\n]", &a, &b, path) == 3) write_table(a, b, path);
  else if (sscanf(request, "check %" SCNu32 " %1023[^\n]", &a, path) == 2) check(a, path);
  else { errno = EINVAL; fail("request", request); }
  printf("\n");
  fflush(stdout);
}

/** Arguments: image, heads, frames, stride, flows, batch, tick. */
static int drive(int argc, char **argv) {
  if (argc != 8) { errno = EINVAL; fail("arguments of", argv[0]); }
  u32 n[6];
  for (int i = 0; i < 6; i++) n[i] = (u32)strtoul(argv[2 + i], NULL, 10);
  core = open_core(argv[1], n[0], n[1], n[2], n[3]);
  batch = n[4];
  tick = n[5];
  char request[1200];
  while (fgets(request, sizeof request, stdin)) answer(request);
  return 0;
}
