// SPDX-License-Identifier: MIT
//
// Which memory is mapped where, as ranges, in the way of the callers of platform.h. Windows knows
// views, which are parts of ranges.

#ifndef PLATFORM_WINDOWS_MEMORY_H
#define PLATFORM_WINDOWS_MEMORY_H

#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0A00
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

#include "platform/platform.h"

#include <windows.h>

#ifndef MEM_RESERVE_PLACEHOLDER
#define MEM_RESERVE_PLACEHOLDER 0x00040000
#define MEM_REPLACE_PLACEHOLDER 0x00004000
#define MEM_PRESERVE_PLACEHOLDER 0x00000002
#endif

void windows_memory_ref(struct platform_memory *memory);
void windows_memory_unref(struct platform_memory *memory);

// What can be done with a part of a mapping, [start, end), which shows the memory from `offset` on.
typedef bool windows_part_fn(struct platform_memory *memory, uint64_t offset, uintptr_t start,
                             uintptr_t end, unsigned protection);

// Maps what the memory has there; all of it is reserved.
windows_part_fn windows_memory_show;

// Before other sections take the place of those that are mapped there, and afterwards.
windows_part_fn windows_memory_record_views;
windows_part_fn windows_memory_show_anew;

// Sees to it that there are pages at the offset, and tells which there are around it. False beyond
// the end, and where Windows has no memory.
bool windows_memory_touch(struct platform_memory *memory, uint64_t offset, uint64_t *start,
                          uint64_t *end);

// Around all that follows, and around the changes of views that go with it.
void windows_ranges_lock(void);
void windows_ranges_unlock(void);

// [start, end) is a mapping from now on; what was there is none any more. False without memory,
// with nothing changed.
bool windows_ranges_add(uintptr_t start, uintptr_t end, struct platform_memory *memory,
                        uint64_t offset, unsigned protection);
bool windows_ranges_remove(uintptr_t start, uintptr_t end);
bool windows_ranges_protect(uintptr_t start, uintptr_t end, unsigned protection);

// Sees which pages of the memories that are mapped in [start, end) have been touched. To be called
// before views go there, since Windows tells it of pages in views only.
void windows_ranges_record(uintptr_t start, uintptr_t end);

// Marks what has been touched there.
windows_part_fn windows_memory_record;

// Whether a mapping is at the address; *end is lowered to where that, or the lack of one, ends.
bool windows_ranges_next(uintptr_t address, uintptr_t *end);

// Maps the missing parts of the mappings in [start, end), which is one placeholder.
bool windows_ranges_show(uintptr_t start, uintptr_t end);

// Pages that are reserved and belong to nobody: windows_held.c. Under the lock of the ranges. add
// and remove return false without memory, with nothing changed; remove takes a part of what is
// held.
bool windows_held_contains(uintptr_t start, uintptr_t end);
bool windows_held_add(uintptr_t start, uintptr_t end);
bool windows_held_remove(uintptr_t start, uintptr_t end);

// Where what is held at the address ends; the address itself when nothing is.
uintptr_t windows_held_end(uintptr_t address);

// Calls `visit` with each part of a mapping that shows the memory from `offset` to `end`. False
// where one call returned false.
bool windows_ranges_each(const struct platform_memory *memory, uint64_t offset, uint64_t end,
                         windows_part_fn *visit);

// The kinds of access of a fault, by the numbers of Windows.
enum windows_access { WINDOWS_READS = 0, WINDOWS_WRITES = 1, WINDOWS_EXECUTES = 8 };

// Called in a handler of faults: whether the page permits the access now, and refused it only while
// a view was mapped anew.
bool windows_ranges_is_back(uintptr_t address, enum windows_access access);

// Called in a handler of faults: makes and maps the pages of a mapping that had none at the
// address, as those of a large memory before they are touched. False where there are some, or come
// none.
bool windows_ranges_touch(uintptr_t address);

// Called in a handler of faults: whether the mapping at the address reaches beyond its memory.
bool windows_ranges_ends_before(uintptr_t address);

#endif // PLATFORM_WINDOWS_MEMORY_H
