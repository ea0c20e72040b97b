// SPDX-License-Identifier: MIT
//
// The process's handles: 32-bit values that name an object and carry rights (objects ABI 1.2, 2).
// A value is never 0, has its two low bits set and its top bit clear, and a stale value fails until
// its slot has been used again 2047 times.
//
// Locks: a lookup takes none and waits for nothing. Creating and closing take the free list's
// mutex, and closing waits for the lookups of the handle that have begun, which take a few
// instructions. No lock is held when an object's own functions are called.

#ifndef OBJECTS_HANDLE_TABLE_H
#define OBJECTS_HANDLE_TABLE_H

#include "objects/object.h"

#include <zircon/types.h>

// Makes a handle, which takes its own reference. ZX_ERR_NO_MEMORY when the table is full.
zx_status_t handle_create(struct object *object, zx_rights_t rights, zx_handle_t *out);

// Finds the object behind a handle: BAD_HANDLE, then WRONG_TYPE, then ACCESS_DENIED (hypervisor
// ABI 3). ZX_OBJ_TYPE_NONE accepts every type. *out is a reference that the caller drops.
zx_status_t handle_lookup(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                          struct object **out);

// As handle_lookup(), in the older order: rights before type (objects ABI 0.3).
zx_status_t handle_lookup_rights_first(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                                       struct object **out);

// The first without a demand on rights, which are reported for the caller to judge.
zx_status_t handle_lookup_rights(zx_handle_t value, zx_obj_type_t type, struct object **out,
                                 zx_rights_t *rights);

// Calls `use`, which neither blocks nor takes long, with the object of a handle, if it is one with
// these rights. Takes no lock and drops no reference, so a signal handler may do it.
zx_status_t handle_use(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                       void (*use)(struct object *object));

// The handles one after the other, from *place on, which begins with 0; in no order. False when
// there are no more. What comes or goes meanwhile may be among them or not.
struct handle_entry {
    zx_handle_t value;
    zx_rights_t rights;
    struct object *object; // A reference that the caller drops.
};
bool handle_next(uint32_t *place, struct handle_entry *entry);

// Whether the value is a handle to that very object, which the caller keeps alive.
bool handle_names(zx_handle_t value, const struct object *object);

// Closing a value that is not a handle, 0 included, is ZX_ERR_BAD_HANDLE here; that 0 may be
// closed freely is a rule of the call (objects ABI 2.1).
zx_status_t handle_close(zx_handle_t value);

// objects ABI 2.3 and 2.4. On every failure but BAD_HANDLE replace has closed the source.
zx_status_t handle_duplicate(zx_handle_t value, zx_rights_t rights, zx_handle_t *out);
zx_status_t handle_replace(zx_handle_t value, zx_rights_t rights, zx_handle_t *out);

// A handle in hand: out of the table, waits that began through it cancelled, its reference and its
// place in the handle count now the caller's, who puts it back under a new value or drops it.
// insert leaves it in hand on failure.
zx_status_t handle_remove(zx_handle_t value, struct object **out, zx_rights_t *rights);
zx_status_t handle_insert(struct object *object, zx_rights_t rights, zx_handle_t *out);
void handle_drop(struct object *object);

#endif // OBJECTS_HANDLE_TABLE_H
