// SPDX-License-Identifier: MIT
//
// Register sets of host threads, as the host's processor has them (objects ABI 6.4): on arm64 those
// of Zircon for arm64, elsewhere those for x86-64. Not a VCPU's registers, which are in
// hypervisor.h and come in another order.

#ifndef ZIRCON_SYSCALLS_DEBUG_H_
#define ZIRCON_SYSCALLS_DEBUG_H_

#include <stdint.h>

#include <zircon/compiler.h>
#include <zircon/syscalls/era.h>

// Kinds of thread state.
typedef uint32_t zx_thread_state_topic_t;

#define ZX_THREAD_STATE_GENERAL_REGS ((zx_thread_state_topic_t)0u)
#define ZX_THREAD_STATE_FP_REGS ((zx_thread_state_topic_t)1u)
#define ZX_THREAD_STATE_VECTOR_REGS ((zx_thread_state_topic_t)2u)
#if ZIRCONIA_ERA < 201812
#define ZX_THREAD_STATE_SINGLE_STEP ((zx_thread_state_topic_t)4u)
#define ZX_THREAD_X86_REGISTER_FS ((zx_thread_state_topic_t)5u)
#define ZX_THREAD_X86_REGISTER_GS ((zx_thread_state_topic_t)6u)
#else
#define ZX_THREAD_STATE_DEBUG_REGS ((zx_thread_state_topic_t)4u)
#define ZX_THREAD_STATE_SINGLE_STEP ((zx_thread_state_topic_t)5u)
#endif
#if ZIRCONIA_ERA >= 201812 && ZIRCONIA_ERA < 202104
#define ZX_THREAD_X86_REGISTER_FS ((zx_thread_state_topic_t)6u)
#define ZX_THREAD_X86_REGISTER_GS ((zx_thread_state_topic_t)7u)
#endif

#if defined(__aarch64__) || defined(_M_ARM64)

typedef struct zx_thread_state_general_regs {
    uint64_t r[30];
    uint64_t lr;
    uint64_t sp;
    uint64_t pc;
    uint64_t cpsr;
#if ZIRCONIA_ERA >= 202104
    uint64_t tpidr;
#endif
} zx_thread_state_general_regs_t;

// The vector registers have it all.
typedef struct zx_thread_state_fp_regs {
    uint32_t unused;
} zx_thread_state_fp_regs_t;

typedef struct zx_thread_state_vector_regs {
    uint32_t fpcr;
    uint32_t fpsr;
    struct {
        uint64_t low;
        uint64_t high;
    } v[32];
} zx_thread_state_vector_regs_t;

#else

typedef struct zx_thread_state_general_regs {
    uint64_t rax;
    uint64_t rbx;
    uint64_t rcx;
    uint64_t rdx;
    uint64_t rsi;
    uint64_t rdi;
    uint64_t rbp;
    uint64_t rsp;
    uint64_t r8;
    uint64_t r9;
    uint64_t r10;
    uint64_t r11;
    uint64_t r12;
    uint64_t r13;
    uint64_t r14;
    uint64_t r15;
    uint64_t rip;
    uint64_t rflags;
#if ZIRCONIA_ERA >= 202104
    uint64_t fs_base;
    uint64_t gs_base;
#endif
} zx_thread_state_general_regs_t;

typedef struct zx_x87_register {
    uint64_t low;
    uint64_t high; // An x87 register ends with the low 16 bits of this.
} zx_x87_register_t;

typedef struct zx_thread_state_fp_regs {
    uint16_t fcw;
    uint16_t fsw;
    uint8_t ftw; // In the abridged form of FXSAVE.
    uint8_t reserved;
    uint16_t fop;
    uint64_t fip;
    uint64_t fdp;
    uint8_t padding1[8];
    __ALIGNED(16) zx_x87_register_t st[8];
} zx_thread_state_fp_regs_t;

typedef struct zx_zmm_register {
    uint64_t v[8];
} zx_zmm_register_t;

typedef struct zx_thread_state_vector_regs {
    zx_zmm_register_t zmm[32]; // Parts that the processor lacks read as 0.
    uint64_t opmask[8];
    uint32_t mxcsr;
    uint8_t padding1[4];
} zx_thread_state_vector_regs_t;

#endif

// As x86-64 has them, on all hosts: where the processor has others, the calls are refused.
typedef struct zx_thread_state_debug_regs {
    uint64_t dr[4];
    uint64_t dr6;
    uint64_t dr7;
#if ZIRCONIA_ERA < 202104
    uint64_t dr6_status;  // Ignored.
    uint64_t dr7_control; // Ignored.
#endif
} zx_thread_state_debug_regs_t;

typedef uint32_t zx_thread_state_single_step_t; // 0 or 1

#if ZIRCONIA_ERA < 202104
typedef uint64_t zx_thread_x86_register_fs_t;
typedef uint64_t zx_thread_x86_register_gs_t;
#endif

// The most that an arm64 host could have.
#define AARCH64_MAX_HW_BREAKPOINTS 16
#define AARCH64_MAX_HW_WATCHPOINTS 16

#endif // ZIRCON_SYSCALLS_DEBUG_H_
