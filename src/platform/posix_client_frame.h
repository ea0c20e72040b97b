// SPDX-License-Identifier: MIT
//
// What the entry into client code, and its end, know of the processor: they change the frame that a
// signal's handler returns through. One file for each processor has the functions; where none has,
// no thread enters client code.

#ifndef PLATFORM_POSIX_CLIENT_FRAME_H
#define PLATFORM_POSIX_CLIENT_FRAME_H

#include "platform/posix_context.h"

#if defined(__linux__) && defined(__x86_64__)
#define POSIX_CLIENT_FRAME 1
#define CLIENT_FRAME_REGISTERS (sizeof(((mcontext_t *)0)->gregs) / sizeof(greg_t))
struct client_frame {
    greg_t registers[CLIENT_FRAME_REGISTERS];
};
#elif defined(__linux__) && defined(__aarch64__)
#define POSIX_CLIENT_FRAME 1
struct client_frame {
    unsigned long long registers[31];
    unsigned long long stack;
    unsigned long long program_counter;
    unsigned long long state;
};
#endif

#if defined(POSIX_CLIENT_FRAME)

// The general registers of where the thread was, and the way back there.
void client_frame_save(const ucontext_t *context, struct client_frame *out);
void client_frame_restore(ucontext_t *context, const struct client_frame *frame);

// The handler returns to the first instruction of the client's code, as if that had been called.
void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry);

// The handler returns to the function, below what the stack has, and unwinding ends there: it does
// not come to the client's frames.
void client_frame_call(ucontext_t *context, void (*function)(void));

// What functions of the host expect of the processor, which the client's code may have left
// otherwise.
void client_frame_make_plain(ucontext_t *context);

#endif

#endif // PLATFORM_POSIX_CLIENT_FRAME_H
