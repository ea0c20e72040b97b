// SPDX-License-Identifier: MIT
//
// Code that somebody changes while it is translated: a call from another thread, or a store through
// the client's own mapping. What Unicorn translates must be what the library has looked at, or what
// ends the process in Unicorn comes to it after all (docs/engine-hazards.md).

#include "guest_fixture.h"
#include "sanitized.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <zircon/process.h>

enum { CODE_SIZE = 16, ROUNDS = SANITIZED ? 2000 : 10000 };

// Where the block begins, and what changes.
static const struct {
    uint64_t start;
    uint64_t changes;
} places[] = {
    {0x20000, 0x20000},
    {0x20ffc, 0x20ffc}, // In two pages.
    {0x20ffc, 0x21000}, // In the second page alone, behind NOPs.
};

// Between NOPs and an INT3.
static const struct {
    uint8_t bytes[CODE_SIZE];
    size_t size;
} forms[] = {
    {{0xf0, 0x0f, 0xab, 0xc0}, 4},       // lock bts eax, eax, which ends the process
    {{0xf0, 0x0f, 0xba, 0xf0, 0x05}, 5}, // lock btr eax, 5
    {{0x0f, 0x50, 0x84, 0x00, 0xf0, 0x0f, 0xab, 0xc0}, 8}, // One that Unicorn knows no length of.
    {{0xeb, 0x02, 0x0f, 0x05, 0xcd, 0x30, 0x0f, 0x07}, 8}, // Ends of blocks, and what is cut.
    // What others stand in for. A store may be seen in parts of 4 bytes, and half of one of these
    // may be half of an instruction that changes the guest's state.
    {{0x0f, 0x31, 0xf3, 0x90, 0x0f, 0xa2, 0x90, 0x90, 0x0f, 0x01, 0xf9}, 11},
};

struct writer {
    uint64_t address;
    uint8_t contents[2][CODE_SIZE];
    uint8_t *mapped; // NULL: it writes by calls.
    atomic_bool over;
};

// In parts of 4 bytes: memcpy() promises nothing to who reads meanwhile, and half of a jump, seen
// with a byte of what was there before, leads anywhere.
static void store(uint8_t *to, const uint8_t *contents) {
    for (size_t i = 0; i < CODE_SIZE; i += sizeof(uint32_t)) {
        uint32_t part;
        memcpy(&part, contents + i, sizeof part);
        atomic_store_explicit((_Atomic uint32_t *)(void *)(to + i), part, memory_order_relaxed);
    }
}

static void *write_until_over(void *context) {
    struct writer *writer = context;
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; !atomic_load(&writer->over); i++) {
        const uint8_t *contents = writer->contents[i % 2];
        if (writer->mapped == NULL) {
            memory_write(writer->address, contents, CODE_SIZE);
            wait_a_moment(&random); // It ends the run: without an end of them no block would run.
        } else {
            store(writer->mapped + writer->address, contents);
        }
    }
    return NULL;
}

static uint8_t *map_memory(void) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 0, MEMORY_SIZE, &address),
                     ZX_OK);
    return (uint8_t *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
}

static void fill(struct writer *writer, unsigned form) {
    for (unsigned i = 0; i < 2; i++) {
        memset(writer->contents[i], 0x90, CODE_SIZE);
        writer->contents[i][CODE_SIZE - 1] = 0xcc;
    }
    memcpy(writer->contents[1], forms[form].bytes, forms[form].size);
}

enum { PLACES = sizeof places / sizeof places[0], CASES = PLACES * sizeof forms / sizeof forms[0] };

static void run_while_it_changes(int number, bool mapped) {
    const uint64_t start = places[number % PLACES].start;
    struct writer writer = {.address = places[number % PLACES].changes};
    pthread_t thread;
    fill(&writer, (unsigned)number / PLACES);
    guest_start("changing_code");
    writer.mapped = mapped ? map_memory() : NULL;
    memory_write(start, writer.contents[0], CODE_SIZE - 1);
    memory_write(writer.address, writer.contents[0], CODE_SIZE);
    const zx_vcpu_state_t state = {.rcx = ROUNDS, .rsi = start, .rflags = 2};
    write_state(&state);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_until_over, &writer), 0);
    enter_to_end();
    atomic_store(&writer.over, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(read_state().r9, 0);
    if (mapped) {
        ck_assert_int_eq(
            zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)(uintptr_t)writer.mapped, MEMORY_SIZE),
            ZX_OK);
    }
    guest_close();
}

START_TEST(what_a_call_changes_is_translated_as_it_was_read) {
    run_while_it_changes(_i, false);
}
END_TEST

START_TEST(what_the_client_stores_is_translated_as_it_was_read) {
    run_while_it_changes(_i, true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("changing code");
    TCase *tcase = tcase_create("changing code");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, what_a_call_changes_is_translated_as_it_was_read, 0, CASES);
    tcase_add_loop_test(tcase, what_the_client_stores_is_translated_as_it_was_read, 0, CASES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
