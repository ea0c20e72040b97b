// SPDX-License-Identifier: MIT
//
// Which address spaces map a VMO, so that a change of its size reaches them. A space is listed for
// as long as it has a mapping of the VMO, which keeps the space alive.

#include "objects/address_space.h"
#include "objects/vmo.h"
#include "platform/check.h"

#include <stdlib.h>

struct vmo_user {
    struct address_space *space;
    size_t mappings;
    unsigned round; // The last in which it was told.
    struct vmo_user *next;
};

// The link that leads to a space's entry, or to the end.
static struct vmo_user **find(struct vmo *vmo, const struct address_space *space)
    REQUIRES(vmo->lock) {
    ASSERT_HELD(&vmo->lock);
    struct vmo_user **link = &vmo->users;
    while (*link != NULL && (*link)->space != space) {
        link = &(*link)->next;
    }
    return link;
}

static bool count_mapping(struct vmo *vmo, struct address_space *space) REQUIRES(vmo->lock) {
    struct vmo_user *user = *find(vmo, space);
    if (user == NULL) {
        user = calloc(1, sizeof(*user));
        if (user == NULL) {
            return false;
        }
        user->space = space;
        user->round = vmo->round;
        user->next = vmo->users;
        vmo->users = user;
    }
    user->mappings++;
    return true;
}

bool vmo_add_mapping(struct vmo *vmo, struct address_space *space) {
    platform_mutex_lock(&vmo->lock);
    const bool counted = count_mapping(vmo, space);
    platform_mutex_unlock(&vmo->lock);
    if (counted) {
        atomic_store_explicit(&vmo->used, true, memory_order_relaxed);
        atomic_fetch_add_explicit(&vmo->mapped, 1, memory_order_relaxed);
        vmo_ref(vmo);
    }
    return counted;
}

void vmo_remove_mapping(struct vmo *vmo, struct address_space *space) {
    platform_mutex_lock(&vmo->lock);
    struct vmo_user **link = find(vmo, space);
    struct vmo_user *user = *link;
    CHECK(user != NULL && user->mappings > 0);
    if (user != NULL && --user->mappings == 0) {
        *link = user->next;
        free(user);
    }
    platform_mutex_unlock(&vmo->lock);
    vmo_unref(vmo);
}

void vmo_count_users(struct vmo *vmo, size_t *mappings, size_t *spaces) {
    *mappings = 0;
    *spaces = 0;
    platform_mutex_lock(&vmo->lock);
    for (const struct vmo_user *user = vmo->users; user != NULL; user = user->next) {
        *mappings += user->mappings;
        ++*spaces;
    }
    platform_mutex_unlock(&vmo->lock);
}

// A space that has not been told in this round, with a reference.
static struct address_space *next_user(struct vmo *vmo) {
    struct address_space *space = NULL;
    platform_mutex_lock(&vmo->lock);
    struct vmo_user *user = vmo->users;
    while (user != NULL && user->round == vmo->round) {
        user = user->next;
    }
    if (user != NULL) {
        user->round = vmo->round;
        space = address_space_ref(user->space);
    }
    platform_mutex_unlock(&vmo->lock);
    return space;
}

// A space that begins to map the VMO after the round has begun sees the new size by itself.
void vmo_tell_users(struct vmo *vmo, uint64_t from, uint64_t to) {
    ASSERT_HELD(&vmo->resizing);
    platform_mutex_lock(&vmo->lock);
    vmo->round++;
    platform_mutex_unlock(&vmo->lock);
    struct address_space *space = next_user(vmo);
    while (space != NULL) {
        address_space_vmo_changed(space, vmo, from, to);
        address_space_unref(space);
        space = next_user(vmo);
    }
}
