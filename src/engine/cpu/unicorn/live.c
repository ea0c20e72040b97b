// SPDX-License-Identifier: MIT
//
// Finding the state in an engine, and checking that it is the state.

#include "engine/cpu/unicorn/live.h"

#include "platform/peek.h"

#include <stdlib.h>
#include <string.h>

// How many bytes of an engine's handle, and of the start of the processor, are searched.
#define HANDLE_SIZE 0x800u
#define PROCESSOR_SIZE 0x400u

// A state is inside its processor.
#define MOST_PROCESSOR_SIZE 0x40000u

// Padding at the end of a context's data, which Unicorn may not copy.
#define CONTEXT_PADDING 8u

static uintptr_t word_at(const uint8_t *bytes, size_t offset) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    return word;
}

// --- Is it? ---

// All that a context has of the state.
static bool is_as_saved(uintptr_t state, const uc_context *context, const struct layout *layout) {
    const uint8_t *const saved = (const uint8_t *)context + layout->state;
    const size_t size = layout->context_size - layout->state - CONTEXT_PADDING;
    uint8_t part[512];
    for (size_t offset = 0; offset < size; offset += sizeof part) {
        const size_t rest = size - offset;
        const size_t length = rest < sizeof part ? rest : sizeof part;
        if (!platform_peek(state + offset, part, length) ||
            memcmp(part, saved + offset, length) != 0) {
            return false;
        }
    }
    return true;
}

static bool follows(uc_engine *engine, uintptr_t state, uc_context *context, uint64_t rax,
                    const struct layout *layout) {
    return uc_reg_write(engine, UC_X86_REG_RAX, &rax) == UC_ERR_OK &&
           uc_context_save(engine, context) == UC_ERR_OK && is_as_saved(state, context, layout);
}

// Written there, and restored.
static bool leads(uc_engine *engine, uint8_t *state, uint64_t rax) {
    const uint64_t other = ~rax;
    uint64_t read = 0;
    memcpy(state + STATE_REGISTERS + 8 * RAX, &other, sizeof other);
    const bool led = uc_reg_read(engine, UC_X86_REG_RAX, &read) == UC_ERR_OK && read == other;
    memcpy(state + STATE_REGISTERS + 8 * RAX, &rax, sizeof rax);
    return led;
}

// NULL if it is not.
static uint8_t *confirmed(uc_engine *engine, uintptr_t state, uc_context *context,
                          const struct layout *layout) {
    uint64_t rax = 0;
    uc_reg_read(engine, UC_X86_REG_RAX, &rax);
    uint8_t *const found = (uint8_t *)state; // NOLINT(performance-no-int-to-ptr)
    const bool is_state = state % sizeof rax == 0 &&
                          follows(engine, state, context, rax + 1, layout) &&
                          follows(engine, state, context, rax, layout) && leads(engine, found, rax);
    return is_state ? found : NULL;
}

uint8_t *live_state(uc_engine *engine, uc_context *context, const struct layout *layout) {
    uintptr_t processor = 0;
    uintptr_t state = 0;
    if (layout->copied != NULL ||
        !platform_peek((uintptr_t)engine + layout->live.processor, &processor, sizeof processor) ||
        !platform_peek(processor + layout->live.state, &state, sizeof state)) {
        return NULL;
    }
    return confirmed(engine, state, context, layout);
}

// --- Where is it? ---

// The offset in the processor of the pointer to its state; SIZE_MAX when this is no processor.
static size_t state_pointer(uintptr_t processor, const uint8_t *registers) {
    uint8_t head[PROCESSOR_SIZE];
    uint8_t found[8 * GENERAL_REGISTER_COUNT];
    if (processor % sizeof(uint64_t) != 0 || !platform_peek(processor, head, sizeof head)) {
        return SIZE_MAX;
    }
    for (size_t offset = 0; offset < sizeof head; offset += sizeof(uintptr_t)) {
        const uintptr_t state = word_at(head, offset);
        if (state - processor < MOST_PROCESSOR_SIZE && state % sizeof(uint64_t) == 0 &&
            platform_peek(state, found, sizeof found) &&
            memcmp(found, registers, sizeof found) == 0) {
            return offset;
        }
    }
    return SIZE_MAX;
}

// Why the pointers are not found; NULL when they are.
static const char *find_pointers(uc_engine *engine, uc_context *context, struct layout *layout) {
    uint8_t handle[HANDLE_SIZE];
    uint8_t registers[8 * GENERAL_REGISTER_COUNT];
    memcpy(registers, (const uint8_t *)context + layout->state, sizeof registers);
    if (!platform_peek((uintptr_t)engine, handle, sizeof handle)) {
        return "the host does not let a process look at its memory safely";
    }
    for (size_t offset = 0; offset < sizeof handle; offset += sizeof(uintptr_t)) {
        layout->live.processor = offset;
        layout->live.state = state_pointer(word_at(handle, offset), registers);
        if (layout->live.state != SIZE_MAX && live_state(engine, context, layout) != NULL) {
            return NULL;
        }
    }
    return "the library did not find it there";
}

void live_find(uc_engine *engine, uc_context *context, struct layout *layout) {
    const char *wish = getenv("ZIRCONIA_STATE");
    layout->copied = NULL;
    if (wish != NULL && strcmp(wish, "copied") == 0) {
        layout->copied = "ZIRCONIA_STATE=copied asks for it";
    } else {
        layout->copied = find_pointers(engine, context, layout);
    }
}
