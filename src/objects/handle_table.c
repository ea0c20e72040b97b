// SPDX-License-Identifier: MIT
//
// A growing array of slots, in chunks that stay where they are so that a lookup needs no lock to
// reach one. A value is a slot's index and generation, scrambled (objects ABI 1.2).
//
// A lookup pins the slot of its handle: it counts itself in the slot's state, if the slot is still
// that handle's. Whoever takes the handle out waits until nobody pins it. So a lookup waits for
// nothing, and may be made by a signal handler that interrupts another one.

#include "objects/handle_table.h"

#include "objects/refusal.h"
#include "objects/signal_observer.h"
#include "platform/check.h"
#include "platform/platform.h"

#include <stdlib.h>

enum {
    INDEX_BITS = 18,
    GENERATION_BITS = 11,
    SLOT_COUNT = 1 << INDEX_BITS, // objects ABI 1.2: 262,144 handles.
    GENERATION_MASK = (1 << GENERATION_BITS) - 1,
    CHUNK_SLOTS = 1024,
    CHUNK_COUNT = SLOT_COUNT / CHUNK_SLOTS,

    // How many slots lie free before one is used again, which multiplies the life of a stale value.
    FREE_SLOTS_KEPT = 256,
};

// A slot's state: whether a handle lives in it, its generation, how many lookups pin it.
enum {
    SLOT_LIVE = 1,
    SLOT_GENERATION_SHIFT = 1,
    SLOT_PIN = 1 << (SLOT_GENERATION_SHIFT + GENERATION_BITS),
};

struct slot {
    atomic_uint state;
    zx_rights_t rights;     // Constant while the slot is live or pinned, as is `object`.
    struct object *object;  // With a reference and a place in its handle count.
    struct slot *next_free; // Guarded by table.lock.
    uint32_t index;
};

static struct {
    struct platform_mutex lock; // Guards the free list and `used`.
    struct slot *first_free;
    struct slot *last_free;
    uint32_t free_count;
    uint32_t used; // Slots that have ever been used.

    // A thread that was given a value was given it after these were set, so it sees them.
    _Atomic(struct slot *) chunks[CHUNK_COUNT];
    atomic_uint scrambler;
} table = {.lock = PLATFORM_MUTEX_INIT(LOCK_HANDLE_TABLE)};

static zx_handle_t encode(uint32_t index, uint32_t generation) {
    const uint32_t scrambler = atomic_load_explicit(&table.scrambler, memory_order_relaxed);
    const uint32_t plain = generation << INDEX_BITS | index;
    return (plain ^ scrambler) << 2 | ZX_HANDLE_FIXED_BITS_MASK;
}

// The slot that a value would be in, and what its state but for pins is then. NULL when the value
// is no handle's.
static struct slot *find_slot(zx_handle_t value, unsigned *live) {
    if ((value & ZX_HANDLE_FIXED_BITS_MASK) != ZX_HANDLE_FIXED_BITS_MASK || value >> 31 != 0) {
        return NULL;
    }
    const uint32_t scrambler = atomic_load_explicit(&table.scrambler, memory_order_relaxed);
    const uint32_t plain = value >> 2 ^ scrambler;
    const uint32_t index = plain & (SLOT_COUNT - 1);
    struct slot *chunk =
        atomic_load_explicit(&table.chunks[index / CHUNK_SLOTS], memory_order_acquire);
    *live = plain >> INDEX_BITS << SLOT_GENERATION_SHIFT | SLOT_LIVE;
    return chunk != NULL ? &chunk[index % CHUNK_SLOTS] : NULL;
}

// Adds to the state of a slot while it is live; false when it is not.
static bool change_live(struct slot *slot, unsigned live, unsigned change) {
    unsigned state = atomic_load_explicit(&slot->state, memory_order_relaxed);
    do {
        if ((state & (SLOT_PIN - 1)) != live) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&slot->state, &state, state + change,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return true;
}

// Finds the slot of a value and pins it. NULL when the value is not a handle.
static struct slot *pin_slot(zx_handle_t value) {
    unsigned live = 0;
    struct slot *slot = find_slot(value, &live);
    return slot != NULL && change_live(slot, live, SLOT_PIN) ? slot : NULL;
}

static void unpin_slot(struct slot *slot) {
    CHECK(atomic_load(&slot->state) >= SLOT_PIN);
    atomic_fetch_sub_explicit(&slot->state, SLOT_PIN, memory_order_release);
}

// Called by the thread that has made the slot not live.
static void wait_until_unpinned(struct slot *slot) {
    unsigned tries = 1;
    while (atomic_load_explicit(&slot->state, memory_order_acquire) >= SLOT_PIN) {
        platform_back_off(tries++);
    }
}

// A slot never used before. NULL when the table is full or memory is short.
static struct slot *fresh_slot(void) REQUIRES(table.lock) {
    ASSERT_HELD(&table.lock);
    if (table.used == SLOT_COUNT) {
        return NULL;
    }
    if (table.used == 0) {
        unsigned scrambler = 0;
        platform_random(&scrambler, sizeof(scrambler));
        scrambler &= (1u << (INDEX_BITS + GENERATION_BITS)) - 1;
        atomic_store_explicit(&table.scrambler, scrambler, memory_order_relaxed);
    }
    const uint32_t chunk_index = table.used / CHUNK_SLOTS;
    struct slot *chunk = atomic_load_explicit(&table.chunks[chunk_index], memory_order_relaxed);
    if (chunk == NULL) {
        chunk = calloc(CHUNK_SLOTS, sizeof(*chunk));
        if (chunk == NULL) {
            return NULL;
        }
        atomic_store_explicit(&table.chunks[chunk_index], chunk, memory_order_release);
    }
    struct slot *slot = &chunk[table.used % CHUNK_SLOTS];
    slot->index = table.used++;
    return slot;
}

static struct slot *take_slot(void) {
    platform_mutex_lock(&table.lock);
    struct slot *slot = NULL;
    if (table.free_count <= FREE_SLOTS_KEPT) {
        slot = fresh_slot();
    }
    if (slot == NULL && table.first_free != NULL) {
        slot = table.first_free;
        CHECK(table.free_count > 0);
        table.first_free = slot->next_free;
        table.free_count--;
    }
    platform_mutex_unlock(&table.lock);
    return slot;
}

static void return_slot(struct slot *slot) {
    platform_mutex_lock(&table.lock);
    slot->next_free = NULL;
    if (table.first_free == NULL) {
        table.first_free = slot;
    } else {
        table.last_free->next_free = slot;
    }
    table.last_free = slot;
    table.free_count++;
    CHECK(table.free_count <= table.used);
    platform_mutex_unlock(&table.lock);
}

zx_status_t handle_insert(struct object *object, zx_rights_t rights, zx_handle_t *out) {
    struct slot *slot = take_slot();
    if (slot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    slot->object = object;
    slot->rights = rights;
    const unsigned state = atomic_load_explicit(&slot->state, memory_order_relaxed);
    CHECK((state & SLOT_LIVE) == 0 && state < SLOT_PIN);
    atomic_store_explicit(&slot->state, state | SLOT_LIVE, memory_order_release);
    *out = encode(slot->index, state >> SLOT_GENERATION_SHIFT);
    return ZX_OK;
}

zx_status_t handle_remove(zx_handle_t value, struct object **out, zx_rights_t *rights) {
    unsigned live = 0;
    struct slot *slot = find_slot(value, &live);
    const unsigned generation = live >> SLOT_GENERATION_SHIFT;
    const unsigned next = (generation + 1) & GENERATION_MASK;
    if (slot == NULL || !change_live(slot, live, (next << SLOT_GENERATION_SHIFT) - live)) {
        return ZX_ERR_BAD_HANDLE;
    }
    wait_until_unpinned(slot);
    *out = slot->object;
    *rights = slot->rights;
    return_slot(slot);
    object_cancel_observers(*out, value);
    return ZX_OK;
}

void handle_drop(struct object *object) {
    object_remove_handle(object);
    object_unref(object);
}

zx_status_t handle_create(struct object *object, zx_rights_t rights, zx_handle_t *out) {
    object_ref(object);
    object_add_handle(object);
    const zx_status_t status = handle_insert(object, rights, out);
    if (status != ZX_OK) {
        handle_drop(object);
    }
    return status;
}

// The end of a handle in the order of objects ABI 2.1: out of the table, the end of the waits that
// began through it, then out of the count.
zx_status_t handle_close(zx_handle_t value) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    const zx_status_t status = handle_remove(value, &object, &rights);
    if (status == ZX_OK) {
        handle_drop(object);
    }
    return status;
}

bool handle_names(zx_handle_t value, const struct object *object) {
    struct slot *slot = pin_slot(value);
    if (slot == NULL) {
        return false;
    }
    const bool same = slot->object == object;
    unpin_slot(slot);
    return same;
}

zx_status_t handle_lookup_rights(zx_handle_t value, zx_obj_type_t type, struct object **out,
                                 zx_rights_t *rights) {
    struct slot *slot = pin_slot(value);
    if (slot == NULL) {
        return ZX_ERR_BAD_HANDLE;
    }
    zx_status_t status = ZX_ERR_WRONG_TYPE;
    if (type == ZX_OBJ_TYPE_NONE || type == slot->object->ops->type) {
        *out = object_ref(slot->object);
        *rights = slot->rights;
        status = ZX_OK;
    }
    unpin_slot(slot);
    return status;
}

static zx_status_t check(const struct slot *slot, zx_obj_type_t type, zx_rights_t rights,
                         bool rights_first) {
    const bool right_type = type == ZX_OBJ_TYPE_NONE || type == slot->object->ops->type;
    const bool has_rights = (slot->rights & rights) == rights;
    if (right_type && has_rights) {
        return ZX_OK;
    }
    return has_rights || (!right_type && !rights_first) ? ZX_ERR_WRONG_TYPE : ZX_ERR_ACCESS_DENIED;
}

static zx_status_t lookup(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                          bool rights_first, struct object **out) {
    struct slot *slot = pin_slot(value);
    if (slot == NULL) {
        return ZX_ERR_BAD_HANDLE;
    }
    const zx_status_t status = check(slot, type, rights, rights_first);
    if (status == ZX_OK) {
        *out = object_ref(slot->object);
    }
    unpin_slot(slot);
    return status;
}

// No reference is taken, which could turn out to be the last when it is dropped.
zx_status_t handle_use(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                       void (*use)(struct object *object)) {
    struct slot *slot = pin_slot(value);
    if (slot == NULL) {
        return ZX_ERR_BAD_HANDLE;
    }
    const zx_status_t status = check(slot, type, rights, false);
    if (status == ZX_OK) {
        use(slot->object);
    }
    unpin_slot(slot);
    return status;
}

zx_status_t handle_lookup(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                          struct object **out) {
    return lookup(value, type, rights, false, out);
}

zx_status_t handle_lookup_rights_first(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                                       struct object **out) {
    return lookup(value, type, rights, true, out);
}

// The rights that a copy gets, or false when the request is more than the handle has.
static bool grant(zx_rights_t have, zx_rights_t want, zx_rights_t *granted) {
    *granted = want == ZX_RIGHT_SAME_RIGHTS ? have : want;
    return (*granted & ~have) == 0;
}

zx_status_t handle_duplicate(zx_handle_t value, zx_rights_t rights, zx_handle_t *out) {
    struct slot *slot = pin_slot(value);
    if (slot == NULL) {
        return ZX_ERR_BAD_HANDLE;
    }
    struct object *object = slot->object;
    zx_rights_t granted = 0;
    zx_status_t status = ZX_OK;
    if ((slot->rights & ZX_RIGHT_DUPLICATE) == 0) {
        status = refuse(ZX_ERR_ACCESS_DENIED, "handle lacks DUPLICATE");
    } else if (!grant(slot->rights, rights, &granted)) {
        status =
            refuse_value(ZX_ERR_INVALID_ARGS, "handle lacks the rights %", granted & ~slot->rights);
    } else {
        // Counted while the source cannot be closed, so the object never passes through zero.
        object_ref(object);
        object_add_handle(object);
    }
    unpin_slot(slot);
    if (status != ZX_OK) {
        return status;
    }
    status = handle_insert(object, granted, out);
    if (status != ZX_OK) {
        handle_drop(object);
    }
    return status;
}

zx_status_t handle_replace(zx_handle_t value, zx_rights_t rights, zx_handle_t *out) {
    struct object *object = NULL;
    zx_rights_t have = 0;
    zx_rights_t granted = 0;
    zx_status_t status = handle_remove(value, &object, &have);
    if (status != ZX_OK) {
        return status;
    }
    status = grant(have, rights, &granted)
                 ? handle_insert(object, granted, out)
                 : refuse_value(ZX_ERR_INVALID_ARGS, "handle lacks the rights %", granted & ~have);
    if (status != ZX_OK) {
        handle_drop(object);
    }
    return status;
}

// --- All of them ---

static bool take_entry(struct slot *slot, struct handle_entry *entry) {
    const unsigned state = atomic_load_explicit(&slot->state, memory_order_acquire) % SLOT_PIN;
    if ((state & SLOT_LIVE) == 0 || !change_live(slot, state, SLOT_PIN)) {
        return false;
    }
    entry->value = encode(slot->index, state >> SLOT_GENERATION_SHIFT);
    entry->rights = slot->rights;
    entry->object = object_ref(slot->object);
    unpin_slot(slot);
    return true;
}

bool handle_next(uint32_t *place, struct handle_entry *entry) {
    platform_mutex_lock(&table.lock);
    const uint32_t used = table.used;
    platform_mutex_unlock(&table.lock);
    bool found = false;
    while (*place < used && !found) {
        struct slot *chunk =
            atomic_load_explicit(&table.chunks[*place / CHUNK_SLOTS], memory_order_acquire);
        found = take_entry(&chunk[*place % CHUNK_SLOTS], entry);
        ++*place;
    }
    return found;
}
