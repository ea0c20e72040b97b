// SPDX-License-Identifier: MIT
//
// The processor; see the header.

#include "fake_cpu.h"

#include "engine/cpu/state.h"

#include <string.h>

enum { X87_REGISTERS = 8, XMM_REGISTERS = 16, PAGES = FAKE_MEMORY_SIZE / 0x1000 };

struct cpu {
    uint64_t registers[CPU_REGISTER_COUNT];
    struct segment segments[SEGMENT_COUNT];
    struct cpu_progress progress;
    bool iret_exiting;
    uint8_t x87[X87_REGISTERS][10];
    uint8_t xmm[XMM_REGISTERS][16];
};

static struct cpu the_cpu;
static uint8_t memory[FAKE_MEMORY_SIZE];
static bool absent[PAGES];
static uint64_t changes;

struct cpu *fake_cpu(void) {
    memset(memory, 0, sizeof memory);
    memset(absent, 0, sizeof absent);
    the_cpu = (struct cpu){0};
    the_cpu.registers[RFLAGS] = RFLAGS_FIXED;
    the_cpu.registers[CR0] = CR0_ET;
    the_cpu.registers[DR6] = DR6_FIXED;
    the_cpu.registers[DR7] = DR7_FIXED;
    the_cpu.registers[FCW] = 0x37f;
    the_cpu.registers[FTW] = 0xff;
    the_cpu.registers[MXCSR] = 0x1f80;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        the_cpu.segments[i] = (struct segment){.limit = 0xffff, .attributes = 0x9300};
    }
    return &the_cpu;
}

uint8_t *fake_memory(void) {
    return memory;
}

void fake_take_page_away(uint64_t guest_physical) {
    absent[guest_physical / 0x1000] = true;
    changes++;
}

bool fake_iret_exiting(void) {
    return the_cpu.iret_exiting;
}

void fake_put64(uint64_t address, uint64_t value) {
    memcpy(memory + address, &value, sizeof value);
}

uint64_t fake_get64(uint64_t address) {
    uint64_t value = 0;
    memcpy(&value, memory + address, sizeof value);
    return value;
}

void fake_enter_long_mode(struct cpu *cpu) {
    const struct segment code = {.selector = 8, .limit = ~0u, .attributes = 0xa09b00};
    const struct segment data = {.selector = 16, .limit = ~0u, .attributes = 0xc09300};
    fake_put64(0x1000, 0x2007);
    fake_put64(0x2000, 0x3007);
    fake_put64(0x3000, 0x87);
    cpu->registers[CR3] = 0x1000;
    cpu->registers[CR4] = CR4_PAE;
    cpu->registers[CR0] = CR0_PE | CR0_PG | CR0_WP | CR0_ET | CR0_NE;
    cpu->registers[EFER] = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    cpu->segments[SEGMENT_CS] = code;
    cpu->segments[SEGMENT_SS] = data;
}

// --- engine/cpu/cpu.h and state.h ---

uint64_t cpu_get(const struct cpu *cpu, enum cpu_register name) {
    return cpu->registers[name];
}

uint64_t cpu_system_flags(const struct cpu *cpu) {
    return cpu->registers[RFLAGS] & ~RFLAGS_ARITHMETIC;
}

struct cpu_paging cpu_paging(const struct cpu *cpu) {
    return (struct cpu_paging){cpu->registers[CR0], cpu->registers[CR3], cpu->registers[CR4],
                               cpu->registers[EFER]};
}

void cpu_set(struct cpu *cpu, enum cpu_register name, uint64_t value) {
    cpu->registers[name] = value;
}

struct segment cpu_segment(const struct cpu *cpu, enum segment_register index) {
    return cpu->segments[index];
}

void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment) {
    cpu->segments[index] = *segment;
}

unsigned cpu_privilege(const struct cpu *cpu) {
    if ((cpu->registers[CR0] & CR0_PE) == 0) {
        return 0;
    }
    const bool virtual_8086 = (cpu->registers[RFLAGS] & RFLAGS_VM) != 0;
    return virtual_8086 ? 3 : ATTRIBUTE_DPL(cpu->segments[SEGMENT_SS].attributes);
}

void cpu_settle_flags(struct cpu *cpu) {
    (void)cpu;
}

void cpu_set_iret_exiting(struct cpu *cpu, bool on) {
    cpu->iret_exiting = on;
}

struct cpu_progress *cpu_progress(struct cpu *cpu) {
    return &cpu->progress;
}

const struct cpu_progress *cpu_progress_of(const struct cpu *cpu) {
    return &cpu->progress;
}

// There is one machine, and it needs no state.
struct machine *cpu_machine(const struct cpu *cpu) {
    (void)cpu;
    return NULL;
}

uint8_t *machine_host_address(struct machine *machine, uint64_t guest_physical, bool write) {
    (void)machine;
    (void)write;
    const bool backed = guest_physical < FAKE_MEMORY_SIZE && !absent[guest_physical / 0x1000];
    return backed ? memory + guest_physical : NULL;
}

uint64_t machine_address_changes(const struct machine *machine) {
    (void)machine;
    return changes;
}

void machine_request_exit(struct machine *machine) {
    (void)machine;
}

void cpu_get_x87(const struct cpu *cpu, unsigned index, void *value) {
    memcpy(value, cpu->x87[index], sizeof cpu->x87[index]);
}

void cpu_set_x87(struct cpu *cpu, unsigned index, const void *value) {
    memcpy(cpu->x87[index], value, sizeof cpu->x87[index]);
}

void cpu_get_xmm(const struct cpu *cpu, unsigned index, void *value) {
    memcpy(value, cpu->xmm[index], sizeof cpu->xmm[index]);
}

void cpu_set_xmm(struct cpu *cpu, unsigned index, const void *value) {
    memcpy(cpu->xmm[index], value, sizeof cpu->xmm[index]);
}
