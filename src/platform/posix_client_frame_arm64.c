// SPDX-License-Identifier: MIT
//
// arm64 on Linux (Procedure Call Standard for the Arm 64-bit Architecture, section 6).

#define _GNU_SOURCE // The members of mcontext_t

#include "platform/posix_client_frame.h"

#if defined(__linux__) && defined(__aarch64__)

#include <string.h>

enum { FRAME_POINTER = 29, LINK = 30 };

// PSTATE's condition flags; the rest is the host's.
#define CONDITION_FLAGS 0xf0000000ull

void client_frame_save(const ucontext_t *context, struct client_frame *out) {
    const mcontext_t *machine = &context->uc_mcontext;
    memcpy(out->registers, machine->regs, sizeof(out->registers));
    out->stack = machine->sp;
    out->program_counter = machine->pc;
    out->state = machine->pstate;
}

void client_frame_restore(ucontext_t *context, const struct client_frame *frame) {
    mcontext_t *machine = &context->uc_mcontext;
    memcpy(machine->regs, frame->registers, sizeof(frame->registers));
    machine->sp = frame->stack;
    machine->pc = frame->program_counter;
    machine->pstate = frame->state;
}

void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry) {
    mcontext_t *machine = &context->uc_mcontext;
    memset(machine->regs, 0, sizeof(machine->regs));
    machine->regs[0] = entry->arguments[0];
    machine->regs[1] = entry->arguments[1];
    machine->sp = entry->stack;
    machine->pc = entry->entry;
    machine->pstate &= ~CONDITION_FLAGS;
}

// A frame pointer and a return address of 0 end the unwinding. There is no red zone.
void client_frame_call(ucontext_t *context, void (*function)(void)) {
    mcontext_t *machine = &context->uc_mcontext;
    machine->regs[FRAME_POINTER] = 0;
    machine->regs[LINK] = 0;
    machine->sp &= ~15ull;
    machine->pc = (uintptr_t)function;
}

// The modes of floating point stay as they are: a signal's frame has them in a record of its own.
void client_frame_make_plain(ucontext_t *context) {
    context->uc_mcontext.pstate &= ~CONDITION_FLAGS;
}

#endif
