// SPDX-License-Identifier: MIT
//
// The instructions that read or load the x87 status word and its surroundings: FNSTSW, FNSTENV,
// FNSAVE, FLDENV, FRSTOR, FNCLEX and FNINIT (SDM volume 1, sections 8.1.3 to 8.1.10). The engine
// keeps the exceptions of its arithmetic apart from the status word and never adds them.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"

#include <string.h>

#define X87_CONTROL_INITIAL 0x037fu
#define CLEARED_BY_FNCLEX (X87_EXCEPTIONS | X87_SF | X87_ES | X87_BUSY)

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

// The environment: words of 2 or 4 bytes. What points at the last instruction is not known.
enum { WORD_CONTROL, WORD_STATUS, WORD_TAGS, WORD_DATA_SELECTOR = 6, ENVIRONMENT_WORDS = 7 };
enum { REGISTER_SIZE = 10, LARGEST = 4 * ENVIRONMENT_WORDS + X87_COUNT * REGISTER_SIZE };

// --- Parts ---

static struct extended register_of(const struct cpu *cpu, unsigned index) {
    uint8_t bytes[REGISTER_SIZE];
    struct extended value;
    cpu_get_x87(cpu, index, bytes);
    memcpy(&value.significand, bytes, sizeof value.significand);
    memcpy(&value.exponent, bytes + sizeof value.significand, sizeof value.exponent);
    return value;
}

static unsigned tag_of(const struct cpu *cpu, unsigned index) {
    if ((cpu_get(cpu, FTW) >> index & 1) == 0) {
        return TAG_EMPTY;
    }
    switch (extended_class(register_of(cpu, index))) {
    case EXTENDED_NORMAL:
        return TAG_VALID;
    case EXTENDED_ZERO:
        return TAG_ZERO;
    default:
        return TAG_SPECIAL;
    }
}

static uint16_t tags_of(const struct cpu *cpu) {
    unsigned tags = 0;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        tags |= tag_of(cpu, i) << (2 * i);
    }
    return (uint16_t)tags;
}

// From these to FTW.
static unsigned in_use(unsigned tags) {
    unsigned used = 0;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        used |= (tags >> (2 * i) & 3) != TAG_EMPTY ? 1u << i : 0;
    }
    return used;
}

static unsigned top_of(const struct cpu *cpu) {
    return (unsigned)cpu_get(cpu, FSW) >> FSW_TOP_SHIFT & 7;
}

static void initialize(struct cpu *cpu) {
    cpu_set(cpu, FCW, X87_CONTROL_INITIAL);
    cpu_set(cpu, FSW, 0);
    cpu_set(cpu, FTW, 0);
}

// --- Environment and registers ---

static size_t word_size(const struct instruction *instruction) {
    return instruction->operand_size == 2 ? 2 : 4;
}

static void put_word(uint8_t *image, size_t size, unsigned index, uint16_t value) {
    memset(image + index * size, 0xff, size); // The upper half of a wide word is reserved.
    memcpy(image + index * size, &value, sizeof value);
}

static uint16_t word_at(const uint8_t *image, size_t size, unsigned index) {
    uint16_t value;
    memcpy(&value, image + index * size, sizeof value);
    return value;
}

// Returns the size of the image.
static size_t save(const struct cpu *cpu, size_t word, bool registers, uint8_t image[LARGEST]) {
    const size_t environment = word * ENVIRONMENT_WORDS;
    memset(image, 0, environment);
    put_word(image, word, WORD_CONTROL, (uint16_t)cpu_get(cpu, FCW));
    put_word(image, word, WORD_STATUS, (uint16_t)cpu_get(cpu, FSW));
    put_word(image, word, WORD_TAGS, tags_of(cpu));
    put_word(image, word, WORD_DATA_SELECTOR, 0);
    for (unsigned i = 0; registers && i < X87_COUNT; i++) {
        cpu_get_x87(cpu, (top_of(cpu) + i) % X87_COUNT,
                    image + environment + (size_t)i * REGISTER_SIZE);
    }
    return environment + (registers ? X87_COUNT * REGISTER_SIZE : 0);
}

static enum delivery store_state(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes, bool registers) {
    uint8_t image[LARGEST];
    enum delivery failure;
    const size_t size = save(cpu, word_size(instruction), registers, image);
    if (!operand_write(cpu, instruction, bytes, image, size, &failure)) {
        return failure;
    }
    if (registers) {
        initialize(cpu);
    } else { // FNSTENV masks the exceptions.
        cpu_set(cpu, FCW, cpu_get(cpu, FCW) | X87_EXCEPTIONS);
    }
    return deliver_completion(cpu, instruction->length);
}

static enum delivery load_state(struct cpu *cpu, const struct instruction *instruction,
                                const uint8_t *bytes, bool registers) {
    const size_t word = word_size(instruction);
    const size_t environment = word * ENVIRONMENT_WORDS;
    const size_t size = environment + (registers ? X87_COUNT * REGISTER_SIZE : 0);
    uint8_t image[LARGEST];
    enum delivery failure;
    if ((cpu_get(cpu, FSW) & X87_ES) != 0 && (cpu_get(cpu, CR0) & CR0_NE) != 0) {
        return deliver_fault(cpu, VECTOR_X87, 0);
    }
    if (!operand_read(cpu, instruction, bytes, image, size, &failure)) {
        return failure;
    }
    cpu_set(cpu, FCW, word_at(image, word, WORD_CONTROL));
    cpu_set(cpu, FSW, word_at(image, word, WORD_STATUS));
    cpu_set(cpu, FTW, in_use(word_at(image, word, WORD_TAGS)));
    for (unsigned i = 0; registers && i < X87_COUNT; i++) {
        cpu_set_x87(cpu, (top_of(cpu) + i) % X87_COUNT,
                    image + environment + (size_t)i * REGISTER_SIZE);
    }
    return deliver_completion(cpu, instruction->length);
}

// --- FWAIT ---

// FWAIT, and the wait of other instructions in their waiting forms.
enum delivery replaced_wait(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    (void)bytes;
    if ((cr0 & CR0_MP) != 0 && (cr0 & CR0_TS) != 0) {
        return deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
    }
    if ((cpu_get(cpu, FSW) & X87_ES) != 0 && (cr0 & CR0_NE) != 0) {
        return deliver_fault(cpu, VECTOR_X87, 0);
    }
    return deliver_completion(cpu, instruction->length);
}

// --- The status word alone ---

#define FNSTSW_AX 0xe0 // Behind DF
#define FNCLEX 0xe2    // Behind DB; FNINIT is the next.

static enum delivery register_form(struct cpu *cpu, const struct instruction *instruction) {
    const uint16_t status = (uint16_t)cpu_get(cpu, FSW);
    if (instruction->modrm == FNSTSW_AX) {
        register_set_low(cpu, RAX, status, sizeof status);
    } else if (instruction->modrm == FNCLEX) {
        cpu_set(cpu, FSW, status & (uint16_t)~CLEARED_BY_FNCLEX);
    } else {
        initialize(cpu);
    }
    return deliver_completion(cpu, instruction->length);
}

// D9 and DD: ModRM.reg is 4 to load, 6 to store, and 7 for FNSTSW. With DD the registers, too.
enum delivery replaced_x87_state(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes) {
    const unsigned group = instruction->modrm >> 3 & 7;
    const bool registers = instruction->opcode == 0xdd;
    enum delivery failure;
    if ((cpu_get(cpu, CR0) & (CR0_EM | CR0_TS)) != 0) {
        return deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
    }
    if (operand_is_register(instruction)) {
        return register_form(cpu, instruction);
    }
    if (group == 4) {
        return load_state(cpu, instruction, bytes, registers);
    }
    if (group == 6) {
        return store_state(cpu, instruction, bytes, registers);
    }
    uint16_t status = (uint16_t)cpu_get(cpu, FSW);
    return operand_write(cpu, instruction, bytes, &status, sizeof status, &failure)
               ? deliver_completion(cpu, instruction->length)
               : failure;
}
