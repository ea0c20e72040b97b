// SPDX-License-Identifier: MIT
//
// The public headers: layouts (layout_assertions.h), the numbers of the constants, the names of
// the statuses, and that every call declared is there to link to. Compiled once for each era.

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zircon/features.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/clock.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/iommu.h>
#include <zircon/syscalls/log.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/pci.h>
#include <zircon/syscalls/policy.h>
#include <zircon/syscalls/port.h>
#include <zircon/syscalls/profile.h>
#include <zircon/syscalls/resource.h>
#include <zircon/syscalls/smc.h>
#include <zircon/syscalls/system.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/decode.h>
#include <zirconia/gdb.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#include "layout_assertions.h"
#include "run_tests.h"
#include "syscalls/names.h"
#include "syscalls/table.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// ---- Numbers of constants (hypervisor ABI 2.2 to 2.9; objects ABI 1, 5.2, 6.4, 8) ----

struct constant {
    const char *name;
    uint64_t actual;
    uint64_t expected;
};

#define CONSTANT(name, expected) #name, (uint64_t)(name), (uint64_t)(expected)

static const struct constant constants[] = {
#include "constants.inc"
    {CONSTANT(ZX_GUEST_TRAP_BELL, 0)},
    {CONSTANT(ZX_GUEST_TRAP_MEM, 1)},
    {CONSTANT(ZX_GUEST_TRAP_IO, 2)},
    {CONSTANT(ZX_VCPU_STATE, 0)},
    {CONSTANT(ZX_VCPU_IO, 1)},
    {CONSTANT(ZX_PKT_TYPE_USER, 0)},
    {CONSTANT(ZX_PKT_TYPE_SIGNAL_ONE, 1)},
    {CONSTANT(ZX_PKT_TYPE_GUEST_BELL, 3)},
    {CONSTANT(ZX_PKT_TYPE_GUEST_MEM, 4)},
    {CONSTANT(ZX_PKT_TYPE_GUEST_IO, 5)},
    {CONSTANT(ZX_PKT_TYPE_GUEST_VCPU, 6)},
    {CONSTANT(ZX_PKT_TYPE_INTERRUPT, 7)},
    {CONSTANT(ZX_PKT_TYPE_PAGE_REQUEST, 9)},
    {CONSTANT(ZX_PKT_GUEST_VCPU_INTERRUPT, 0)},
    {CONSTANT(ZX_PKT_GUEST_VCPU_STARTUP, 1)},
    {CONSTANT(ZX_PORT_BIND_TO_INTERRUPT, 1)},
    {CONSTANT(ZX_WAIT_ASYNC_ONCE, 0)},
    {CONSTANT(ZX_INFO_HANDLE_VALID, 1)},
    {CONSTANT(ZX_INFO_HANDLE_BASIC, 2)},
    {CONSTANT(ZX_INFO_VMAR, 7)},
    {CONSTANT(ZX_INFO_THREAD, 10)},
    {CONSTANT(ZX_INFO_RESOURCE, 18)},
    {CONSTANT(ZX_INFO_HANDLE_COUNT, 19)},
    {CONSTANT(ZX_INFO_VCPU, 32)},
    {CONSTANT(ZX_INFO_VCPU_FLAG_KICKED, 1)},
    {CONSTANT(ZX_OBJ_TYPE_PROCESS, 1)},
    {CONSTANT(ZX_OBJ_TYPE_THREAD, 2)},
    {CONSTANT(ZX_OBJ_TYPE_VMO, 3)},
    {CONSTANT(ZX_OBJ_TYPE_EVENT, 5)},
    {CONSTANT(ZX_OBJ_TYPE_PORT, 6)},
    {CONSTANT(ZX_OBJ_TYPE_RESOURCE, 15)},
    {CONSTANT(ZX_OBJ_TYPE_VMAR, 18)},
    {CONSTANT(ZX_OBJ_TYPE_GUEST, 20)},
    {CONSTANT(ZX_OBJ_TYPE_VCPU, 21)},
    {CONSTANT(ZX_OBJ_TYPE_SUSPEND_TOKEN, 27)},
    {CONSTANT(ZX_RIGHT_DUPLICATE, 0x1)},
    {CONSTANT(ZX_RIGHT_EXECUTE, 0x10)},
    {CONSTANT(ZX_RIGHT_SIGNAL, 0x1000)},
    {CONSTANT(ZX_RIGHT_INSPECT, 0x8000)},
    {CONSTANT(ZX_RIGHT_MANAGE_THREAD, 0x40000)},
    {CONSTANT(ZX_RIGHT_RESIZE, 0x400000)},
    {CONSTANT(ZX_RIGHT_MANAGE_VMO, 0x1000000)},
    {CONSTANT(ZX_RIGHT_SAME_RIGHTS, 0x80000000)},
    {CONSTANT(ZX_RIGHTS_BASIC, 0xC003)},
    {CONSTANT(ZX_RIGHTS_IO, 0xC)},
    {CONSTANT(ZX_RIGHTS_PROPERTY, 0xC0)},
    {CONSTANT(ZX_RIGHTS_POLICY, 0xC00)},
    {CONSTANT(ZIRCONIA_2018_GUEST_RIGHTS, 0x2800B)},
    {CONSTANT(ZIRCONIA_2022_GUEST_RIGHTS, 0x4800B)},
    {CONSTANT(ZIRCONIA_2018_VMAR_RIGHTS, 0x8003)},
    {CONSTANT(ZIRCONIA_2022_VMAR_RIGHTS, 0x208003)},
    {CONSTANT(ZIRCONIA_2018_VMO_RIGHTS, 0xD0FF)},
    {CONSTANT(ZIRCONIA_2022_VMO_RIGHTS, 0xD0EF)},
    {CONSTANT(ZX_DEFAULT_VCPU_RIGHTS, 0xD01F)},
    {CONSTANT(ZX_DEFAULT_PORT_RIGHTS, 0x800F)},
    {CONSTANT(ZX_DEFAULT_THREAD_RIGHTS, 0x4D2CF)},
    {CONSTANT(ZX_DEFAULT_EVENT_RIGHTS, 0xD003)},
    {CONSTANT(ZX_DEFAULT_EVENTPAIR_RIGHTS, 0xF003)},
    {CONSTANT(ZX_DEFAULT_TIMER_RIGHTS, 0xD00B)},
    {CONSTANT(ZX_DEFAULT_RESOURCE_RIGHTS, 0x800B)},
    {CONSTANT(ZX_DEFAULT_SUSPEND_TOKEN_RIGHTS, 0x8002)},
    {CONSTANT(ZX_VM_PERM_READ, 0x1)},
    {CONSTANT(ZX_VM_PERM_WRITE, 0x2)},
    {CONSTANT(ZX_VM_PERM_EXECUTE, 0x4)},
    {CONSTANT(ZX_VM_SPECIFIC, 0x10)},
    {CONSTANT(ZX_VM_SPECIFIC_OVERWRITE, 0x20)},
    {CONSTANT(ZX_VM_CAN_MAP_SPECIFIC, 0x40)},
    {CONSTANT(ZX_VM_MAP_RANGE, 0x400)},
    {CONSTANT(ZX_VM_FLAG_REQUIRE_NON_RESIZABLE, 0x800)},
    {CONSTANT(ZX_RSRC_KIND_ROOT, 3)},
    {CONSTANT(ZX_RSRC_KIND_SYSTEM, 5)},
    {CONSTANT(ZX_RSRC_SYSTEM_HYPERVISOR_BASE, 0)},
    {CONSTANT(ZX_RSRC_SYSTEM_VMEX_BASE, 1)},
    {CONSTANT(ZX_THREAD_RUNNING, 0x10)},
    {CONSTANT(ZX_THREAD_SUSPENDED, 0x20)},
    {CONSTANT(ZX_SIGNAL_HANDLE_CLOSED, 0x800000)},
    {CONSTANT(ZX_USER_SIGNAL_7, 0x80000000)},
    {CONSTANT(ZX_CHANNEL_READ_MAY_DISCARD, 1)},
    {CONSTANT(ZX_EVENT_SIGNAL_MASK, 0xff000008)},
    {CONSTANT(ZX_EXCP_FATAL_PAGE_FAULT, 0x108)},
    {CONSTANT(ZX_EXCP_THREAD_EXITING, 0x8108)},
    {CONSTANT(ZX_THREAD_STATE_BLOCKED_WAIT_MANY, 0x703)},
    {CONSTANT(ZX_CLOCK_UPDATE_OPTION_SYNTHETIC_VALUE_VALID, 1)},
    {CONSTANT(ZX_CLOCK_UPDATE_OPTION_REFERENCE_VALUE_VALID, 8)},
    {CONSTANT(ZX_CLOCK_UPDATE_OPTION_BOTH_VALUES_VALID, 9)},
    {CONSTANT(ZX_CLOCK_ARGS_VERSION(2), 0x0800000000000000)},
    {CONSTANT(ZX_PAGE_SIZE, 4096)},
    {CONSTANT(ZX_HANDLE_FIXED_BITS_MASK, 3)},
    {CONSTANT(ZX_KOID_FIRST, 1024)},
#if ZIRCONIA_ERA < 201812
    {CONSTANT(ZX_TIME_INFINITE, 0xffffffffffffffff)},
    {CONSTANT(ZX_THREAD_STATE_SINGLE_STEP, 4)},
    {CONSTANT(ZX_DEFAULT_GUEST_RIGHTS, 0xC00B)},
#else
    {CONSTANT(ZX_TIME_INFINITE, 0x7fffffffffffffff)},
    {CONSTANT(ZX_TIME_INFINITE_PAST, 0x8000000000000000)},
    {CONSTANT(ZX_THREAD_STATE_SINGLE_STEP, 5)},
#endif
#if ZIRCONIA_ERA >= 201812 && ZIRCONIA_ERA < 202209
    {CONSTANT(ZX_DEFAULT_GUEST_RIGHTS, 0x2800B)},
#endif
#if ZIRCONIA_ERA < 202209
    {CONSTANT(ZX_DEFAULT_VMAR_RIGHTS, 0x8003)},
    {CONSTANT(ZX_INFO_PROCESS, 3)},
#else
    {CONSTANT(ZX_DEFAULT_GUEST_RIGHTS, 0x4800B)},
    {CONSTANT(ZX_DEFAULT_VMAR_RIGHTS, 0x208003)},
    {CONSTANT(ZX_INFO_PROCESS, 0x10000003)},
    {CONSTANT(ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_PACKETS, 17)},
#endif
    {CONSTANT(ZX_MSEC(3), 3000000)},
    {CONSTANT(ZX_HOUR(1), 3600000000000)},
#if ZIRCONIA_ERA < 202104
    {CONSTANT(ZX_PKT_TYPE_SIGNAL_REP, 2)},
    {CONSTANT(ZX_PKT_TYPE_EXCEPTION(0x81u), 0x8108)},
    {CONSTANT(ZX_PKT_TYPE_MASK, 0xff)},
    {CONSTANT(ZX_WAIT_ASYNC_REPEATING, 1)},
    {CONSTANT(ZX_WAIT_MANY_MAX_ITEMS, 16)},
    {CONSTANT(ZX_JOB_NO_PROCESSES, 0x8)},
    {CONSTANT(ZX_VMO_NON_RESIZABLE, 1)},
    {CONSTANT(ZX_INFO_THREAD_EXCEPTION_REPORT, 11)},
    {CONSTANT(ZX_RESUME_EXCEPTION, 1)},
    {CONSTANT(ZX_RESUME_TRY_NEXT, 2)},
    {CONSTANT(ZX_DEFAULT_VMO_RIGHTS, 0xD0FF)},
#else
    {CONSTANT(ZX_GUEST_OPT_NORMAL, 0)},
    {CONSTANT(ZX_GUEST_OPT_DIRECT, 1)},
    {CONSTANT(ZX_PKT_GUEST_VCPU_EXIT, 2)},
    {CONSTANT(ZX_WAIT_ASYNC_TIMESTAMP, 1)},
    {CONSTANT(ZX_WAIT_ASYNC_EDGE, 2)},
    {CONSTANT(ZX_WAIT_ASYNC_BOOT_TIMESTAMP, 4)},
    {CONSTANT(ZX_WAIT_MANY_MAX_ITEMS, 64)},
    {CONSTANT(ZX_JOB_NO_PROCESSES, 0x20)},
    {CONSTANT(ZX_VMO_RESIZABLE, 2)},
    {CONSTANT(ZX_VM_OFFSET_IS_UPPER_LIMIT, 0x2000)},
    {CONSTANT(ZX_INFO_THREAD_EXCEPTION_REPORT, 0x1000000B)},
    {CONSTANT(ZX_OBJ_TYPE_UPPER_BOUND, 64)},
    {CONSTANT(ZX_OBJ_TYPE_MSI_ALLOCATION, 32)},
    {CONSTANT(ZX_PROP_PROCESS_BREAK_ON_LOAD, 7)},
    {CONSTANT(ZX_PROP_PROCESS_HW_TRACE_CONTEXT_ID, 8)},
    {CONSTANT(ZX_PROP_SOCKET_RX_THRESHOLD, 12)},
    {CONSTANT(ZX_PROP_SOCKET_TX_THRESHOLD, 13)},
    {CONSTANT(ZX_PROP_JOB_KILL_ON_OOM, 15)},
    {CONSTANT(ZX_PROP_EXCEPTION_STATE, 16)},
    {CONSTANT(ZX_PROP_VMO_CONTENT_SIZE, 17)},
    {CONSTANT(ZX_PROP_STREAM_MODE_APPEND, 19)},
    {CONSTANT(ZX_DEFAULT_VMO_RIGHTS, 0xD0EF)},
#endif
};

START_TEST(constants_have_their_numbers) {
    for (size_t i = 0; i < COUNT_OF(constants); i++) {
        ck_assert_msg(constants[i].actual == constants[i].expected, "%s is 0x%llx, not 0x%llx",
                      constants[i].name, (unsigned long long)constants[i].actual,
                      (unsigned long long)constants[i].expected);
    }
}
END_TEST

// ---- Status names ----

// The text of a public header, from the source tree, to be freed by the caller.
static char *read_header(const char *path) {
    char name[1024];
    int length = snprintf(name, sizeof(name), "%s/include/%s", ZIRCONIA_SOURCE_DIR, path);
    ck_assert_msg(length > 0 && (size_t)length < sizeof(name), "path too long: %s", path);

    FILE *file = fopen(name, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", name);
    size_t capacity = 1u << 20;
    char *text = malloc(capacity);
    ck_assert_ptr_nonnull(text);
    size_t size = fread(text, 1, capacity - 1, file);
    ck_assert_msg(size > 0 && size < capacity - 1, "unexpected size of %s", name);
    (void)fclose(file);
    text[size] = '\0';
    return text;
}

START_TEST(every_status_has_its_name) {
    char *text = read_header("zircon/errors.h");
    size_t defined = 0;

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char name[64];
        int value = 0;
        if (sscanf(line, "#define %63[A-Z_] (%d)", name, &value) != 2) {
            continue;
        }
        ck_assert_str_eq(zx_status_get_string(value), name);
        ck_assert_str_ne(zirconia_status_text(value), zirconia_status_text(1));
        defined++;
    }
    free(text);

#define STATUS_ONE(name) +1
    ck_assert_uint_eq(defined, 0 STATUS_NAMES(STATUS_ONE));
#undef STATUS_ONE
}
END_TEST

START_TEST(other_numbers_have_no_name) {
    static const zx_status_t unknown[] = {1, -5, -7, -29, -77, -501, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        ck_assert_str_eq(zx_status_get_string(unknown[i]), "(UNKNOWN)");
        ck_assert_str_eq(zirconia_status_text(unknown[i]), "This is no status.");
    }
}
END_TEST

// ---- Every call declared can be linked to ----

struct call {
    const char *name;
    void (*function)(void);
};

#define CALL(name) #name, (void (*)(void))(name)

static const struct call calls[] = {
    {CALL(zx_guest_create)},
    {CALL(zx_guest_set_trap)},
    {CALL(zx_vcpu_create)},
    {CALL(zx_vcpu_enter)},
    {CALL(zx_vcpu_resume)},
    {CALL(zx_vcpu_kick)},
    {CALL(zx_vcpu_interrupt)},
    {CALL(zx_vcpu_read_state)},
    {CALL(zx_vcpu_write_state)},
    {CALL(zx_port_create)},
    {CALL(zx_port_queue)},
    {CALL(zx_port_wait)},
    {CALL(zx_port_cancel)},
    {CALL(zx_port_cancel_key)},
    {CALL(zx_handle_close)},
    {CALL(zx_handle_close_many)},
    {CALL(zx_handle_duplicate)},
    {CALL(zx_handle_replace)},
    {CALL(zx_object_get_info)},
    {CALL(zx_object_get_property)},
    {CALL(zx_object_set_property)},
    {CALL(zx_object_signal)},
    {CALL(zx_object_signal_peer)},
    {CALL(zx_object_wait_one)},
    {CALL(zx_object_wait_many)},
    {CALL(zx_object_wait_async)},
    {CALL(zx_event_create)},
    {CALL(zx_eventpair_create)},
    {CALL(zx_timer_create)},
    {CALL(zx_timer_set)},
    {CALL(zx_timer_cancel)},
    {CALL(zx_clock_get)},
    {CALL(zx_clock_get_new)},
    {CALL(zx_system_get_page_size)},
    {CALL(zx_system_get_num_cpus)},
    {CALL(zx_system_get_physmem)},
    {CALL(zx_system_get_dcache_line_size)},
    {CALL(zx_system_get_version_string)},
    {CALL(zx_system_get_version)},
    {CALL(zx_cache_flush)},
    {CALL(zx_cprng_draw)},
    {CALL(zx_vmo_create)},
    {CALL(zx_vmo_read)},
    {CALL(zx_vmo_write)},
    {CALL(zx_vmo_get_size)},
    {CALL(zx_vmo_set_size)},
    {CALL(zx_vmo_op_range)},
    {CALL(zx_vmo_set_cache_policy)},
    {CALL(zx_vmo_create_child)},
    {CALL(zx_vmo_clone)},
    {CALL(zx_vmar_allocate)},
    {CALL(zx_vmar_protect)},
    {CALL(zx_vmar_op_range)},
    {CALL(zx_vmar_destroy)},
    {CALL(zx_vmo_replace_as_executable)},
    {CALL(zx_vmar_map)},
    {CALL(zx_vmar_unmap)},
    {CALL(zx_vmar_root_self)},
    {CALL(zx_thread_create)},
    {CALL(zx_thread_start)},
    {CALL(zx_thread_exit)},
    {CALL(zx_thread_read_state)},
    {CALL(zx_thread_write_state)},
    {CALL(zx_thread_self)},
    {CALL(zx_process_exit)},
    {CALL(zx_process_self)},
    {CALL(zx_job_default)},
    {CALL(zx_object_get_child)},
    {CALL(zx_task_kill)},
    {CALL(zx_task_suspend)},
    {CALL(zx_task_suspend_token)},
    {CALL(zx_task_resume)},
    {CALL(zx_task_resume_from_exception)},
    {CALL(zx_task_bind_exception_port)},
    {CALL(zx_task_create_exception_channel)},
    {CALL(zx_channel_read)},
    {CALL(zx_exception_get_thread)},
    {CALL(zx_exception_get_process)},
    {CALL(zx_clock_get_monotonic)},
    {CALL(zx_deadline_after)},
    {CALL(zx_nanosleep)},
    {CALL(zx_ticks_get)},
    {CALL(zx_ticks_per_second)},
    {CALL(zx_status_get_string)},
    {CALL(zirconia_thread_handle)},
    {CALL(zirconia_version)},
    {CALL(zirconia_engine_version)},
    {CALL(zirconia_engine_note)},
    {CALL(zirconia_resource_create)},
    {CALL(zirconia_hypervisor_resource)},
    {CALL(zirconia_set_log)},
    {CALL(zirconia_status_text)},
    {CALL(zirconia_mmio_decode)},
    {CALL(zirconia_mmio_complete)},
    {CALL(zirconia_instruction_length)},
    {CALL(zirconia_disassemble)},
    {CALL(zirconia_guest_find_physical)},
    {CALL(zirconia_guest_read_memory)},
    {CALL(zirconia_guest_set_breakpoints)},
    {CALL(zirconia_guest_set_watchpoints)},
    {CALL(zirconia_guest_write_memory)},
    {CALL(zirconia_vcpu_find_linear)},
    {CALL(zirconia_vcpu_read_interrupts)},
    {CALL(zirconia_vcpu_read_registers)},
    {CALL(zirconia_vcpu_read_stop)},
    {CALL(zirconia_vcpu_set_stepping)},
    {CALL(zirconia_vcpu_stop)},
    {CALL(zirconia_vcpu_walk_linear)},
    {CALL(zirconia_vcpu_write_registers)},
    {CALL(zirconia_gdb_create)},
    {CALL(zirconia_gdb_destroy)},
    {CALL(zirconia_gdb_end)},
    {CALL(zirconia_gdb_enter)},
    {CALL(zirconia_gdb_port)},
    {CALL(zirconia_gdb_replays)},
    {CALL(zirconia_gdb_serve)},
    {CALL(zirconia_guest_note_store)},
    {CALL(zirconia_guest_observe)},
    {CALL(zirconia_guest_observe_entries)},
    {CALL(zirconia_guest_restore)},
    {CALL(zirconia_guest_set_budget)},
    {CALL(zirconia_guest_set_comparisons)},
    {CALL(zirconia_guest_set_coverage)},
    {CALL(zirconia_guest_set_coverage_ranges)},
    {CALL(zirconia_guest_set_devices)},
    {CALL(zirconia_guest_snapshot)},
    {CALL(zirconia_guest_statistics)},
    {CALL(zirconia_exit_kind_name)},
    {CALL(zirconia_coverage_place)},
    {CALL(zirconia_guest_use_virtual_time)},
    {CALL(zirconia_snapshot_load)},
    {CALL(zirconia_snapshot_save)},
#ifndef ZIRCONIA_OF_ERA
    {CALL(zirconia_201807_deadline_after)},
#define NOTHING(...)
#define OLDER(name) {CALL_OF(name)},
#define OF_ERA(prefix, era, name) IF_OLDER_##era(OLDER, prefix##name)
#undef CALL
#define CALL_OF(name) #name, (void (*)(void))(name)
#define REFUSED(eras, name, parameters) ERAS_##eras(NOTHING, OF_ERA, name)
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(NOTHING, OF_ERA, name)
#include "syscalls/calls.inc"
#endif
};

static bool declared[COUNT_OF(calls)];

static bool call_is_listed(const char *name, size_t length) {
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        if (strlen(calls[i].name) == length && memcmp(calls[i].name, name, length) == 0) {
            declared[i] = true;
            return calls[i].function != NULL;
        }
    }
    return false;
}

// Looks for each declaration in a header: the word before the first parenthesis after
// ZIRCONIA_EXPORT.
static void check_declarations(const char *path) {
    char *text = read_header(path);

    for (char *at = strstr(text, "\nZIRCONIA_EXPORT "); at != NULL;
         at = strstr(at + 1, "\nZIRCONIA_EXPORT ")) {
        char *end = strchr(at, '(');
        ck_assert_ptr_nonnull(end);
        char *name = end;
        while (name[-1] != ' ' && name[-1] != '*') {
            name--;
        }
        size_t length = (size_t)(end - name);
#ifdef ZIRCONIA_OF_ERA
        if (strncmp(name, "zirconia_201807_", 16) == 0) {
            continue;
        }
#endif
        ck_assert_msg(call_is_listed(name, length), "%.*s is not in the list", (int)length, name);
    }
    free(text);
}

START_TEST(every_declared_call_exists) {
    static const char *const headers[] = {
        "zircon/syscalls.h",
        "zircon/syscalls/memory_calls.h",
        "zircon/syscalls/task_calls.h",
#ifndef ZIRCONIA_OF_ERA
        "zircon/syscalls/era_calls.h",
#endif
        "zircon/process.h",
        "zircon/status.h",
        "zirconia/zirconia.h",
        "zirconia/coverage.h",
        "zirconia/decode.h",
        "zirconia/debug.h",
        "zirconia/gdb.h",
        "zirconia/observe.h",
        "zirconia/snapshot.h",
        "zirconia/virtual_time.h",
    };
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        check_declarations(headers[i]);
    }
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        ck_assert_msg(declared[i], "%s is in no header", calls[i].name);
    }
}
END_TEST

// ---- The era's symbols ----

#define EXPANDED_AGAIN(name) #name
#define EXPANDED(name) EXPANDED_AGAIN(name)
#ifdef ZIRCONIA_ABI
#define ERA_IN_SYMBOLS EXPANDED(ZIRCONIA_ABI)
#else
#define ERA_IN_SYMBOLS "2018"
#endif

START_TEST(era_selects_symbols) {
#ifndef ZIRCONIA_OF_ERA
    ck_assert(zx_guest_create != zirconia_2018_guest_create);
    ck_assert(zx_vmo_create != zirconia_202104_vmo_create);
    ck_assert(zirconia_201812_vmar_map != zirconia_2018_vmar_map);
    ck_assert_str_eq(EXPANDED(zx_vcpu_resume), "zx_vcpu_resume");
#else
    const struct {
        const char *name;
        const char *symbol;
    } names[] = {
        {"guest_create", EXPANDED(zx_guest_create)}, {"vcpu_resume", EXPANDED(zx_vcpu_resume)},
        {"port_wait", EXPANDED(zx_port_wait)},       {"vmar_map", EXPANDED(zx_vmar_map)},
        {"debug_read", EXPANDED(zx_debug_read)},     {"task_suspend", EXPANDED(zx_task_suspend)},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char wanted[64];
        (void)snprintf(wanted, sizeof(wanted), "zirconia_%s_%s", ERA_IN_SYMBOLS, names[i].name);
        ck_assert_str_eq(names[i].symbol, wanted);
    }
#endif
    ck_assert_str_eq(EXPANDED(zx_vcpu_enter), "zx_vcpu_enter");
}
END_TEST

START_TEST(version_strings_agree) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%d.%d.%d", ZIRCONIA_VERSION_MAJOR, ZIRCONIA_VERSION_MINOR,
                   ZIRCONIA_VERSION_PATCH);
    ck_assert_str_eq(text, ZIRCONIA_VERSION_STRING);
    ck_assert_str_eq(zirconia_version(), ZIRCONIA_VERSION_STRING);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        constants_have_their_numbers, every_status_has_its_name, other_numbers_have_no_name,
        every_declared_call_exists,   era_selects_symbols,       version_strings_agree,
    };
    return run_tests("layout", tests, sizeof tests / sizeof tests[0]);
}
