// SPDX-License-Identifier: MIT
//
// Effective addresses (SDM volume 2, chapter 2), and accesses with the checks of the program's own
// privilege.

#include "engine/cpu/x86/operand.h"

#include "decode/read_modify_write.h"
#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/mode.h"

#include <string.h>

unsigned stack_operand_size(const struct cpu *cpu, const struct instruction *instruction) {
    return cpu_code_64(cpu) && instruction->operand_size == 4 ? 8 : instruction->operand_size;
}

void register_set_low(struct cpu *cpu, unsigned index, uint64_t value, unsigned size) {
    const enum cpu_register name = (enum cpu_register)index;
    const uint64_t old = cpu_get(cpu, name);
    cpu_set(cpu, name,
            size == 1   ? (old & ~0xffull) | (value & 0xff)
            : size == 2 ? (old & ~0xffffull) | (value & 0xffff)
            : size == 4 ? (uint32_t)value
                        : value);
}

bool operand_is_register(const struct instruction *instruction) {
    return instruction->modrm >> 6 == 3;
}

static const uint8_t *modrm_in(const struct instruction *instruction, const uint8_t *bytes) {
    const unsigned opcode_size = instruction->map == MAP_ONE_BYTE ? 1
                                 : instruction->map == MAP_0F     ? 2
                                                                  : 3;
    return bytes + instruction->opcode_offset + opcode_size;
}

static uint64_t displacement(const uint8_t *bytes, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    const uint64_t sign = size == 0 ? 0 : 1ull << (8 * size - 1);
    return (value ^ sign) - sign;
}

struct address {
    uint64_t offset;
    bool stack; // SS is the default segment.
};

static struct address address_16(const struct cpu *cpu, const uint8_t *modrm) {
    static const uint8_t bases[8] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    const unsigned mod = *modrm >> 6;
    const unsigned rm = *modrm & 7;
    if (mod == 0 && rm == 6) {
        return (struct address){displacement(modrm + 1, 2) & 0xffff, false};
    }
    uint64_t offset = displacement(modrm + 1, mod) + cpu_get(cpu, bases[rm]);
    offset += rm < 4 ? cpu_get(cpu, rm % 2 == 0 ? RSI : RDI) : 0;
    return (struct address){offset & 0xffff, bases[rm] == RBP};
}

// 32 and 64 bits.
static struct address address_wide(const struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *modrm) {
    const unsigned mod = *modrm >> 6;
    const bool has_index = (*modrm & 7) == 4;
    const uint8_t *rest = modrm + 1;
    uint64_t offset = 0;
    unsigned base = *modrm & 7u;
    if (has_index) {
        const unsigned index = (*rest >> 3 & 7u) | ((instruction->rex & 2) != 0 ? 8u : 0u);
        offset = index == RSP ? 0 : cpu_get(cpu, index) << (*rest >> 6);
        base = *rest++ & 7u;
    }
    const bool no_base = mod == 0 && base == RBP;
    offset += displacement(rest, no_base ? 4 : mod == 2 ? 4 : mod);
    if (!no_base) {
        base |= (instruction->rex & 1) != 0 ? 8u : 0u;
        offset += cpu_get(cpu, base);
    } else if (!has_index && cpu_code_64(cpu)) {
        offset += cpu_get(cpu, RIP) + instruction->length;
    }
    offset = instruction->address_size == 4 ? (uint32_t)offset : offset;
    return (struct address){offset, !no_base && (base == RSP || base == RBP)};
}

static enum segment_register segment_of(const struct instruction *instruction, bool stack) {
    static const enum segment_register overrides[] = {SEGMENT_ES, SEGMENT_CS, SEGMENT_SS,
                                                      SEGMENT_DS, SEGMENT_FS, SEGMENT_GS};
    if (instruction->segment != OVERRIDE_NONE) {
        return overrides[instruction->segment];
    }
    return stack ? SEGMENT_SS : SEGMENT_DS;
}

// The linear address of the operand. False: outside of the segment.
static bool locate_bytes(struct cpu *cpu, const struct instruction *instruction,
                         const uint8_t *bytes, uint32_t size, bool *stack, uint64_t *linear) {
    const uint8_t *modrm = modrm_in(instruction, bytes);
    const struct address address = instruction->address_size == 2
                                       ? address_16(cpu, modrm)
                                       : address_wide(cpu, instruction, modrm);
    const enum segment_register index = segment_of(instruction, address.stack);
    const struct segment segment = cpu_segment(cpu, index);
    *stack = index == SEGMENT_SS;
    if (cpu_code_64(cpu)) {
        const bool based = index == SEGMENT_FS || index == SEGMENT_GS;
        *linear = address.offset + (based ? segment.base : 0);
        return true;
    }
    *linear = (uint32_t)(segment.base + address.offset);
    return segment_contains(&segment, address.offset, size);
}

static bool locate(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                   bool *stack, uint64_t *linear) {
    return locate_bytes(cpu, instruction, bytes, sizeof(uint16_t), stack, linear);
}

static bool fail(struct cpu *cpu, enum access_result result, const struct access_fault *fault,
                 bool stack, enum delivery *failure) {
    if (result == ACCESS_PAGE_FAULT) {
        cpu_set(cpu, CR2, fault->address);
        *failure = deliver_fault(cpu, VECTOR_PAGE_FAULT, fault->error_code);
    } else if (result == ACCESS_NESTED_FAULT) {
        *failure = deliver_unbacked(cpu, fault->address);
    } else {
        *failure = deliver_fault(cpu, stack ? VECTOR_STACK_FAULT : VECTOR_GENERAL_PROTECTION, 0);
    }
    return false;
}

enum access_mode operand_mode(const struct cpu *cpu) {
    return cpu_privilege(cpu) == 3 ? ACCESS_AS_USER : ACCESS_AS_SUPERVISOR;
}

bool operand_unbacked16(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes, uint64_t *guest_physical) {
    struct access_fault fault;
    bool stack = false;
    uint64_t linear = 0;
    if (operand_is_register(instruction) || !locate(cpu, instruction, bytes, &stack, &linear)) {
        return false;
    }
    const enum access_result result =
        linear_probe_write(cpu, operand_mode(cpu), linear, sizeof(uint16_t), &fault);
    if (result != ACCESS_NESTED_FAULT) {
        return false;
    }
    *guest_physical = fault.address;
    return true;
}

static bool store16(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                    uint64_t value, enum delivery *failure) {
    if (operand_is_register(instruction)) {
        const unsigned index = instruction_rm(instruction);
        const uint64_t old = cpu_get(cpu, index);
        const bool word = instruction->operand_size == 2;
        cpu_set(cpu, index, word ? (old & ~0xffffull) | (value & 0xffff) : value);
        return true;
    }
    const uint16_t word = (uint16_t)value;
    struct access_fault fault;
    bool stack = false;
    uint64_t linear = 0;
    enum access_result result = ACCESS_NOT_CANONICAL;
    if (locate(cpu, instruction, bytes, &stack, &linear)) {
        result = linear_write_as(cpu, operand_mode(cpu), linear, &word, sizeof word, &fault);
    }
    return result == ACCESS_DONE || fail(cpu, result, &fault, stack, failure);
}

enum delivery cpu_complete(struct cpu *cpu, const struct cpu_exit *exit, const uint64_t *result) {
    enum delivery failure = DELIVERED;
    if (result != NULL && !store16(cpu, &exit->decoded, exit->instruction, *result, &failure)) {
        return failure;
    }
    return deliver_completion(cpu, exit->instruction_length);
}

// --- Replaced instructions ---

static bool is_in_stack(const struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes) {
    const uint8_t *modrm = modrm_in(instruction, bytes);
    const struct address address = instruction->address_size == 2
                                       ? address_16(cpu, modrm)
                                       : address_wide(cpu, instruction, modrm);
    return segment_of(instruction, address.stack) == SEGMENT_SS;
}

enum operand_access { OPERAND_READ, OPERAND_WRITE, OPERAND_PROBE };

static bool access_operand(struct cpu *cpu, const struct instruction *instruction,
                           const uint8_t *bytes, enum operand_access kind, void *data, size_t size,
                           enum delivery *failure) {
    const enum access_mode mode = operand_mode(cpu);
    struct access_fault fault = {0};
    bool stack = false;
    uint64_t linear = 0;
    enum access_result result = ACCESS_NOT_CANONICAL;
    if (locate_bytes(cpu, instruction, bytes, (uint32_t)size, &stack, &linear)) {
        stack = is_in_stack(cpu, instruction, bytes);
        result = kind == OPERAND_READ    ? linear_read_as(cpu, mode, linear, data, size, &fault)
                 : kind == OPERAND_WRITE ? linear_write_as(cpu, mode, linear, data, size, &fault)
                                         : linear_probe_write(cpu, mode, linear, size, &fault);
    }
    if (result == ACCESS_NESTED_FAULT) {
        *failure = deliver_operand_unbacked(cpu, fault.address, kind != OPERAND_READ);
        return false;
    }
    return result == ACCESS_DONE || fail(cpu, result, &fault, stack, failure);
}

bool operand_read(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                  void *out, size_t size, enum delivery *failure) {
    return access_operand(cpu, instruction, bytes, OPERAND_READ, out, size, failure);
}

bool operand_write(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                   void *data, size_t size, enum delivery *failure) {
    return access_operand(cpu, instruction, bytes, OPERAND_WRITE, data, size, failure);
}

bool operand_probe_write(struct cpu *cpu, const struct instruction *instruction,
                         const uint8_t *bytes, size_t size, enum delivery *failure) {
    return access_operand(cpu, instruction, bytes, OPERAND_PROBE, NULL, size, failure);
}

bool operand_read_far(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                      uint64_t *offset, uint16_t *selector, enum delivery *failure) {
    uint8_t pointer[10];
    const size_t size = instruction->operand_size;
    if (!operand_read(cpu, instruction, bytes, pointer, size + sizeof *selector, failure)) {
        return false;
    }
    *offset = 0;
    memcpy(offset, pointer, size);
    memcpy(selector, pointer + size, sizeof *selector);
    return true;
}

bool operand_linear(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                    uint64_t *linear) {
    bool stack = false;
    return locate_bytes(cpu, instruction, bytes, 1, &stack, linear);
}

// A bit test with its index in a register reaches beyond the operand that ModRM names.
static int64_t bit_distance(const struct cpu *cpu, const struct instruction *instruction) {
    const bool indexed = instruction->map == MAP_0F && (instruction->opcode & 0xe7) == 0xa3;
    const unsigned size = instruction->operand_size;
    if (!indexed) {
        return 0;
    }
    const uint64_t index = cpu_get(cpu, (enum cpu_register)instruction_reg(instruction));
    const int64_t bit = size == 2 ? (int16_t)index : size == 4 ? (int32_t)index : (int64_t)index;
    return (bit >> 3) & -(int64_t)size;
}

#define LARGEST_MODIFIED 16u // The operand of CMPXCHG16B.

static bool modified_operand(struct cpu *cpu, const struct instruction *instruction,
                             const uint8_t *bytes, uint64_t *linear) {
    if (!is_read_modify_write(instruction) || !operand_linear(cpu, instruction, bytes, linear)) {
        return false;
    }
    *linear += (uint64_t)bit_distance(cpu, instruction);
    *linear = cpu_code_64(cpu) ? *linear : (uint32_t)*linear;
    return true;
}

bool operand_is_modified_at(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes, uint64_t address) {
    uint64_t start = 0;
    if (!modified_operand(cpu, instruction, bytes, &start)) {
        return false;
    }
    return (cpu_code_64(cpu) ? address - start : (uint32_t)(address - start)) < LARGEST_MODIFIED;
}

bool operand_is_modified_in(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes, uint64_t guest_physical) {
    uint64_t start = 0;
    if (!modified_operand(cpu, instruction, bytes, &start)) {
        return false;
    }
    const uint64_t ends[] = {start, start + LARGEST_MODIFIED - 1};
    for (size_t i = 0; i < 2; i++) {
        uint64_t physical = 0;
        if (cpu_find_linear(cpu, ends[i], &physical) && physical >> 12 == guest_physical >> 12) {
            return true;
        }
    }
    return false;
}

// What an instruction without a memory operand in ModRM uses of the stack.
enum stack_use { STACK_UNUSED, STACK_PUSHED, STACK_POPPED, STACK_LEFT };

static enum stack_use stack_use_0f(uint8_t opcode) {
    switch (opcode) {
    case 0xa0: // PUSH FS, GS
    case 0xa8:
        return STACK_PUSHED;
    case 0xa1:
    case 0xa9:
        return STACK_POPPED;
    default:
        return STACK_UNUSED;
    }
}

static enum stack_use stack_use(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const unsigned group = instruction->modrm >> 3 & 7;
    if (instruction->map != MAP_ONE_BYTE) {
        return instruction->map == MAP_0F ? stack_use_0f(opcode) : STACK_UNUSED;
    }
    switch (opcode) {
    case 0x68: // PUSH, PUSHF, ENTER, CALL
    case 0x6a:
    case 0x9c:
    case 0xc8:
    case 0xe8:
        return STACK_PUSHED;
    case 0xff:
        return group == 2 || group == 3 || group == 6 ? STACK_PUSHED : STACK_UNUSED;
    case 0x8f: // POP, POPF, RET, IRET
    case 0x9d:
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
        return STACK_POPPED;
    case 0xc9:
        return STACK_LEFT;
    default:
        return (opcode & 0xf8) == 0x50   ? STACK_PUSHED
               : (opcode & 0xf8) == 0x58 ? STACK_POPPED
                                         : STACK_UNUSED;
    }
}

bool operand_stack_not_canonical(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes) {
    if (!cpu_code_64(cpu) || instruction->vex) {
        return false;
    }
    if (instruction->has_modrm && !operand_is_register(instruction)) {
        const struct address address = address_wide(cpu, instruction, modrm_in(instruction, bytes));
        const bool based =
            instruction->segment == OVERRIDE_FS || instruction->segment == OVERRIDE_GS;
        if (!cpu_canonical(address.offset)) {
            return address.stack && !based;
        }
    }
    switch (stack_use(instruction)) {
    case STACK_PUSHED:
        return !cpu_canonical(cpu_get(cpu, RSP) - 8);
    case STACK_POPPED:
        return !cpu_canonical(cpu_get(cpu, RSP));
    case STACK_LEFT:
        return !cpu_canonical(cpu_get(cpu, RBP));
    default:
        return false;
    }
}
