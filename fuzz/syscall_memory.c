// SPDX-License-Identifier: MIT
//
// Calls on VMOs and VMARs.

#include "syscall_state.h"

#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static void create_vmo(struct state *state, bool old) {
    const uint64_t size = input_amount(&state->input);
    const uint32_t options = input_byte(&state->input) % 16;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_status_t status = old ? state->calls->sys_vmo_create(size, options & 3, &out)
                                   : zx_vmo_create(size, options, &out);
    state_keep(state, status, &out);
}

static void copy(struct state *state, bool write) {
    const zx_handle_t handle = state_handle(state);
    const uint64_t offset = input_amount(&state->input);
    const size_t size = (size_t)input_bytes(&state->input, 2) % (2 * MEMORY_SIZE);
    void *buffer = state_pointer(state, size);
    write ? state->calls->sys_vmo_write(handle, buffer, offset, size)
          : state->calls->sys_vmo_read(handle, buffer, offset, size);
}

static void create_child(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t options = input_byte(&state->input);
    const uint64_t offset = input_amount(&state->input);
    const uint64_t size = input_amount(&state->input);
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_status_t status =
        old ? state->calls->sys_vmo_clone(handle, options % 8, offset, size, &out)
            : zx_vmo_create_child(handle, options, offset, size, &out);
    state_keep(state, status, &out);
}

static void make_executable(struct state *state) {
    zx_handle_t *slot = &state->slots[input_byte(&state->input) % SLOTS];
    const zx_handle_t vmex =
        input_byte(&state->input) % 4 == 0 ? state_handle(state) : ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_vmo_replace_as_executable(*slot, vmex, &out);
    *slot = out; // The old one is gone; if it was the vmex too, that slot is stale, which is legal.
}

static void operate(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t op = input_byte(&state->input) % 16;
    const uint64_t offset = input_amount(&state->input);
    const uint64_t size = input_amount(&state->input);
    state->calls->sys_vmo_op_range(handle, op, offset, size, state_pointer(state, 8), 8);
}

void call_memory(struct state *state, uint8_t which) {
    const bool odd = (which & 1) != 0;
    switch (which / 2 % 8) {
    case 0:
    case 1:
        create_vmo(state, odd);
        break;
    case 2:
        copy(state, odd);
        break;
    case 3: {
        const zx_handle_t handle = state_handle(state);
        const uint64_t size = input_amount(&state->input);
        odd ? state->calls->sys_vmo_set_size(handle, size) : zx_vmo_set_size(handle, size);
        break;
    }
    case 4:
        create_child(state, odd);
        break;
    case 5:
        operate(state);
        break;
    case 6: {
        const zx_handle_t handle = state_handle(state);
        if (odd) {
            zx_vmo_get_size(handle, state_pointer(state, 8));
        } else {
            state->calls->sys_vmo_set_cache_policy(handle, input_byte(&state->input) % 8);
        }
        break;
    }
    default:
        make_executable(state);
        break;
    }
}

// --- Regions ---

// A small one counts from where something was mapped last, so that calls meet.
static uint64_t some_address(struct state *state) {
    const uint64_t address = input_amount(&state->input);
    return address < 0x20000 ? state->last_mapped + address : address;
}

static void note_mapped(struct state *state, zx_status_t status, const zx_vaddr_t *address) {
    if (status == ZX_OK) {
        memcpy(&state->last_mapped, address, sizeof state->last_mapped);
    }
}

static void map(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t options =
        input_byte(&state->input) % 4 == 0 ? input_word(&state->input) : input_byte(&state->input);
    const uint64_t offset = input_amount(&state->input);
    const zx_handle_t vmo = state_handle(state);
    const uint64_t vmo_offset = input_amount(&state->input);
    const uint64_t length = input_amount(&state->input);
    zx_vaddr_t *address = state_pointer(state, sizeof *address);
    const struct era_calls *calls = state->calls;
    zx_status_t status = ZX_OK;
    if (old && calls->sys_vmar_map == NULL) {
        status = calls->sys_vmar_map_options_last(handle, offset, vmo, vmo_offset, length, options,
                                                  address);
    } else {
        status =
            old ? calls->sys_vmar_map(handle, options, offset, vmo, vmo_offset, length, address)
                : zx_vmar_map(handle, options, offset, vmo, vmo_offset, length, address);
    }
    note_mapped(state, status, address);
}

static void allocate(struct state *state, bool old) {
    const zx_handle_t parent = state_handle(state);
    const uint32_t options = input_word(&state->input);
    const uint64_t offset = input_amount(&state->input);
    const uint64_t size = input_amount(&state->input);
    zx_vaddr_t *address = state_pointer(state, sizeof *address);
    zx_handle_t out = ZX_HANDLE_INVALID;
    const struct era_calls *calls = state->calls;
    zx_status_t status = ZX_OK;
    if (old && calls->sys_vmar_allocate == NULL) {
        status =
            calls->sys_vmar_allocate_options_last(parent, offset, size, options, &out, address);
    } else {
        status = old ? calls->sys_vmar_allocate(parent, options, offset, size, &out, address)
                     : zx_vmar_allocate(parent, options, offset, size, &out, address);
    }
    note_mapped(state, status, address);
    state_keep(state, status, &out);
}

void call_region(struct state *state, uint8_t which) {
    const bool old = (which & 1) != 0;
    switch (which / 2 % 8) {
    case 0:
    case 1:
    case 2:
        map(state, old);
        break;
    case 3: {
        const zx_handle_t handle = state_handle(state);
        const uint64_t address = some_address(state);
        const uint64_t length = input_amount(&state->input);
        old ? state->calls->sys_vmar_unmap(handle, address, length)
            : zx_vmar_unmap(handle, address, length);
        break;
    }
    case 4: {
        const zx_handle_t handle = state_handle(state);
        const uint32_t op = input_byte(&state->input) % 16;
        const uint64_t address = some_address(state);
        zx_vmar_op_range(handle, op, address, input_amount(&state->input), NULL, 0);
        break;
    }
    case 5: {
        const zx_handle_t handle = state_handle(state);
        const uint32_t options = input_byte(&state->input) % 16;
        const uint64_t address = some_address(state);
        const uint64_t length = input_amount(&state->input);
        const struct era_calls *calls = state->calls;
        if (calls->sys_vmar_protect == NULL) {
            calls->sys_vmar_protect_options_last(handle, address, length, options);
        } else {
            calls->sys_vmar_protect(handle, options, address, length);
        }
        break;
    }
    case 6:
        allocate(state, old);
        break;
    default: {
        const zx_handle_t handle = state_handle(state);
        if (koid_of(handle) != koid_of(zx_vmar_root_self())) { // Which the program needs again.
            zx_vmar_destroy(handle);
        }
        break;
    }
    }
}
