// SPDX-License-Identifier: MIT
//
// Replaced integer instructions (SDM volume 2).

#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/stack.h"

#include <string.h>

// --- LOCK NEG: the engine derives the flags from the value before ---

static uint64_t negation_flags(uint64_t value, unsigned size) {
    const unsigned bits = 8 * size;
    const uint64_t sign = 1ull << (bits - 1);
    const uint64_t result = (0 - value) & (sign | (sign - 1));
    uint64_t flags = value != 0 ? RFLAGS_CF : 0;
    flags |= __builtin_parity((unsigned)(result & 0xff)) != 0 ? 0 : RFLAGS_PF;
    flags |= (value & 15) != 0 ? RFLAGS_AF : 0;
    flags |= result == 0 ? RFLAGS_ZF : 0;
    flags |= (result & sign) != 0 ? RFLAGS_SF : 0;
    flags |= value == sign ? RFLAGS_OF : 0;
    return flags;
}

enum delivery replaced_lock_neg(struct cpu *cpu, const struct instruction *instruction,
                                const uint8_t *bytes) {
    const unsigned size = instruction->opcode == 0xf6 ? 1 : instruction->operand_size;
    enum delivery failure;
    uint64_t value = 0;
    if (!operand_probe_write(cpu, instruction, bytes, size, &failure) ||
        !operand_read(cpu, instruction, bytes, &value, size, &failure)) {
        return failure;
    }
    uint64_t result = 0 - value;
    if (!operand_write(cpu, instruction, bytes, &result, size, &failure)) {
        return failure;
    }
    cpu_set(cpu, RFLAGS, (cpu_get(cpu, RFLAGS) & ~RFLAGS_ARITHMETIC) | negation_flags(value, size));
    return deliver_completion(cpu, instruction->length);
}

// --- MOV of an immediate with REX.R: the engine takes it for another instruction of the group ---

static uint64_t immediate_of(const struct instruction *instruction, const uint8_t *bytes,
                             unsigned size) {
    int32_t value = 0;
    memcpy(&value, bytes + instruction->immediate_offset, size < 4 ? size : 4);
    return (uint64_t)(int64_t)value;
}

enum delivery replaced_move_immediate(struct cpu *cpu, const struct instruction *instruction,
                                      const uint8_t *bytes) {
    const unsigned size = instruction->opcode == 0xc6 ? 1 : instruction->operand_size;
    uint64_t value = immediate_of(instruction, bytes, size);
    enum delivery failure;
    if (operand_is_register(instruction)) {
        register_set_low(cpu, instruction_rm(instruction), value, size);
    } else if (!operand_write(cpu, instruction, bytes, &value, size, &failure)) {
        return failure;
    }
    return deliver_completion(cpu, instruction->length);
}

// --- LAHF and SAHF: with REX the engine takes the low byte of RSP for AH ---

#define FLAGS_OF_AH (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF)

enum delivery replaced_flags_of_ah(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    (void)bytes;
    const uint64_t rax = cpu_get(cpu, RAX);
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    if (instruction->opcode == 0x9e) {
        cpu_set(cpu, RFLAGS, (flags & ~FLAGS_OF_AH) | (rax >> 8 & FLAGS_OF_AH));
    } else {
        cpu_set(cpu, RAX, (rax & ~UINT64_C(0xff00)) | ((flags & FLAGS_OF_AH) | RFLAGS_FIXED) << 8);
    }
    return deliver_completion(cpu, instruction->length);
}

// --- SETcc, RCL and RCR in memory: the engine computes the flags before it accesses memory, and a
// fault finds them lost ---

static bool condition_holds(uint64_t flags, unsigned condition) {
    const bool carry = (flags & RFLAGS_CF) != 0;
    const bool zero = (flags & RFLAGS_ZF) != 0;
    const bool less = ((flags & RFLAGS_SF) != 0) != ((flags & RFLAGS_OF) != 0);
    const bool tests[8] = {
        (flags & RFLAGS_OF) != 0, carry, zero,         carry || zero, (flags & RFLAGS_SF) != 0,
        (flags & RFLAGS_PF) != 0, less,  less || zero,
    };
    return tests[condition >> 1] != ((condition & 1) != 0);
}

enum delivery replaced_set_condition(struct cpu *cpu, const struct instruction *instruction,
                                     const uint8_t *bytes) {
    uint8_t value = condition_holds(cpu_get(cpu, RFLAGS), instruction->opcode & 15u);
    enum delivery failure;
    if (!operand_write(cpu, instruction, bytes, &value, sizeof value, &failure)) {
        return failure;
    }
    return deliver_completion(cpu, instruction->length);
}

struct rotation {
    uint64_t value;
    bool carry;
};

static struct rotation rotate_once(struct rotation in, unsigned bits, bool right) {
    const uint64_t low = in.value & 1;
    const uint64_t high = in.value >> (bits - 1) & 1;
    if (right) {
        return (struct rotation){in.value >> 1 | (uint64_t)in.carry << (bits - 1), low != 0};
    }
    return (struct rotation){in.value << 1 | (uint64_t)in.carry, high != 0};
}

// By how much: by 1, by CL, or by an immediate byte. The carry is one more bit of what rotates.
static unsigned rotate_count(struct cpu *cpu, const struct instruction *instruction,
                             unsigned bits) {
    const unsigned count = (instruction->opcode & 0xfe) == 0xd0   ? 1
                           : (instruction->opcode & 0xfe) == 0xd2 ? (uint8_t)cpu_get(cpu, RCX)
                                                                  : instruction->last_byte;
    return (count & (bits == 64 ? 63u : 31u)) % (bits + 1);
}

// OF is undefined where the count is not 1; it is what the engine makes of it.
enum delivery replaced_rotate_carry(struct cpu *cpu, const struct instruction *instruction,
                                    const uint8_t *bytes) {
    const unsigned size = (instruction->opcode & 1) == 0 ? 1 : instruction->operand_size;
    const unsigned bits = 8 * size;
    const bool right = (instruction->modrm >> 3 & 1) != 0;
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    struct rotation rotation = {.carry = (flags & RFLAGS_CF) != 0};
    enum delivery failure;
    if (!operand_probe_write(cpu, instruction, bytes, size, &failure) ||
        !operand_read(cpu, instruction, bytes, &rotation.value, size, &failure)) {
        return failure;
    }
    const uint64_t before = rotation.value;
    const unsigned count = rotate_count(cpu, instruction, bits);
    for (unsigned i = 0; i < count; i++) {
        rotation = rotate_once(rotation, bits, right);
    }
    if (!operand_write(cpu, instruction, bytes, &rotation.value, size, &failure)) {
        return failure;
    }
    if (count != 0) {
        const bool overflow = ((before ^ rotation.value) >> (bits - 1) & 1) != 0;
        cpu_set(cpu, RFLAGS,
                (flags & ~(RFLAGS_CF | RFLAGS_OF)) | (rotation.carry ? RFLAGS_CF : 0) |
                    (overflow ? RFLAGS_OF : 0));
    }
    return deliver_completion(cpu, instruction->length);
}

// --- ENTER: the engine leaves the last check out, and takes the stack's size for the operand's ---

#define ENTER_LEVELS 32u

// The words that ENTER pushes: RBP, the pointers to outer frames, the new frame's pointer.
static bool collect_frame(struct cpu *cpu, const struct stack *stack, unsigned level, unsigned size,
                          uint64_t words[ENTER_LEVELS + 1], struct fault *fault) {
    uint64_t outer = cpu_get(cpu, RBP);
    words[0] = outer;
    for (unsigned i = 1; i < level; i++) {
        outer = stack_moved(stack, outer, -(int64_t)size);
        if (!stack_read(cpu, stack, outer, &words[i], size, fault)) {
            return false;
        }
    }
    words[level] = level == 0 ? outer : stack_moved(stack, stack->pointer, -(int64_t)size);
    return true;
}

enum delivery replaced_enter(struct cpu *cpu, const struct instruction *instruction,
                             const uint8_t *bytes) {
    const uint8_t *immediate = bytes + instruction->immediate_offset;
    const unsigned allocated = immediate[0] | (unsigned)immediate[1] << 8;
    const unsigned level = immediate[2] % ENTER_LEVELS;
    const unsigned size = stack_operand_size(cpu, instruction);
    struct stack stack = stack_current(cpu);
    const uint64_t frame = stack_moved(&stack, stack.pointer, -(int64_t)size);
    uint64_t words[ENTER_LEVELS + 1];
    struct fault fault;
    if (!collect_frame(cpu, &stack, level, size, words, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    const uint64_t pushed = (uint64_t)size * (level + 1);
    const uint64_t final = stack_moved(&stack, stack.pointer, -(int64_t)(pushed + allocated));
    if (!stack_probe(cpu, &stack, final, size, &fault) ||
        !stack_push(cpu, &stack, words, level + 1, size, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    cpu_set(cpu, RSP, final);
    register_set_low(cpu, RBP, frame, size);
    return deliver_completion(cpu, instruction->length);
}

// --- Near branches in 64-bit code with an operand-size prefix: the engine's processor, an AMD one,
// truncates RIP to 16 bits; an Intel one ignores the prefix ---

// LOOPNE, LOOPE, LOOP and JRCXZ count in RCX, or with an address-size prefix in ECX.
static bool counted_branch(struct cpu *cpu, const struct instruction *instruction) {
    const bool narrow = instruction->address_size == 4;
    const bool zero = (cpu_get(cpu, RFLAGS) & RFLAGS_ZF) != 0;
    uint64_t count = cpu_get(cpu, RCX);
    if (instruction->opcode == 0xe3) {
        return (narrow ? (uint32_t)count : count) == 0;
    }
    count = narrow ? (uint32_t)(count - 1) : count - 1;
    cpu_set(cpu, RCX, count);
    return count != 0 && (instruction->opcode == 0xe2 || zero == (instruction->opcode == 0xe1));
}

static bool branches(struct cpu *cpu, const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const bool jcc = instruction->map == MAP_0F || (opcode & 0xf0) == 0x70;
    if (jcc) {
        return condition_holds(cpu_get(cpu, RFLAGS), opcode & 15u);
    }
    return (opcode & 0xfc) != 0xe0 || counted_branch(cpu, instruction);
}

static int64_t signed_immediate(const struct instruction *instruction, const uint8_t *bytes) {
    const unsigned size = instruction->length - instruction->immediate_offset;
    int64_t value = instruction->last_byte < 0x80 ? 0 : -1;
    for (unsigned i = 1; i <= size; i++) {
        value = value * 256 + bytes[instruction->length - i];
    }
    return value;
}

// Where it goes. CALL and JMP through an operand read it.
static bool branch_target(struct cpu *cpu, const struct instruction *instruction,
                          const uint8_t *bytes, uint64_t *target, enum delivery *failure) {
    if (instruction->map == MAP_ONE_BYTE && instruction->opcode == 0xff) {
        if (operand_is_register(instruction)) {
            *target = cpu_get(cpu, instruction_rm(instruction));
            return true;
        }
        return operand_read(cpu, instruction, bytes, target, sizeof *target, failure);
    }
    *target =
        cpu_get(cpu, RIP) + instruction->length + (uint64_t)signed_immediate(instruction, bytes);
    return true;
}

enum delivery replaced_near_branch(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    const uint64_t next = cpu_get(cpu, RIP) + instruction->length;
    const bool one_byte = instruction->map == MAP_ONE_BYTE;
    const bool call =
        one_byte && (instruction->opcode == 0xe8 ||
                     (instruction->opcode == 0xff && (instruction_reg(instruction) & 7) == 2));
    struct stack stack = stack_current(cpu);
    struct fault fault;
    enum delivery failure;
    uint64_t target = 0;
    if (!branch_target(cpu, instruction, bytes, &target, &failure)) {
        return failure;
    }
    if (!cpu_canonical(target)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (call && !stack_push(cpu, &stack, &next, 1, 8, &fault)) {
        return fault_deliver(cpu, &fault);
    }
    cpu_set(cpu, RSP, stack.pointer);
    return deliver_arrival(cpu, branches(cpu, instruction) ? target : next, cpu_get(cpu, RFLAGS));
}

// --- Prefetches of a register, which do nothing; the engine takes them for invalid opcodes ---

enum delivery replaced_hint(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes) {
    (void)bytes;
    return deliver_completion(cpu, instruction->length);
}

// --- PUSHF: the engine pushes RF, which is set until the end of the block that IRET went to. No
// breakpoint of the guest's is ever hit, so RF may as well end here, and the engine push ---

enum delivery replaced_pushf(struct cpu *cpu, const struct instruction *instruction,
                             const uint8_t *bytes) {
    (void)instruction;
    (void)bytes;
    cpu_set(cpu, RFLAGS, cpu_get(cpu, RFLAGS) & ~RFLAGS_RF);
    return DELIVERED;
}
