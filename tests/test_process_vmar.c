// SPDX-License-Identifier: MIT
//
// The process's root VMAR: a mapping there is memory of the host, and nothing else of the program
// is touched (objects ABI 5.7).

#include "bad_memory.h"
#include "handles.h"
#include "run_tests.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

enum { READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE };

static uint8_t *map_in_process(zx_handle_t vmo, uint32_t options, uint64_t offset, size_t length) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, offset, length, &address),
                     ZX_OK);
    return (uint8_t *)address;
}

static void unmap_in_process(const void *address, size_t length) {
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)address, length), ZX_OK);
}

static bool readable(const void *address) {
    uint8_t byte;
    return platform_copy(&byte, address, 1);
}

START_TEST(process_mapping_is_the_vmo) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(3 * page, 0);
    uint8_t *all = map_in_process(vmo, READ_WRITE, 0, 3 * page);
    const uint8_t *last = map_in_process(vmo, ZX_VM_PERM_READ, 2 * page, page);
    const uint8_t *shut = map_in_process(vmo, 0, 0, page);
    uint32_t value = 0x12345678;
    ck_assert_int_eq(zx_vmo_write(vmo, &value, 2 * page + 4, 4), ZX_OK);
    ck_assert_mem_eq(all + 2 * page + 4, &value, 4);
    ck_assert_mem_eq(last + 4, &value, 4);
    memcpy(all + 8, "mapped", 6);
    char text[6];
    ck_assert_int_eq(zx_vmo_read(vmo, text, 8, 6), ZX_OK);
    ck_assert_mem_eq(text, "mapped", 6);
    ck_assert(!readable(shut));
    ck_assert(!platform_copy((void *)(uintptr_t)last, text, 1)); // Not writable.

    // The mapping keeps the VMO after its last handle.
    zx_handle_close(vmo);
    ck_assert_mem_eq(all + 8, "mapped", 6);
    unmap_in_process(all, 3 * page);
    ck_assert(!readable(all));
    unmap_in_process(last, page);
    unmap_in_process(shut, page);
}
END_TEST

START_TEST(process_unmap_is_partial) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(5 * page, 0);
    uint8_t *base = map_in_process(vmo, READ_WRITE, 0, 5 * page);
    for (uint8_t i = 0; i < 5; i++) {
        base[i * page] = i;
    }
    unmap_in_process(base + page, page);
    unmap_in_process(base + 3 * page, page);
    for (uint8_t i = 0; i < 5; i++) {
        ck_assert_int_eq(readable(base + i * page), i % 2 == 0);
        ck_assert(i % 2 != 0 || base[i * page] == i);
    }
    unmap_in_process(base, 5 * page);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(process_mapping_may_exceed_the_vmo) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(page, 0);
    uint8_t *base = map_in_process(vmo, READ_WRITE, 0, 3 * page);
    base[page - 1] = 1;
    ck_assert(readable(base + page - 1));
    ck_assert(!readable(base + page));

    // However far beyond its end, also in place of another mapping, as long as the last byte has an
    // offset of 64 bits.
    const uint64_t far[] = {UINT64_C(1) << 62, UINT64_C(1) << 63, 0 - 2 * (uint64_t)page};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        const uint8_t *nothing = map_in_process(vmo, READ_WRITE, far[i], page);
        ck_assert(!readable(nothing));
        unmap_in_process(nothing, page);
        zx_vaddr_t address = 0;
        base[0] = 1;
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), READ_WRITE | ZX_VM_SPECIFIC_OVERWRITE,
                                     (size_t)((zx_vaddr_t)base - 0x1000000), vmo, far[i], page,
                                     &address),
                         ZX_OK);
        ck_assert(!readable(base));
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), READ_WRITE | ZX_VM_SPECIFIC_OVERWRITE,
                                     (size_t)((zx_vaddr_t)base - 0x1000000), vmo, 0, page,
                                     &address),
                         ZX_OK);
    }
    zx_vaddr_t none = 0;
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), READ_WRITE, 0, vmo, 0 - (uint64_t)page, page, &none),
        ZX_ERR_OUT_OF_RANGE);
    unmap_in_process(base, 3 * page);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(process_specific_takes_only_what_is_free) {
    const size_t page = platform_page_size();
    const zx_handle_t root = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    zx_info_vmar_t info;
    ck_assert_int_eq(zx_object_get_info(root, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(info.base, 0x1000000);

    // Free addresses: some that a mapping of our own has just left.
    uint8_t *base = map_in_process(vmo, READ_WRITE, 0, 4 * page);
    unmap_in_process(base, 4 * page);
    const size_t offset = (uintptr_t)base - info.base;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(root, READ_WRITE | ZX_VM_SPECIFIC, offset + page, vmo, page, page, &address),
        ZX_OK);
    ck_assert_uint_eq(address, (uintptr_t)base + page);
    base[page] = 7;

    // Overwriting replaces our mapping and takes the free pages beside it.
    const uint32_t overwrite = READ_WRITE | ZX_VM_SPECIFIC_OVERWRITE;
    ck_assert_int_eq(zx_vmar_map(root, overwrite, offset, vmo, 0, 3 * page, &address), ZX_OK);
    ck_assert_uint_eq(base[page], 7);
    base[0] = 1;
    base[2 * page] = 2;

    // Memory of the program is out of reach, with or without overwriting.
    uint8_t *foreign = base + 3 * page;
    bool taken = false;
    ck_assert(platform_reserve_at(foreign, page, &taken));
    ck_assert(platform_protect(foreign, page, PLATFORM_READ | PLATFORM_WRITE));
    foreign[0] = 55;
    ck_assert_int_eq(
        zx_vmar_map(root, READ_WRITE | ZX_VM_SPECIFIC, offset + 3 * page, vmo, 0, page, &address),
        ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zx_vmar_map(root, overwrite, offset + 2 * page, vmo, 0, 2 * page, &address),
                     ZX_ERR_ALREADY_EXISTS);
    unmap_in_process(base, 4 * page);
    ck_assert_uint_eq(foreign[0], 55);
    ck_assert(!readable(base + 2 * page));
    platform_unmap(foreign, page);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(process_alignment_is_kept) {
    const zx_handle_t vmo = new_vmo(4096, 0);
    for (unsigned i = 0; i < 20; i++) {
        const size_t size = platform_page_size();
        uint8_t *base = map_in_process(vmo, READ_WRITE | ZX_VM_ALIGN_2MB, 0, size);
        ck_assert_uint_eq((uintptr_t)base % (2u << 20), 0);
        base[0] = 1;
        unmap_in_process(base, size);
    }
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), ZX_VM_OFFSET_IS_UPPER_LIMIT, 1 << 30, vmo, 0, 1, &address),
        ZX_ERR_NOT_SUPPORTED);
    zx_handle_close(vmo);
}
END_TEST

static zx_status_t try_to_map(zx_handle_t vmo, uint32_t options) {
    const size_t page = platform_page_size();
    zx_vaddr_t address = 0;
    const zx_status_t status = zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, 0, page, &address);
    if (status == ZX_OK) {
        unmap_in_process((const void *)address, page);
    }
    return status;
}

// MAP is asked for first, then that the options make sense.
START_TEST(each_permission_of_a_mapping_needs_its_right) {
    static const uint32_t wanted[] = {0, 1, 3, 5, 7}; // Nothing is mapped without READ.
    zx_handle_t vmo = new_vmo(platform_page_size(), 0);
    ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo), ZX_OK);
    for (uint32_t held = 0; held < 8; held++) {
        const zx_rights_t some = ((held & ZX_VM_PERM_READ) != 0 ? ZX_RIGHT_READ : 0) |
                                 ((held & ZX_VM_PERM_WRITE) != 0 ? ZX_RIGHT_WRITE : 0) |
                                 ((held & ZX_VM_PERM_EXECUTE) != 0 ? ZX_RIGHT_EXECUTE : 0);
        const zx_handle_t maps = with_rights(vmo, some | ZX_RIGHT_MAP);
        const zx_handle_t maps_not = with_rights(vmo, some);
        for (unsigned i = 0; i < 5; i++) {
            ck_assert_int_eq(try_to_map(maps, wanted[i]),
                             (wanted[i] & ~held) == 0 ? ZX_OK : ZX_ERR_ACCESS_DENIED);
            ck_assert_int_eq(try_to_map(maps_not, wanted[i]), ZX_ERR_ACCESS_DENIED);
        }
        ck_assert_int_eq(try_to_map(maps, ZX_VM_PERM_WRITE), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(try_to_map(maps_not, ZX_VM_PERM_WRITE), ZX_ERR_ACCESS_DENIED);
    }
}
END_TEST

START_TEST(a_copy_that_may_be_written_again_is_written_alone) {
    const size_t page = platform_page_size();
    const zx_handle_t root = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    zx_handle_t copy = ZX_HANDLE_INVALID;
    char text[4];
    ck_assert_int_eq(zx_vmo_write(vmo, "old", 0, 4), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 2 * page, &copy), ZX_OK);
    uint8_t *base = map_in_process(copy, READ_WRITE, 0, 2 * page);
    ck_assert_int_eq(zx_vmar_protect(root, ZX_VM_PERM_READ, (zx_vaddr_t)base, 2 * page), ZX_OK);
    ck_assert_str_eq((const char *)base, "old");
    ck_assert_int_eq(zx_vmar_protect(root, READ_WRITE, (zx_vaddr_t)base, page), ZX_OK);
    memcpy(base, "new", 4);
    ck_assert_int_eq(zx_vmo_read(vmo, text, 0, 4), ZX_OK);
    ck_assert_str_eq(text, "old");
    ck_assert_int_eq(zx_vmo_read(copy, text, 0, 4), ZX_OK);
    ck_assert_str_eq(text, "new");
    unmap_in_process(base, 2 * page);
}
END_TEST

// x86-64 cannot map for execution alone.
START_TEST(read_if_execution_alone_is_unsupported_means_read) {
    const size_t page = platform_page_size();
    const uint32_t option = ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED;
    const zx_handle_t root = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(page, 0);
    const zx_handle_t no_read = with_rights(vmo, ZX_RIGHT_MAP);
    zx_vaddr_t none = 0;
    uint8_t *base = map_in_process(vmo, option, 0, page);
    ck_assert(readable(base));
    ck_assert_int_eq(zx_vmar_protect(root, 0, (zx_vaddr_t)base, page), ZX_OK);
    ck_assert(!readable(base));
    ck_assert_int_eq(zx_vmar_protect(root, option, (zx_vaddr_t)base, page), ZX_OK);
    ck_assert(readable(base));
    unmap_in_process(base, page);
    ck_assert_int_eq(zx_vmar_map(root, option, 0, no_read, 0, page, &none), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_202104_vmar_map(root, option, 0, vmo, 0, page, &none),
                     ZX_ERR_INVALID_ARGS);
}
END_TEST

static void *map_and_unmap(void *argument) {
    const zx_handle_t vmo = *(const zx_handle_t *)argument;
    const size_t page = platform_page_size();
    for (int i = 0; i < 500; i++) {
        zx_vaddr_t address = 0;
        if (zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, vmo, 0, 3 * page, &address) !=
                ZX_OK ||
            zx_vmar_unmap(zx_vmar_root_self(), address + page, page) != ZX_OK ||
            !readable((const void *)address) ||
            zx_vmar_unmap(zx_vmar_root_self(), address, page) != ZX_OK ||
            zx_vmar_unmap(zx_vmar_root_self(), address + 2 * page, page) != ZX_OK) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(threads_map_at_once) {
    zx_handle_t vmo = new_vmo(3 * platform_page_size(), 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, map_and_unmap, &vmo), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    zx_handle_close(vmo);
}
END_TEST

// No page of the range is ever mapped.
static void stays_unmapped(const uint8_t *address, size_t length) {
    for (size_t at = 0; at < length; at += platform_page_size()) {
        ck_assert(!readable(address + at));
    }
}

// Sizes of what the library has the host place: the stack of a thread with its guard page, a view
// of a VMO, the timers' thread.
START_TEST(nothing_of_the_librarys_lands_where_the_client_has_unmapped) {
    const size_t page = platform_page_size();
    const size_t sizes[] = {page, 16 * page, (8u << 20) + page, 9u << 20, 64u << 20};
    zx_handle_t timer = ZX_HANDLE_INVALID;
    // The sanitizer's own memory for the thread may lie there; so may the C library's, where only
    // this library sees large pages.
    if (SANITIZED || getenv("ZIRCONIA_TEST_PAGE") != NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const zx_handle_t vmo = new_vmo(sizes[i], 0);
        struct worker worker = worker_new(); // With the client's stack.
        uint8_t *address = map_in_process(vmo, READ_WRITE, 0, sizes[i]);
        unmap_in_process(address, sizes[i]);
        worker_start(&worker, (thread_fn *)(uintptr_t)zx_nanosleep,
                     (void *)(uintptr_t)ZX_TIME_INFINITE);
        until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
        stays_unmapped(address, sizes[i]);
        ck_assert_int_eq(zx_vmo_write(vmo, "x", 0, 1), ZX_OK);
        stays_unmapped(address, sizes[i]);
        ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
        stays_unmapped(address, sizes[i]);
        // The client itself may have the addresses again.
        zx_vaddr_t again = 0;
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), READ_WRITE | ZX_VM_SPECIFIC,
                                     (size_t)((zx_vaddr_t)address - 0x1000000), vmo, 0, sizes[i],
                                     &again),
                         ZX_OK);
        ck_assert_uint_eq(again, (zx_vaddr_t)address);
        unmap_in_process(address, sizes[i]);
        zx_handle_close(vmo);
        worker_end(&worker);
    }
}
END_TEST

// The root says so, and a region of a client's own, of which the host knows nothing.
START_TEST(what_is_no_multiple_of_the_hosts_page_is_not_supported) {
    enum { ABI_PAGE = 4096 };
    const size_t page = platform_page_size();
    const zx_status_t expected = page == ABI_PAGE ? ZX_OK : ZX_ERR_NOT_SUPPORTED;
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    const uint32_t rights = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_SPECIFIC;
    zx_handle_t region = ZX_HANDLE_INVALID;
    zx_vaddr_t base = 0;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_allocate(zx_vmar_root_self(), rights, 0, 4 * page, &region, &base),
                     ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(region, READ_WRITE | ZX_VM_SPECIFIC, page, vmo, page, page, &address), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(region, READ_WRITE | ZX_VM_SPECIFIC, 2 * page + ABI_PAGE, vmo, 0,
                                 ABI_PAGE, &address),
                     expected);
    ck_assert_int_eq(zx_vmar_map(region, READ_WRITE, 0, vmo, ABI_PAGE, ABI_PAGE, &address),
                     expected);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        process_mapping_is_the_vmo,
        process_unmap_is_partial,
        process_mapping_may_exceed_the_vmo,
        process_specific_takes_only_what_is_free,
        process_alignment_is_kept,
        what_is_no_multiple_of_the_hosts_page_is_not_supported,
        each_permission_of_a_mapping_needs_its_right,
        a_copy_that_may_be_written_again_is_written_alone,
        read_if_execution_alone_is_unsupported_means_read,
        threads_map_at_once,
        nothing_of_the_librarys_lands_where_the_client_has_unmapped,
    };
    return run_tests("process_vmar", tests, sizeof tests / sizeof tests[0]);
}
