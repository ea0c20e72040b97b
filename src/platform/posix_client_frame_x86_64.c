// SPDX-License-Identifier: MIT
//
// x86-64 on Linux.

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/posix_client_frame.h"

#if defined(__linux__) && defined(__x86_64__)

#include <string.h>

enum { RED_ZONE = 128 };

// The state at the entry of a function and in a new thread, by the ABI: interrupts on, and the bit
// that is always 1; the FPU's registers empty, its exceptions masked.
enum { PLAIN_FLAGS = 0x202, PLAIN_FCW = 0x37f, PLAIN_MXCSR = 0x1f80 };

void client_frame_save(const ucontext_t *context, struct client_frame *out) {
    memcpy(out->registers, context->uc_mcontext.gregs, sizeof(out->registers));
}

void client_frame_restore(ucontext_t *context, const struct client_frame *frame) {
    memcpy(context->uc_mcontext.gregs, frame->registers, sizeof(frame->registers));
}

void client_frame_enter(ucontext_t *context, const struct platform_client_entry *entry) {
    greg_t *registers = context->uc_mcontext.gregs;
    static const int cleared[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RBP, REG_R8, REG_R9,
                                  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (size_t i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++) {
        registers[cleared[i]] = 0;
    }
    registers[REG_RIP] = (greg_t)entry->entry;
    registers[REG_RSP] = (greg_t)entry->stack;
    registers[REG_RDI] = (greg_t)entry->arguments[0];
    registers[REG_RSI] = (greg_t)entry->arguments[1];
    registers[REG_EFL] = PLAIN_FLAGS;
}

// A return address of 0 ends the unwinding.
void client_frame_call(ucontext_t *context, void (*function)(void)) {
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t *stack = (uint64_t *)(((uint64_t)registers[REG_RSP] - RED_ZONE) & ~UINT64_C(15));
    *--stack = 0;
    registers[REG_RSP] = (greg_t)(uintptr_t)stack;
    registers[REG_RIP] = (greg_t)(uintptr_t)function;
}

void client_frame_make_plain(ucontext_t *context) {
    mcontext_t *machine = &context->uc_mcontext;
    machine->gregs[REG_EFL] = PLAIN_FLAGS;
    if (machine->fpregs != NULL) {
        machine->fpregs->cwd = PLAIN_FCW;
        machine->fpregs->swd = 0;
        machine->fpregs->ftw = 0;
        machine->fpregs->mxcsr = PLAIN_MXCSR;
    }
}

#endif
