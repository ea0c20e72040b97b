// SPDX-License-Identifier: MIT
//
// What a client may call beside what is modelled: calls that are refused
// (zircon/syscalls/refused.h), small questions to the system, and the arithmetic of times.

#include "bad_memory.h"
#include "object_fixture.h"
#include "run_tests.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zirconia/zirconia.h>

START_TEST(what_needs_no_handle_is_not_supported) {
    zx_handle_t out[2] = {0};
    const zx_futex_t futex = 0;
    ck_assert_int_eq(zx_channel_create(0, &out[0], &out[1]), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_socket_create(0, &out[0], &out[1]), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_fifo_create(1, 1, 0, &out[0], &out[1]), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_futex_wait(&futex, 0, 0, 0), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_pager_create(0, out), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_debuglog_create(0, 0, out), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_clock_create(0, NULL, out), ZX_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(out[0] | out[1], 0);
}
END_TEST

START_TEST(a_refused_call_tells_bad_handles_from_good_ones) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    const zx_handle_t event = new_event();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_resource_create(0, 0, 0, 0, NULL, 0, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_resource_create(event, 0, 0, 0, NULL, 0, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_resource_create(resource, 0, 0, 0, NULL, 0, &out), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_socket_write(0, 0, "", 1, NULL), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_socket_write(event, 0, "", 1, NULL), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_stream_create(0, event, 0, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_stream_create(0, vmo, 0, &out), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_object_set_profile(0, 0, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_set_profile(event, 0, 0), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zirconia_2018_pager_create_vmo(event, 0, 0, 0, 0, &out), ZX_ERR_WRONG_TYPE);
    zx_vmo_dirty_range_t range = {0};
    ck_assert_int_eq(
        zx_pager_query_dirty_ranges(event, vmo, 0, 4096, &range, sizeof(range), NULL, NULL),
        ZX_ERR_WRONG_TYPE);
    zx_pager_vmo_stats_t stats = {0};
    ck_assert_int_eq(
        zx_pager_query_vmo_stats(0, vmo, ZX_PAGER_RESET_VMO_STATS, &stats, sizeof(stats)),
        ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_pmt_unpin(event), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK); // The handle was not taken.
}
END_TEST

START_TEST(properties_of_what_is_not_modelled_are_not_supported) {
    static const uint32_t properties[] = {
        ZX_PROP_PROCESS_BREAK_ON_LOAD, ZX_PROP_PROCESS_HW_TRACE_CONTEXT_ID,
        ZX_PROP_SOCKET_RX_THRESHOLD,   ZX_PROP_SOCKET_TX_THRESHOLD,
        ZX_PROP_JOB_KILL_ON_OOM,       ZX_PROP_STREAM_MODE_APPEND,
    };
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        uint64_t value = 7;
        ck_assert_int_eq(zx_object_get_property(vmo, properties[i], &value, sizeof value),
                         ZX_ERR_NOT_SUPPORTED);
        ck_assert_int_eq(zx_object_set_property(vmo, properties[i], &value, sizeof value),
                         ZX_ERR_NOT_SUPPORTED);
        ck_assert_uint_eq(value, 7);
    }
    ck_assert_int_eq(zx_handle_close(vmo), ZX_OK);
}
END_TEST

START_TEST(the_system_answers_small_questions) {
    char version[64] = "";
    const zx_string_view_t view = zx_system_get_version_string();
    ck_assert_uint_eq(zx_system_get_page_size(), 4096);
    ck_assert_uint_ge(zx_system_get_num_cpus(), 1);
    ck_assert_uint_ge(zx_system_get_physmem(), 1 << 20);
    ck_assert_uint_eq(zx_system_get_dcache_line_size() % 32, 0);
    ck_assert_str_eq(view.c_str, zirconia_version());
    ck_assert_uint_eq(view.length, strlen(view.c_str));
    ck_assert_int_eq(zx_system_get_version(version, view.length), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_system_get_version(NULL, sizeof version), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_system_get_version(version, view.length + 1), ZX_OK);
    ck_assert_str_eq(version, view.c_str);
}
END_TEST

START_TEST(cache_flushes_check_their_options) {
    enum {
        INSN = ZX_CACHE_FLUSH_INSN,
        DATA = ZX_CACHE_FLUSH_DATA,
        INV = ZX_CACHE_FLUSH_INVALIDATE
    };
    static const uint32_t good[] = {INSN, DATA, INSN | DATA, DATA | INV, INSN | DATA | INV};
    static const uint32_t bad[] = {0, INV, INSN | INV, 1u << 3, INSN | 1u << 3, UINT32_MAX};
    static const char bytes[0x8000];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_int_eq(zx_cache_flush(bytes, sizeof bytes, good[i]), ZX_OK);
        ck_assert_int_eq(zx_cache_flush(bytes + 3, 0, good[i]), ZX_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(zx_cache_flush(bytes, sizeof bytes, bad[i]), ZX_ERR_INVALID_ARGS);
    }
}
END_TEST

START_TEST(random_bytes_stop_at_bad_memory) {
    uint8_t first[600] = {0};
    uint8_t second[600] = {0};
    zx_cprng_draw(first, sizeof first);
    zx_cprng_draw(second, sizeof second);
    ck_assert_mem_ne(first, second, sizeof first);
    ck_assert_mem_ne(first + 512, second + 512, 80); // To the end.
    zx_cprng_draw(before_bad_memory(16), 700);
    zx_cprng_draw(NULL, 8);
}
END_TEST

START_TEST(the_clock_of_2018_is_the_monotonic_one) {
    zx_time_t now = 0;
    const zx_time_t before = zx_clock_get_monotonic();
    ck_assert_int_ge(zx_clock_get(ZX_CLOCK_MONOTONIC), before);
    ck_assert_int_eq(zx_clock_get_new(ZX_CLOCK_MONOTONIC, &now), ZX_OK);
    ck_assert_int_ge(now, before);
    ck_assert_int_eq(zx_clock_get(ZX_CLOCK_UTC), 0);
    ck_assert_int_eq(zx_clock_get_new(ZX_CLOCK_UTC, &now), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_clock_get_new(ZX_CLOCK_THREAD, &now), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_clock_get_new(3, &now), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_clock_get_new(ZX_CLOCK_MONOTONIC, NULL), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(times_are_held_at_the_ends) {
    const int64_t most = INT64_MAX;
    const int64_t least = INT64_MIN;
    ck_assert_int_eq(zx_time_add_duration(5, -7), -2);
    ck_assert_int_eq(zx_time_add_duration(most, 1), most);
    ck_assert_int_eq(zx_time_add_duration(least, -1), least);
    ck_assert_int_eq(zx_time_sub_duration(5, 7), -2);
    ck_assert_int_eq(zx_time_sub_duration(most, -1), most);
    ck_assert_int_eq(zx_time_sub_time(least, 1), least);
    ck_assert_int_eq(zx_time_sub_time(0, least), most);
    ck_assert_int_eq(zx_duration_add_duration(most, most), most);
    ck_assert_int_eq(zx_duration_sub_duration(least, most), least);
    ck_assert_int_eq(zx_duration_mul_int64(-6, 7), -42);
    ck_assert_int_eq(zx_duration_mul_int64(-6, -7), 42);
    ck_assert_int_eq(zx_duration_mul_int64(0, least), 0);
    ck_assert_int_eq(zx_duration_mul_int64(least, -1), most);
    ck_assert_int_eq(zx_duration_mul_int64(-1, least), most);
    ck_assert_int_eq(zx_duration_mul_int64(most, -1), -most);
    ck_assert_int_eq(zx_duration_mul_int64(most / 2 + 1, 2), most);
    ck_assert_int_eq(zx_duration_mul_int64(most / 2, 2), most - 1);
    ck_assert_int_eq(zx_duration_mul_int64(least / 2 - 1, 2), least);
    ck_assert_int_eq(zx_duration_mul_int64(2, least / 2), least);
    ck_assert_int_eq(zx_duration_mul_int64(-3, most), least);
    ck_assert_int_eq(zx_duration_mul_int64(-3, least / 2), most);
}
END_TEST

// The macros ask the compiler whether it knows the number, which is why it comes out of a variable.
static const struct {
    zx_duration_t (*count)(int64_t number);
    zx_duration_t unit;
} units[] = {
    {zx_duration_from_nsec, 1},          {zx_duration_from_usec, 1000},
    {zx_duration_from_msec, 1000000},    {zx_duration_from_sec, 1000000000},
    {zx_duration_from_min, 60000000000}, {zx_duration_from_hour, 3600000000000},
};

START_TEST(units_of_time_are_held_at_the_ends) {
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        ck_assert_int_eq(units[i].count(-7), -7 * units[i].unit);
        ck_assert_int_eq(units[i].count(INT64_MAX), INT64_MAX);
        ck_assert_int_eq(units[i].count(INT64_MIN), INT64_MIN);
    }
    volatile int64_t many = INT64_MAX / 1000 + 1;
    ck_assert_int_eq(ZX_NSEC(many), many);
    ck_assert_int_eq(ZX_USEC(many), INT64_MAX);
    ck_assert_int_eq(ZX_MSEC(-many), INT64_MIN);
    ck_assert_int_eq(ZX_SEC(many), INT64_MAX);
    ck_assert_int_eq(ZX_MIN(-many), INT64_MIN);
    ck_assert_int_eq(ZX_HOUR(many), INT64_MAX);
    ck_assert_int_eq(ZX_HOUR(0.5), ZX_MIN(30));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        what_needs_no_handle_is_not_supported,
        a_refused_call_tells_bad_handles_from_good_ones,
        properties_of_what_is_not_modelled_are_not_supported,
        the_system_answers_small_questions,
        cache_flushes_check_their_options,
        random_bytes_stop_at_bad_memory,
        the_clock_of_2018_is_the_monotonic_one,
        times_are_held_at_the_ends,
        units_of_time_are_held_at_the_ends,
    };
    return run_tests("refused", tests, sizeof tests / sizeof tests[0]);
}
