// SPDX-License-Identifier: MIT
//
// Memory for what is needed where nothing can be allocated: whoever may need it puts some aside
// while it still can. Nothing is given back to the host, as some of it may be in use for longer
// than its user lives; what users before have left is used again.

#ifndef TASKS_SUPPLY_H
#define TASKS_SUPPLY_H

#include "platform/platform.h"

// How many pieces a user puts aside.
enum {
    SUPPLY_FOR_HANDLER = 64, // The client may keep some for long.
    SUPPLY_FOR_THREAD = 5, // One for each handler that it asks of one exception (objects ABI 8.5).
};

struct supply {
    struct platform_mutex lock; // A leaf. Guards the rest but `size`.
    size_t size;                // The size of a piece, in bytes.
    void *free;                 // The free pieces; each begins with the address of the next.
    size_t free_count;
    size_t wanted; // The number of pieces that all users want.
};

// clang-format off
#define SUPPLY_OF(type) {.lock = PLATFORM_MUTEX_INIT(LOCK_SUPPLY), .size = sizeof(type)}
// clang-format on

// Adds a user, for whom there are enough pieces from now on. False, without a new user, when memory
// is short.
bool supply_add_user(struct supply *supply, size_t pieces);
void supply_remove_user(struct supply *supply, size_t pieces);

// NULL when all are in use.
void *supply_take(struct supply *supply);
void supply_put(struct supply *supply, void *piece);

#endif // TASKS_SUPPLY_H
