// SPDX-License-Identifier: MIT
//
// Objects and handles for tests: making them, and what they tell of themselves. Public calls alone.

#ifndef TESTS_HANDLES_H
#define TESTS_HANDLES_H

#include <check.h>
#include <stdbool.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

static inline zx_handle_t new_event(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &handle), ZX_OK);
    return handle;
}

static inline zx_handle_t new_port(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &handle), ZX_OK);
    return handle;
}

static inline zx_handle_t new_vmo(uint64_t size, uint32_t options) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(size, options, &handle), ZX_OK);
    return handle;
}

static inline zx_handle_t with_rights(zx_handle_t handle, zx_rights_t rights) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(handle, rights, &out), ZX_OK);
    return out;
}

static inline void close_handle(zx_handle_t handle) {
    ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
}

static inline zx_info_handle_basic_t basic_info(zx_handle_t handle) {
    zx_info_handle_basic_t info;
    ck_assert_int_eq(
        zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof(info), NULL, NULL), ZX_OK);
    return info;
}

static inline zx_rights_t rights_of(zx_handle_t handle) {
    return basic_info(handle).rights;
}

static inline zx_koid_t koid_of(zx_handle_t handle) {
    return basic_info(handle).koid;
}

// --- Signals ---

static inline void set_signals(zx_handle_t handle, zx_signals_t signals) {
    ck_assert_int_eq(zx_object_signal(handle, 0, signals), ZX_OK);
}

static inline void clear_signals(zx_handle_t handle, zx_signals_t signals) {
    ck_assert_int_eq(zx_object_signal(handle, signals, 0), ZX_OK);
}

static inline zx_signals_t signals_of(zx_handle_t handle) {
    zx_signals_t observed = 0x55;
    ck_assert_int_eq(zx_object_wait_one(handle, 0, 0, &observed), ZX_ERR_TIMED_OUT);
    return observed;
}

// --- Packets ---

// The next packet, which must be there already.
static inline zx_port_packet_t next_packet(zx_handle_t port) {
    zx_port_packet_t packet = {0};
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    return packet;
}

static inline bool is_empty(zx_handle_t port) {
    zx_port_packet_t packet;
    return zx_port_wait(port, 0, &packet) == ZX_ERR_TIMED_OUT;
}

#endif // TESTS_HANDLES_H
