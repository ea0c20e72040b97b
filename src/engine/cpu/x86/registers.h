// SPDX-License-Identifier: MIT
// Names of the architectural state that the manuals number: general registers in encoding order,
// segment registers, and the control-register, EFER and flag bits the engine looks at.
// See Intel SDM volume 3A, chapters 2 and 3.
#ifndef ZIRCONIA_ENGINE_CPU_X86_REGISTERS_H
#define ZIRCONIA_ENGINE_CPU_X86_REGISTERS_H

#include <stdint.h>

// What cpu_get() and cpu_set() know, the general registers first. Those before PLAIN_REGISTER_COUNT
// are values that only need to be kept.
enum cpu_register {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    GENERAL_REGISTER_COUNT,
    RIP = GENERAL_REGISTER_COUNT,
    CR0,
    CR2,
    CR3,
    CR4,
    XCR0,
    EFER,
    STAR,
    LSTAR,
    FMASK,
    KERNEL_GS_BASE,
    SYSENTER_CS,
    SYSENTER_ESP,
    SYSENTER_EIP,
    PAT,
    TSC_AUX,
    PLAIN_REGISTER_COUNT,
    RFLAGS = PLAIN_REGISTER_COUNT,
    INTERRUPT_SHADOW, // The shadow of STI and MOV SS: 0 or 1.
    DR0,
    DR1,
    DR2,
    DR3,
    DR6,
    DR7,
    FCW, // The words of the x87 unit by their names in the image of FXSAVE (SDM volume 1, section
    FSW, // 10.5.1), so that FTW has one bit for each register: 1 when it is not empty.
    FTW,
    MXCSR,
    CPU_REGISTER_COUNT,
};

#define FSW_TOP_SHIFT 11
#define FSW_TOP_BITS 0x3800u

#define X87_COUNT 8u
#define XMM_COUNT 16u

enum segment_register {
    SEGMENT_ES,
    SEGMENT_CS,
    SEGMENT_SS,
    SEGMENT_DS,
    SEGMENT_FS,
    SEGMENT_GS,
    SEGMENT_LDTR,
    SEGMENT_TR,
    SEGMENT_GDTR,
    SEGMENT_IDTR,
    SEGMENT_COUNT,
};

// A segment register with its hidden part. `attributes` has the layout of the second doubleword of
// a segment descriptor (type at bit 8, DPL at 13, present at 15, L at 21, D/B at 22, G at 23).
struct segment {
    uint16_t selector;
    uint64_t base;
    uint32_t limit;
    uint32_t attributes;
};

#define ATTRIBUTE_TYPE(attributes) ((attributes) >> 8 & 0xfu)
#define ATTRIBUTE_CODE_OR_DATA (1u << 12)
#define ATTRIBUTE_DPL(attributes) ((attributes) >> 13 & 3u)
#define ATTRIBUTE_DPL_SHIFT 13
#define ATTRIBUTE_PRESENT (1u << 15)
#define ATTRIBUTE_LONG (1u << 21)
#define ATTRIBUTE_BIG (1u << 22)
#define ATTRIBUTE_GRANULARITY (1u << 23)
#define ATTRIBUTE_CODE (1u << 11)
#define ATTRIBUTE_CONFORMING (1u << 10)
#define ATTRIBUTE_WRITABLE (1u << 9) // In a data segment.
#define ATTRIBUTE_READABLE (1u << 9) // In a code segment.
#define ATTRIBUTE_ACCESSED (1u << 8)
#define ATTRIBUTE_EXPAND_DOWN (1u << 10) // In a data segment.

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_AM (1ull << 18)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)

#define CR4_TSD (1ull << 2)
#define CR4_DE (1ull << 3)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_VMXE (1ull << 13)
#define CR4_FSGSBASE (1ull << 16)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)

#define RFLAGS_CF (1ull << 0)
#define RFLAGS_FIXED (1ull << 1)
#define RFLAGS_PF (1ull << 2)
#define RFLAGS_AF (1ull << 4)
#define RFLAGS_ZF (1ull << 6)
#define RFLAGS_SF (1ull << 7)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_OF (1ull << 11)
#define RFLAGS_ARITHMETIC (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)
#define RFLAGS_IOPL_BITS (3ull << 12)
#define RFLAGS_IOPL(flags) ((unsigned)((flags) >> 12) & 3u)
#define RFLAGS_NT (1ull << 14)
#define RFLAGS_RF (1ull << 16)
#define RFLAGS_VM (1ull << 17)
#define RFLAGS_AC (1ull << 18)
#define RFLAGS_ID (1ull << 21)

#define DR6_BD (1ull << 13) // Access to a debug register while DR7.GD
#define DR6_BS (1ull << 14) // Single step
#define DR6_FIXED 0xffff0ff0ull
#define DR7_GD (1ull << 13)
#define DR7_FIXED 0x400ull

// The error code of #PF (SDM volume 3A, section 4.7).
#define PAGE_FAULT_PRESENT 1u
#define PAGE_FAULT_WRITE 2u
#define PAGE_FAULT_USER 4u
#define PAGE_FAULT_RESERVED 8u
#define PAGE_FAULT_FETCH 16u

enum exception_vector {
    VECTOR_DIVIDE_ERROR = 0,
    VECTOR_DEBUG = 1,
    VECTOR_NMI = 2,
    VECTOR_BREAKPOINT = 3,
    VECTOR_OVERFLOW = 4,
    VECTOR_INVALID_OPCODE = 6,
    VECTOR_DEVICE_NOT_AVAILABLE = 7,
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_INVALID_TSS = 10,
    VECTOR_SEGMENT_NOT_PRESENT = 11,
    VECTOR_STACK_FAULT = 12,
    VECTOR_GENERAL_PROTECTION = 13,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_X87 = 16,
    VECTOR_ALIGNMENT_CHECK = 17,
    VECTOR_MACHINE_CHECK = 18,
    VECTOR_LAST_EXCEPTION = 31,
};

#endif
