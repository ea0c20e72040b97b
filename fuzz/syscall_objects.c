// SPDX-License-Identifier: MIT
//
// Calls on objects of any kind, on ports and timers, and on time.

#include "syscall_state.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

// Handles of the target's own stay open: the account of packets needs its ports.
static void close_slot(struct state *state) {
    zx_handle_t *slot = &state->slots[input_byte(&state->input) % SLOTS];
    zx_handle_close(*slot);
    *slot = ZX_HANDLE_INVALID;
}

static void close_several(struct state *state) {
    const unsigned first = input_byte(&state->input) % SLOTS;
    const unsigned count = input_byte(&state->input) % (SLOTS - first + 1);
    zx_handle_close_many(&state->slots[first], count);
    memset(&state->slots[first], 0, count * sizeof state->slots[0]);
}

static void replace(struct state *state) {
    zx_handle_t *slot = &state->slots[input_byte(&state->input) % SLOTS];
    zx_handle_t out = ZX_HANDLE_INVALID;
    const uint32_t rights = input_word(&state->input);
    zx_handle_replace(*slot, rights, &out);
    *slot = out;
}

// Puts handles and numbers where calls will read them. A handle may go into the upper half of a
// word, as that of a second wait item does.
static void poke(struct state *state) {
    size_t at = input_bytes(&state->input, 2) % (MEMORY_SIZE / 8) * 8;
    const uint8_t how = input_byte(&state->input);
    const bool handle = (how & 1) != 0;
    const uint64_t value = handle ? state_handle(state) : input_bytes(&state->input, 8);
    at += (how & 3) == 3 ? sizeof(zx_handle_t) : 0;
    memcpy(state->memory + at, &value, handle ? sizeof(zx_handle_t) : sizeof value);
}

static void call_property(struct state *state, bool old, bool set) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t property = input_word(&state->input);
    const size_t size = (size_t)input_amount(&state->input);
    void *value = state_pointer(state, 64);
    if (set) {
        old ? state->calls->sys_object_set_property(handle, property, value, size)
            : zx_object_set_property(handle, property, value, size);
    } else {
        old ? state->calls->sys_object_get_property(handle, property, value, size)
            : zx_object_get_property(handle, property, value, size);
    }
}

static void call_info(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t topic = input_word(&state->input);
    const size_t size = (size_t)input_amount(&state->input);
    void *buffer = state_pointer(state, 128);
    size_t *actual = state_pointer(state, sizeof *actual);
    size_t *available = state_pointer(state, sizeof *available);
    old ? state->calls->sys_object_get_info(handle, topic, buffer, size, actual, available)
        : zx_object_get_info(handle, topic, buffer, size, actual, available);
}

static void call_wait_one(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t signals = input_word(&state->input);
    const zx_time_t deadline = state_deadline(state);
    zx_signals_t *observed = state_pointer(state, sizeof *observed);
    old ? state->calls->sys_object_wait_one(handle, signals, deadline, observed)
        : zx_object_wait_one(handle, signals, deadline, observed);
}

static void call_wait_many(struct state *state, bool old) {
    zx_wait_item_t *items = state_pointer(state, 8 * sizeof *items);
    const size_t count = input_byte(&state->input) % 70;
    const zx_time_t deadline = state_deadline(state);
    old ? state->calls->sys_object_wait_many(items, count, deadline)
        : zx_object_wait_many(items, count, deadline);
}

static void call_wait_async(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const zx_handle_t port = state_handle(state);
    const uint64_t key = input_byte(&state->input);
    const uint32_t signals = input_word(&state->input);
    const uint32_t options = input_byte(&state->input);
    old ? state->calls->sys_object_wait_async(handle, port, key, signals, options)
        : zx_object_wait_async(handle, port, key, signals, options);
}

static void create_events(struct state *state, uint32_t options) {
    zx_handle_t out[2] = {0};
    state_keep(state, state->calls->sys_event_create(options, &out[0]), &out[0]);
    const zx_status_t status = state->calls->sys_eventpair_create(options, &out[0], &out[1]);
    state_keep(state, status, &out[0]);
    state_keep(state, status, &out[1]);
}

void call_object(struct state *state, uint8_t which) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    const bool old = (which & 1) != 0;
    switch (which / 2) {
    case 0:
        close_slot(state);
        break;
    case 1:
        close_several(state);
        break;
    case 2: {
        const zx_handle_t handle = state_handle(state);
        state_keep(state, zx_handle_duplicate(handle, input_word(&state->input), &out), &out);
        break;
    }
    case 3:
        replace(state);
        break;
    case 4:
        call_info(state, old);
        break;
    case 5:
        call_property(state, old, false);
        break;
    case 6:
        call_property(state, old, true);
        break;
    case 7: {
        const zx_handle_t handle = state_handle(state);
        const uint32_t clear = input_word(&state->input);
        const uint32_t set = input_word(&state->input);
        old ? zx_object_signal_peer(handle, clear, set) : zx_object_signal(handle, clear, set);
        break;
    }
    case 8:
        call_wait_one(state, old);
        break;
    case 9:
        call_wait_many(state, old);
        break;
    case 10:
        call_wait_async(state, old);
        break;
    case 11:
        create_events(state, input_byte(&state->input) % 4 == 3 ? input_word(&state->input) : 0);
        break;
    default:
        poke(state);
        break;
    }
}

// --- Ports and timers ---

static struct counted_port *counted(struct state *state, zx_handle_t handle) {
    zx_info_handle_basic_t info;
    if (zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL) == ZX_OK) {
        for (unsigned i = 0; i < state->port_count; i++) {
            if (state->ports[i].koid == info.koid) {
                return &state->ports[i];
            }
        }
    }
    return NULL;
}

static void create_port(struct state *state, bool old) {
    const uint32_t options = input_byte(&state->input) % 4;
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_info_handle_basic_t info = {0};
    if (state->port_count == PORTS) {
        return;
    }
    const zx_status_t status =
        old ? state->calls->sys_port_create(options, &port) : zx_port_create(options, &port);
    if (status == ZX_OK) {
        zx_object_get_info(port, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL);
        state->ports[state->port_count++] =
            (struct counted_port){.handle = port, .koid = info.koid};
        state_keep(state, zx_handle_duplicate(port, ZX_RIGHT_SAME_RIGHTS, &out), &out);
    }
}

static void queue(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    struct counted_port *port = counted(state, handle);
    const zx_port_packet_t *packet = state_pointer(state, sizeof *packet);
    const zx_status_t status =
        old ? state->calls->sys_port_queue(handle, packet) : zx_port_queue(handle, packet);
    if (status == ZX_OK && port != NULL) {
        port->queued++;
    }
}

static void take(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    struct counted_port *port = counted(state, handle);
    zx_port_packet_t *packet = state_pointer(state, sizeof *packet);
    const zx_time_t deadline = state_deadline(state);
    const zx_status_t status = old ? state->calls->sys_port_wait(handle, deadline, packet)
                                   : zx_port_wait(handle, deadline, packet);
    if (port == NULL) {
        return;
    }
    if (status == ZX_OK) {
        zx_port_packet_t copy;
        memcpy(&copy, packet, sizeof copy);
        port->received += copy.type == ZX_PKT_TYPE_USER ? 1 : 0;
    } else if (status == ZX_ERR_INVALID_ARGS) {
        port->lost++;
    }
}

static void cancel(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const zx_handle_t source = state_handle(state);
    const uint64_t key = input_byte(&state->input);
    old ? state->calls->sys_port_cancel(handle, source, key) : zx_port_cancel(handle, source, key);
}

static void set_timer(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const zx_time_t deadline = input_byte(&state->input) % 2 == 0
                                   ? state_deadline(state)
                                   : (zx_time_t)input_bytes(&state->input, 8);
    state->calls->sys_timer_set(handle, deadline, (zx_duration_t)input_amount(&state->input));
}

void call_port(struct state *state, uint8_t which) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    const bool old = (which & 1) != 0;
    switch (which / 2 % 8) {
    case 0:
        create_port(state, old);
        break;
    case 1:
    case 2:
        queue(state, old);
        break;
    case 3:
        take(state, old);
        break;
    case 4:
        cancel(state, old);
        break;
    case 5: {
        const zx_handle_t handle = state_handle(state);
        const uint32_t options = input_byte(&state->input) % 2;
        zx_port_cancel_key(handle, options, input_byte(&state->input));
        break;
    }
    case 6: {
        const uint32_t options = input_byte(&state->input) % 4;
        state_keep(state,
                   state->calls->sys_timer_create(options, input_byte(&state->input) % 2, &out),
                   &out);
        break;
    }
    default:
        old ? (void)state->calls->sys_timer_cancel(state_handle(state)) : set_timer(state);
        break;
    }
}
