// SPDX-License-Identifier: MIT
//
// The permission bitmap in the task-state segment (SDM volume 1, section 19.5): it decides where
// IOPL does not cover the privilege, and in virtual-8086 mode whatever IOPL is.

#include "engine/cpu/x86/port_permission.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/linear.h"

#define MAP_BASE 0x66u // Where the segment tells the bitmap's offset; a 16-bit one has none.
#define TYPE_32_BIT 8u // A bit of the descriptor's type; a segment of IA-32e mode has it too.

static bool decided_by_privilege(const struct cpu *cpu) {
    const uint64_t flags = cpu_system_flags(cpu);
    return (flags & RFLAGS_VM) == 0 && cpu_privilege(cpu) <= RFLAGS_IOPL(flags);
}

static bool refuse(struct cpu *cpu, enum delivery *refusal) {
    *refusal = deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    return false;
}

static bool read_word(struct cpu *cpu, uint64_t linear, uint16_t *out, enum delivery *refusal) {
    struct access_fault fault;
    switch (linear_read_as(cpu, ACCESS_AS_SYSTEM, linear, out, sizeof *out, &fault)) {
    case ACCESS_DONE:
        return true;
    case ACCESS_PAGE_FAULT:
        cpu_set(cpu, CR2, fault.address);
        *refusal = deliver_fault(cpu, VECTOR_PAGE_FAULT, fault.error_code);
        return false;
    case ACCESS_NESTED_FAULT:
        *refusal = deliver_unbacked(cpu, fault.address);
        return false;
    default:
        return refuse(cpu, refusal);
    }
}

bool port_permitted(struct cpu *cpu, uint16_t port, uint8_t size, enum delivery *refusal) {
    if (decided_by_privilege(cpu)) {
        return true;
    }
    const struct segment tss = cpu_segment(cpu, SEGMENT_TR);
    uint16_t map = 0;
    uint16_t bits = 0;
    if ((ATTRIBUTE_TYPE(tss.attributes) & TYPE_32_BIT) == 0 || tss.limit < MAP_BASE + 1) {
        return refuse(cpu, refusal);
    }
    if (!read_word(cpu, tss.base + MAP_BASE, &map, refusal)) {
        return false;
    }
    const uint32_t offset = map + port / 8u;
    if (offset + 1 > tss.limit) {
        return refuse(cpu, refusal);
    }
    if (!read_word(cpu, tss.base + offset, &bits, refusal)) {
        return false;
    }
    const bool permitted = ((unsigned)bits >> port % 8u & ((1u << size) - 1u)) == 0;
    return permitted || refuse(cpu, refusal);
}
