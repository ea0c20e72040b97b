// SPDX-License-Identifier: MIT
//
// Small questions to the system that a client may ask on the way: sizes, counts, versions, random
// bytes, caches, and the clock by the calls of 2018.

#include "platform/platform.h"
#include "syscalls/syscalls.h"

#include <string.h>
#include <zircon/limits.h>
#include <zircon/syscalls.h>
#include <zirconia/zirconia.h>

enum {
    CACHE_LINE = 64
}; // A multiple of the line size of every processor that this library runs on.

uint32_t zx_system_get_page_size(void) {
    return ZX_PAGE_SIZE;
}

uint32_t zx_system_get_dcache_line_size(void) {
    return CACHE_LINE;
}

// x86-64 fetches what it has stored, and no device of ours reads past a cache.
zx_status_t zx_cache_flush(const void *addr, size_t size, uint32_t options) {
    const uint32_t what = options & (ZX_CACHE_FLUSH_INSN | ZX_CACHE_FLUSH_DATA);
    const uint32_t known = what | ZX_CACHE_FLUSH_INVALIDATE;
    const bool invalidates = (options & ZX_CACHE_FLUSH_INVALIDATE) != 0;
    if ((options & ~known) != 0 || what == 0 ||
        (invalidates && (what & ZX_CACHE_FLUSH_DATA) == 0)) {
        return ZX_ERR_INVALID_ARGS;
    }
#if defined(__x86_64__) || defined(_M_X64)
    (void)addr;
    (void)size;
#else
    if ((what & ZX_CACHE_FLUSH_INSN) != 0) {
        char *start = (char *)(uintptr_t)addr;
        __builtin___clear_cache(start, start + size);
    }
#endif
    return ZX_OK;
}

uint32_t sys_system_get_num_cpus(void) {
    return platform_processor_count();
}

uint64_t sys_system_get_physmem(void) {
    return platform_physical_memory();
}

zx_string_view_t zx_system_get_version_string(void) {
    const char *version = zirconia_version();
    const zx_string_view_t view = {.c_str = version, .length = strlen(version)};
    return view;
}

zx_status_t sys_system_get_version(char *version, size_t version_size) {
    const char *text = zirconia_version();
    const size_t size = strlen(text) + 1;
    return version_size < size ? refuse_values(ZX_ERR_BUFFER_TOO_SMALL,
                                               "version_size % is less than %", version_size, size)
                               : copy_to_client(version, text, size);
}

void sys_cprng_draw(void *buffer, size_t buffer_size) {
    uint8_t bytes[256];
    uintptr_t address = (uintptr_t)buffer; // The client's, which may be any number.
    while (buffer_size > 0) {
        const size_t step = buffer_size < sizeof(bytes) ? buffer_size : sizeof(bytes);
        platform_random(bytes, step);
        if (copy_to_client((void *)address, bytes, step) != ZX_OK) {
            return;
        }
        address += step;
        buffer_size -= step;
    }
}

zx_time_t zx_clock_get(zx_clock_t clock_id) {
    return clock_id == ZX_CLOCK_MONOTONIC ? platform_monotonic() : 0;
}

zx_status_t sys_clock_get_new(zx_clock_t clock_id, zx_time_t *out) {
    if (clock_id > ZX_CLOCK_THREAD) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "clock_id % is unknown", clock_id);
    }
    if (clock_id != ZX_CLOCK_MONOTONIC) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "clock_id % is not the monotonic clock",
                            clock_id);
    }
    const zx_time_t now = platform_monotonic();
    return copy_to_client(out, &now, sizeof(now));
}
