// SPDX-License-Identifier: MIT
//
// The last refusal of each thread, and its text.

#include "objects/refusal.h"

#include <inttypes.h>
#include <stdio.h>

// Every call touches it, so it must be there at once.
#if defined(__ELF__)
#define THREAD_STORAGE __attribute__((tls_model("initial-exec")))
#else
#define THREAD_STORAGE
#endif

struct refusal {
    zx_status_t status; // ZX_OK for none.
    const char *cause;
    uint64_t values[2];
    bool is_pointer; // The value is one.
};

static _Thread_local struct refusal last THREAD_STORAGE;

void refusal_keep(zx_status_t status, const char *cause, uint64_t value, uint64_t other) {
    last = (struct refusal){.status = status, .cause = cause, .values = {value, other}};
}

void refusal_keep_pointer(zx_status_t status, const char *cause, uintptr_t pointer) {
    refusal_keep(status, cause, pointer, 0);
    last.is_pointer = true;
}

bool refusal_is(zx_status_t status) {
    return last.status == status;
}

zx_status_t refuse_as(zx_status_t status) {
    last.status = last.status != ZX_OK ? status : ZX_OK;
    return status;
}

void refusal_forget(void) {
    last.status = ZX_OK;
}

bool refusal_has_pointer(uintptr_t *out) {
    *out = (uintptr_t)last.values[0];
    return last.status != ZX_OK && last.is_pointer;
}

// As the log shows the arguments of a call. Returns the length.
static size_t write_value(uint64_t value, char *text, size_t size) {
    const int length = snprintf(text, size, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
    return (size_t)length < size ? (size_t)length : size - 1;
}

static size_t write_name(const char *name, char *text, size_t size) {
    const int length = snprintf(text, size, "%s", name);
    return (size_t)length < size ? (size_t)length : size - 1;
}

size_t refusal_text(zx_status_t status, const char *name, char *text, size_t size) {
    size_t length = 0;
    size_t values = 0;
    text[0] = '\0';
    if (last.status == ZX_OK || last.status != status) {
        return 0;
    }
    for (const char *at = last.cause; *at != '\0' && length + 1 < size; at++) {
        if (*at != '%') {
            text[length++] = *at;
        } else if (last.is_pointer && name != NULL) {
            length += write_name(name, text + length, size - length);
        } else {
            length += write_name(last.is_pointer ? "memory at " : "", text + length, size - length);
            length += write_value(last.values[values++ % 2], text + length, size - length);
        }
    }
    text[length] = '\0';
    return length;
}
