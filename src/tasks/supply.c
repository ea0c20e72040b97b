// SPDX-License-Identifier: MIT
//
// The supply.

#include "tasks/supply.h"

#include "platform/check.h"

#include <stdlib.h>
#include <string.h>

bool supply_add_user(struct supply *supply, size_t pieces) {
    platform_mutex_lock(&supply->lock);
    const size_t wanted = supply->wanted += pieces;
    const size_t missing = wanted > supply->free_count ? wanted - supply->free_count : 0;
    platform_mutex_unlock(&supply->lock);
    for (size_t i = 0; i < missing; i++) {
        void *piece = malloc(supply->size);
        if (piece == NULL) {
            supply_remove_user(supply, pieces);
            return false;
        }
        supply_put(supply, piece);
    }
    return true;
}

void supply_remove_user(struct supply *supply, size_t pieces) {
    platform_mutex_lock(&supply->lock);
    CHECK(supply->wanted >= pieces);
    supply->wanted -= pieces;
    platform_mutex_unlock(&supply->lock);
}

void *supply_take(struct supply *supply) {
    platform_mutex_lock(&supply->lock);
    void *piece = supply->free;
    if (piece != NULL) {
        memcpy(&supply->free, piece, sizeof supply->free);
        CHECK(supply->free_count > 0);
        supply->free_count--;
    }
    platform_mutex_unlock(&supply->lock);
    return piece;
}

void supply_put(struct supply *supply, void *piece) {
    platform_mutex_lock(&supply->lock);
    memcpy(piece, &supply->free, sizeof supply->free);
    supply->free = piece;
    supply->free_count++;
    platform_mutex_unlock(&supply->lock);
}
