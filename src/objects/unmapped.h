// SPDX-License-Identifier: MIT
//
// Addresses that the client has unmapped lately. A client that still touches them expects a fault,
// so what the library has the host place anywhere, a thread's stack or a view of a VMO, must not
// come to lie there: the last ranges are covered while the host chooses.

#ifndef OBJECTS_UNMAPPED_H
#define OBJECTS_UNMAPPED_H

#include <stdbool.h>
#include <stddef.h>

void unmapped_note(void *address, size_t length);

// The client has them again.
void unmapped_forget(void *address, size_t length);

// platform_reserve_at() for the client, which finds no cover in its way, and has them again.
bool unmapped_reserve_at(void *address, size_t length, bool *taken);

// Around a call to the host that maps something. Nothing but locks of the last rank is taken in
// between.
void unmapped_cover(void);
void unmapped_uncover(void);

#endif // OBJECTS_UNMAPPED_H
