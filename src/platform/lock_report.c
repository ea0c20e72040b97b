// SPDX-License-Identifier: MIT
//
// The records of locks: a table of fixed size, each record taken by a thread for as long as it has
// to do with one lock. All of it is relaxed atomics, so that recording neither orders the threads
// nor stops at a lock itself.

#include "platform/lock_report.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef ZIRCONIA_RECORD_LOCKS

enum { RECORDS = 1024 };

struct lock_record {
    atomic_int state;
    _Atomic(const void *) lock;
    _Atomic(const char *) where;
    atomic_ulong thread;
};

static struct lock_record records[RECORDS];

static bool claim(struct lock_record *record) {
    int expected = LOCK_RECORD_FREE;
    return atomic_load_explicit(&record->state, memory_order_relaxed) == LOCK_RECORD_FREE &&
           atomic_compare_exchange_strong_explicit(&record->state, &expected, LOCK_RECORD_CLAIMED,
                                                   memory_order_relaxed, memory_order_relaxed);
}

// Each thread begins elsewhere, so that most find a free record at once.
struct lock_record *lock_record_begin(const void *lock, const char *where, unsigned long thread) {
    const size_t first = (size_t)((uint64_t)thread * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    for (size_t i = 0; i < RECORDS; i++) {
        struct lock_record *record = &records[(first + i) % RECORDS];
        if (claim(record)) {
            atomic_store_explicit(&record->lock, lock, memory_order_relaxed);
            atomic_store_explicit(&record->where, where, memory_order_relaxed);
            atomic_store_explicit(&record->thread, thread, memory_order_relaxed);
            lock_record_set(record, LOCK_RECORD_WAITS);
            return record;
        }
    }
    return NULL;
}

void lock_record_set(struct lock_record *record, enum lock_record_state state) {
    if (record != NULL) {
        atomic_store_explicit(&record->state, (int)state, memory_order_relaxed);
    }
}

void lock_record_end(struct lock_record *record) {
    lock_record_set(record, LOCK_RECORD_FREE);
}

void platform_report_locks(FILE *out) {
    static const char *const words[] = {
        [LOCK_RECORD_WAITS] = "waits for",
        [LOCK_RECORD_HOLDS] = "holds",
        [LOCK_RECORD_SLEEPS] = "sleeps without",
    };
    for (size_t i = 0; i < RECORDS; i++) {
        struct lock_record *record = &records[i];
        const int state = atomic_load_explicit(&record->state, memory_order_relaxed);
        if (state >= LOCK_RECORD_WAITS) {
            fprintf(out, "thread %#lx %s lock %p, asked for at %s\n",
                    atomic_load_explicit(&record->thread, memory_order_relaxed), words[state],
                    atomic_load_explicit(&record->lock, memory_order_relaxed),
                    atomic_load_explicit(&record->where, memory_order_relaxed));
        }
    }
    fflush(out);
}

#else

void platform_report_locks(FILE *out) {
    fputs("this build does not record locks\n", out);
    fflush(out);
}

#endif
