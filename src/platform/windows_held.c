// SPDX-License-Identifier: MIT
//
// Windows gives addresses out 64 KiB at a time, but the callers of platform.h take and give back
// single pages. The unused pages of a stretch that is partly in use are held: they are placeholders
// without an owner. A process has few of them.

#include "platform/windows_memory.h"

#include <stdlib.h>

struct held {
    uintptr_t start;
    uintptr_t end;
};

static struct {
    size_t count;
    size_t room;
    struct held *entries;
} held;

// The index of the one that has the address or ends there, or the count.
static size_t find(uintptr_t address, bool at_end) {
    size_t i = 0;
    while (i < held.count &&
           !(at_end ? held.entries[i].end == address
                    : address >= held.entries[i].start && address < held.entries[i].end)) {
        i++;
    }
    return i;
}

static void take_out(size_t index) {
    held.entries[index] = held.entries[--held.count];
}

static bool make_room(void) {
    if (held.count + 1 < held.room) { // A removal may leave two pieces.
        return true;
    }
    const size_t room = 2 * held.room + 16;
    struct held *entries = realloc(held.entries, room * sizeof(*entries));
    if (entries != NULL) {
        held.entries = entries;
        held.room = room;
    }
    return entries != NULL;
}

bool windows_held_contains(uintptr_t start, uintptr_t end) {
    const size_t i = find(start, false);
    return i < held.count && end <= held.entries[i].end;
}

// Holds a stretch. Stretches that touch it become one with it.
bool windows_held_add(uintptr_t start, uintptr_t end) {
    if (!make_room()) {
        return false;
    }
    const size_t before = find(start, true);
    if (before < held.count) {
        start = held.entries[before].start;
        take_out(before);
    }
    const size_t behind = find(end, false);
    if (behind < held.count) {
        end = held.entries[behind].end;
        take_out(behind);
    }
    held.entries[held.count++] = (struct held){start, end};
    return true;
}

bool windows_held_remove(uintptr_t start, uintptr_t end) {
    const size_t i = find(start, false);
    if (!make_room() || i == held.count) {
        return false;
    }
    const struct held whole = held.entries[i];
    take_out(i);
    if (whole.start < start) {
        held.entries[held.count++] = (struct held){whole.start, start};
    }
    if (end < whole.end) {
        held.entries[held.count++] = (struct held){end, whole.end};
    }
    return true;
}

uintptr_t windows_held_end(uintptr_t address) {
    const size_t i = find(address, false);
    return i < held.count ? held.entries[i].end : address;
}
