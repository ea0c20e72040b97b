// SPDX-License-Identifier: MIT
//
// Replaced instructions of SSSE3, SSE4.1 and SSE4.2 (SDM volume 2). The engine indexes an array by
// the lengths of PCMPESTRx, and writes sums before it has read all their terms.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/float32.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/string_compare.h"

#include <string.h>

// Are instructions on these registers to be had now? False with the fault delivered.
static bool available(struct cpu *cpu, bool mmx, enum delivery *failure) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    if ((cr0 & CR0_EM) != 0 || (!mmx && (cpu_get(cpu, CR4) & CR4_OSFXSR) == 0)) {
        *failure = deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
        return false;
    }
    if ((cr0 & CR0_TS) != 0) {
        *failure = deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
        return false;
    }
    if (mmx && (cpu_get(cpu, FSW) & X87_ES) != 0 && (cr0 & CR0_NE) != 0) {
        *failure = deliver_fault(cpu, VECTOR_X87, 0); // One that waits.
        return false;
    }
    return true;
}

// An XMM register or 16 bytes of memory.
static bool load_source(struct cpu *cpu, const struct instruction *instruction,
                        const uint8_t *bytes, void *out, enum delivery *failure) {
    if (operand_is_register(instruction)) {
        cpu_get_xmm(cpu, instruction_rm(instruction), out);
        return true;
    }
    return operand_read(cpu, instruction, bytes, out, 16, failure);
}

// --- PCMPESTRx, PCMPISTRx ---

#define OPCODE_STRING_INDEX 1u    // PCMPxSTRI, not PCMPxSTRM
#define OPCODE_STRING_IMPLICIT 2u // PCMPISTRx, not PCMPESTRx
#define CONTROL_LAST 0x40         // The index of the last bit, or a mask of whole elements

// The magnitude of a register, saturated.
static unsigned explicit_length(struct cpu *cpu, const struct instruction *instruction,
                                unsigned index, uint8_t control) {
    const uint64_t value = cpu_get(cpu, index);
    const int64_t length =
        instruction->operand_size == 8 ? (int64_t)value : (int64_t)(int32_t)(uint32_t)value;
    const uint64_t magnitude = length < 0 ? 0 - (uint64_t)length : (uint64_t)length;
    const unsigned most = string_elements(control);
    return magnitude < most ? (unsigned)magnitude : most;
}

static unsigned bit_index(uint16_t result, uint8_t control) {
    const unsigned count = string_elements(control);
    for (unsigned i = 0; i < count; i++) {
        const unsigned index = (control & CONTROL_LAST) != 0 ? count - 1 - i : i;
        if ((result >> index & 1) != 0) {
            return index;
        }
    }
    return count;
}

static void store_mask(struct cpu *cpu, uint16_t result, uint8_t control) {
    uint8_t mask[16] = {(uint8_t)result, (uint8_t)(result >> 8)};
    if ((control & CONTROL_LAST) != 0) {
        const unsigned size = 16 / string_elements(control);
        for (unsigned i = 0; i < 16; i++) {
            mask[i] = (result >> i / size & 1) != 0 ? 0xff : 0;
        }
    }
    cpu_set_xmm(cpu, 0, mask);
}

static void set_string_flags(struct cpu *cpu, uint16_t result, const struct compared_string *first,
                             const struct compared_string *second, uint8_t control) {
    const unsigned count = string_elements(control);
    uint64_t flags = cpu_get(cpu, RFLAGS) & ~RFLAGS_ARITHMETIC;
    flags |= result != 0 ? RFLAGS_CF : 0;
    flags |= second->length < count ? RFLAGS_ZF : 0;
    flags |= first->length < count ? RFLAGS_SF : 0;
    flags |= (result & 1) != 0 ? RFLAGS_OF : 0;
    cpu_set(cpu, RFLAGS, flags);
}

enum delivery replaced_compare_strings(struct cpu *cpu, const struct instruction *instruction,
                                       const uint8_t *bytes) {
    const uint8_t control = bytes[instruction->immediate_offset];
    struct compared_string first;
    struct compared_string second;
    enum delivery failure;
    if (!available(cpu, false, &failure) ||
        !load_source(cpu, instruction, bytes, second.bytes, &failure)) {
        return failure;
    }
    cpu_get_xmm(cpu, instruction_reg(instruction), first.bytes);
    if ((instruction->opcode & OPCODE_STRING_IMPLICIT) != 0) {
        first.length = string_implicit_length(first.bytes, control);
        second.length = string_implicit_length(second.bytes, control);
    } else {
        first.length = explicit_length(cpu, instruction, RAX, control);
        second.length = explicit_length(cpu, instruction, RDX, control);
    }
    const uint16_t result = string_compare(&first, &second, control);
    if ((instruction->opcode & OPCODE_STRING_INDEX) != 0) {
        cpu_set(cpu, RCX, bit_index(result, control));
    } else {
        store_mask(cpu, result, control);
    }
    set_string_flags(cpu, result, &first, &second, control);
    return deliver_completion(cpu, instruction->length);
}

// --- PHADDx, PHSUBx of a register and itself ---

enum {
    OPCODE_PHADDW = 0x01,
    OPCODE_PHADDD = 0x02,
    OPCODE_PHADDSW = 0x03,
    OPCODE_PHSUBW = 0x05,
    OPCODE_PHSUBD = 0x06,
};

static int32_t saturate(int32_t value) {
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

static uint16_t combine_words(uint8_t opcode, int16_t low, int16_t high) {
    switch (opcode) {
    case OPCODE_PHADDW:
        return (uint16_t)(low + high);
    case OPCODE_PHADDSW:
        return (uint16_t)saturate(low + high);
    case OPCODE_PHSUBW:
        return (uint16_t)(low - high);
    default: // PHSUBSW
        return (uint16_t)saturate(low - high);
    }
}

// Both halves of the result are the sums of neighbours in the one operand.
static void combine_neighbours(uint8_t opcode, uint8_t *bytes, size_t size) {
    uint8_t result[16];
    const bool doublewords = opcode == OPCODE_PHADDD || opcode == OPCODE_PHSUBD;
    for (size_t i = 0; doublewords && i < size / 2; i += 4) {
        uint32_t pair[2];
        memcpy(pair, bytes + 2 * i, sizeof pair);
        pair[0] = opcode == OPCODE_PHADDD ? pair[0] + pair[1] : pair[0] - pair[1];
        memcpy(result + i, pair, 4);
    }
    for (size_t i = 0; !doublewords && i < size / 2; i += 2) {
        int16_t pair[2];
        memcpy(pair, bytes + 2 * i, sizeof pair);
        const uint16_t word = combine_words(opcode, pair[0], pair[1]);
        memcpy(result + i, &word, sizeof word);
    }
    memcpy(bytes, result, size / 2);
    memcpy(bytes + size / 2, result, size / 2);
}

// An instruction on MMX registers makes all of them valid and TOP 0, and one that writes a register
// sets its exponent and sign (SDM volume 1, section 9.5.1).
static void enter_mmx(struct cpu *cpu) {
    cpu_set(cpu, FSW, cpu_get(cpu, FSW) & ~(uint64_t)FSW_TOP_BITS);
    cpu_set(cpu, FTW, 0xff);
}

enum delivery replaced_horizontal(struct cpu *cpu, const struct instruction *instruction,
                                  const uint8_t *bytes) {
    (void)bytes;
    const bool mmx = !instruction->operand_prefix;
    enum delivery failure;
    uint8_t value[16];
    if (!available(cpu, mmx, &failure)) {
        return failure;
    }
    if (mmx) {
        const unsigned index = instruction->modrm & 7u;
        enter_mmx(cpu);
        cpu_get_x87(cpu, index, value);
        combine_neighbours(instruction->opcode, value, 8);
        value[8] = 0xff;
        value[9] = 0xff;
        cpu_set_x87(cpu, index, value);
    } else {
        cpu_get_xmm(cpu, instruction_reg(instruction), value);
        combine_neighbours(instruction->opcode, value, 16);
        cpu_set_xmm(cpu, instruction_reg(instruction), value);
    }
    return deliver_completion(cpu, instruction->length);
}

// --- DPPS: the engine adds the products one after the other ---

// The sum for one element of the result. All elements add the same two pairs, but each in another
// order, as Intel's processors do. The order decides which of several NaNs is the result.
static uint32_t sum_for(unsigned element, const uint32_t products[4], uint32_t *mxcsr) {
    const unsigned low = element & 2;
    const unsigned high = low ^ 2;
    const unsigned first = ~element & 1;
    const unsigned second = element & 1;
    const uint32_t sums[2] = {
        float32_add(products[low + first], products[low + second], mxcsr),
        float32_add(products[high + first], products[high + second], mxcsr),
    };
    return float32_add(sums[0], sums[1], mxcsr);
}

static void dot_product(uint32_t a[4], const uint32_t b[4], uint8_t control, uint32_t *mxcsr) {
    uint32_t products[4] = {0};
    for (unsigned i = 0; i < 4; i++) {
        if ((control >> (4 + i) & 1) != 0) {
            products[i] = float32_multiply(a[i], b[i], mxcsr);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t sum = sum_for(i, products, mxcsr);
        a[i] = (control >> i & 1) != 0 ? sum : 0;
    }
}

// The operand in memory must be aligned.
static bool is_misaligned(struct cpu *cpu, const struct instruction *instruction,
                          const uint8_t *bytes) {
    uint64_t linear = 0;
    return !operand_is_register(instruction) && operand_linear(cpu, instruction, bytes, &linear) &&
           linear % 16 != 0;
}

enum delivery replaced_dot_product(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    const uint8_t control = bytes[instruction->immediate_offset];
    uint32_t mxcsr = (uint32_t)cpu_get(cpu, MXCSR);
    uint32_t first[4];
    uint32_t second[4];
    enum delivery failure;
    if (!available(cpu, false, &failure)) {
        return failure;
    }
    if (is_misaligned(cpu, instruction, bytes)) {
        return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!load_source(cpu, instruction, bytes, second, &failure)) {
        return failure;
    }
    cpu_get_xmm(cpu, instruction_reg(instruction), first);
    dot_product(first, second, control, &mxcsr);
    cpu_set_xmm(cpu, instruction_reg(instruction), first);
    cpu_set(cpu, MXCSR, mxcsr);
    return deliver_completion(cpu, instruction->length);
}
