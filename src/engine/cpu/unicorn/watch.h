// SPDX-License-Identifier: MIT
//
// Pages that are watched for stores of the host: those with code that Unicorn has translated. The
// turn's holder watches; any thread may note, and must not wait.

#ifndef ENGINE_CPU_UNICORN_WATCH_H
#define ENGINE_CPU_UNICORN_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// For each page a bit.
struct watch {
    atomic_uchar *watched;
    atomic_uchar *written; // Since it is watched.
    unsigned char *spared; // Used only with the turn.
    uint64_t pages;
};

bool watch_init(struct watch *watch, uint64_t pages); // False without memory.
void watch_free(struct watch *watch);

bool watch_contains(const struct watch *watch, uint64_t page);
bool watch_contains_any(const struct watch *watch, uint64_t first, uint64_t count);
void watch_add(struct watch *watch, uint64_t page);
void watch_remove(struct watch *watch, uint64_t page);

// Called when the guest stores to the page, which holds no code for now: the page stays writable
// when pages beside it become read-only, until it is watched.
void watch_spare(struct watch *watch, uint64_t page);
void watch_spare_none(struct watch *watch);
bool watch_spares(const struct watch *watch, uint64_t page);

// Stores went to `count` pages. True if one of them is watched.
bool watch_note(struct watch *watch, uint64_t first, uint64_t count);

// The first page from `page` on that was written to, which is forgotten; or `pages`.
uint64_t watch_next_written(struct watch *watch, uint64_t page);

#endif // ENGINE_CPU_UNICORN_WATCH_H
