// SPDX-License-Identifier: MIT
//
// Which locks the calling thread holds, so that each lock is taken in the order of lock_rank.h and
// "with the lock held" is an assertion. Kept in POSIX builds with ZIRCONIA_RECORD_LOCKS, as debug,
// sanitizer and fuzz builds are; elsewhere all of it is nothing. What breaks the order ends the
// process with a line that names both locks and where they were asked for.
//
// Mutexes call this by themselves (platform.h). The guest's turn, which is held like a lock without
// being a mutex, is told of by whoever takes it.

#ifndef PLATFORM_LOCK_ORDER_H
#define PLATFORM_LOCK_ORDER_H

#include "platform/lock_rank.h"

#include <stdbool.h>

#ifdef ZIRCONIA_RECORD_LOCKS

#define LOCK_TEXT_OF(number) #number
#define LOCK_LINE(number) LOCK_TEXT_OF(number)
#define LOCK_WHERE __FILE__ ":" LOCK_LINE(__LINE__)

// Before the thread waits for the lock: the order allows it. `where` is a literal.
void lock_order_check(enum lock_rank rank, const char *where);

// Whether the thread may take locks: not where its own handler of signals may ask for them.
void lock_order_allow(bool allowed);

// The thread has the lock; it gives it up, in any order.
void lock_order_push(const void *lock, enum lock_rank rank, const char *where);
void lock_order_pop(const void *lock);

bool lock_order_holds(const void *lock);

// The thread holds no lock at all; none of this rank or a higher one.
bool lock_order_holds_none(void);
bool lock_order_holds_none_from(enum lock_rank rank);

void lock_order_assert(const void *lock, const char *name, const char *where);

#else

#define LOCK_WHERE ""

static inline void lock_order_check(enum lock_rank rank, const char *where) {
    (void)rank;
    (void)where;
}

static inline void lock_order_allow(bool allowed) {
    (void)allowed;
}

static inline void lock_order_push(const void *lock, enum lock_rank rank, const char *where) {
    (void)lock;
    (void)rank;
    (void)where;
}

static inline void lock_order_pop(const void *lock) {
    (void)lock;
}

static inline bool lock_order_holds(const void *lock) {
    (void)lock;
    return true;
}

static inline bool lock_order_holds_none(void) {
    return true;
}

static inline bool lock_order_holds_none_from(enum lock_rank rank) {
    (void)rank;
    return true;
}

static inline void lock_order_assert(const void *lock, const char *name, const char *where) {
    (void)lock;
    (void)name;
    (void)where;
}

#endif

#endif // PLATFORM_LOCK_ORDER_H
