// SPDX-License-Identifier: MIT
//
// What the calls on debug logs pass. There is no debug log here (zircon/syscalls/refused.h).

#ifndef ZIRCON_SYSCALLS_LOG_H_
#define ZIRCON_SYSCALLS_LOG_H_

#include <zircon/types.h>

#define ZX_LOG_RECORD_MAX ((size_t)256)

#define ZX_LOG_FLAG_READABLE 0x40000000 // Option of zx_debuglog_create().

#if ZIRCONIA_ERA < 202104

typedef struct zx_log_record {
    uint32_t reserved;
    uint16_t datalen;
    uint16_t flags;
    zx_time_t timestamp;
    uint64_t pid;
    uint64_t tid;
    char data[];
} zx_log_record_t;

// Levels, and a flag beside them.
#define ZX_LOG_ERROR 0x0001
#define ZX_LOG_WARN 0x0002
#define ZX_LOG_INFO 0x0004
#define ZX_LOG_TRACE 0x0010
#define ZX_LOG_SPEW 0x0020
#define ZX_LOG_DEBUG1 0x0100
#define ZX_LOG_DEBUG2 0x0200
#define ZX_LOG_DEBUG3 0x0400
#define ZX_LOG_DEBUG4 0x0800
#define ZX_LOG_LOCAL 0x1000 // Is not sent over a network.
#define ZX_LOG_LEVEL_MASK 0x0fff
#define ZX_LOG_FLAGS_MASK 0xffff

#else

typedef struct zx_log_record {
#if ZIRCONIA_ERA < 202209
    uint32_t rollout;
#else
    uint64_t sequence;
    uint8_t padding1[4];
#endif
    uint16_t datalen;
    uint8_t severity;
    uint8_t flags;
    zx_time_t timestamp;
    uint64_t pid;
    uint64_t tid;
    char data[];
} zx_log_record_t;

#define ZX_LOG_RECORD_DATA_MAX (ZX_LOG_RECORD_MAX - sizeof(zx_log_record_t))

// Severities.
#define ZX_LOG_TRACE 0x10
#define ZX_LOG_DEBUG 0x20
#define ZX_LOG_INFO 0x30
#define ZX_LOG_WARNING 0x40
#define ZX_LOG_ERROR 0x50
#define ZX_LOG_FATAL 0x60

// Flags.
#define ZX_LOG_LOCAL 0x10 // Is not sent over a network.
#define ZX_LOG_FLAGS_MASK 0x10

#endif

#endif // ZIRCON_SYSCALLS_LOG_H_
