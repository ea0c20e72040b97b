// SPDX-License-Identifier: MIT
//
// 64-bit code on the processor of fake_cpu.h, with tables of descriptors and stacks.

#ifndef TESTS_X86_FIXTURE_H
#define TESTS_X86_FIXTURE_H

#include "fake_cpu.h"

#include "engine/cpu/state.h"

#define GDT 0x10000u
#define IDT 0x11000u
#define TSS 0x12000u
#define HANDLER 0x20000u
#define STACK 0x30000u
#define STACK_0 0x38000u
#define STACK_IST 0x3c000u
#define CODE_0 8u
#define DATA_3 (0x20u | 3u)
#define CODE_3 (0x28u | 3u)
#define GATE_OPEN 0xee00u  // Interrupt gate for everybody.
#define GATE_INNER 0x8e00u // Interrupt gate for CPL 0.

static inline void set_gate(unsigned vector, uint32_t type, unsigned stack) {
    fake_put64(IDT + 16 * vector, (HANDLER & 0xffff) | CODE_0 << 16 |
                                      (uint64_t)(type | stack | (HANDLER & 0xffff0000u)) << 32);
}

// 64-bit code at CPL 0 with RIP 0x40000, tables and a stack; no gate is present.
static inline struct cpu *start(void) {
    struct cpu *cpu = fake_cpu();
    fake_enter_long_mode(cpu);
    fake_put64(GDT + CODE_0, 0x00209b0000000000);
    const struct segment gdt = {.base = GDT, .limit = 0x3f};
    const struct segment idt = {.base = IDT, .limit = 0xfff};
    const struct segment tss = {.selector = 0x30, .base = TSS, .limit = 0x67, .attributes = 0x8b00};
    cpu_set_segment(cpu, SEGMENT_GDTR, &gdt);
    cpu_set_segment(cpu, SEGMENT_IDTR, &idt);
    cpu_set_segment(cpu, SEGMENT_TR, &tss);
    fake_put64(TSS + 4, STACK_0);
    fake_put64(TSS + 0x24, STACK_IST);
    cpu_set(cpu, RIP, 0x40000);
    cpu_set(cpu, RSP, STACK);
    return cpu;
}

static inline void enter_user(struct cpu *cpu) {
    const struct segment code = {.selector = CODE_3, .limit = ~0u, .attributes = 0xa0fb00};
    const struct segment data = {.selector = DATA_3, .limit = ~0u, .attributes = 0xc0f300};
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set_segment(cpu, SEGMENT_SS, &data);
}

#endif // TESTS_X86_FIXTURE_H
