// SPDX-License-Identifier: MIT
//
// Operands as fuzz_syscalls reads them: numbers, handles and pointers.

#include "record_calls.h"

#include "platform/platform.h"
#include "syscalls/call_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- Bytes ---

void put(struct input_bytes *bytes, uint64_t value, unsigned count) {
    for (unsigned i = 0; i < count && bytes->count < sizeof bytes->at; i++) {
        bytes->at[bytes->count++] = (uint8_t)(value >> (8 * i));
    }
}

void put_call(struct input_bytes *bytes, unsigned family, unsigned which) {
    put(bytes, which * 8 + family, 1);
    bytes->calls++;
}

// As short as the target can read it.
void put_amount(struct input_bytes *bytes, uint64_t value) {
    if (value % 4096 == 0 && value / 4096 < 64) {
        put(bytes, value / 4096 * 4, 1);
        return;
    }
    if (value < 256) {
        put(bytes, 1, 1);
        put(bytes, value, 1);
        return;
    }
    for (unsigned power = 8; power < 64; power++) {
        const uint64_t beyond = value - (UINT64_C(1) << power);
        if (beyond + 128 < 256) {
            put(bytes, power * 4 + 2, 1);
            put(bytes, beyond, 1);
            return;
        }
    }
    put(bytes, 3, 1);
    put(bytes, value, 8);
}

void require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "record_calls: %s\n", what);
        abort();
    }
}

uint64_t argument(const struct recorded *recorded, const char *name) {
    return call_argument(recorded->call, recorded->arguments, name);
}

const struct traced_parameter *find_parameter(const struct recorded *recorded, const char *name) {
    for (size_t i = 0; i < recorded->call->count; i++) {
        if (strcmp(recorded->call->parameters[i].name, name) == 0) {
            return &recorded->call->parameters[i];
        }
    }
    return NULL;
}

static bool can_read(const uint8_t *client) {
    uint8_t byte;
    return platform_copy(&byte, client, 1);
}

// --- Handles ---

int find_slot(zx_handle_t handle) {
    for (int i = 0; i < SLOTS && handle != ZX_HANDLE_INVALID; i++) {
        if (record.slots[i] == handle) {
            return i;
        }
    }
    return -1;
}

// A free one, or the one that was filled first, whose handle the target closes then.
static unsigned new_slot(zx_handle_t handle) {
    const int same = find_slot(handle);
    unsigned slot = same > 0 ? (unsigned)same : SCRATCH;
    for (unsigned i = 1; i < SCRATCH && slot == SCRATCH; i++) {
        slot = record.slots[i] == ZX_HANDLE_INVALID ? i : slot;
    }
    if (slot == SCRATCH) {
        slot = record.next_slot % (SCRATCH - 1) + 1;
        record.next_slot++;
    }
    record.slots[slot] = handle;
    return slot;
}

static void offer_ours(struct recorded *recorded, zx_handle_t handle) {
    for (unsigned i = 0; i < 3; i++) {
        if (record.ours[i] == handle) {
            put_call(&recorded->pokes, FAMILY_TASK, OFFER_OURS);
            put(&recorded->pokes, i, 1);
            put(&recorded->pokes, new_slot(handle), 1);
            return;
        }
    }
}

// One that no call in the input has made is no handle, unless it was one in the test.
bool put_handle(struct recorded *recorded, zx_handle_t handle) {
    if (handle != ZX_HANDLE_INVALID && find_slot(handle) < 0) {
        offer_ours(recorded, handle);
    }
    const int slot = find_slot(handle);
    if (slot >= 0) {
        put(&recorded->bytes, (uint64_t)slot, 1);
        return true;
    }
    put(&recorded->bytes, 0xf8, 1);
    put(&recorded->bytes, handle == ZX_HANDLE_INVALID ? 0 : UINT32_MAX, 4);
    return handle == ZX_HANDLE_INVALID || recorded->status == ZX_ERR_BAD_HANDLE;
}

bool put_slot(struct recorded *recorded, zx_handle_t handle) {
    const int slot = find_slot(handle);
    const bool has_result = find_parameter(recorded, "out") != NULL;
    if (slot < 0 ||
        (has_result && !can_read((const uint8_t *)(uintptr_t)argument(recorded, "out")))) {
        return false;
    }
    put(&recorded->bytes, (uint64_t)slot, 1);
    record.slots[slot] = has_result && recorded->status == ZX_OK
                             ? *(const zx_handle_t *)(uintptr_t)argument(recorded, "out")
                             : ZX_HANDLE_INVALID;
    return true;
}

// The target has a good pointer for the result always.
bool keep(struct recorded *recorded, const char *name) {
    const zx_handle_t *out = (const zx_handle_t *)(uintptr_t)argument(recorded, name);
    zx_handle_t handle = ZX_HANDLE_INVALID;
    if (find_parameter(recorded, name) == NULL) {
        return true;
    }
    if (out == NULL || !platform_copy(&handle, out, sizeof handle)) {
        return false;
    }
    if (recorded->status == ZX_OK) {
        put(&recorded->bytes, new_slot(handle), 1);
    }
    return true;
}

// --- Pointers ---

static void poke(struct recorded *recorded, size_t place, uint64_t value) {
    put_call(&recorded->pokes, FAMILY_OBJECT, POKE);
    put(&recorded->pokes, place / 8, 2);
    put(&recorded->pokes, 0, 1);
    put(&recorded->pokes, value, 8);
}

void poke_content(struct recorded *recorded, size_t place, const void *client, size_t size) {
    uint64_t words[MOST_WORDS] = {0};
    if (size <= sizeof words && platform_copy(words, client, size)) {
        for (size_t i = 0; i < (size + 7) / 8; i++) {
            poke(recorded, place + 8 * i, words[i]);
        }
    }
}

static size_t size_behind(const struct recorded *recorded, const struct operand *operand,
                          const struct traced_parameter *parameter) {
    const uint64_t count =
        parameter->count != NULL ? argument(recorded, parameter->count) : parameter->size;
    const uint64_t each = parameter->count != NULL && operand->number != 0 ? operand->number : 1;
    return count <= MEMORY_SIZE ? (size_t)(count * each) : 0;
}

// Each of a call has 1 KiB of the target's memory, from where its first byte says.
bool put_pointer(struct recorded *recorded, const struct operand *operand) {
    enum { CHOICE_LAST_BYTE = 0xc1, CHOICE_NULL = 0xe0, CHOICE_UNMAPPED = 0xe1 };
    const struct traced_parameter *parameter = find_parameter(recorded, operand->name);
    const uint8_t *client = (const uint8_t *)(uintptr_t)argument(recorded, operand->name);
    const size_t size = size_behind(recorded, operand, parameter);
    unsigned choice = recorded->pointers++ * 16;
    if (client == NULL) {
        choice = CHOICE_NULL;
    } else if (!can_read(client)) {
        choice = CHOICE_UNMAPPED;
    } else if (size > 0 && recorded->status != ZX_OK && !can_read(client + size - 1)) {
        choice = CHOICE_LAST_BYTE;
    } else if (!parameter->output && (parameter->count == NULL || operand->number != 0)) {
        poke_content(recorded, (size_t)choice * 64, client, size);
    }
    put(&recorded->bytes, choice, 1);
    return true;
}

bool put_deadline(struct recorded *recorded, zx_time_t deadline) {
    enum { CHOICE_SOON = 4, CHOICE_PAST = 64 };
    put(&recorded->bytes, deadline <= 0 ? CHOICE_PAST : CHOICE_SOON, 1);
    return true;
}
