// SPDX-License-Identifier: MIT
//
// Calls on guests, VCPUs and resources. A VCPU is kicked before it runs, so that it comes back at
// once; what guests do when they run is not the question here.

#include "syscall_state.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

static void create_guest(struct state *state, bool old) {
    const bool any = input_byte(&state->input) % 4 == 0;
    const uint32_t options = any ? input_byte(&state->input) : 0;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t out[2] = {0};
    if (state->has_guest) {
        return;
    }
    zirconia_hypervisor_resource(&resource);
    const zx_handle_t used = any ? state_handle(state) : resource;
    const struct era_calls *calls = state->calls;
    zx_status_t status = ZX_OK;
    if (old && calls->sys_guest_create == NULL) {
        const zx_handle_t memory = state_handle(state);
        status = calls->sys_guest_create_with_memory(used, options, memory, &out[0]);
    } else {
        status = old ? calls->sys_guest_create(used, options, &out[0], &out[1])
                     : zx_guest_create(used, options, &out[0], &out[1]);
    }
    state_keep(state, status, &out[0]);
    state_keep(state, out[1] != ZX_HANDLE_INVALID ? status : ZX_ERR_BAD_STATE, &out[1]);
    state->has_guest = status == ZX_OK;
    zx_handle_close(resource);
}

static void set_trap(struct state *state, bool old) {
    const zx_handle_t guest = state_handle(state);
    const uint32_t kind = input_byte(&state->input) % 4;
    const uint64_t address = input_amount(&state->input);
    const uint64_t size = input_amount(&state->input);
    const zx_handle_t port = kind == ZX_GUEST_TRAP_BELL ? state_handle(state) : ZX_HANDLE_INVALID;
    old ? state->calls->sys_guest_set_trap(guest, kind, address, size, port, 1)
        : zx_guest_set_trap(guest, kind, address, size, port, 1);
}

static void create_vcpu(struct state *state, bool old) {
    const zx_handle_t guest = state_handle(state);
    const uint32_t options = input_byte(&state->input) % 16 == 0 ? 1 : 0;
    const uint64_t entry = input_amount(&state->input);
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_status_t status = old ? state->calls->sys_vcpu_create(guest, options, entry, &out)
                                   : zx_vcpu_create(guest, options, entry, &out);
    state_keep(state, status, &out);
}

static void run(struct state *state, bool old) {
    const zx_handle_t vcpu = state_handle(state);
    zx_port_packet_t *packet = state_pointer(state, 48);
    if (zx_vcpu_kick(vcpu) == ZX_OK) {
        old ? state->calls->sys_vcpu_resume(vcpu, packet) : zx_vcpu_enter(vcpu, packet);
    }
}

static void vcpu_state(struct state *state, bool old, bool write) {
    const zx_handle_t vcpu = state_handle(state);
    const uint32_t kind = input_byte(&state->input) % 4;
    const size_t size =
        input_byte(&state->input) % 2 == 0 ? sizeof(zx_vcpu_state_t) : input_byte(&state->input);
    void *buffer = state_pointer(state, size);
    if (write) {
        old ? state->calls->sys_vcpu_write_state(vcpu, kind, buffer, size)
            : zx_vcpu_write_state(vcpu, kind, buffer, size);
    } else {
        old ? state->calls->sys_vcpu_read_state(vcpu, kind, buffer, size)
            : zx_vcpu_read_state(vcpu, kind, buffer, size);
    }
}

static void create_resource(struct state *state) {
    const uint32_t kind = input_byte(&state->input) % 8;
    const uint64_t base = input_amount(&state->input);
    const uint64_t size = input_amount(&state->input);
    zx_handle_t out = ZX_HANDLE_INVALID;
    state_keep(state, zirconia_resource_create(kind, base, size, &out), &out);
}

static void ignore_exit(void *context, const zirconia_exit_t *seen) {
    (void)context;
    (void)seen;
}

static void ignore_entry(void *context, uint64_t vcpu) {
    (void)context;
    (void)vcpu;
}

static void observe(struct state *state, bool figures) {
    const zx_handle_t guest = state_handle(state);
    if (figures) {
        void *out = state_pointer(state, ZIRCONIA_EXIT_KIND_COUNT * 16);
        zirconia_guest_statistics(guest, out, (size_t)input_amount(&state->input));
    } else {
        const uint8_t choice = input_byte(&state->input);
        const bool ends = choice % 2 != 0;
        if (choice / 2 % 2 != 0) {
            zirconia_guest_observe_entries(guest, ends ? NULL : ignore_entry, NULL);
        } else {
            zirconia_guest_observe(guest, ends ? NULL : ignore_exit, NULL);
        }
    }
}

static void take_snapshot(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    const uint32_t options = input_byte(&state->input) % 5;
    zx_handle_t out = ZX_HANDLE_INVALID;
    state_keep(state, zirconia_guest_snapshot(guest, options, &out), &out);
}

static void note_store(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    const uint64_t address = input_amount(&state->input);
    zirconia_guest_note_store(guest, address, input_amount(&state->input));
}

// The bytes that the devices are, each time the same: what comes back is compared.
static bool save_devices(void *context, void *state, size_t size) {
    memset(state, 0x5a, size);
    return context != NULL;
}

static void restore_devices(void *context, const void *state, size_t size) {
    (void)context;
    for (size_t i = 0; i < size; i++) {
        if (((const unsigned char *)state)[i] != 0x5a) {
            abort();
        }
    }
}

static void set_devices(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    const uint8_t how = input_byte(&state->input);
    const size_t size = how % 8 == 0   ? 0
                        : how % 8 == 1 ? (size_t)input_amount(&state->input)
                                       : input_byte(&state->input);
    zirconia_guest_set_devices(guest, size, how % 8 != 0 ? save_devices : NULL,
                               how % 8 != 0 ? restore_devices : NULL, how >= 0x40 ? state : NULL);
}

static bool write_file(void *context, const void *bytes, size_t size) {
    (void)bytes;
    (void)size;
    return context != NULL;
}

// Bytes of any kind: fuzzing of files proper begins from a whole one.
static void use_file(struct state *state, bool load) {
    const zx_handle_t guest = state_handle(state);
    if (load) {
        const size_t size = input_byte(&state->input);
        const void *bytes = state_pointer(state, size);
        zx_handle_t out = ZX_HANDLE_INVALID;
        state_keep(state, zirconia_snapshot_load(guest, 0, bytes, size, &out), &out);
    } else {
        const zx_handle_t snapshot = state_handle(state);
        const bool all = input_byte(&state->input) % 4 != 0;
        zirconia_snapshot_save(guest, snapshot, write_file, all ? state : NULL);
    }
}

static void restore_snapshot(struct state *state) {
    const zx_handle_t guest = state_handle(state);
    zirconia_guest_restore(guest, state_handle(state));
}

static void ignore_comparison(void *context, uint64_t address, uint64_t left, uint64_t right,
                              size_t size) {
    (void)context;
    (void)address;
    if (size < 8 && ((left | right) >> (8 * size)) != 0) {
        abort();
    }
}

// A map stays the guest's: so it is memory that stays, or none.
static void cover(struct state *state) {
    static uint8_t map[256];
    const zx_handle_t guest = state_handle(state);
    const uint8_t how = input_byte(&state->input);
    if (how % 4 == 0) {
        const size_t count = input_byte(&state->input) % 20;
        zirconia_guest_set_coverage_ranges(
            guest, state_pointer(state, count * sizeof(zirconia_address_range_t)), count);
    } else if (how % 4 == 1) {
        zirconia_guest_set_comparisons(guest, how >= 0x40 ? ignore_comparison : NULL, NULL);
    } else if (how >= 0x40) {
        zirconia_guest_set_coverage(guest, how / 4 % 4, map, how < 0x80 ? sizeof map : how);
    } else {
        zirconia_guest_set_coverage(guest, 0, NULL, how >= 0x20 ? how : 0);
    }
}

void call_guest(struct state *state, uint8_t which) {
    const bool old = (which & 1) != 0;
    switch (which / 2 % 16) {
    case 0:
        create_guest(state, old);
        break;
    case 1:
        set_trap(state, old);
        break;
    case 2:
        create_vcpu(state, old);
        break;
    case 3:
        run(state, old);
        break;
    case 4:
        vcpu_state(state, old, false);
        break;
    case 5:
        vcpu_state(state, old, true);
        break;
    case 6: {
        const zx_handle_t vcpu = state_handle(state);
        const uint32_t vector = (uint32_t)input_amount(&state->input);
        old ? state->calls->sys_vcpu_interrupt(vcpu, vector) : zx_vcpu_interrupt(vcpu, vector);
        break;
    }
    case 7:
        observe(state, old);
        break;
    case 8:
        old ? take_snapshot(state) : restore_snapshot(state);
        break;
    case 9: {
        const zx_handle_t guest = state_handle(state);
        zirconia_guest_set_budget(guest, input_amount(&state->input));
        break;
    }
    case 10:
        note_store(state);
        break;
    case 11:
        set_devices(state);
        break;
    case 12:
        use_file(state, old);
        break;
    case 13:
        cover(state);
        break;
    case 14:
        call_debug(state, input_byte(&state->input));
        break;
    default:
        old ? (void)zirconia_guest_use_virtual_time(state_handle(state)) : create_resource(state);
        break;
    }
}
