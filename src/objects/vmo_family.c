// SPDX-License-Identifier: MIT
//
// Which VMO is whose child (objects ABI 1.7). A child holds no reference to its parent: the
// children of a VMO that goes become its parent's, which has children as long as there are any
// descendants. So a line of any length ends without one destruction inside the other. One lock
// guards all families.

#include "objects/refusal.h"
#include "objects/vmo_clone.h"

#include "objects/signal_observer.h"
#include "platform/check.h"

static struct platform_mutex families = PLATFORM_MUTEX_INIT(LOCK_VMO_FAMILIES);

void vmo_families_lock(void) ACQUIRES(families) {
    platform_mutex_lock(&families);
}

void vmo_families_unlock(void) RELEASES(families) {
    platform_mutex_unlock(&families);
}

static void add_child(struct vmo *parent, struct vmo *child) REQUIRES(families) {
    ASSERT_HELD(&families);
    child->parent = parent;
    child->next_sibling = parent->first_child;
    parent->first_child = child;
    parent->children++;
    parent->copies += child->kinship == VMO_COPY ? 1 : 0;
}

static void remove_child(struct vmo *parent, struct vmo *child) REQUIRES(families) {
    ASSERT_HELD(&families);
    struct vmo **link = &parent->first_child;
    while (*link != child) {
        CHECK(*link != NULL);
        link = &(*link)->next_sibling;
    }
    *link = child->next_sibling;
    parent->children--;
    parent->copies -= child->kinship == VMO_COPY ? 1 : 0;
}

static struct vmo *pop_child(struct vmo *parent) REQUIRES(families) {
    struct vmo *child = parent->first_child;
    if (child != NULL) {
        remove_child(parent, child);
        child->parent = NULL;
    }
    return child;
}

zx_status_t vmo_join_family(struct vmo *child, struct vmo *parent, enum vmo_kinship kinship) {
    vmo_families_lock();
    // Whoever changes the policy looks for children under the same lock.
    if (kinship != VMO_SLICE && parent->policy != ZX_CACHE_POLICY_CACHED) {
        vmo_families_unlock();
        return refuse_value(ZX_ERR_BAD_STATE, "the parent has cache policy %", parent->policy);
    }
    child->policy = parent->policy;
    child->kinship = kinship;
    child->parent_koid = parent->object.koid;
    add_child(parent, child);
    if (parent->children == 1) {
        object_change_signals(&parent->object, ZX_VMO_ZERO_CHILDREN, 0);
    }
    vmo_families_unlock();
    return ZX_OK;
}

// A parent that goes too hands on what it gets here when it leaves itself.
static void hand_on_children(struct vmo *vmo, struct vmo *parent) REQUIRES(families) {
    for (struct vmo *child = pop_child(vmo); child != NULL; child = pop_child(vmo)) {
        if (parent != NULL) {
            add_child(parent, child);
        }
    }
}

void vmo_leave_family(struct vmo *vmo) {
    vmo_families_lock();
    struct vmo *parent = vmo->parent;
    const bool parent_lives = parent != NULL && object_ref_if_alive(&parent->object);
    if (parent != NULL) {
        remove_child(parent, vmo);
    }
    hand_on_children(vmo, parent);
    if (parent_lives && parent->children == 0) {
        object_change_signals(&parent->object, 0, ZX_VMO_ZERO_CHILDREN);
    }
    vmo_families_unlock();
    if (parent_lives) {
        vmo_unref(parent);
    }
}

bool vmo_shares_copies(const struct vmo *vmo) {
    vmo_families_lock();
    const bool shares = vmo->copies != 0 || (vmo->kinship == VMO_COPY && vmo->parent != NULL);
    vmo_families_unlock();
    return shares;
}

size_t vmo_children(const struct vmo *vmo) {
    vmo_families_lock();
    const size_t children = vmo->children;
    vmo_families_unlock();
    return children;
}

static bool is_mapped(struct vmo *vmo) {
    platform_mutex_lock(&vmo->lock);
    const bool mapped = vmo->users != NULL;
    platform_mutex_unlock(&vmo->lock);
    return mapped;
}

zx_status_t vmo_set_cache_policy(struct vmo *vmo, uint32_t policy, const struct era *era) {
    if (is_mapped(vmo)) {
        return refuse(ZX_ERR_BAD_STATE, "the VMO is mapped");
    }
    const bool committed = vmo_is_committed(vmo->source);
    zx_status_t status = ZX_OK;
    vmo_families_lock();
    const bool cached = vmo->policy == ZX_CACHE_POLICY_CACHED;
    if (committed && (era->commit_fixes_policy || !cached)) {
        status = refuse(ZX_ERR_BAD_STATE, "the VMO has committed pages");
    } else if (vmo->children != 0) {
        status = refuse_value(ZX_ERR_BAD_STATE, "the VMO has % children", vmo->children);
    } else if (vmo->kinship != VMO_NO_CHILD) {
        status = refuse(ZX_ERR_BAD_STATE, "the VMO is a child");
    } else {
        vmo->policy = policy;
    }
    vmo_families_unlock();
    return status;
}
