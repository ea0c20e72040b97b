// SPDX-License-Identifier: MIT
//
// Constants and structures of the guest and VCPU calls (hypervisor ABI 2.2 and 2.4). The layout is
// that of an x86-64 guest whatever the host is, and the same in every era. The packets that a run
// call fills are in port.h; the calls are in zircon/syscalls.h.

#ifndef ZIRCON_SYSCALLS_HYPERVISOR_H_
#define ZIRCON_SYSCALLS_HYPERVISOR_H_

#include <zircon/types.h>

#if ZIRCONIA_ERA >= 202104
// Kinds of guest, in the headers of 2022 and 2023 only. DIRECT is refused with ZX_ERR_INVALID_ARGS.
#define ZX_GUEST_OPT_NORMAL ((uint32_t)0u)
#define ZX_GUEST_OPT_DIRECT ((uint32_t)1u)
#endif

// Kinds of trap, for zx_guest_set_trap().
typedef uint32_t zx_guest_trap_t;

#define ZX_GUEST_TRAP_BELL ((zx_guest_trap_t)0u) // Writes are queued on a port; the guest runs on.
#define ZX_GUEST_TRAP_MEM ((zx_guest_trap_t)1u)  // Any access returns from the run call.
#define ZX_GUEST_TRAP_IO ((zx_guest_trap_t)2u)   // I/O ports; any access returns.

// Kinds of state, for zx_vcpu_read_state() and zx_vcpu_write_state().
typedef uint32_t zx_vcpu_state_topic_t;
typedef zx_vcpu_state_topic_t zx_vcpu_t; // The name until 2021.

#define ZX_VCPU_STATE ((zx_vcpu_state_topic_t)0u) // zx_vcpu_state_t
#define ZX_VCPU_IO ((zx_vcpu_state_topic_t)1u)    // zx_vcpu_io_t, can only be written

// General registers, in the encoding's order.
typedef struct zx_vcpu_state {
    uint64_t rax;
    uint64_t rcx;
    uint64_t rdx;
    uint64_t rbx;
    uint64_t rsp;
    uint64_t rbp;
    uint64_t rsi;
    uint64_t rdi;
    uint64_t r8;
    uint64_t r9;
    uint64_t r10;
    uint64_t r11;
    uint64_t r12;
    uint64_t r13;
    uint64_t r14;
    uint64_t r15;
    // Only the flags that user code controls (0x244DD5: CF, PF, AF, ZF, SF, TF, DF, OF, NT, AC,
    // ID). A write takes them only when bit 1 is set as well; a read never sets bit 1.
    uint64_t rflags;
} zx_vcpu_state_t;

// The answer to an input from a trapped port: access_size (1, 2 or 4) bytes go into the low part
// of RAX.
typedef struct zx_vcpu_io {
    uint8_t access_size;
    uint8_t padding1[3];
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint8_t data[4];
    };
} zx_vcpu_io_t;

#endif // ZIRCON_SYSCALLS_HYPERVISOR_H_
