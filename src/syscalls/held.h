// SPDX-License-Identifier: MIT
//
// The handles of a row of the table, between an entry and a body: how the entry looks them up, what
// it gives the body, and that it lets the objects go afterwards.

#ifndef SYSCALLS_HELD_H
#define SYSCALLS_HELD_H

#include "syscalls/syscalls.h"

// Looks a handle up with the era's order of checks, unless one before it has failed.
static inline void hold(zx_status_t *status, const struct era *era, zx_obj_type_t type,
                        zx_rights_t wanted, struct held *held) {
    if (*status != ZX_OK) {
        return;
    }
    struct object *object = NULL;
    *status = handle_lookup_rights(held->value, ZX_OBJ_TYPE_NONE, &object, &held->rights);
    if (*status != ZX_OK) {
        return;
    }
    *status = judge(era, object, held->rights, type, wanted);
    if (*status == ZX_OK) {
        held->object = object;
    } else {
        object_unref(object);
    }
}

static inline void hold_optional(zx_status_t *status, const struct era *era, zx_obj_type_t type,
                                 zx_rights_t wanted, struct held *held) {
    if (held->value != ZX_HANDLE_INVALID) {
        hold(status, era, type, wanted, held);
    }
}

static inline void release(const struct held *held) {
    if (held->object != NULL) {
        object_unref(held->object);
    }
}

#define ZX_RIGHT_BY_OPTION ZX_RIGHT_NONE // The body checks it.

// --- What the entry does with each parameter: SERIES(HOLD, parameters) before the body ---

#define HOLD(parameter) HOLD_##parameter

// Needs `status` and `era`.
#define HOLD_BY(function, name, type, right)                                                       \
    struct held held_##name = {.value = name};                                                     \
    function(&status, era, ZX_OBJ_TYPE_##type, ZX_RIGHT_##right, &held_##name);
#define HOLD_OBJECT(name, type, right) HOLD_BY(hold, name, type, right)
#define HOLD_OPTIONAL_OBJECT(name, type, right) HOLD_BY(hold_optional, name, type, right)
#define HOLD_HELD HOLD_OBJECT
#define HOLD_HANDLE(...)
#define HOLD_OPTIONAL_HANDLE(...)
#define HOLD_VALUE(...)
#define HOLD_NAMED(...)
#define HOLD_READS(...)
#define HOLD_WRITES(...)
#define HOLD_MAY_WRITE(...)
#define HOLD_READS_ARRAY(...)
#define HOLD_WRITES_ARRAY(...)
#define HOLD_CHANGES_ARRAY(...)
#define HOLD_IGNORES(...)

// --- EACH(GIVE, parameters) for it ---

#define GIVE(parameter) GIVE_##parameter
#define GIVE_OBJECT(name, type, right) (STRUCT_##type *)held_##name.object
#define GIVE_OPTIONAL_OBJECT GIVE_OBJECT
#define GIVE_HELD(name, type, right) &held_##name
#define GIVE_HANDLE(name, type, right) name
#define GIVE_OPTIONAL_HANDLE GIVE_HANDLE
#define GIVE_VALUE(type, name) name
#define GIVE_NAMED(type, name, set) name
#define GIVE_READS GIVE_VALUE
#define GIVE_WRITES GIVE_VALUE
#define GIVE_MAY_WRITE GIVE_VALUE
#define GIVE_READS_ARRAY(type, name, count) name
#define GIVE_WRITES_ARRAY GIVE_READS_ARRAY
#define GIVE_CHANGES_ARRAY GIVE_READS_ARRAY
#define GIVE_IGNORES GIVE_VALUE

// --- SERIES(RELEASE, parameters) after it ---

#define RELEASE(parameter) RELEASE_##parameter
#define RELEASE_OBJECT(name, type, right) release(&held_##name);
#define RELEASE_OPTIONAL_OBJECT RELEASE_OBJECT
#define RELEASE_HELD RELEASE_OBJECT
#define RELEASE_HANDLE(...)
#define RELEASE_OPTIONAL_HANDLE(...)
#define RELEASE_VALUE(...)
#define RELEASE_NAMED(...)
#define RELEASE_READS(...)
#define RELEASE_WRITES(...)
#define RELEASE_MAY_WRITE(...)
#define RELEASE_READS_ARRAY(...)
#define RELEASE_WRITES_ARRAY(...)
#define RELEASE_CHANGES_ARRAY(...)
#define RELEASE_IGNORES(...)

#endif // SYSCALLS_HELD_H
