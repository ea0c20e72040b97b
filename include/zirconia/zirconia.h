// SPDX-License-Identifier: MIT
//
// What this library has beside Zircon's own calls: its version, the resources that a real system's
// component manager would hand to a program, and a log for people. All of it may be called from
// any thread.

#ifndef ZIRCONIA_ZIRCONIA_H_
#define ZIRCONIA_ZIRCONIA_H_

#include <stdint.h>

#include <zircon/syscalls/resource.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

#define ZIRCONIA_VERSION_MAJOR 0
#define ZIRCONIA_VERSION_MINOR 1
#define ZIRCONIA_VERSION_PATCH 0
#define ZIRCONIA_VERSION_STRING "0.1.0"

// The version of the library in use, as "major.minor.patch"; it may be newer than the header's.
// The string lives as long as the process.
ZIRCONIA_EXPORT const char *zirconia_version(void);

// The version of the Unicorn library in use, as "major.minor.patch". The string lives as long as
// the process.
ZIRCONIA_EXPORT const char *zirconia_engine_version(void);

// What makes guests slower with that library than they could be, and why, without a full stop; an
// empty string when nothing does. It is complete once a guest was created. The log says it too,
// once. The string lives as long as the process.
ZIRCONIA_EXPORT const char *zirconia_engine_note(void);

// What a status says, as a sentence for a person; its name is zx_status_get_string()'s. What it
// means for one call stands with that call. Never NULL; the string lives as long as the process.
ZIRCONIA_EXPORT const char *zirconia_status_text(zx_status_t status);

// Creates a resource of any kind (ZX_RSRC_KIND_, zircon/syscalls/resource.h) that covers size
// units from base on, without asking for the right to do so. The caller owns the handle in *out.
// Errors:
//   ZX_ERR_INVALID_ARGS  for an unknown kind or a range that passes 2^64
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_resource_create(uint32_t kind, uint64_t base, uint64_t size,
                                                     zx_handle_t *out);

// The resource that zx_guest_create() asks for: kind SYSTEM, base ZX_RSRC_SYSTEM_HYPERVISOR_BASE,
// size 1. It serves every era. Each call makes a handle that the caller owns.
// Errors:
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_hypervisor_resource(zx_handle_t *out);

// Severities of log lines, least first.
typedef enum zirconia_log_level {
    ZIRCONIA_LOG_DEBUG = 0,
    ZIRCONIA_LOG_INFO = 1,
    ZIRCONIA_LOG_WARNING = 2,
    ZIRCONIA_LOG_ERROR = 3
} zirconia_log_level_t;

// Receives one line, without a newline, valid during the callback only. It can be called by any
// thread that is inside a call of this library, by several at once, and must not call back into
// the library.
typedef void (*zirconia_log_callback_t)(void *context, zirconia_log_level_t level,
                                        const char *line);

// Sends every line of severity minimum or higher to callback, together with context; NULL turns
// the log off, as it is at the start. A callback replaced here may still be in progress on another
// thread when this returns. ZIRCONIA_LOG_DEBUG has a line for each call that fails, with the
// arguments, the status and the cause, with its value, or, behind "perhaps", the conditions under
// which the call fails so; but for zx_vcpu_kick(), which signal handlers may make. Until a program
// calls this, ZIRCONIA_LOG in its environment decides: "debug", "info", "warning" or "error" is the
// lowest severity that goes to standard error.
ZIRCONIA_EXPORT void zirconia_set_log(zirconia_log_callback_t callback, void *context,
                                      zirconia_log_level_t minimum);

ZIRCONIA_END_C

#endif // ZIRCONIA_ZIRCONIA_H_
