// SPDX-License-Identifier: MIT
//
// Why a call fails, said where it is found out: a check returns `refuse(status, cause)`, and the
// log has the cause if the call ends with that status (syscalls/failure.c). A refusal costs a few
// stores and makes no text, so that it is free when nobody listens.

#ifndef OBJECTS_REFUSAL_H
#define OBJECTS_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

// Each returns `status`. `cause` is a constant that says what is wrong, as in "addr % is not a
// multiple of 0x1000": the first % stands for the value, the second for the other one.
zx_status_t refuse(zx_status_t status, const char *cause);
zx_status_t refuse_value(zx_status_t status, const char *cause, uint64_t value);
zx_status_t refuse_values(zx_status_t status, const char *cause, uint64_t value, uint64_t other);

// As refuse_value(), where the value is a pointer of the client's, which has a name in its call.
zx_status_t refuse_pointer(zx_status_t status, const char *cause, uintptr_t pointer);

// As refuse_value(), unless a check below has told the cause.
zx_status_t refuse_unless_told(zx_status_t status, const char *cause, uint64_t value);

// For an era's own status in place of that of the last refusal, whose cause stays.
zx_status_t refuse_as(zx_status_t status);

// A call begins: what was refused before is not its cause.
void refusal_forget(void);

// Whether the last refusal has a pointer, and which.
bool refusal_has_pointer(uintptr_t *out);

// Writes the cause of this thread's last refusal, if that was with this status. `name` stands for
// the pointer; NULL for its address. Returns the length, and 0 without a cause.
size_t refusal_text(zx_status_t status, const char *name, char *text, size_t size);

#endif // OBJECTS_REFUSAL_H
