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

// Keeps a cause for this thread.
void refusal_keep(zx_status_t status, const char *cause, uint64_t value, uint64_t other);
void refusal_keep_pointer(zx_status_t status, const char *cause, uintptr_t pointer);

// Whether the last refusal was with this status.
bool refusal_is(zx_status_t status);

// Each returns `status`, here where compilers and analyzers see it. `cause` is a constant that says
// what is wrong, as in "addr % is not a multiple of 0x1000": the first % stands for the value, the
// second for the other one.
static inline zx_status_t refuse_values(zx_status_t status, const char *cause, uint64_t value,
                                        uint64_t other) {
    refusal_keep(status, cause, value, other);
    return status;
}

static inline zx_status_t refuse_value(zx_status_t status, const char *cause, uint64_t value) {
    return refuse_values(status, cause, value, 0);
}

static inline zx_status_t refuse(zx_status_t status, const char *cause) {
    return refuse_values(status, cause, 0, 0);
}

// As refuse_value(), where the value is a pointer of the client's, which has a name in its call.
static inline zx_status_t refuse_pointer(zx_status_t status, const char *cause, uintptr_t pointer) {
    refusal_keep_pointer(status, cause, pointer);
    return status;
}

// As refuse_value(), unless a check below has told the cause.
static inline zx_status_t refuse_unless_told(zx_status_t status, const char *cause,
                                             uint64_t value) {
    return refusal_is(status) ? status : refuse_value(status, cause, value);
}

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
