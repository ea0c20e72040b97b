// SPDX-License-Identifier: MIT
//
// Port packets: types and layouts (hypervisor ABI 2.2 and 2.3, objects ABI 4.2). A packet is 48
// bytes with one layout on every host, that of an x86-64 guest.
//
// Two of its bodies changed between the eras. Both layouts have permanent names, usable in either
// era: zx_vcpu_resume() fills guest_mem_2018 and guest_vcpu_2018, zx_vcpu_enter() guest_mem_2022
// and guest_vcpu_2022. The names guest_mem and guest_vcpu are the layout of the era in force.

#ifndef ZIRCON_SYSCALLS_PORT_H_
#define ZIRCON_SYSCALLS_PORT_H_

#include <zircon/types.h>

// Options of zx_port_create().
#define ZX_PORT_BIND_TO_INTERRUPT ((uint32_t)1u << 0)

// Options of zx_object_wait_async(). The number 1 changed its meaning between the eras.
#define ZX_WAIT_ASYNC_ONCE ((uint32_t)0u)
#define ZIRCONIA_2018_WAIT_ASYNC_REPEATING ((uint32_t)1u)
#if ZIRCONIA_ERA < 202104
#define ZX_WAIT_ASYNC_REPEATING ZIRCONIA_2018_WAIT_ASYNC_REPEATING
#else
#define ZX_WAIT_ASYNC_TIMESTAMP ((uint32_t)1u)
#define ZX_WAIT_ASYNC_EDGE ((uint32_t)2u)
#define ZX_WAIT_ASYNC_BOOT_TIMESTAMP ((uint32_t)4u)
#endif

// Packet types.
typedef uint32_t zx_packet_type_t;

#define ZX_PKT_TYPE_USER ((zx_packet_type_t)0x00u)
#define ZX_PKT_TYPE_SIGNAL_ONE ((zx_packet_type_t)0x01u)
#define ZX_PKT_TYPE_GUEST_BELL ((zx_packet_type_t)0x03u)
#define ZX_PKT_TYPE_GUEST_MEM ((zx_packet_type_t)0x04u)
#define ZX_PKT_TYPE_GUEST_IO ((zx_packet_type_t)0x05u)
#define ZX_PKT_TYPE_GUEST_VCPU ((zx_packet_type_t)0x06u)
#define ZX_PKT_TYPE_INTERRUPT ((zx_packet_type_t)0x07u)
#define ZX_PKT_TYPE_PAGE_REQUEST ((zx_packet_type_t)0x09u)

#define ZX_PKT_TYPE_MASK ((zx_packet_type_t)0xffu)
#define ZIRCONIA_2018_PKT_TYPE_SIGNAL_REP ((zx_packet_type_t)0x02u)

#define ZX_PKT_IS_USER(type) ((type) == ZX_PKT_TYPE_USER)
#define ZX_PKT_IS_SIGNAL_ONE(type) ((type) == ZX_PKT_TYPE_SIGNAL_ONE)
#define ZX_PKT_IS_GUEST_BELL(type) ((type) == ZX_PKT_TYPE_GUEST_BELL)
#define ZX_PKT_IS_GUEST_MEM(type) ((type) == ZX_PKT_TYPE_GUEST_MEM)
#define ZX_PKT_IS_GUEST_IO(type) ((type) == ZX_PKT_TYPE_GUEST_IO)
#define ZX_PKT_IS_GUEST_VCPU(type) ((type) == ZX_PKT_TYPE_GUEST_VCPU)
#define ZX_PKT_IS_INTERRUPT(type) ((type) == ZX_PKT_TYPE_INTERRUPT)
#define ZX_PKT_IS_PAGE_REQUEST(type) ((type) == ZX_PKT_TYPE_PAGE_REQUEST)

#if ZIRCONIA_ERA < 202104
#define ZX_PKT_TYPE_SIGNAL_REP ZIRCONIA_2018_PKT_TYPE_SIGNAL_REP
#define ZX_PKT_TYPE_EXCEPTION(n) ((zx_packet_type_t)(0x08u | ((0xffu & (n)) << 8)))
#define ZX_PKT_IS_SIGNAL_REP(type) ((type) == ZX_PKT_TYPE_SIGNAL_REP)
#define ZX_PKT_IS_EXCEPTION(type) ((ZX_PKT_TYPE_MASK & (type)) == ZX_PKT_TYPE_EXCEPTION(0u))
#endif

// What a guest VCPU asks of the caller: the field type of zx_packet_guest_vcpu_t.
#define ZX_PKT_GUEST_VCPU_INTERRUPT ((uint32_t)0u) // Send an interrupt to other VCPUs.
#define ZX_PKT_GUEST_VCPU_STARTUP ((uint32_t)1u)   // Start another VCPU.
#if ZIRCONIA_ERA >= 202104
#define ZX_PKT_GUEST_VCPU_EXIT ((uint32_t)2u) // Direct guests only, so never sent here.
#endif

// Commands of a page request.
#define ZX_PAGER_VMO_READ ((uint16_t)0)
#define ZX_PAGER_VMO_COMPLETE ((uint16_t)1)
#define ZX_PAGER_VMO_DIRTY ((uint16_t)2)

typedef union zx_packet_user {
    uint64_t u64[4];
    uint32_t u32[8];
    uint16_t u16[16];
    uint8_t c8[32];
} zx_packet_user_t;

typedef struct zx_packet_signal {
    zx_signals_t trigger;
    zx_signals_t observed;
    uint64_t count;
#if ZIRCONIA_ERA < 202104
    uint64_t reserved0;
#else
    zx_time_t timestamp;
#endif
    uint64_t reserved1;
} zx_packet_signal_t;

#if ZIRCONIA_ERA < 202104
typedef struct zx_packet_exception {
    uint64_t pid; // The process's koid.
    uint64_t tid; // The thread's koid.
    uint64_t reserved0;
    uint64_t reserved1;
} zx_packet_exception_t;
#endif

// A write to a bell trap. Addresses in packets are guest-physical unless the field says otherwise.
typedef struct zx_packet_guest_bell {
    uint64_t addr;
    uint64_t reserved0;
    uint64_t reserved1;
    uint64_t reserved2;
} zx_packet_guest_bell_t;

// An access to a memory trap, 2022 and later: the caller fetches the instruction itself, through
// the guest's page tables.
typedef struct zirconia_2022_packet_guest_mem {
    uint64_t addr;
    uint64_t cr3;
    uint64_t rip; // Guest-virtual.
    uint8_t instruction_size;
    // From CS and EFER: 2 or 4, and 4 in 64-bit mode too, even for the instructions whose operands
    // are 64 bits without a prefix.
    uint8_t default_operand_size;
    uint8_t reserved[6];
} zirconia_2022_packet_guest_mem_t;

#define X86_MAX_INST_LEN 15u

// An access to a memory trap, until 2021: the instruction's bytes come with the packet.
typedef struct zirconia_2018_packet_guest_mem {
    uint64_t addr;
    uint8_t inst_len;
    uint8_t inst_buf[X86_MAX_INST_LEN];
    uint8_t default_operand_size;
    uint8_t reserved[7];
} zirconia_2018_packet_guest_mem_t;

// An access to an I/O port trap. Of data, access_size bytes matter, and only for an output.
typedef struct zx_packet_guest_io {
    uint16_t port;
    uint8_t access_size; // 1, 2 or 4
    bool input;
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint8_t data[4];
    };
    uint64_t reserved0;
    uint64_t reserved1;
    uint64_t reserved2;
} zx_packet_guest_io_t;

typedef struct zirconia_guest_vcpu_interrupt {
    uint64_t mask; // Bit n stands for the VCPU with local APIC id n.
    uint8_t vector;
    uint8_t padding1[7];
} zirconia_guest_vcpu_interrupt_t;

typedef struct zirconia_guest_vcpu_startup {
    uint64_t id; // Local APIC id of the VCPU to start.
    uint64_t entry;
} zirconia_guest_vcpu_startup_t;

typedef struct zirconia_guest_vcpu_exit {
    int64_t retcode;
    uint64_t padding1;
} zirconia_guest_vcpu_exit_t;

// A VCPU's request about others, 2022 and later: the type comes first.
typedef struct zirconia_2022_packet_guest_vcpu {
    uint32_t type;
    uint8_t padding1[4];
    union {
        zirconia_guest_vcpu_interrupt_t interrupt;
        zirconia_guest_vcpu_startup_t startup;
        zirconia_guest_vcpu_exit_t exit;
    };
    uint64_t reserved;
} zirconia_2022_packet_guest_vcpu_t;

// A VCPU's request about others, July 2018: the type comes first, in a byte, and the mask has 32
// bits.
typedef struct zirconia_201807_packet_guest_vcpu {
    uint8_t type;
    uint8_t padding1[7];
    union {
        struct {
            uint32_t mask;
            uint8_t vector;
            uint8_t padding2[3];
        } interrupt;
        zirconia_guest_vcpu_startup_t startup;
    };
    uint64_t reserved;
} zirconia_201807_packet_guest_vcpu_t;

// A VCPU's request about others, August 2018 to 2021: the type comes after the union.
typedef struct zirconia_2018_packet_guest_vcpu {
    union {
        zirconia_guest_vcpu_interrupt_t interrupt;
        zirconia_guest_vcpu_startup_t startup;
    };
    uint8_t type;
    uint8_t padding1[7];
    uint64_t reserved;
} zirconia_2018_packet_guest_vcpu_t;

#if ZIRCONIA_ERA < 202209
typedef zirconia_2018_packet_guest_mem_t zx_packet_guest_mem_t;
#define zx_packet_guest_mem zirconia_2018_packet_guest_mem
#else
typedef zirconia_2022_packet_guest_mem_t zx_packet_guest_mem_t;
#define zx_packet_guest_mem zirconia_2022_packet_guest_mem
#endif

#if ZIRCONIA_ERA < 201812
typedef zirconia_201807_packet_guest_vcpu_t zx_packet_guest_vcpu_t;
#define zx_packet_guest_vcpu zirconia_201807_packet_guest_vcpu
#elif ZIRCONIA_ERA < 202209
typedef zirconia_2018_packet_guest_vcpu_t zx_packet_guest_vcpu_t;
#define zx_packet_guest_vcpu zirconia_2018_packet_guest_vcpu
#else
typedef zirconia_2022_packet_guest_vcpu_t zx_packet_guest_vcpu_t;
#define zx_packet_guest_vcpu zirconia_2022_packet_guest_vcpu
#endif

typedef struct zx_packet_interrupt {
    zx_time_t timestamp;
    uint64_t reserved0;
    uint64_t reserved1;
    uint64_t reserved2;
} zx_packet_interrupt_t;

typedef struct zx_packet_page_request {
    uint16_t command;
    uint16_t flags;
    uint32_t reserved0;
    uint64_t offset;
    uint64_t length;
    uint64_t reserved1;
} zx_packet_page_request_t;

typedef struct zx_port_packet {
    uint64_t key; // Chosen by the client when it set the trap, queued the packet or began the wait.
    zx_packet_type_t type;
    zx_status_t status;
    union {
        zx_packet_user_t user;
        zx_packet_signal_t signal;
#if ZIRCONIA_ERA < 202104
        zx_packet_exception_t exception;
#endif
        zx_packet_guest_bell_t guest_bell;
        zx_packet_guest_mem_t guest_mem;
        zx_packet_guest_io_t guest_io;
        zx_packet_guest_vcpu_t guest_vcpu;
        zx_packet_interrupt_t interrupt;
        zx_packet_page_request_t page_request;
        zirconia_2018_packet_guest_mem_t guest_mem_2018;
        zirconia_2022_packet_guest_mem_t guest_mem_2022;
        zirconia_201807_packet_guest_vcpu_t guest_vcpu_201807;
        zirconia_2018_packet_guest_vcpu_t guest_vcpu_2018;
        zirconia_2022_packet_guest_vcpu_t guest_vcpu_2022;
    };
} zx_port_packet_t;

#endif // ZIRCON_SYSCALLS_PORT_H_
