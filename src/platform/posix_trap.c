// SPDX-License-Identifier: MIT
//
// Traps by their numbers: the vectors of x86-64 (Intel's manual, volume 3, table 7-1), the classes
// and codes of arm64's ESR_EL1 (Arm Architecture Reference Manual, D24.2).

#define _GNU_SOURCE // siginfo_t and its codes

#include "platform/posix_trap.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__x86_64__)

enum {
    DIVIDE_ERROR = 0,
    DEBUG = 1,
    BREAKPOINT = 3,
    OVERFLOW = 4,
    BOUND_RANGE = 5,
    INVALID_OPCODE = 6,
    GENERAL_PROTECTION = 13,
    PAGE_FAULT = 14,
    X87_ERROR = 16,
    ALIGNMENT_CHECK = 17,
    SIMD_ERROR = 19,
    EXCEPTION_COUNT = 32,
};

bool posix_trap_raises(const struct posix_trap *trap, int number) {
    const uint64_t vector = trap->code;
    switch (number) {
    case SIGSEGV:
        return vector == PAGE_FAULT || vector == GENERAL_PROTECTION;
    case SIGBUS:
        return vector == PAGE_FAULT || vector == ALIGNMENT_CHECK;
    case SIGFPE:
        return vector == DIVIDE_ERROR || vector == OVERFLOW || vector == X87_ERROR ||
               vector == SIMD_ERROR;
    case SIGTRAP:
        return vector == DEBUG || vector == BREAKPOINT || vector == BOUND_RANGE;
    default:
        return vector < EXCEPTION_COUNT;
    }
}

zx_excp_type_t posix_trap_type(const struct posix_trap *trap) {
    switch (trap->code) {
    case DEBUG:
        return ZX_EXCP_HW_BREAKPOINT;
    case BREAKPOINT:
        return ZX_EXCP_SW_BREAKPOINT;
    case INVALID_OPCODE:
        return ZX_EXCP_UNDEFINED_INSTRUCTION;
    case PAGE_FAULT:
        return ZX_EXCP_FATAL_PAGE_FAULT;
    default:
        return ZX_EXCP_GENERAL;
    }
}

void posix_trap_describe(const struct posix_trap *trap, struct platform_fault *fault) {
    fault->x86_64 = (zx_x86_64_exc_data_t){
        .vector = trap->code,
        .err_code = trap->error,
        .cr2 = trap->code == PAGE_FAULT ? trap->address : 0,
    };
}

#elif defined(POSIX_CONTEXT_REGISTERS)

enum {
    TRAPPED_SYSTEM_CALL = 0x15, // SVC, by which system calls are made.
    CODE_ABORT = 0x20,
    MISALIGNED_PC = 0x22,
    DATA_ABORT = 0x24,
    MISALIGNED_SP = 0x26,
    FLOATING_POINT = 0x2c,
    FIRST_DEBUG = 0x30, // Breakpoint, step and watchpoint, each of either level.
    LAST_DEBUG = 0x35,
    SOFTWARE_BREAKPOINT = 0x3c,
};

enum { FAULT_STATUS = 0x3f, ALIGNMENT_FAULT = 0x21 };

static unsigned class_of(const struct posix_trap *trap) {
    return trap->code >> 26 & 0x3f;
}

static bool is_debug(unsigned class) {
    return class >= FIRST_DEBUG && class <= LAST_DEBUG;
}

bool posix_trap_raises(const struct posix_trap *trap, int number) {
    const unsigned class = class_of(trap);
    switch (number) {
    case SIGSEGV:
    case SIGBUS:
        return class == CODE_ABORT || class == DATA_ABORT || class == MISALIGNED_PC ||
               class == MISALIGNED_SP;
    case SIGFPE:
        return class == FLOATING_POINT;
    case SIGTRAP:
        return class == SOFTWARE_BREAKPOINT || is_debug(class);
    default:
        return class != TRAPPED_SYSTEM_CALL;
    }
}

zx_excp_type_t posix_trap_type(const struct posix_trap *trap) {
    const unsigned class = class_of(trap);
    if (is_debug(class)) {
        return ZX_EXCP_HW_BREAKPOINT;
    }
    switch (class) {
    case 0:
        return ZX_EXCP_UNDEFINED_INSTRUCTION;
    case SOFTWARE_BREAKPOINT:
        return ZX_EXCP_SW_BREAKPOINT;
    case CODE_ABORT:
    case DATA_ABORT:
        return (trap->code & FAULT_STATUS) == ALIGNMENT_FAULT ? ZX_EXCP_UNALIGNED_ACCESS
                                                              : ZX_EXCP_FATAL_PAGE_FAULT;
    default:
        return ZX_EXCP_GENERAL;
    }
}

void posix_trap_describe(const struct posix_trap *trap, struct platform_fault *fault) {
    fault->arm_64.esr = (uint32_t)trap->code;
    fault->arm_64.far = trap->address;
}

#endif

#if !defined(__APPLE__)

uint32_t posix_trap_why(const struct posix_trap *trap, int number, const siginfo_t *info) {
    (void)trap;
    if (number == SIGBUS) {
        return (uint32_t)ZX_ERR_OUT_OF_RANGE;
    }
    return (uint32_t)(info->si_code == SEGV_ACCERR ? ZX_ERR_ACCESS_DENIED : ZX_ERR_NOT_FOUND);
}

#endif
