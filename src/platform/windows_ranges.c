// SPDX-License-Identifier: MIT
//
// The ranges that are mapped, in the order of their addresses. A process has some hundreds of them.

#include "platform/windows_memory.h"

#include <stdlib.h>
#include <string.h>

struct mapped_range {
    uintptr_t start;
    uintptr_t end;
    struct platform_memory *memory;
    uint64_t offset; // In the memory, of its start.
    unsigned protection;
};

static struct {
    SRWLOCK lock;
    size_t count;
    size_t room;
    struct mapped_range *entries;
} ranges = {.lock = SRWLOCK_INIT};

void windows_ranges_lock(void) {
    AcquireSRWLockExclusive(&ranges.lock);
}

void windows_ranges_unlock(void) {
    ReleaseSRWLockExclusive(&ranges.lock);
}

// The index of the first range that ends behind the address.
static size_t first_behind(uintptr_t address) {
    size_t low = 0;
    size_t high = ranges.count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (ranges.entries[middle].end <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// A change splits two ranges and adds one at most.
static bool make_room(void) {
    enum { MOST = 3 };
    if (ranges.count + MOST <= ranges.room) {
        return true;
    }
    const size_t room = 2 * ranges.room + 16;
    struct mapped_range *entries = realloc(ranges.entries, room * sizeof(*entries));
    if (entries != NULL) {
        ranges.entries = entries;
        ranges.room = room;
    }
    return entries != NULL;
}

static void insert(size_t index, struct mapped_range range) {
    struct mapped_range *place = &ranges.entries[index];
    memmove(place + 1, place, (ranges.count - index) * sizeof(*place));
    *place = range;
    ranges.count++;
    windows_memory_ref(range.memory);
}

static void take_out(size_t index) {
    struct mapped_range *place = &ranges.entries[index];
    windows_memory_unref(place->memory);
    ranges.count--;
    memmove(place, place + 1, (ranges.count - index) * sizeof(*place));
}

// No range goes on across the address any more.
static void cut(uintptr_t address) {
    const size_t index = first_behind(address);
    if (index == ranges.count || ranges.entries[index].start >= address) {
        return;
    }
    struct mapped_range behind = ranges.entries[index];
    behind.offset += address - behind.start;
    behind.start = address;
    ranges.entries[index].end = address;
    insert(index + 1, behind);
}

static size_t remove_whole(uintptr_t start, uintptr_t end) {
    const size_t index = first_behind(start);
    while (index < ranges.count && ranges.entries[index].start < end) {
        take_out(index);
    }
    return index;
}

bool windows_ranges_remove(uintptr_t start, uintptr_t end) {
    if (!make_room()) {
        return false;
    }
    cut(start);
    cut(end);
    remove_whole(start, end);
    return true;
}

bool windows_ranges_add(uintptr_t start, uintptr_t end, struct platform_memory *memory,
                        uint64_t offset, unsigned protection) {
    if (!make_room()) {
        return false;
    }
    cut(start);
    cut(end);
    const size_t index = remove_whole(start, end);
    insert(index, (struct mapped_range){start, end, memory, offset, protection});
    return true;
}

bool windows_ranges_protect(uintptr_t start, uintptr_t end, unsigned protection) {
    if (!make_room()) {
        return false;
    }
    cut(start);
    cut(end);
    for (size_t i = first_behind(start); i < ranges.count && ranges.entries[i].start < end; i++) {
        ranges.entries[i].protection = protection;
    }
    return true;
}

bool windows_ranges_next(uintptr_t address, uintptr_t *end) {
    const size_t index = first_behind(address);
    if (index == ranges.count) {
        return false;
    }
    const struct mapped_range *range = &ranges.entries[index];
    const bool inside = range->start <= address;
    const uintptr_t stop = inside ? range->end : range->start;
    *end = stop < *end ? stop : *end;
    return inside;
}

bool windows_ranges_show(uintptr_t start, uintptr_t end) {
    bool shown = true;
    for (size_t i = first_behind(start); i < ranges.count && ranges.entries[i].start < end; i++) {
        const struct mapped_range *range = &ranges.entries[i];
        const uintptr_t from = range->start > start ? range->start : start;
        const uintptr_t to = range->end < end ? range->end : end;
        shown = windows_memory_show(range->memory, range->offset + (from - range->start), from, to,
                                    range->protection) &&
                shown;
    }
    return shown;
}

bool windows_ranges_each(const struct platform_memory *memory, uint64_t offset, uint64_t end,
                         windows_part_fn *visit) {
    bool done = true;
    for (size_t i = 0; i < ranges.count; i++) {
        const struct mapped_range *range = &ranges.entries[i];
        const uint64_t last = range->offset + (range->end - range->start);
        const uint64_t from = range->offset > offset ? range->offset : offset;
        const uint64_t to = last < end ? last : end;
        if (range->memory == memory && from < to) {
            const uintptr_t start = range->start + (uintptr_t)(from - range->offset);
            done = visit(range->memory, from, start, start + (uintptr_t)(to - from),
                         range->protection) &&
                   done;
        }
    }
    return done;
}

void windows_ranges_record(uintptr_t start, uintptr_t end) {
    for (size_t i = first_behind(start); i < ranges.count && ranges.entries[i].start < end; i++) {
        const struct mapped_range *range = &ranges.entries[i];
        const uintptr_t from = range->start > start ? range->start : start;
        const uintptr_t to = range->end < end ? range->end : end;
        windows_memory_record(range->memory, range->offset + (from - range->start), from, to,
                              range->protection);
    }
}

// --- Faults ---

static DWORD letting(enum windows_access access) {
    switch (access) {
    case WINDOWS_WRITES:
        return PAGE_READWRITE | PAGE_EXECUTE_READWRITE;
    case WINDOWS_EXECUTES:
        return PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    default:
        return PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    }
}

bool windows_ranges_is_back(uintptr_t address, enum windows_access access) {
    MEMORY_BASIC_INFORMATION page;
    uintptr_t end = UINTPTR_MAX;
    AcquireSRWLockShared(&ranges.lock);
    const bool back = windows_ranges_next(address, &end) &&
                      VirtualQuery((void *)address, &page, sizeof(page)) != 0 &&
                      page.State == MEM_COMMIT && (page.Protect & letting(access)) != 0;
    ReleaseSRWLockShared(&ranges.lock);
    return back;
}

bool windows_ranges_ends_before(uintptr_t address) {
    uintptr_t end = UINTPTR_MAX;
    MEMORY_BASIC_INFORMATION page;
    AcquireSRWLockShared(&ranges.lock);
    const bool mapped = windows_ranges_next(address, &end) &&
                        VirtualQuery((void *)address, &page, sizeof(page)) != 0 &&
                        page.State == MEM_RESERVE;
    ReleaseSRWLockShared(&ranges.lock);
    return mapped;
}

static bool has_no_pages(const struct mapped_range *range, uintptr_t address) {
    MEMORY_BASIC_INFORMATION page;
    return range->start <= address && range->protection != 0 &&
           VirtualQuery((void *)address, &page, sizeof(page)) != 0 && page.State == MEM_RESERVE;
}

bool windows_ranges_touch(uintptr_t address) {
    AcquireSRWLockExclusive(&ranges.lock);
    const size_t index = first_behind(address);
    const struct mapped_range *range = &ranges.entries[index];
    uint64_t start = 0;
    uint64_t end = 0;
    const bool touched =
        index < ranges.count && has_no_pages(range, address) &&
        windows_memory_touch(range->memory, range->offset + (address - range->start), &start,
                             &end) &&
        windows_ranges_each(range->memory, start, end, windows_memory_show);
    ReleaseSRWLockExclusive(&ranges.lock);
    return touched;
}
