// SPDX-License-Identifier: MIT
//
// VMOs: creation, reading, writing, who hears of a write, and the pages below them (objects ABI
// 5.1).

#include "bad_memory.h"
#include "handles.h"
#include "objects/handle_table.h"
#include "objects/vmo.h"
#include "run_tests.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

#ifndef _WIN32
#include "platform/posix_memory.h"
#endif

START_TEST(create_checks_in_order) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(UINT64_MAX, 1, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_create(0, ZX_VMO_DISCARDABLE, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_create(UINT64_MAX, 0, NULL), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_create(UINT64_MAX - 0x1fffe, 0, NULL), ZX_ERR_OUT_OF_RANGE);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_vmo_create(4096, 0, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_vmo_create(UINT64_MAX - 0x1ffff, 0, &handle), ZX_ERR_NO_MEMORY);
    ck_assert_uint_eq(handle, ZX_HANDLE_INVALID);
}
END_TEST

START_TEST(rights_depend_on_options_and_era) {
    zx_handle_t handle = new_vmo(1, 0);
    ck_assert_uint_eq(rights_of(handle), 0xd0efu);
    zx_handle_close(handle);
    ck_assert_int_eq(zx_vmo_create(1, ZX_VMO_RESIZABLE, &handle), ZX_OK);
    ck_assert_uint_eq(rights_of(handle), 0x40d0efu);
    zx_handle_close(handle);
    ck_assert_int_eq(zirconia_2018_vmo_create(1, 2, &handle), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_2018_vmo_create(1, 1, &handle), ZX_OK);
    ck_assert_uint_eq(rights_of(handle), 0xd0ffu);
    zx_handle_close(handle);
}
END_TEST

START_TEST(size_is_in_whole_pages) {
    const uint64_t sizes[][2] = {{0, 0}, {1, 4096}, {4096, 4096}, {4097, 8192}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const zx_handle_t vmo = new_vmo(sizes[i][0], 0);
        const zx_handle_t bare = with_rights(vmo, ZX_RIGHT_NONE);
        uint64_t size = 7;
        ck_assert_int_eq(zx_vmo_get_size(bare, &size), ZX_OK);
        ck_assert_uint_eq(size, sizes[i][1]);
        for (int j = 0; j < BAD_POINTER_COUNT; j++) {
            ck_assert_int_eq(zx_vmo_get_size(vmo, bad_pointer(j)), ZX_ERR_INVALID_ARGS);
        }
        zx_handle_close(bare);
        zx_handle_close(vmo);
    }
    const zx_handle_t port = new_port();
    ck_assert_int_eq(zx_vmo_get_size(7, NULL), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_get_size(port, NULL), ZX_ERR_WRONG_TYPE);
    zx_handle_close(port);
}
END_TEST

START_TEST(read_returns_what_was_written) {
    const zx_handle_t vmo = new_vmo(4 * 4096, 0);
    uint8_t buffer[3000];
    uint8_t expected[3000];
    for (size_t i = 0; i < sizeof(expected); i++) {
        expected[i] = (uint8_t)(i * 31 + 5);
    }
    ck_assert_int_eq(zx_vmo_write(vmo, expected, 4096 * 2 - 1501, sizeof(expected)), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, buffer, 4096 * 2 - 1501, sizeof(buffer)), ZX_OK);
    ck_assert_mem_eq(buffer, expected, sizeof(buffer));
    memset(expected, 0, sizeof(expected));
    ck_assert_int_eq(zx_vmo_read(vmo, buffer, 3 * 4096, sizeof(buffer)), ZX_OK);
    ck_assert_mem_eq(buffer, expected, sizeof(buffer));
    zx_handle_close(vmo);
}
END_TEST

START_TEST(ranges_are_checked) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    uint8_t byte = 0;
    const uint64_t good[][2] = {{0, 0}, {4096, 0}, {4095, 1}};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(zx_vmo_read(vmo, &byte, good[i][0], (size_t)good[i][1]), ZX_OK);
        ck_assert_int_eq(zx_vmo_write(vmo, &byte, good[i][0], (size_t)good[i][1]), ZX_OK);
    }
    const uint64_t bad[][2] = {
        {4097, 0}, {4096, 1}, {4095, 2}, {0, 4097}, {UINT64_MAX, 1}, {1, SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(zx_vmo_read(vmo, &byte, bad[i][0], (size_t)bad[i][1]),
                         ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(zx_vmo_write(vmo, NULL, bad[i][0], (size_t)bad[i][1]),
                         ZX_ERR_OUT_OF_RANGE);
    }
    zx_handle_close(vmo);
}
END_TEST

START_TEST(read_and_write_check_in_order) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    const zx_handle_t reader = with_rights(vmo, ZX_RIGHT_READ);
    const zx_handle_t writer = with_rights(vmo, ZX_RIGHT_WRITE);
    const zx_handle_t port = new_port();
    ck_assert_int_eq(zx_vmo_read(7, NULL, 9999, 1), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_read(port, NULL, 9999, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmo_read(writer, NULL, 9999, 1), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_write(7, NULL, 9999, 1), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_write(port, NULL, 9999, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmo_write(reader, NULL, 9999, 1), ZX_ERR_ACCESS_DENIED);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_vmo_read(vmo, bad_pointer(i), 0, 100), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vmo_write(vmo, bad_pointer(i), 0, 100), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_vmo_read(vmo, read_only_page(), 0, 100), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_write(vmo, read_only_page(), 0, 100), ZX_OK);
    const zx_handle_t all[] = {vmo, reader, writer, port};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(copies_stop_at_bad_memory) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    for (size_t size = 1; size < 40; size++) {
        uint8_t *edge = before_bad_memory(size);
        ck_assert_int_eq(zx_vmo_read(vmo, edge, 0, size), ZX_OK);
        ck_assert_int_eq(zx_vmo_read(vmo, edge, 0, size + 1), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vmo_write(vmo, edge, 0, size + 9), ZX_ERR_INVALID_ARGS);
    }
    zx_handle_close(vmo);
}
END_TEST

// 2018 does not tell why. Beyond the end of what is mapped there is no memory in either era.
START_TEST(a_buffer_in_a_mapping_without_the_permission_is_denied) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    const zx_handle_t other = new_vmo(page, 0);
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, other, 0, 2 * page, &address), ZX_OK);
    uint8_t *buffer = (uint8_t *)address;
    ck_assert_int_eq(zx_vmo_read(vmo, buffer, 0, 16), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_2018_vmo_read(vmo, buffer, 0, 16), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_write(vmo, buffer, 0, 16), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, buffer + page, 0, 16), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_write(vmo, buffer + page, 0, 16), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(zx_vmar_root_self(), 0, address, page), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(vmo, buffer, 0, 16), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_2018_vmo_write(vmo, buffer, 0, 16), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, 2 * page), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, buffer, 0, 16), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(a_vmo_is_read_into_a_mapping_of_itself) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    zx_vaddr_t address = 0;
    const uint8_t byte = 7;
    ck_assert_int_eq(zx_vmo_write(vmo, &byte, page + 5, 1), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0,
                                 page, &address),
                     ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, (void *)address, page, page), ZX_OK);
    ck_assert_int_eq(((const uint8_t *)address)[5], 7);
    ck_assert_int_eq(zx_vmo_write(vmo, (const void *)address, page - 5, page), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, (void *)address, page, 1), ZX_OK);
    ck_assert_int_eq(((const uint8_t *)address)[0], 7);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, page), ZX_OK);
    zx_handle_close(vmo);
}
END_TEST

struct crossing {
    zx_handle_t from;
    void *to; // A mapping of the other thread's VMO.
    size_t size;
};

static void *read_across(void *argument) {
    const struct crossing *crossing = argument;
    for (int i = 0; i < 50; i++) {
        if (zx_vmo_read(crossing->from, crossing->to, crossing->size, crossing->size) != ZX_OK) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(two_threads_read_two_vmos_into_mappings_of_each_other) {
    const size_t size = 128 * platform_page_size();
    struct crossing crossings[2];
    pthread_t threads[2];
    zx_vaddr_t addresses[2];
    for (int i = 0; i < 2; i++) {
        crossings[i].from = new_vmo(2 * size, 0);
        crossings[i].size = size;
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                     crossings[i].from, 0, size, &addresses[i]),
                         ZX_OK);
        crossings[1 - i].to = (void *)addresses[i];
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_across, &crossings[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), addresses[i], size), ZX_OK);
        zx_handle_close(crossings[i].from);
    }
}
END_TEST

START_TEST(huge_vmo_takes_memory_only_where_touched) {
    const uint64_t size = UINT64_C(1) << 36;
    const zx_handle_t vmo = new_vmo(size, 0);
    uint64_t value = 0x1122334455667788;
    ck_assert_int_eq(zx_vmo_write(vmo, &value, size - 8, 8), ZX_OK);
    value = 0;
    ck_assert_int_eq(zx_vmo_read(vmo, &value, size - 8, 8), ZX_OK);
    ck_assert_uint_eq(value, 0x1122334455667788);
    zx_handle_close(vmo);
}
END_TEST

// No address space has room for all of it.
START_TEST(a_vmo_larger_than_all_addresses_is_read_and_written) {
    const uint64_t size = UINT64_C(1) << 50;
    const zx_handle_t vmo = new_vmo(size, 0);
    enum { SPAN = 3 << 20 };
    uint8_t *bytes = malloc(SPAN);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 7, SPAN);
    ck_assert_int_eq(zx_vmo_write(vmo, bytes, size - SPAN, SPAN), ZX_OK);
    memset(bytes, 0, SPAN);
    zx_info_vmo_t info;
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.committed_bytes, SPAN);
    ck_assert_int_eq(zx_vmo_read(vmo, bytes, size - SPAN - 5, SPAN), ZX_OK);
    for (size_t i = 0; i < SPAN; i++) {
        ck_assert_int_eq(bytes[i], i < 5 ? 0 : 7);
    }
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_vmo_read(vmo, bad_pointer(i), 0, 100), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vmo_write(vmo, bad_pointer(i), 0, 100), ZX_ERR_INVALID_ARGS);
    }
    free(bytes);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(replace_as_executable_adds_the_right) {
    zx_handle_t vmex = ZX_HANDLE_INVALID;
    ck_assert_int_eq(
        zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, ZX_RSRC_SYSTEM_VMEX_BASE, 1, &vmex), ZX_OK);
    for (int i = 0; i < 2; i++) {
        const zx_handle_t vmo = new_vmo(4096, 0);
        zx_handle_t executable = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, i == 0 ? 0 : vmex, &executable), ZX_OK);
        ck_assert_uint_eq(rights_of(executable), 0xd0ffu);
        ck_assert_int_eq(zx_handle_close(vmo), ZX_ERR_BAD_HANDLE);
        ck_assert_int_eq(zx_handle_close(executable), ZX_OK);
    }
    zx_handle_close(vmex);
}
END_TEST

// Every failure but BAD_HANDLE ends the source.
static void expect_refusal(zx_handle_t source, zx_handle_t vmex, zx_status_t expected) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_replace_as_executable(source, vmex, &out), expected);
    ck_assert_uint_eq(out, ZX_HANDLE_INVALID);
    ck_assert_int_eq(zx_handle_close(source), ZX_ERR_BAD_HANDLE);
}

START_TEST(replace_as_executable_refuses) {
    zx_handle_t other_kind = ZX_HANDLE_INVALID;
    zx_handle_t other_base = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_MMIO, 0, 10, &other_kind), ZX_OK);
    ck_assert_int_eq(zirconia_hypervisor_resource(&other_base), ZX_OK);
    expect_refusal(7, 9, ZX_ERR_BAD_HANDLE);
    expect_refusal(new_vmo(1, 0), 7, ZX_ERR_BAD_HANDLE);
    expect_refusal(new_vmo(1, 0), other_kind, ZX_ERR_WRONG_TYPE);
    expect_refusal(new_vmo(1, 0), other_base, ZX_ERR_OUT_OF_RANGE);
    expect_refusal(new_port(), 0, ZX_ERR_WRONG_TYPE);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        const zx_handle_t vmo = new_vmo(1, 0);
        ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, 0, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_handle_close(vmo), ZX_ERR_BAD_HANDLE);
    }
    zx_handle_close(other_kind);
    zx_handle_close(other_base);
}
END_TEST

struct ear {
    struct vmo_listener listener;
    int count;
    uint64_t offset;
    uint64_t length;
};

static void hear(struct vmo_listener *listener, uint64_t offset, uint64_t length) {
    struct ear *ear = (struct ear *)listener;
    ear->count++;
    ear->offset = offset;
    ear->length = length;
}

START_TEST(listeners_hear_of_writes) {
    struct vmo *vmo = NULL;
    ck_assert_int_eq(vmo_create(8192, false, &vmo), ZX_OK);
    struct ear first = {.listener = {.written = hear}};
    struct ear second = {.listener = {.written = hear}};
    uint8_t bytes[16] = {0};
    vmo_listener_add(vmo, &first.listener);
    vmo_listener_add(vmo, &second.listener);
    ck_assert_int_eq(vmo_write(vmo, bytes, 4090, 16), ZX_OK);
    ck_assert_int_eq(first.count, 1);
    ck_assert_uint_eq(second.offset, 4090);
    ck_assert_uint_eq(second.length, 16);
    vmo_listener_remove(vmo, &first.listener);
    ck_assert_int_eq(vmo_write(vmo, bytes, 0, 0), ZX_OK);
    ck_assert_int_eq(vmo_read(vmo, bytes, 0, 16), ZX_OK);
    ck_assert_int_eq(vmo_write(vmo, bytes, 8192, 1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(second.count, 1);
    ck_assert_int_eq(vmo_write(vmo, before_bad_memory(8), 0, 16), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(second.count, 2); // Half of it was written.
    ck_assert_int_eq(first.count, 1);
    vmo_listener_remove(vmo, &second.listener);
    vmo_unref(vmo);
}
END_TEST

static void *first_use(void *argument) {
    return vmo_host(argument, 4096);
}

START_TEST(threads_agree_on_the_host_mapping) {
    struct vmo *vmo = NULL;
    ck_assert_int_eq(vmo_create(4096, false, &vmo), ZX_OK);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, first_use, vmo), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *host = NULL;
        pthread_join(threads[i], &host);
        ck_assert_ptr_nonnull(host);
        ck_assert_ptr_eq(host, vmo_host(vmo, 4096));
    }
    vmo_unref(vmo);
}
END_TEST

#ifndef _WIN32
// Each way of getting pages, also those that this host has no need to fall back to.
START_TEST(every_nameless_file_works) {
    int (*const makers[])(void) = {
        nameless_file_memfd,
        nameless_file_shared,
        nameless_file_temporary,
    };
    int working = 0;
    for (size_t i = 0; i < 3; i++) {
        struct platform_memory *memory = memory_from_file(makers[i](), 3 * platform_page_size());
        if (memory == NULL) {
            continue;
        }
        working++;
        const size_t page = platform_page_size();
        const unsigned writable = PLATFORM_READ | PLATFORM_WRITE;
        uint8_t *whole = platform_memory_map(memory, 0, 3 * page, writable, NULL);
        uint8_t *part = platform_memory_map(memory, page, page, PLATFORM_READ, NULL);
        ck_assert_ptr_nonnull(whole);
        ck_assert_ptr_nonnull(part);
        whole[page + 5] = 99;
        ck_assert_uint_eq(part[5], 99);
        platform_memory_destroy(memory);
        ck_assert_uint_eq(part[5], 99); // Mappings outlive the memory's handle.
        platform_unmap(whole, 3 * page);
        platform_unmap(part, page);
    }
    ck_assert_int_ge(working, 2);
}
END_TEST
#endif

int main(void) {
    const TTest *const tests[] = {
        create_checks_in_order,
        rights_depend_on_options_and_era,
        size_is_in_whole_pages,
        read_returns_what_was_written,
        ranges_are_checked,
        read_and_write_check_in_order,
        copies_stop_at_bad_memory,
        a_buffer_in_a_mapping_without_the_permission_is_denied,
        huge_vmo_takes_memory_only_where_touched,
        a_vmo_is_read_into_a_mapping_of_itself,
        two_threads_read_two_vmos_into_mappings_of_each_other,
        a_vmo_larger_than_all_addresses_is_read_and_written,
        replace_as_executable_adds_the_right,
        replace_as_executable_refuses,
        listeners_hear_of_writes,
        threads_agree_on_the_host_mapping,
#ifndef _WIN32
        every_nameless_file_works,
#endif
    };
    return run_tests("vmo", tests, sizeof tests / sizeof tests[0]);
}
