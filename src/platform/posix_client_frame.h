// SPDX-License-Identifier: MIT
//
// The part of entering and leaving client code that depends on the processor: it changes the frame
// through which a signal's handler returns. Each processor has a file with these functions; on a
// processor without one no thread enters client code.

#ifndef PLATFORM_POSIX_CLIENT_FRAME_H
#define PLATFORM_POSIX_CLIENT_FRAME_H

#include "platform/posix_general.h"

#if defined(POSIX_CONTEXT_REGISTERS)

#define POSIX_CLIENT_FRAME 1

// The general registers at the point that the signal interrupted, and the way back there.
struct client_frame {
    uint64_t registers[GENERAL_COUNT];
};

static inline void client_frame_save(const ucontext_t *context, struct client_frame *out) {
    for (unsigned i = 0; i < GENERAL_COUNT; i++) {
        out->registers[i] = posix_general(context, i);
    }
}

static inline void client_frame_restore(ucontext_t *context, const struct client_frame *frame) {
    for (unsigned i = 0; i < GENERAL_COUNT; i++) {
        posix_set_general(context, i, frame->registers[i]);
    }
}

// Makes the handler return to the first instruction of the client's code, as if it had been called.
void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry);

// Makes the handler return to the function, below the contents of the stack. Unwinding ends there,
// before the client's frames.
void client_frame_call(ucontext_t *context, void (*function)(void));

// Sets the state of the processor that functions of the host expect, and that the client's code may
// have changed.
void client_frame_make_plain(ucontext_t *context);

#endif

#endif // PLATFORM_POSIX_CLIENT_FRAME_H
