// SPDX-License-Identifier: MIT
//
// The general registers in the frame of a signal, by numbers of ours: in the order of the ABI's
// structures (objects ABI 6.4), and then what a way back has to bring with it. Linux needs
// _GNU_SOURCE for the names of its own.

#ifndef PLATFORM_POSIX_GENERAL_H
#define PLATFORM_POSIX_GENERAL_H

#include "platform/posix_context.h"

#if defined(POSIX_CONTEXT_REGISTERS)

#include <stddef.h>

#if defined(__x86_64__)

enum {
    GENERAL_RAX,
    GENERAL_RBX,
    GENERAL_RCX,
    GENERAL_RDX,
    GENERAL_RSI,
    GENERAL_RDI,
    GENERAL_RBP,
    GENERAL_RSP,
    GENERAL_R8,
    GENERAL_R15 = GENERAL_R8 + 7,
    GENERAL_RIP,
    GENERAL_RFLAGS,
    GENERAL_SELECTORS, // The code segment's, as the host has it there.
    GENERAL_COUNT,
};

#if defined(__linux__)

static inline greg_t *posix_general_place(const ucontext_t *context, unsigned number) {
    static const unsigned char places[GENERAL_COUNT] = {
        REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,     REG_R9,
        REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL, REG_CSGSFS,
    };
    return (greg_t *)&context->uc_mcontext.gregs[places[number]];
}

#else

#define PLACE(name) offsetof(_STRUCT_X86_THREAD_STATE64, name)
static inline __uint64_t *posix_general_place(const ucontext_t *context, unsigned number) {
    static const unsigned char places[GENERAL_COUNT] = {
        PLACE(__rax), PLACE(__rbx), PLACE(__rcx),    PLACE(__rdx), PLACE(__rsi),
        PLACE(__rdi), PLACE(__rbp), PLACE(__rsp),    PLACE(__r8),  PLACE(__r9),
        PLACE(__r10), PLACE(__r11), PLACE(__r12),    PLACE(__r13), PLACE(__r14),
        PLACE(__r15), PLACE(__rip), PLACE(__rflags), PLACE(__cs),
    };
    return (__uint64_t *)(void *)((char *)&context->uc_mcontext->__ss + places[number]);
}
#undef PLACE

#endif

static inline uint64_t posix_general(const ucontext_t *context, unsigned number) {
    return (uint64_t)*posix_general_place(context, number);
}

static inline void posix_set_general(ucontext_t *context, unsigned number, uint64_t value) {
#if defined(__linux__)
    *posix_general_place(context, number) = (greg_t)value;
#else
    *posix_general_place(context, number) = value;
#endif
}

#else

// X0 to X30 are 0 to 30.
enum {
    GENERAL_FRAME_POINTER = 29,
    GENERAL_LINK = 30,
    GENERAL_SP,
    GENERAL_PC,
    GENERAL_CPSR,
    GENERAL_COUNT,
};

#if defined(__linux__)

static inline uint64_t posix_general(const ucontext_t *context, unsigned number) {
    const mcontext_t *machine = &context->uc_mcontext;
    switch (number) {
    case GENERAL_SP:
        return machine->sp;
    case GENERAL_PC:
        return machine->pc;
    case GENERAL_CPSR:
        return machine->pstate;
    default:
        return machine->regs[number];
    }
}

static inline void posix_set_general(ucontext_t *context, unsigned number, uint64_t value) {
    mcontext_t *machine = &context->uc_mcontext;
    switch (number) {
    case GENERAL_SP:
        machine->sp = value;
        break;
    case GENERAL_PC:
        machine->pc = value;
        break;
    case GENERAL_CPSR:
        machine->pstate = value;
        break;
    default:
        machine->regs[number] = value;
    }
}

#else

static inline uint64_t posix_general(const ucontext_t *context, unsigned number) {
    const _STRUCT_ARM_THREAD_STATE64 *state = &context->uc_mcontext->__ss;
    switch (number) {
    case GENERAL_FRAME_POINTER:
        return state->__fp;
    case GENERAL_LINK:
        return state->__lr;
    case GENERAL_SP:
        return state->__sp;
    case GENERAL_PC:
        return state->__pc;
    case GENERAL_CPSR:
        return state->__cpsr;
    default:
        return state->__x[number];
    }
}

static inline void posix_set_general(ucontext_t *context, unsigned number, uint64_t value) {
    _STRUCT_ARM_THREAD_STATE64 *state = &context->uc_mcontext->__ss;
    switch (number) {
    case GENERAL_FRAME_POINTER:
        state->__fp = value;
        break;
    case GENERAL_LINK:
        state->__lr = value;
        break;
    case GENERAL_SP:
        state->__sp = value;
        break;
    case GENERAL_PC:
        state->__pc = value;
        break;
    case GENERAL_CPSR:
        state->__cpsr = (uint32_t)value;
        break;
    default:
        state->__x[number] = value;
    }
}

#endif

#endif

#endif

#endif // PLATFORM_POSIX_GENERAL_H
