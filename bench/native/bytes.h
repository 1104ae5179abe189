// bytes.h: loads and stores of any alignment, little-endian as Wasm is, and the byte order of the network.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the memory of the hot path is little-endian"
#endif

static inline u16 load16(const u8 *p) { u16 v; memcpy(&v, p, sizeof v); return v; }
static inline u32 load32(const u8 *p) { u32 v; memcpy(&v, p, sizeof v); return v; }
static inline u64 load64(const u8 *p) { u64 v; memcpy(&v, p, sizeof v); return v; }
static inline void store16(u8 *p, u16 v) { memcpy(p, &v, sizeof v); }
static inline void store32(u8 *p, u32 v) { memcpy(p, &v, sizeof v); }
static inline void store64(u8 *p, u64 v) { memcpy(p, &v, sizeof v); }

static inline u16 net16(const u8 *p) { return __builtin_bswap16(load16(p)); }
static inline u32 net32(const u8 *p) { return __builtin_bswap32(load32(p)); }
static inline void store_net16(u8 *p, u16 v) { store16(p, __builtin_bswap16(v)); }
static inline void store_net32(u8 *p, u32 v) { store32(p, __builtin_bswap32(v)); }
