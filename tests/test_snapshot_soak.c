// SPDX-License-Identifier: MIT
//
// Restores without end, as a fuzzer makes them: memory, descriptors and threads stay as they are,
// and each run is the same. ZIRCONIA_RESTORES says how many (a soak has ten million).

#include "sanitized.h"
#include "snapshot_fixture.h"
#include "usage.h"

#include <stdio.h>
#include <zirconia/virtual_time.h>

#define BELL 0x400000u
#define INPUT 0x200000u

static zx_handle_t port;

// The program that rings three bells, ends its run, and rings another one, at the first end.
static void start_bells(bool virtual_time) {
    guest_open();
    guest_load("snapshot", ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = 6;
    write_state(&state);
    enter_to_end();
}

static void read_bells(void) {
    zx_port_packet_t packet;
    unsigned count = 0;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
        count++;
    }
    ck_assert_uint_eq(count, 4);
}

// Translated again, as code is that a guest has loaded.
static void store_code(void) {
    uint8_t code[0x1000];
    ck_assert_int_eq(zx_vmo_read(memory, code, ENTRY, sizeof code), ZX_OK);
    memory_write(ENTRY, code, sizeof code);
}

static zx_handle_t on_top(zx_handle_t snapshot) {
    memory_write(INPUT, "on top", 6);
    const zx_handle_t top = snapshot_of(guest);
    restore(snapshot);
    restore(top);
    return top;
}

static void by_file(zx_handle_t snapshot) {
    save_snapshot(snapshot);
    const zx_handle_t loaded = load_snapshot();
    restore(loaded);
    ck_assert_int_eq(zx_handle_close(loaded), ZX_OK);
}

static void round_of(uint64_t number, zx_handle_t snapshot) {
    memory_write(INPUT + number % 7 * 0x1000, &number, sizeof number);
    if (number % 64 == 0) {
        store_code();
    }
    if (number % 1000 == 0) {
        ck_assert_int_eq(zx_handle_close(on_top(snapshot)), ZX_OK);
    }
    if (number % 20000 == 0) {
        by_file(snapshot);
    }
    restore(snapshot);
    enter_to_end();
    if (number % 2 == 0) { // Odd rounds leave them unread.
        read_bells();
    }
}

// The engine keeps 64 MiB of translations, which code that is stored again fills up at length.
#define MOST_GROWTH (72u << 20 >> 12)

// Once so many rounds have filled them up nothing grows.
enum { FULL_BY = 1000000 };
#define MOST_GROWTH_WHEN_FULL (1u << 20 >> 12)

START_TEST(restores_leave_nothing_behind) {
    const char *text = getenv("ZIRCONIA_RESTORES");
    const uint64_t count = text != NULL ? strtoull(text, NULL, 0) : 10000;
    struct usage before = {0};
    start_bells(_i != 0);
    const zx_handle_t snapshot = snapshot_of(guest);
    for (uint64_t number = 1; number <= count; number++) {
        round_of(number, snapshot);
        ck_assert_uint_eq(memory_u64(INPUT + number % 7 * 0x1000), 0);
        if (number == count / 4) {
            before = usage_now();
        }
    }
    const struct usage after = usage_now();
    if (text != NULL) {
        printf("%llu restores: %u and %u descriptors, %lu and %lu pages\n",
               (unsigned long long)count, before.descriptors, after.descriptors, before.pages,
               after.pages);
    }
    ck_assert_uint_eq(after.descriptors, before.descriptors);
    ck_assert_uint_eq(after.threads, before.threads);
    if (!SANITIZED) { // A sanitizer keeps what is freed.
        const unsigned long most = count / 4 > FULL_BY ? MOST_GROWTH_WHEN_FULL : MOST_GROWTH;
        ck_assert_uint_le(after.pages, before.pages + most);
    }
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("restores without end");
    TCase *tcase = tcase_create("soak");
    tcase_set_timeout(tcase, getenv("ZIRCONIA_RESTORES") != NULL ? 0 : 60);
    tcase_add_loop_test(tcase, restores_leave_nothing_behind, 0, 2); // With a virtual clock, too.
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
