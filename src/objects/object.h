// SPDX-License-Identifier: MIT
//
// The header that every kernel object begins with: type, koid, references, handle count, signals
// and who watches them. It knows nothing of handle values or rights (handle_table.h).
//
// Lifetime: an object is destroyed with its last reference. Each handle holds one reference and
// is counted beside it, because an object may outlive its last handle, whose end has effects of its
// own (objects ABI 2.1).
//
// Locks: `lock` guards changes of the signals, the observers (signal_observer.h) and the name. The
// other fields are constant or atomic.

#ifndef OBJECTS_OBJECT_H
#define OBJECTS_OBJECT_H

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

struct object;
struct signal_observer;

struct object_ops {
    zx_obj_type_t type;
    zx_rights_t default_rights; // Rights of a new handle from 2022 on; creators of other eras name
                                // the rights.

    // What zx_object_signal() may change besides the user signals (objects ABI 3.2).
    zx_signals_t settable_signals;

    // The koid of HANDLE_BASIC's related_koid; NULL when there is none.
    zx_koid_t (*related_koid)(const struct object *object);

    // A reference to the other end, NULL when that has no handle left. NULL for peerless types.
    struct object *(*peer)(struct object *object);

    // Where the name is, ZX_MAX_NAME_LEN bytes. NULL for types without one.
    char *(*name)(struct object *object);

    // The last handle is gone; a reference is held. NULL when that means nothing.
    void (*on_zero_handles)(struct object *object);

    // The last reference is gone, and `lock` with it; frees the object.
    void (*destroy)(struct object *object);
};

struct object {
    const struct object_ops *ops;
    zx_koid_t koid;
    atomic_uint references;
    atomic_uint handles;
    _Atomic(zx_signals_t) signals;
    struct platform_mutex lock;
    struct signal_observer *observers; // Newest first.
};

// One reference, which is the caller's; no handle.
void object_init(struct object *object, const struct object_ops *ops, zx_signals_t signals);

struct object *object_ref(struct object *object);
void object_unref(struct object *object);

// For a type whose objects keep others of it: true when that was the last reference, and then the
// caller does what `destroy` does.
bool object_drop(struct object *object);

// For whoever knows of an object without keeping it: false when the last reference is gone, and
// then only what excludes its destruction lets the object be looked at.
bool object_ref_if_alive(struct object *object);

// What a handle does to its object. remove runs on_zero_handles but keeps the reference.
void object_add_handle(struct object *object);
void object_remove_handle(struct object *object);

// Copies the name into ZX_MAX_NAME_LEN bytes, ended by NUL; empty for a type without one. Setting
// keeps all of the bytes, and is for types that have a name.
void object_get_name(struct object *object, char *name);
void object_set_name(struct object *object, const char *name);

// Has signals that can be waited for: the types whose handles are born with WAIT.
bool object_is_waitable(const struct object *object);

// How many objects the process has.
uint64_t object_count(void);

// Counts up from 1024 and never repeats (objects ABI 1.1).
zx_koid_t koid_create(void);

#endif // OBJECTS_OBJECT_H
