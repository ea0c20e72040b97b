// SPDX-License-Identifier: MIT
//
// What the observer and the log tell of events that cannot be delivered, and of runs that end with
// an error.

#include "guest_fixture.h"

#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/zirconia.h>

// --- The observer: what is delivered, and what is not ---

enum { MOST = 16 };

static zirconia_exit_t seen[MOST];
static size_t seen_count;

static void see(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (seen_count < MOST) {
        seen[seen_count++] = *exit;
    }
}

static void observe(void) {
    ck_assert_int_eq(zirconia_guest_observe(guest, see, NULL), ZX_OK);
}

static void expect_seen(size_t index, zirconia_exit_kind_t kind, uint64_t vector) {
    ck_assert_uint_lt(index, seen_count);
    ck_assert_int_eq(seen[index].kind, kind);
    ck_assert_uint_eq(seen[index].qualification[0], vector);
}

static void run_code(const void *code, size_t size) {
    guest_open();
    memory_write(ENTRY, code, size);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    observe();
}

#define RUN_CODE(code) run_code(code, sizeof(code) - 1)

// guests/double_fault.asm: #DE without a gate, then #DF with one.
START_TEST(a_double_fault_is_told_with_what_led_to_it) {
    guest_start_case("double_fault", 0);
    observe();
    enter_to_end();
    expect_seen(0, ZIRCONIA_EXIT_DELIVERY_FAILED, 0);
    expect_seen(1, ZIRCONIA_EXIT_EXCEPTION, 8);
}
END_TEST

START_TEST(a_triple_fault_is_told_with_what_led_to_it) {
    RUN_CODE("\x0f\x01\x1c\x25\x10\0\x01\0" // lidt [0x10010]: limit 0
             "\xa0\0\0\0\x40\0\0\0\0"       // mov al, [0x40000000]
             "\0\0\0\0\0\0\0");
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    expect_seen(0, ZIRCONIA_EXIT_DELIVERY_FAILED, 14);
    ck_assert_uint_eq(seen[0].qualification[1], 0);
    ck_assert_uint_eq(seen[0].qualification[2], 0x40000000);
    expect_seen(1, ZIRCONIA_EXIT_DELIVERY_FAILED, 8);
    expect_seen(2, ZIRCONIA_EXIT_TRIPLE_FAULT, 0);
    ck_assert_uint_eq(seen_count, 3);
    ck_assert_uint_eq(seen[2].instruction_size, 9);
    ck_assert_uint_eq(seen[2].instruction[0], 0xa0);
}
END_TEST

// An interrupt that Zircon's kernel injects, and the #GP that it raises for an MSR.
START_TEST(a_triple_fault_at_an_entry_is_told) {
    RUN_CODE("\xfb\x90\x0f\xa2\xeb\xfc"); // sti; nop; cpuid; jmp
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    expect_seen(seen_count - 4, ZIRCONIA_EXIT_DELIVERY_FAILED, 32);
    expect_seen(seen_count - 3, ZIRCONIA_EXIT_DELIVERY_FAILED, 13);
    expect_seen(seen_count - 2, ZIRCONIA_EXIT_DELIVERY_FAILED, 8);
    expect_seen(seen_count - 1, ZIRCONIA_EXIT_TRIPLE_FAULT, 0);
}
END_TEST

START_TEST(the_fault_of_an_exit_is_told) {
    guest_start_case("msr", 0);
    enter_to_end(); // Its tables are loaded.
    observe();
    zx_vcpu_state_t state = read_state();
    state.r15 = 1;
    state.rcx = 0xc0000080; // EFER
    state.rax = 2;          // A reserved bit.
    write_state(&state);
    enter_to_end();
    size_t at = 0;
    while (at < seen_count && seen[at].kind != ZIRCONIA_EXIT_EXCEPTION) {
        at++;
    }
    expect_seen(at, ZIRCONIA_EXIT_EXCEPTION, 13);
    ck_assert_int_eq(seen[at - 1].kind, ZIRCONIA_EXIT_WRMSR);
}
END_TEST

// --- The log ---

static char last_line[640];

static void remember(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    if (level == ZIRCONIA_LOG_INFO) {
        strncpy(last_line, line, sizeof last_line - 1);
    }
}

static void expect_line(const char *line) {
    ck_assert_str_eq(last_line, line);
}

static void run_logged(const void *code, size_t size, zx_status_t status) {
    guest_close();
    run_code(code, size);
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_INFO);
    enter_fails(status);
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_INFO);
}

#define RUN_LOGGED(code, status) run_logged(code, sizeof(code) - 1, status)

START_TEST(the_log_has_the_story_of_a_triple_fault) {
    RUN_LOGGED("\x0f\x01\x1c\x25\x11\0\x01\0" // lidt [0x10011]
               "\xa2\0\0\0\x40\0\0\0\0"       // mov [0x40000000], al
               "\0\0\0\0\0\0\0\0\0\0",
               ZX_ERR_NOT_SUPPORTED);
    expect_line("vcpu 0 at 0x10008: #PF at 0x40000000 (write, not present) has no usable gate in "
                "the IDT (base 0x0, limit 0x0); #DF has no usable gate in the IDT (base 0x0, limit "
                "0x0); triple fault");
}
END_TEST

START_TEST(the_log_has_the_story_of_an_interrupt_that_cannot_be_delivered) {
    RUN_CODE("\xfb\x90\x90\xeb\xfe"); // sti; nop; nop; jmp $
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 77), ZX_OK);
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_INFO);
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    ck_assert_ptr_nonnull(strstr(last_line, ": interrupt 77 has no usable gate in the IDT"));
    ck_assert_ptr_nonnull(strstr(last_line, "; #GP(0x26b) has no usable gate"));
    ck_assert_ptr_nonnull(strstr(last_line, "; triple fault"));
}
END_TEST

START_TEST(the_log_says_what_nothing_answers) {
    static const struct {
        const char *code;
        size_t size;
        zx_status_t status;
        const char *line;
    } cases[] = {
        {"\xe4\x80", 2, ZX_ERR_NOT_FOUND,
         "vcpu 0 at 0x10000: IN from port 0x80, which no trap covers"},
        {"\xe6\x81", 2, ZX_ERR_NOT_FOUND,
         "vcpu 0 at 0x10000: OUT to port 0x81, which no trap covers"},
        {"\x6c", 1, ZX_ERR_NOT_SUPPORTED,
         "vcpu 0 at 0x10000: IN from port 0 by a string instruction, which Zircon does not "
         "handle"},
        {"\xa0\0\0\0\x02\0\0\0\0", 9, ZX_ERR_NOT_FOUND,
         "vcpu 0 at 0x10000: read of guest-physical 0x2000000, where no mapping and no trap is"},
        {"\xa2\0\0\0\x02\0\0\0\0", 9, ZX_ERR_NOT_FOUND,
         "vcpu 0 at 0x10000: write to guest-physical 0x2000000, where no mapping and no trap is"},
        {"\x0f\x01\xc2", 3, ZX_ERR_NOT_SUPPORTED, // VMLAUNCH
         "vcpu 0 at 0x10000: an instruction or a task gate that nobody handles"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_logged(cases[i].code, cases[i].size, cases[i].status);
        expect_line(cases[i].line);
    }
}
END_TEST

START_TEST(a_kick_is_no_bad_end) {
    guest_start("spin");
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_INFO);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    enter_fails(ZX_ERR_CANCELED);
    expect_line("");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_double_fault_is_told_with_what_led_to_it,
        a_triple_fault_is_told_with_what_led_to_it,
        a_triple_fault_at_an_entry_is_told,
        the_fault_of_an_exit_is_told,
        the_log_has_the_story_of_a_triple_fault,
        the_log_has_the_story_of_an_interrupt_that_cannot_be_delivered,
        the_log_says_what_nothing_answers,
        a_kick_is_no_bad_end,
    };
    return run_tests("bad_ends", tests, sizeof tests / sizeof tests[0]);
}
