// SPDX-License-Identifier: MIT
//
// arm64 (Procedure Call Standard for the Arm 64-bit Architecture, section 6).

#define _GNU_SOURCE // The members of mcontext_t

#include "platform/posix_client_frame.h"

#if defined(POSIX_CLIENT_FRAME) && defined(__aarch64__)

// PSTATE's condition flags; the rest is the host's.
#define CONDITION_FLAGS UINT64_C(0xf0000000)

static void clear_conditions(ucontext_t *context) {
    const uint64_t state = posix_general(context, GENERAL_CPSR);
    posix_set_general(context, GENERAL_CPSR, state & ~CONDITION_FLAGS);
}

void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry) {
    for (unsigned i = 0; i <= GENERAL_LINK; i++) {
        posix_set_general(context, i, 0);
    }
    posix_set_general(context, 0, entry->arguments[0]);
    posix_set_general(context, 1, entry->arguments[1]);
    posix_set_general(context, GENERAL_SP, entry->stack);
    posix_set_general(context, GENERAL_PC, entry->entry);
    clear_conditions(context);
}

// A frame pointer and a return address of 0 end the unwinding. What macOS's red zone has is lost:
// nobody returns to it.
void client_frame_call(ucontext_t *context, void (*function)(void)) {
    const uint64_t sp = posix_general(context, GENERAL_SP);
    posix_set_general(context, GENERAL_FRAME_POINTER, 0);
    posix_set_general(context, GENERAL_LINK, 0);
    posix_set_general(context, GENERAL_SP, sp & ~UINT64_C(15));
    posix_set_general(context, GENERAL_PC, (uint64_t)(uintptr_t)function);
}

// The modes of floating point stay as they are: a signal's frame has them apart from these.
void client_frame_make_plain(ucontext_t *context) {
    clear_conditions(context);
}

#endif
