// SPDX-License-Identifier: MIT
//
// Which instructions others stand in for, and as what.

#include "engine/cpu/unicorn/stand_in.h"

#include <string.h>

// --- Which, for what ---

#define OPCODE_RDTSC 0x31
#define OPCODE_GROUP_7 0x01
#define MODRM_RDTSCP 0xf9

static bool is_rdtsc(const struct instruction *instruction) {
    return instruction->map == MAP_0F && instruction->opcode == OPCODE_RDTSC &&
           instruction->length == 2;
}

static bool is_rdtscp(const struct instruction *instruction) {
    return instruction->map == MAP_0F && instruction->opcode == OPCODE_GROUP_7 &&
           instruction->modrm == MODRM_RDTSCP && instruction->length == 3;
}

// IN of 32 bits or, in code of 16 bits, of 16 bits. A prefix without effect makes it as long as the
// instruction that it stands for.
void stand_ins_add(struct stand_ins *stand_ins, const struct instruction *instruction,
                   size_t offset) {
    struct stand_in_site site = {.offset = (uint16_t)offset, .length = instruction->length};
    if (is_rdtsc(instruction)) {
        memcpy(site.bytes, (const uint8_t[]){0xe5, STAND_IN_RDTSC}, 2);
    } else if (is_rdtscp(instruction)) {
        memcpy(site.bytes, (const uint8_t[]){0x2e, 0xe5, STAND_IN_RDTSCP}, 3);
    } else {
        return;
    }
    if (stand_ins->count < STAND_INS_PER_BLOCK) {
        stand_ins->sites[stand_ins->count++] = site;
    }
}

// --- Calls ---

enum {
    OPCODE_NOP = 0x90, // With F3, PAUSE.
    OPCODE_INT3 = 0xcc,
    OPCODE_INT = 0xcd,
    OPCODE_IRET = 0xcf,
    OPCODE_IN_IMMEDIATE = 0xe4, // For a byte; for more the next opcode, as for the others.
    OPCODE_OUT_IMMEDIATE = 0xe6,
    OPCODE_IN = 0xec,
    OPCODE_OUT = 0xee,
};

enum { // Behind 0F.
    OPCODE_SYSCALL = 0x05,
    OPCODE_CLTS = 0x06,
    OPCODE_SYSRET = 0x07,
    OPCODE_READ_CONTROL = 0x20,
    OPCODE_WRITE_CONTROL = 0x22,
    OPCODE_WRMSR = 0x30,
    OPCODE_RDMSR = 0x32,
    OPCODE_CPUID = 0xa2,
};

#define MODRM_XSETBV 0xd1

static enum callable callable_one_byte(const struct instruction *instruction) {
    switch (instruction->opcode) {
    case OPCODE_NOP:
        return instruction->repeat_equal && instruction->rex == 0 ? CALLABLE_PAUSE : CALLABLE_NONE;
    case OPCODE_INT3:
    case OPCODE_INT:
        return CALLABLE_INTERRUPT;
    case OPCODE_IRET:
        return CALLABLE_IRET;
    case OPCODE_IN_IMMEDIATE:
    case OPCODE_IN_IMMEDIATE + 1:
    case OPCODE_OUT_IMMEDIATE:
    case OPCODE_OUT_IMMEDIATE + 1:
    case OPCODE_IN:
    case OPCODE_IN + 1:
    case OPCODE_OUT:
    case OPCODE_OUT + 1:
        return CALLABLE_PORT_ACCESS;
    default:
        return CALLABLE_NONE;
    }
}

// CR2 and CR3 do not exit, and CR8 takes a prefix more than a call has room for.
static bool exits_for_control(const struct instruction *instruction) {
    const unsigned number = instruction->modrm >> 3 & 7;
    return number == 0 || (number == 4 && instruction->opcode == OPCODE_WRITE_CONTROL);
}

static enum callable callable_0f(const struct instruction *instruction) {
    switch (instruction->opcode) {
    case OPCODE_CLTS:
        return CALLABLE_CONTROL_REGISTER;
    case OPCODE_READ_CONTROL:
    case OPCODE_WRITE_CONTROL:
        return exits_for_control(instruction) ? CALLABLE_CONTROL_REGISTER : CALLABLE_NONE;
    case OPCODE_CPUID:
        return CALLABLE_CPUID;
    case OPCODE_RDMSR:
        return CALLABLE_RDMSR;
    case OPCODE_SYSCALL:
    case OPCODE_SYSRET:
        return CALLABLE_SYSTEM_CALL;
    case OPCODE_WRMSR:
        return CALLABLE_WRMSR;
    case OPCODE_GROUP_7:
        return instruction->modrm == MODRM_XSETBV ? CALLABLE_XSETBV : CALLABLE_NONE;
    default:
        return CALLABLE_NONE;
    }
}

enum callable callable_as(const struct instruction *instruction) {
    if (instruction->lock || instruction->length > CALL_LENGTH) {
        return CALLABLE_NONE;
    }
    switch (instruction->map) {
    case MAP_ONE_BYTE:
        return callable_one_byte(instruction);
    case MAP_0F:
        return callable_0f(instruction);
    default:
        return CALLABLE_NONE;
    }
}

static bool add(struct stand_ins *stand_ins, const struct stand_in_site *added, size_t offset) {
    if (stand_ins->count == STAND_INS_PER_BLOCK) {
        return false;
    }
    struct stand_in_site *site = &stand_ins->sites[stand_ins->count++];
    *site = *added;
    site->offset = (uint16_t)offset;
    return true;
}

bool stand_ins_add_call(struct stand_ins *stand_ins, size_t offset) {
    static const struct stand_in_site call = {
        .length = CALL_LENGTH, .ends_block = true, .bytes = {0x2e, 0x0f, 0x05}};
    return add(stand_ins, &call, offset);
}

bool stand_ins_add_jump(struct stand_ins *stand_ins, size_t offset) {
    static const struct stand_in_site jump = {
        .length = JUMP_LENGTH, .ends_block = true, .bytes = {0xeb, 0xfe}};
    return add(stand_ins, &jump, offset);
}

// --- In the copy ---

void stand_ins_put(const struct stand_ins *stand_ins, uint8_t *page) {
    for (unsigned i = 0; i < stand_ins->count; i++) {
        const struct stand_in_site *site = &stand_ins->sites[i];
        memcpy(page + site->offset, site->bytes, site->length);
    }
}

bool stand_ins_end_block(const struct stand_ins *stand_ins) {
    for (unsigned i = 0; i < stand_ins->count; i++) {
        if (stand_ins->sites[i].ends_block) {
            return true;
        }
    }
    return false;
}
