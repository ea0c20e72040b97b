// SPDX-License-Identifier: MIT
//
// Which pages of a memory have been touched. Windows does not say which pages of a section have
// memory, but which pages of a view the process has at hand: all that were touched through it, but
// for those that were taken away again because the host was short of memory. What is seen once is
// kept, so that a view that goes loses nothing.

#include "platform/windows_sections.h"

#include <stdlib.h>
#include <string.h>

#include <psapi.h>

enum { PAGE = 4096, BITS = 8, BATCH = 128 };

uint8_t *windows_touched_create(uint64_t length) {
    return calloc((size_t)(length / PAGE / BITS + 1), 1);
}

uint8_t *windows_touched_copy(const struct section *section, uint64_t offset) {
    uint8_t *bits = windows_touched_create(section->end - offset);
    const uint64_t first = (offset - section->start) / PAGE;
    for (uint64_t i = 0; bits != NULL && i < (section->end - offset) / PAGE; i++) {
        const unsigned bit = section->touched[(first + i) / BITS] >> (first + i) % BITS & 1u;
        bits[i / BITS] |= (uint8_t)(bit << i % BITS);
    }
    return bits;
}

static void mark(struct section *section, uint64_t page) {
    section->touched[page / BITS] |= (uint8_t)(1u << page % BITS);
}

// The section's pages from the index `page` on are at the address.
static void record_batch(struct section *section, uint64_t page, uintptr_t address, size_t count) {
    PSAPI_WORKING_SET_EX_INFORMATION pages[BATCH];
    for (size_t i = 0; i < count; i++) {
        pages[i].VirtualAddress = (void *)(address + i * PAGE);
        pages[i].VirtualAttributes.Flags = 0;
    }
    if (!QueryWorkingSetEx(GetCurrentProcess(), pages, (DWORD)(count * sizeof(pages[0])))) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (pages[i].VirtualAttributes.Valid) {
            mark(section, page + i);
        }
    }
}

bool windows_memory_record(struct platform_memory *memory, uint64_t offset, uintptr_t start,
                           uintptr_t end, unsigned protection) {
    (void)protection;
    const uint64_t last = offset + (end - start);
    AcquireSRWLockExclusive(&memory->lock);
    for (size_t i = 0; i < memory->count; i++) {
        struct section *section = &memory->sections[i];
        const uint64_t to = section->end < last ? section->end : last;
        uint64_t from = section->start > offset ? section->start : offset;
        for (; from < to; from += (uint64_t)BATCH * PAGE) {
            const uint64_t left = (to - from) / PAGE;
            record_batch(section, (from - section->start) / PAGE,
                         start + (uintptr_t)(from - offset), left < BATCH ? (size_t)left : BATCH);
        }
    }
    ReleaseSRWLockExclusive(&memory->lock);
    return true;
}

// --- Counting ---

static void record_all(struct platform_memory *memory, uint64_t offset, uint64_t end) {
    windows_ranges_lock();
    windows_ranges_each(memory, offset, end, windows_memory_record);
    windows_ranges_unlock();
}

static bool is_marked(const struct section *section, uint64_t offset) {
    const uint64_t page = (offset - section->start) / PAGE;
    return (section->touched[page / BITS] >> page % BITS & 1u) != 0;
}

// Windows is asked for parts alone: what lies behind the end that a VMO has now may be touched.
bool platform_memory_count(struct platform_memory *memory, uint64_t *bytes) {
    (void)memory;
    (void)bytes;
    return false;
}

bool platform_memory_count_range(struct platform_memory *memory, uint64_t offset, uint64_t length,
                                 uint64_t *bytes) {
    const uint64_t first = offset / PAGE * PAGE;
    const uint64_t last = (offset + length + PAGE - 1) / PAGE * PAGE;
    record_all(memory, first, last);
    *bytes = 0;
    AcquireSRWLockShared(&memory->lock);
    for (size_t i = 0; i < memory->count; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t end = section->end < last ? section->end : last;
        for (uint64_t at = section->start > first ? section->start : first; at < end; at += PAGE) {
            *bytes += is_marked(section, at) ? PAGE : 0;
        }
    }
    ReleaseSRWLockShared(&memory->lock);
    return true;
}

// --- What may not be zero ---

static bool is_zero(const unsigned char *bytes, size_t length) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

// The first byte in [at, end) that may not be zero; `end` when there is none. What is not marked is
// looked at, since Windows may have taken it away before anybody asked: in a view of its own, which
// leaves the others as they are.
static uint64_t skip_zeros(const struct section *section, uint64_t at, uint64_t end) {
    unsigned char *seen =
        is_marked(section, at) ? NULL : windows_section_look(section, at, end, FILE_MAP_READ);
    if (seen == NULL) {
        return at;
    }
    const unsigned char *bytes = seen;
    while (at < end && !is_marked(section, at)) {
        const uint64_t next = (at / PAGE + 1) * PAGE;
        const size_t length = (size_t)((next < end ? next : end) - at);
        if (!is_zero(bytes, length)) {
            break;
        }
        at += length;
        bytes += length;
    }
    windows_section_look_away(seen);
    return at;
}

// The first byte from `offset` on that has a section.
static uint64_t find_section(const struct platform_memory *memory, uint64_t offset,
                             const struct section **out) {
    uint64_t nearest = UINT64_MAX;
    for (size_t i = 0; i < memory->count; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t first = section->start > offset ? section->start : offset;
        if (section->end > offset && first < nearest) {
            nearest = first;
            *out = section;
        }
    }
    return nearest;
}

// Some pages are looked at, and what follows them may not be zero.
uint64_t platform_memory_find_data(struct platform_memory *memory, uint64_t offset) {
    enum { MOST = 16 * PAGE };
    const uint64_t stop = offset / PAGE * PAGE + MOST;
    record_all(memory, offset / PAGE * PAGE, stop);
    AcquireSRWLockShared(&memory->lock);
    const struct section *section = NULL;
    uint64_t at = find_section(memory, offset, &section);
    while (at < stop) {
        const uint64_t end = section->end < stop ? section->end : stop;
        const uint64_t found = skip_zeros(section, at, end);
        at = found < end ? found : find_section(memory, end, &section);
        if (found < end) {
            break;
        }
    }
    ReleaseSRWLockShared(&memory->lock);
    return at;
}
