// SPDX-License-Identifier: MIT
//
// `zirconia stat`: tables while a guest runs, of what was new in each interval, and one at its end.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "terminal_process.h"
#include "tool_process.h"

#include <signal.h>

static char tool[] = ZIRCONIA_TOOL;
static char for_ever[] = ZIRCONIA_GUEST_DIR "/port_for_ever.bin";

START_TEST(tables_come_until_the_guest_is_interrupted) {
    static struct terminal terminal;
    char *words[] = {tool,        "stat", for_ever,     "--base", "0x10000",
                     "--trap-io", "0x11", "--interval", "0.01",   NULL};
    const int slave = terminal_start(&terminal, words);
    for (unsigned i = 0; i < 3; i++) {
        terminal_expect(&terminal, " s\r\nexit ");
        terminal_expect(&terminal, "\nall ");
    }
    terminal_expect(&terminal, "io_instruction");
    ck_assert_int_eq(kill(terminal.child, SIGINT), 0);
    terminal_expect(&terminal, "zirconia: stopped: interrupted");
    terminal_expect(&terminal, "min     max");
    terminal_expect(&terminal, "io_instruction port 0x11 out");
    ck_assert_int_eq(terminal_end(&terminal, slave), 130);
}
END_TEST

// What the tables of the intervals have is in the last one too, once.
START_TEST(the_tables_add_up) {
    run_tool("stat '%s' --base 0x10000 --trap-io 0x11 --interval 0.01 --max-exits 20000", for_ever);
    ck_assert_int_eq(result.exit_code, 124);
    unsigned long long sum = 0;
    unsigned long long last = 0;
    for (const char *at = result.err; (at = strstr(at, "\nio_instruction ")) != NULL; at++) {
        sum += last;
        last = strtoull(at + strlen("\nio_instruction "), NULL, 10);
    }
    ck_assert_uint_eq(last, 20000);
    ck_assert_uint_le(sum, last);
}
END_TEST

START_TEST(what_is_wrong_is_told) {
    run_tool("stat '%s' --interval 0", for_ever);
    expect_one_complaint(2);
    run_tool("stat '%s' --interval x", for_ever);
    expect_one_complaint(2);
    run_tool("stat");
    expect_one_complaint(2);
    run_tool("stat --help");
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(result.out, "--interval SECONDS"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool stat");
    TCase *tcase = tcase_create("stat");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, tables_come_until_the_guest_is_interrupted);
    tcase_add_test(tcase, the_tables_add_up);
    tcase_add_test(tcase, what_is_wrong_is_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
