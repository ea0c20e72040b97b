// SPDX-License-Identifier: MIT
//
// x86-64.

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/posix_client_frame.h"

#if defined(POSIX_CLIENT_FRAME) && defined(__x86_64__)

#include "platform/posix_frame.h"

enum { RED_ZONE = 128 };

// The state at the entry of a function and in a new thread, by the ABI: interrupts on, and the bit
// that is always 1.
enum { PLAIN_FLAGS = 0x202 };

void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry) {
    for (unsigned i = 0; i < GENERAL_RIP; i++) {
        posix_set_general(context, i, 0);
    }
    posix_set_general(context, GENERAL_RIP, entry->entry);
    posix_set_general(context, GENERAL_RSP, entry->stack);
    posix_set_general(context, GENERAL_RDI, entry->arguments[0]);
    posix_set_general(context, GENERAL_RSI, entry->arguments[1]);
    posix_set_general(context, GENERAL_RFLAGS, PLAIN_FLAGS);
}

// A return address of 0 ends the unwinding.
void client_frame_call(ucontext_t *context, void (*function)(void)) {
    const uint64_t rsp = posix_general(context, GENERAL_RSP);
    uint64_t *stack = (uint64_t *)((rsp - RED_ZONE) & ~UINT64_C(15));
    *--stack = 0;
    posix_set_general(context, GENERAL_RSP, (uint64_t)(uintptr_t)stack);
    posix_set_general(context, GENERAL_RIP, (uint64_t)(uintptr_t)function);
}

void client_frame_make_plain(ucontext_t *context) {
    const struct xsave_place place = posix_frame_saved(context);
    posix_set_general(context, GENERAL_RFLAGS, PLAIN_FLAGS);
    if (place.area != NULL) {
        xsave_make_plain(place.area);
    }
}

#endif
