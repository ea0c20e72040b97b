// SPDX-License-Identifier: MIT
//
// Memory for what is needed where nothing can be allocated: whoever may need it puts some aside
// while it still can. Nothing is given back to the host, as some of it may be in use for longer
// than its user lives; what users before have left is used again.

#ifndef TASKS_SUPPLY_H
#define TASKS_SUPPLY_H

#include "platform/platform.h"

struct supply {
    struct platform_mutex lock; // A leaf. Guards the rest but `size`.
    size_t size;                // Of a piece, in bytes.
    void *free;                 // The pieces, each of which begins with the next one's address.
    size_t free_count;
    size_t users;
};

// clang-format off
#define SUPPLY_OF(type) {.lock = PLATFORM_MUTEX_INIT(LOCK_SUPPLY), .size = sizeof(type)}
// clang-format on

// One more user, for whom there are enough pieces from now on. False without memory.
bool supply_add_user(struct supply *supply);
void supply_remove_user(struct supply *supply);

// NULL when all are in use.
void *supply_take(struct supply *supply);
void supply_put(struct supply *supply, void *piece);

#endif // TASKS_SUPPLY_H
