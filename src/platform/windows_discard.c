// SPDX-License-Identifier: MIT
//
// Giving pages of a memory back. Windows takes no page of a section back before the section ends.
// So one of which enough is given back is cut, and other pages, which have no memory yet, take the
// place of that part. Where it is little, it is made zero, and keeps its memory.

#include "platform/windows_sections.h"

#include <stdlib.h>
#include <string.h>

// At least a sixteenth of a section is cut out of it, as long as there are few: to map a large view
// anew, and to know what of it was touched, takes longer than to clear a few pages.
enum { LEAST_PART = 16, MOST_SECTIONS = 64 };

static uint64_t later(uint64_t one, uint64_t other) {
    return one > other ? one : other;
}

static uint64_t earlier(uint64_t one, uint64_t other) {
    return one < other ? one : other;
}

static bool is_worth_it(const struct platform_memory *memory, uint64_t offset, uint64_t end) {
    for (size_t i = 0; i < memory->count; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t from = later(section->start, offset);
        const uint64_t to = earlier(section->end, end);
        const uint64_t whole = section->end - section->start;
        if (from < to && to - from < whole &&
            (whole / LEAST_PART > to - from || memory->count + 2 > MOST_SECTIONS)) {
            return false;
        }
    }
    return true;
}

// No section goes on across the offset any more. False without memory.
static bool cut(struct platform_memory *memory, uint64_t offset) {
    for (size_t i = 0; i < memory->count; i++) {
        struct section *section = &memory->sections[i];
        if (section->start >= offset || section->end <= offset) {
            continue;
        }
        struct section behind = {.start = offset,
                                 .end = section->end,
                                 .base = section->base + (offset - section->start),
                                 .touched = windows_touched_copy(section, offset)};
        if (behind.touched == NULL ||
            !DuplicateHandle(GetCurrentProcess(), section->handle, GetCurrentProcess(),
                             &behind.handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
            free(behind.touched);
            return false;
        }
        section->end = offset;
        if (!windows_sections_append(memory, &behind)) {
            memory->sections[i].end = behind.end;
            windows_section_destroy(&behind);
            return false;
        }
        return true;
    }
    return true;
}

// Where a memory is large, the pages get a section when they are touched.
static bool renew(struct platform_memory *memory, size_t index) {
    struct section section;
    struct section *old = &memory->sections[index];
    const bool at_once = memory->size <= WINDOWS_MOST_AT_ONCE;
    if (at_once && !windows_section_create(old->start, old->end, &section)) {
        return false;
    }
    windows_section_destroy(old);
    if (!at_once) {
        section = memory->sections[--memory->count];
    }
    *old = section;
    return true;
}

static bool replace(struct platform_memory *memory, uint64_t offset, uint64_t end) {
    bool done = cut(memory, offset) && cut(memory, end);
    for (size_t i = memory->count; i > 0 && done; i--) {
        const struct section *section = &memory->sections[i - 1];
        done = section->start < offset || section->end > end || renew(memory, i - 1);
    }
    return done;
}

static bool clear(const struct section *section, uint64_t start, uint64_t end) {
    unsigned char *seen = windows_section_look(section, start, end, FILE_MAP_WRITE);
    if (seen != NULL) {
        memset(seen, 0, (size_t)(end - start));
        windows_section_look_away(seen);
    }
    return seen != NULL;
}

static bool clear_all(const struct platform_memory *memory, uint64_t offset, uint64_t end) {
    bool done = true;
    for (size_t i = 0; i < memory->count && done; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t from = later(section->start, offset);
        const uint64_t to = earlier(section->end, end);
        done = from >= to || clear(section, from, to);
    }
    return done;
}

// What could not be done is zero or as it was, and the caller makes it zero.
bool platform_memory_discard(struct platform_memory *memory, uint64_t offset, uint64_t length) {
    const uint64_t end = offset + length;
    windows_ranges_lock();
    AcquireSRWLockShared(&memory->lock);
    const bool replaces = is_worth_it(memory, offset, end);
    bool done = replaces || clear_all(memory, offset, end);
    ReleaseSRWLockShared(&memory->lock);
    if (replaces) {
        windows_ranges_each(memory, offset, end, windows_memory_record_views);
        AcquireSRWLockExclusive(&memory->lock);
        done = replace(memory, offset, end);
        ReleaseSRWLockExclusive(&memory->lock);
        // What cannot be mapped now is when it is touched.
        windows_ranges_each(memory, offset, end, windows_memory_show_anew);
    }
    windows_ranges_unlock();
    return done;
}
