// SPDX-License-Identifier: MIT
//
// What Windows does in a way of its own: handlers of exceptions that belong to a function, views
// that lose a part, handles, and waits that are shorter than its usual tick.

#include "bad_memory.h"
#include "platform/platform.h"
#include "run_tests.h"
#include "thread_fixture.h"

#include <windows.h>

// --- Handlers that belong to a function ---

// Stores to its argument with take_fault() as the handler of its exceptions, as in a __try block.
__asm__(".text\n"
        ".globl store_with_handler\n"
        ".def store_with_handler; .scl 2; .type 32; .endef\n"
        ".seh_proc store_with_handler\n"
        "store_with_handler:\n"
        "    subq $40, %rsp\n"
        "    .seh_stackalloc 40\n"
        "    .seh_endprologue\n"
        "    movl $77, (%rcx)\n"
        "    nop\n"
        "    addq $40, %rsp\n"
        "    ret\n"
        "    .seh_handler take_fault, @except\n"
        "    .seh_endproc\n");
void store_with_handler(volatile uint32_t *to);
EXCEPTION_DISPOSITION take_fault(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                 void *dispatcher);

static volatile uint32_t *page; // Inaccessible at first.
static atomic_int taken;
static atomic_int stored;

__attribute__((used)) EXCEPTION_DISPOSITION take_fault(EXCEPTION_RECORD *record, void *frame,
                                                       CONTEXT *context, void *dispatcher) {
    (void)frame;
    (void)context;
    (void)dispatcher;
    if (record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION) {
        return ExceptionContinueSearch;
    }
    atomic_fetch_add(&taken, 1);
    platform_protect((void *)(uintptr_t)page, platform_page_size(), PLATFORM_READ | PLATFORM_WRITE);
    return ExceptionContinueExecution;
}

static void store_and_sleep(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    store_with_handler(page);
    atomic_store(&stored, 1);
    zx_nanosleep(ZX_TIME_INFINITE);
}

static zx_handle_t open_exceptions(void) {
    zx_handle_t channel = ZX_HANDLE_INVALID;
    page = bad_pointer(3);
    ck_assert_int_eq(zx_task_create_exception_channel(zx_process_self(), 0, &channel), ZX_OK);
    return channel;
}

START_TEST(the_handler_of_a_function_comes_before_those_of_the_process) {
    const zx_handle_t channel = open_exceptions();
    store_with_handler(page);
    ck_assert_int_eq(atomic_load(&taken), 1);
    ck_assert_uint_eq(*page, 77);
    ck_assert_int_eq(zx_object_wait_one(channel, ZX_CHANNEL_READABLE, 0, NULL), ZX_ERR_TIMED_OUT);
}
END_TEST

START_TEST(so_it_does_on_a_stack_of_the_clients) {
    const zx_handle_t channel = open_exceptions();
    struct worker worker = worker_run(store_and_sleep, NULL);
    while (atomic_load(&stored) == 0) {
        zx_nanosleep(0);
    }
    ck_assert_int_eq(atomic_load(&taken), 1);
    ck_assert_uint_eq(*page, 77);
    ck_assert_int_eq(zx_object_wait_one(channel, ZX_CHANNEL_READABLE, 0, NULL), ZX_ERR_TIMED_OUT);
    worker_end(&worker);
}
END_TEST

// More than a page below where the stack begins.
static void store_deep_down(uintptr_t first, uintptr_t second) {
    volatile uint8_t below[STACK_SIZE / 2];
    below[0] = 1;
    store_and_sleep(first, second + below[0]);
}

START_TEST(so_it_does_deep_in_a_stack_of_the_clients) {
    const zx_handle_t channel = open_exceptions();
    struct worker worker = worker_run(store_deep_down, NULL);
    while (atomic_load(&stored) == 0 &&
           zx_object_wait_one(channel, ZX_CHANNEL_READABLE, 0, NULL) == ZX_ERR_TIMED_OUT) {
        zx_nanosleep(0);
    }
    ck_assert_int_eq(atomic_load(&taken), 1);
    ck_assert_int_eq(atomic_load(&stored), 1);
    worker_end(&worker);
}
END_TEST

// --- Views ---

static bool can_read(const uint8_t *address) {
    uint8_t byte = 0;
    return platform_copy(&byte, address, 1);
}

START_TEST(a_view_that_loses_a_part_keeps_the_rest) {
    const size_t size = platform_page_size();
    const unsigned writable = PLATFORM_READ | PLATFORM_WRITE;
    struct platform_memory *memory = platform_memory_create(5 * size, false);
    uint8_t *view = platform_memory_map(memory, 0, 5 * size, writable, NULL);
    ck_assert_ptr_nonnull(view);
    for (size_t i = 0; i < 5; i++) {
        view[i * size] = (uint8_t)(i + 1);
    }
    ck_assert(platform_protect(view + 3 * size, size, PLATFORM_READ));
    ck_assert(platform_unmap(view + size, size));
    ck_assert(!can_read(view + size));
    ck_assert_uint_eq(view[0], 1);
    for (size_t i = 2; i < 5; i++) {
        ck_assert_uint_eq(view[i * size], i + 1);
    }
    view[2 * size] = 9;
    ck_assert(!platform_copy(view + 3 * size, view, 1)); // It is still read-only.
    bool is_taken = false;
    ck_assert(platform_reserve_at(view + size, size, &is_taken));
    ck_assert_ptr_eq(platform_memory_map(memory, 2 * size, size, writable, view + size),
                     view + size);
    ck_assert_uint_eq(view[size], 9);
    ck_assert(platform_unmap(view, 5 * size));
    platform_memory_destroy(memory);
}
END_TEST

START_TEST(what_a_memory_grows_by_is_there_where_it_was_mapped_beyond_its_end) {
    const size_t size = platform_page_size();
    struct platform_memory *memory = platform_memory_create(size, true);
    uint8_t *view = platform_memory_map(memory, 0, 8 * size, PLATFORM_READ | PLATFORM_WRITE, NULL);
    ck_assert_ptr_nonnull(view);
    ck_assert(!can_read(view + size));
    for (size_t i = 2; i <= 8; i++) {
        ck_assert(platform_memory_grow(memory, i * size));
        view[(i - 1) * size] = 7;
    }
    ck_assert(platform_unmap(view, 8 * size));
    platform_memory_destroy(memory);
}
END_TEST

// All pages of a stretch of 64 KiB can be given back and taken again in any order.
START_TEST(a_large_memory_has_pages_where_it_is_touched) {
    const uint64_t size = UINT64_C(1) << 36;
    const uint64_t middle = size / 2;
    const size_t page_size = platform_page_size();
    struct platform_memory *memory = platform_memory_create(size, false);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq(platform_memory_find_data(memory, 0), UINT64_MAX);
    uint8_t *first = platform_memory_map(memory, middle, 4 * page_size, PLATFORM_READ, NULL);
    uint8_t *second = platform_memory_map(memory, middle, 4 * page_size, 0, NULL);
    uint8_t *last = platform_memory_map(memory, size - page_size, 2 * page_size,
                                        PLATFORM_READ | PLATFORM_WRITE, NULL);
    ck_assert(first != NULL && second != NULL && last != NULL);
    const uint8_t seven = 7;
    uint8_t byte = 1;

    ck_assert(!can_read(second + page_size) && !platform_copy(first, &seven, 1));
    ck_assert(platform_protect(second, 2 * page_size, PLATFORM_READ | PLATFORM_WRITE));
    second[page_size] = 7;
    ck_assert_uint_eq(first[page_size], 7);
    ck_assert(!platform_copy(first + page_size, &seven, 1));
    ck_assert(can_read(second) && !can_read(second + 2 * page_size));
    last[0] = 9;
    ck_assert(!can_read(last + page_size));

    const uint64_t found = platform_memory_find_data(memory, 0);
    ck_assert_uint_gt(found, middle / 2);
    ck_assert_uint_le(found, middle + page_size);
    ck_assert_uint_eq(platform_memory_find_data(memory, size - 1), size - 1);
    ck_assert(platform_memory_discard(memory, page_size, size - page_size));
    ck_assert(platform_copy(&byte, first + page_size, 1) && byte == 0);
    ck_assert_uint_eq(last[0], 0);
    platform_memory_destroy(memory);
    ck_assert(platform_unmap(first, 4 * page_size) && platform_unmap(second, 4 * page_size));
    ck_assert(platform_unmap(last, 2 * page_size));
}
END_TEST

START_TEST(addresses_are_given_back_and_taken_page_by_page) {
    enum { PAGES = 40 };
    const size_t size = platform_page_size();
    uint8_t *base = platform_reserve(PAGES * size);
    bool is_taken = false;
    ck_assert_ptr_nonnull(base);
    for (size_t i = 0; i < PAGES; i++) {
        ck_assert(platform_unmap(base + i * 7 % PAGES * size, size));
    }
    for (size_t i = 0; i < PAGES; i++) {
        ck_assert(platform_reserve_at(base + i * 3 % PAGES * size, size, &is_taken));
        ck_assert(!platform_reserve_at(base + i * 3 % PAGES * size, size, &is_taken) && is_taken);
    }
    ck_assert(platform_unmap(base, PAGES * size));
    ck_assert(platform_reserve_at(base, PAGES * size, &is_taken));
    ck_assert(platform_unmap(base, PAGES * size));
}
END_TEST

// --- The names of threads ---

struct named {
    zx_handle_t begun;
    zx_handle_t may_end;
    zx_handle_t self;
};

static DWORD WINAPI tell_self_and_wait(void *argument) {
    struct named *named = argument;
    named->self = zx_thread_self();
    zx_object_signal(named->begun, 0, ZX_EVENT_SIGNALED);
    zx_object_wait_one(named->may_end, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
    return 0;
}

START_TEST(a_thread_has_its_handle_by_the_number_of_windows) {
    struct named named = {0};
    DWORD number = 0;
    ck_assert_int_eq(zx_event_create(0, &named.begun), ZX_OK);
    ck_assert_int_eq(zx_event_create(0, &named.may_end), ZX_OK);
    const HANDLE thread = CreateThread(NULL, 0, tell_self_and_wait, &named, 0, &number);
    ck_assert_ptr_nonnull(thread);
    ck_assert_int_eq(zx_object_wait_one(named.begun, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL),
                     ZX_OK);
    ck_assert_uint_ne(named.self, zx_thread_self());
    ck_assert_uint_eq(zirconia_thread_handle(number), named.self);
    ck_assert_uint_eq(zirconia_thread_handle(GetThreadId(thread)), named.self);
    ck_assert_uint_eq(zirconia_thread_handle(GetCurrentThreadId()), zx_thread_self());
    ck_assert_uint_eq(zirconia_thread_handle(number | (uintptr_t)1 << 32), ZX_HANDLE_INVALID);
    zx_object_signal(named.may_end, 0, ZX_EVENT_SIGNALED);
    WaitForSingleObject(thread, INFINITE);
    ck_assert_uint_eq(zirconia_thread_handle(number), ZX_HANDLE_INVALID);
    CloseHandle(thread);
    zx_handle_close(named.begun);
    zx_handle_close(named.may_end);
}
END_TEST

// --- Handles and time ---

static DWORD handles(void) {
    DWORD count = 0;
    ck_assert(GetProcessHandleCount(GetCurrentProcess(), &count));
    return count;
}

// Their end is not told before the last of it.
static void until_handles(DWORD most) {
    for (int i = 0; i < 10000 && handles() > most; i++) {
        zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
    }
    ck_assert_uint_le(handles(), most);
}

static void end_at_once(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_thread_exit();
}

START_TEST(threads_leave_no_handle) {
    static _Atomic(uint64_t) counter;
    DWORD before = 0;
    for (int i = 0; i < 60; i++) {
        if (i == 20) {
            before = handles();
        }
        struct worker ended = worker_run(end_at_once, NULL);
        struct worker killed = worker_run(count_for_ever, &counter);
        until(ended.handle, ZX_THREAD_TERMINATED);
        ck_assert_int_eq(zx_handle_close(ended.handle), ZX_OK);
        free(ended.stack);
        worker_end(&killed);
    }
    until_handles(before + 4);
}
END_TEST

// A part of some pages, which others replace, and one page of many, which is made zero.
START_TEST(memory_that_is_given_back_leaves_no_handle) {
    enum { FEW = 16, MANY = 1024, PAGE = 4096 };
    const DWORD before = handles();
    for (int i = 0; i < 40; i++) {
        const size_t pages = i % 2 == 0 ? FEW : MANY;
        zx_handle_t vmo = ZX_HANDLE_INVALID;
        zx_vaddr_t base = 0;
        ck_assert_int_eq(zx_vmo_create(pages * PAGE, 0, &vmo), ZX_OK);
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                     vmo, 0, pages * PAGE, &base),
                         ZX_OK);
        memset((void *)base, 1, pages * PAGE);
        for (size_t at = 3; at < 9; at += 2) {
            ck_assert_int_eq(zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, at * PAGE, PAGE, NULL, 0),
                             ZX_OK);
            ck_assert_int_eq(((const uint8_t *)base)[at * PAGE - 1], 1);
            ck_assert_int_eq(((const uint8_t *)base)[at * PAGE], 0);
            ck_assert_int_eq(((const uint8_t *)base)[(at + 1) * PAGE], 1);
        }
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), base, pages * PAGE), ZX_OK);
        ck_assert_int_eq(zx_handle_close(vmo), ZX_OK);
    }
    until_handles(before + 4);
}
END_TEST

// As the last page of another thread's stack, which grows when that thread comes to it.
START_TEST(a_copy_fails_at_a_guard_page_and_leaves_it_one) {
    MEMORY_BASIC_INFORMATION found;
    const size_t size = platform_page_size();
    uint8_t *guard =
        VirtualAlloc(NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_ptr_nonnull(guard);
    for (int i = 0; i < 2; i++) {
        ck_assert(!can_read(guard));
        ck_assert(!platform_copy(guard, &i, 1));
        ck_assert_uint_ne(VirtualQuery(guard, &found, sizeof found), 0);
        ck_assert_uint_eq(found.Protect, PAGE_READWRITE | PAGE_GUARD);
    }
    ck_assert(VirtualFree(guard, 0, MEM_RELEASE));
}
END_TEST

// The shortest of many, for a busy machine.
START_TEST(a_millisecond_is_not_a_tick) {
    zx_duration_t shortest = ZX_SEC(1);
    for (int i = 0; i < 200; i++) {
        const zx_time_t start = zx_clock_get_monotonic();
        zx_nanosleep(start + ZX_MSEC(1));
        const zx_duration_t slept = zx_clock_get_monotonic() - start;
        shortest = slept < shortest ? slept : shortest;
    }
    ck_assert_int_ge(shortest, ZX_MSEC(1));
    ck_assert_int_lt(shortest, ZX_MSEC(8));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_handler_of_a_function_comes_before_those_of_the_process,
        so_it_does_on_a_stack_of_the_clients,
        so_it_does_deep_in_a_stack_of_the_clients,
        a_view_that_loses_a_part_keeps_the_rest,
        what_a_memory_grows_by_is_there_where_it_was_mapped_beyond_its_end,
        a_large_memory_has_pages_where_it_is_touched,
        addresses_are_given_back_and_taken_page_by_page,
        a_thread_has_its_handle_by_the_number_of_windows,
        threads_leave_no_handle,
        memory_that_is_given_back_leaves_no_handle,
        a_copy_fails_at_a_guard_page_and_leaves_it_one,
        a_millisecond_is_not_a_tick,
    };
    return run_tests("windows", tests, sizeof tests / sizeof tests[0]);
}
