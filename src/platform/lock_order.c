// SPDX-License-Identifier: MIT
//
// The locks of each thread, in a table of fixed size. A handler of a signal may take and give locks
// at any point of what is below, on the same thread: it leaves the entries as it found them, so an
// entry is claimed before it is filled. A thread that is killed takes its table with it.

#include "platform/lock_order.h"

#ifdef ZIRCONIA_RECORD_LOCKS

#include "platform/check.h"
#include "platform/platform.h"
#include "platform/posix_context.h"

#include <stddef.h>
#include <stdio.h>

enum { MOST_HELD = 16, LINE_SIZE = 512 };

struct held {
    const void *volatile lock; // NULL: a free entry.
    volatile enum lock_rank rank;
    const char *volatile where;
};

static _Thread_local struct held held[MOST_HELD] HANDLER_SAFE;
static _Thread_local volatile bool forbidden HANDLER_SAFE;

static const struct {
    unsigned rank;
    const char *name;
} ranks[LOCK_RANK_COUNT] = {
#define RANK(constant, rank, name) [constant] = {rank, name},
    LOCK_RANKS(RANK)
#undef RANK
};

_Noreturn static void break_order(const struct held *first, enum lock_rank rank,
                                  const char *where) {
    char line[LINE_SIZE];
    snprintf(line, sizeof(line), "%s: %s (rank %u) is wanted while %s (rank %u), of %s, is held\n",
             where, ranks[rank].name, ranks[rank].rank, ranks[first->rank].name,
             ranks[first->rank].rank, first->where);
    platform_abort(line);
}

// A lock that the thread holds of this rank or a higher one.
static const struct held *find_from(enum lock_rank rank) {
    for (size_t i = 0; i < MOST_HELD; i++) {
        if (held[i].lock != NULL && ranks[held[i].rank].rank >= ranks[rank].rank) {
            return &held[i];
        }
    }
    return NULL;
}

static struct held *find(const void *lock) {
    for (size_t i = 0; i < MOST_HELD; i++) {
        if (held[i].lock == lock) {
            return &held[i];
        }
    }
    return NULL;
}

void lock_order_allow(bool allowed) {
    forbidden = !allowed;
}

void lock_order_check(enum lock_rank rank, const char *where) {
    if (forbidden) {
        char line[LINE_SIZE];
        snprintf(line, sizeof(line), "%s: %s is wanted where the thread may be stopped\n", where,
                 ranks[rank].name);
        platform_abort(line);
    }
    const struct held *first = rank != LOCK_UNRANKED ? find_from(rank) : NULL;
    if (first != NULL) {
        break_order(first, rank, where);
    }
}

void lock_order_push(const void *lock, enum lock_rank rank, const char *where) {
    struct held *entry = find(NULL);
    CHECK(entry != NULL);
    entry->rank = LOCK_UNRANKED;
    entry->lock = lock;
    entry->where = where;
    entry->rank = rank;
}

void lock_order_pop(const void *lock) {
    struct held *entry = find(lock);
    CHECK(entry != NULL);
    entry->lock = NULL;
}

bool lock_order_holds(const void *lock) {
    return find(lock) != NULL;
}

bool lock_order_holds_none(void) {
    for (size_t i = 0; i < MOST_HELD; i++) {
        if (held[i].lock != NULL) {
            return false;
        }
    }
    return true;
}

bool lock_order_holds_none_from(enum lock_rank rank) {
    return find_from(rank) == NULL;
}

void lock_order_assert(const void *lock, const char *name, const char *where) {
    if (!lock_order_holds(lock)) {
        char line[LINE_SIZE];
        snprintf(line, sizeof(line), "%s: ASSERT_HELD(%s) failed\n", where, name);
        platform_abort(line);
    }
}

#endif
