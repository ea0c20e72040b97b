// SPDX-License-Identifier: MIT
//
// The instructions that read or load MXCSR: LDMXCSR, STMXCSR, FXSAVE, FXRSTOR, XSAVE, XSAVEOPT and
// XRSTOR (SDM volume 1, sections 10.5 and 13.4 to 13.9). The engine keeps the exception flags of
// SSE apart from MXCSR and never adds them, and takes FTZ for the x87 unit.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"

#include <string.h>

#define MXCSR_MASK 0xffffu
#define MXCSR_INITIAL 0x1f80u
#define X87_CONTROL_INITIAL 0x037fu

// ModRM.reg of 0F AE
enum { GROUP_FXSAVE, GROUP_FXRSTOR, GROUP_LDMXCSR, GROUP_STMXCSR, GROUP_XSAVE, GROUP_XRSTOR };

// Offsets in the image of FXSAVE, with which that of XSAVE begins
enum {
    IMAGE_CONTROL = 0,
    IMAGE_STATUS = 2,
    IMAGE_TAGS = 4,
    IMAGE_LAST = 6, // Opcode and pointers of the last instruction: not known
    IMAGE_MXCSR = 24,
    IMAGE_MXCSR_MASK = 28,
    IMAGE_X87 = 32,
    IMAGE_XMM = 160,
    IMAGE_SIZE = 512,
    IMAGE_HEADER = 512, // XSTATE_BV; what follows must be 0.
    XSAVE_SIZE = 576,
};

#define COMPONENT_X87 1u
#define COMPONENT_SSE 2u
#define COMPONENTS (COMPONENT_X87 | COMPONENT_SSE)

// --- Components ---

static unsigned xmm_count(const struct cpu *cpu) {
    return cpu_code_64(cpu) ? 16 : 8;
}

static unsigned top_of(const struct cpu *cpu) {
    return (unsigned)cpu_get(cpu, FSW) >> FSW_TOP_SHIFT & 7;
}

static void save_x87(const struct cpu *cpu, uint8_t *image) {
    const uint16_t control = (uint16_t)cpu_get(cpu, FCW);
    const uint16_t status = (uint16_t)cpu_get(cpu, FSW);
    const unsigned top = top_of(cpu);
    memset(image + IMAGE_TAGS, 0, IMAGE_MXCSR - IMAGE_TAGS);
    memcpy(image + IMAGE_CONTROL, &control, sizeof control);
    memcpy(image + IMAGE_STATUS, &status, sizeof status);
    image[IMAGE_TAGS] = (uint8_t)cpu_get(cpu, FTW);
    for (unsigned i = 0; i < X87_COUNT; i++) {
        uint8_t *const place = image + IMAGE_X87 + (size_t)i * 16;
        memset(place, 0, 16);
        cpu_get_x87(cpu, (top + i) % X87_COUNT, place);
    }
}

static void load_x87(struct cpu *cpu, const uint8_t *image) {
    uint16_t control;
    uint16_t status;
    memcpy(&control, image + IMAGE_CONTROL, sizeof control);
    memcpy(&status, image + IMAGE_STATUS, sizeof status);
    cpu_set(cpu, FCW, control);
    cpu_set(cpu, FSW, status);
    cpu_set(cpu, FTW, image[IMAGE_TAGS]);
    const unsigned top = top_of(cpu);
    for (unsigned i = 0; i < X87_COUNT; i++) {
        cpu_set_x87(cpu, (top + i) % X87_COUNT, image + IMAGE_X87 + (size_t)i * 16);
    }
}

static void save_mxcsr(const struct cpu *cpu, uint8_t *image) {
    const uint32_t mxcsr = (uint32_t)cpu_get(cpu, MXCSR);
    const uint32_t mask = MXCSR_MASK;
    memcpy(image + IMAGE_MXCSR, &mxcsr, sizeof mxcsr);
    memcpy(image + IMAGE_MXCSR_MASK, &mask, sizeof mask);
}

static void save_xmm(const struct cpu *cpu, uint8_t *image) {
    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        cpu_get_xmm(cpu, i, image + IMAGE_XMM + (size_t)i * 16);
    }
}

static void load_xmm(struct cpu *cpu, const uint8_t *image) {
    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        cpu_set_xmm(cpu, i, image + IMAGE_XMM + (size_t)i * 16);
    }
}

// --- What all of them check ---

// MXCSR in an image. False: with a reserved bit.
static bool take_mxcsr(const uint8_t *from, uint32_t *mxcsr) {
    memcpy(mxcsr, from, sizeof *mxcsr);
    return (*mxcsr & ~MXCSR_MASK) == 0;
}

static enum delivery general_protection(struct cpu *cpu) {
    return deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0);
}

static bool is_extended(const struct instruction *instruction) {
    return (instruction->modrm >> 3 & 7) >= GROUP_XSAVE;
}

static bool is_simple(const struct instruction *instruction) {
    const unsigned group = instruction->modrm >> 3 & 7;
    return group == GROUP_LDMXCSR || group == GROUP_STMXCSR;
}

// The exceptions that come before those of memory. False with one delivered.
static bool begin(struct cpu *cpu, const struct instruction *instruction, const uint8_t *bytes,
                  enum delivery *failure) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    const uint64_t cr4 = cpu_get(cpu, CR4);
    const bool simple = is_simple(instruction);
    const bool extended = is_extended(instruction);
    const uint64_t alignment = extended ? 64 : 16;
    uint64_t linear = 0;
    if ((extended && (cr4 & CR4_OSXSAVE) == 0) ||
        (simple && ((cr0 & CR0_EM) != 0 || (cr4 & CR4_OSFXSR) == 0))) {
        *failure = deliver_fault(cpu, VECTOR_INVALID_OPCODE, 0);
        return false;
    }
    if ((cr0 & CR0_TS) != 0 || (!simple && !extended && (cr0 & CR0_EM) != 0)) {
        *failure = deliver_fault(cpu, VECTOR_DEVICE_NOT_AVAILABLE, 0);
        return false;
    }
    if (!simple && operand_linear(cpu, instruction, bytes, &linear) && linear % alignment != 0) {
        *failure = general_protection(cpu);
        return false;
    }
    return true;
}

// --- The instructions ---

static enum delivery load_mxcsr(struct cpu *cpu, const struct instruction *instruction,
                                const uint8_t *bytes) {
    enum delivery failure;
    uint8_t data[4];
    uint32_t mxcsr;
    if (!operand_read(cpu, instruction, bytes, data, sizeof data, &failure)) {
        return failure;
    }
    if (!take_mxcsr(data, &mxcsr)) {
        return general_protection(cpu);
    }
    cpu_set(cpu, MXCSR, mxcsr);
    return deliver_completion(cpu, instruction->length);
}

static enum delivery store_mxcsr(struct cpu *cpu, const struct instruction *instruction,
                                 const uint8_t *bytes) {
    enum delivery failure;
    uint32_t mxcsr = (uint32_t)cpu_get(cpu, MXCSR);
    return operand_write(cpu, instruction, bytes, &mxcsr, sizeof mxcsr, &failure)
               ? deliver_completion(cpu, instruction->length)
               : failure;
}

// What of the image is not written keeps its contents.
static enum delivery save_image(struct cpu *cpu, const struct instruction *instruction,
                                const uint8_t *bytes) {
    uint8_t image[IMAGE_SIZE];
    enum delivery failure;
    if (!operand_read(cpu, instruction, bytes, image, sizeof image, &failure)) {
        return failure;
    }
    save_x87(cpu, image);
    save_mxcsr(cpu, image);
    save_xmm(cpu, image);
    return operand_write(cpu, instruction, bytes, image, sizeof image, &failure)
               ? deliver_completion(cpu, instruction->length)
               : failure;
}

static enum delivery restore_image(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    uint8_t image[IMAGE_SIZE];
    enum delivery failure;
    uint32_t mxcsr;
    if (!operand_read(cpu, instruction, bytes, image, sizeof image, &failure)) {
        return failure;
    }
    if (!take_mxcsr(image + IMAGE_MXCSR, &mxcsr)) {
        return general_protection(cpu);
    }
    load_x87(cpu, image);
    cpu_set(cpu, MXCSR, mxcsr);
    load_xmm(cpu, image);
    return deliver_completion(cpu, instruction->length);
}

// EDX:EAX and XCR0 say which components.
static uint64_t requested(const struct cpu *cpu) {
    const uint64_t mask = cpu_get(cpu, RDX) << 32 | (uint32_t)cpu_get(cpu, RAX);
    return mask & cpu_get(cpu, XCR0) & COMPONENTS;
}

// XSAVE, XSAVEOPT: no component is known to be in its initial state.
static enum delivery xsave(struct cpu *cpu, const struct instruction *instruction,
                           const uint8_t *bytes) {
    const uint64_t components = requested(cpu);
    uint8_t image[XSAVE_SIZE];
    uint64_t saved;
    enum delivery failure;
    if (!operand_read(cpu, instruction, bytes, image, sizeof image, &failure)) {
        return failure;
    }
    if ((components & COMPONENT_X87) != 0) {
        save_x87(cpu, image);
    }
    if ((components & COMPONENT_SSE) != 0) {
        save_mxcsr(cpu, image);
        save_xmm(cpu, image);
    }
    memcpy(&saved, image + IMAGE_HEADER, sizeof saved);
    saved |= components;
    memcpy(image + IMAGE_HEADER, &saved, sizeof saved);
    return operand_write(cpu, instruction, bytes, image, sizeof image, &failure)
               ? deliver_completion(cpu, instruction->length)
               : failure;
}

// The image is one that XRSTOR takes: no component that is not enabled, and no compaction.
static bool is_restorable(const struct cpu *cpu, const uint8_t *image, uint64_t *saved) {
    static const uint8_t zeros[16];
    memcpy(saved, image + IMAGE_HEADER, sizeof *saved);
    return (*saved & ~cpu_get(cpu, XCR0)) == 0 &&
           memcmp(image + IMAGE_HEADER + sizeof *saved, zeros, sizeof zeros) == 0;
}

static enum delivery xrstor(struct cpu *cpu, const struct instruction *instruction,
                            const uint8_t *bytes) {
    static const uint8_t initial[IMAGE_SIZE] = {X87_CONTROL_INITIAL & 0xff,
                                                X87_CONTROL_INITIAL >> 8};
    const uint64_t components = requested(cpu);
    uint8_t image[XSAVE_SIZE];
    uint64_t saved = 0;
    uint32_t mxcsr = MXCSR_INITIAL;
    enum delivery failure;
    if (!operand_read(cpu, instruction, bytes, image, sizeof image, &failure)) {
        return failure;
    }
    if (!is_restorable(cpu, image, &saved) ||
        ((components & COMPONENT_SSE) != 0 && !take_mxcsr(image + IMAGE_MXCSR, &mxcsr))) {
        return general_protection(cpu);
    }
    if ((components & COMPONENT_X87) != 0) {
        load_x87(cpu, (saved & COMPONENT_X87) != 0 ? image : initial);
    }
    if ((components & COMPONENT_SSE) != 0) {
        cpu_set(cpu, MXCSR, mxcsr); // Whether the component was saved or not
        load_xmm(cpu, (saved & COMPONENT_SSE) != 0 ? image : initial);
    }
    return deliver_completion(cpu, instruction->length);
}

enum delivery replaced_media_state(struct cpu *cpu, const struct instruction *instruction,
                                   const uint8_t *bytes) {
    enum delivery failure;
    if (!begin(cpu, instruction, bytes, &failure)) {
        return failure;
    }
    switch (instruction->modrm >> 3 & 7) {
    case GROUP_FXSAVE:
        return save_image(cpu, instruction, bytes);
    case GROUP_FXRSTOR:
        return restore_image(cpu, instruction, bytes);
    case GROUP_LDMXCSR:
        return load_mxcsr(cpu, instruction, bytes);
    case GROUP_STMXCSR:
        return store_mxcsr(cpu, instruction, bytes);
    case GROUP_XRSTOR:
        return xrstor(cpu, instruction, bytes);
    default: // XSAVE, XSAVEOPT
        return xsave(cpu, instruction, bytes);
    }
}
