// SPDX-License-Identifier: MIT
//
// Events, and pairs of events whose ends signal each other (objects ABI 3.1, 3.2).
//
// Locks: a pair's lock guards which of its ends still have a handle. It is a leaf.

#ifndef OBJECTS_EVENT_H
#define OBJECTS_EVENT_H

#include "objects/object.h"

// A reference to an object that is nothing but its signals. ZX_ERR_NO_MEMORY.
zx_status_t event_create(struct object **out);

// References to both ends.
zx_status_t event_pair_create(struct object **first, struct object **second);

#endif // OBJECTS_EVENT_H
