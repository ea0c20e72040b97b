// SPDX-License-Identifier: MIT
//
// `zirconia fuzz-repro`: what an input did in a fuzz target, and how the target ended.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

#include <stdbool.h>
#include <sys/stat.h>

#define SEED ZIRCONIA_SOURCE_DIR "/fuzz/seeds/fuzz_guest/seed_107"

static bool says(const char *text) {
    return strstr(result.err, text) != NULL;
}

// A target that is a script of the shell; its input is $1.
static const char *make_target(const char *script) {
    char text[512];
    const int size = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    const char *path = make_file("target", text, (size_t)size);
    ck_assert_int_eq(chmod(path, 0700), 0);
    return path;
}

START_TEST(a_target_without_fault_is_told_exit_by_exit) {
    ck_assert_int_eq(run_tool("fuzz-repro '%s' '%s' --trace", ZIRCONIA_REPLAY, SEED), 0);
    ck_assert_str_eq(result.out, "");
    ck_assert(says("triple_fault() = ZX_ERR_NOT_SUPPORTED\n"));
    ck_assert(says("interrupt_window()\n"));
    ck_assert(says("exception(vector=#UD, "));
    ck_assert(!says("wrmsr(")); // The target's own guests, before the input's, write MSRs.
    ck_assert(says("  rflags 0x"));
    ck_assert(says("replay_fuzz_guest found nothing wrong\n"));
    ck_assert(!says("zirconia-"));
    const size_t lines = count_lines(result.err);
    ck_assert_int_eq(run_tool("fuzz-repro '%s' '%s'", ZIRCONIA_REPLAY, SEED), 0);
    ck_assert(!says("interrupt_window("));
    ck_assert(says("  rflags 0x"));
    ck_assert_uint_lt(count_lines(result.err), lines);
}
END_TEST

START_TEST(json_is_one_object_a_line_and_the_same_each_time) {
    static char first[sizeof result.out];
    ck_assert_int_eq(run_tool("fuzz-repro '%s' '%s' --json", ZIRCONIA_REPLAY, SEED), 0);
    memcpy(first, result.out, sizeof first);
    for (const char *line = first; *line != '\0'; line = strchr(line, '\n') + 1) {
        ck_assert_int_eq(strncmp(line, "{\"event\":\"", 10), 0);
    }
    ck_assert_ptr_nonnull(strstr(first, "\"event\":\"output\""));
    ck_assert_ptr_nonnull(strstr(first, "\"kind\":\"interrupt_window\""));
    ck_assert_ptr_nonnull(
        strstr(first, "\"reason\":\"done\",\"exit_code\":0,\"registers\":{\"rax\":\"0x"));
    ck_assert_int_eq(run_tool("fuzz-repro '%s' '%s' --json", ZIRCONIA_REPLAY, SEED), 0);
    ck_assert_str_eq(result.out, first);
}
END_TEST

START_TEST(how_a_target_ended_is_told) {
    make_file("input", "x", 1);
    make_target("echo what it says; echo 'SUMMARY: X: a fault' >&2; exit 77");
    ck_assert_int_eq(run_tool("fuzz-repro %s %s", path_of("target"), path_of("input")), 1);
    ck_assert(says("what it says\n"));
    ck_assert(says("no run call of a guest has returned\n"));
    ck_assert(says("target ended with exit code 77: X: a fault\n"));
    make_target("kill -ABRT $$");
    ck_assert_int_eq(run_tool("fuzz-repro %s %s --json", path_of("target"), path_of("input")), 1);
    ck_assert(says("target ended by signal 6\n"));
    ck_assert_ptr_nonnull(
        strstr(result.out, "\"reason\":\"signal\",\"exit_code\":1,\"message\":\""));
    ck_assert_ptr_nonnull(strstr(result.out, "target ended by signal 6\",\"registers\":{}}\n"));
    make_target("exec sleep 1000");
    ck_assert_int_eq(
        run_tool("fuzz-repro %s %s --timeout 0.2", path_of("target"), path_of("input")), 124);
    ck_assert(says("was killed at its time-out\n"));
}
END_TEST

// A target may say what looks like a line of the library's.
START_TEST(what_is_no_line_of_the_librarys_is_passed_on) {
    static const char *const lines[] = {
        "zirconia-exit",
        "zirconia-exit cpuid",
        "zirconia-return status=x",
        "zirconia-register",
        "zirconia-exit cpuid vcpu=0 mode=64 rip=0x1 cr3=0x2 qualification=0x3",
    };
    make_file("input", "x", 1);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "echo '%s'", lines[i]);
        make_target(script);
        ck_assert_int_eq(run_tool("fuzz-repro %s %s --trace", path_of("target"), path_of("input")),
                         0);
        ck_assert(says(lines[i]));
    }
    make_target("echo 'zirconia-exit what vcpu=1 mode=7 rip=0x1 cr3=0x2 qualification=0x3,0x4,0x5 "
                "code=0x000102030405060708090a0b0c0d0e0f10'; head -c 10000 /dev/zero");
    ck_assert_int_eq(run_tool("fuzz-repro %s %s --trace", path_of("target"), path_of("input")), 0);
    ck_assert(says("unknown()"));
}
END_TEST

START_TEST(what_cannot_be_run_is_named) {
    make_file("input", "x", 1);
    make_file("plain", "x", 1);
    run_tool("fuzz-repro %s", path_of("plain"));
    expect_one_complaint(2);
    run_tool("fuzz-repro %s %s x", path_of("plain"), path_of("input"));
    expect_one_complaint(2);
    run_tool("fuzz-repro %s %s", path_of("plain"), path_of("missing"));
    expect_one_complaint(2);
    run_tool("fuzz-repro %s %s", path_of("missing"), path_of("input"));
    expect_one_complaint(2);
    run_tool("fuzz-repro %s %s", path_of("plain"), path_of("input"));
    expect_one_complaint(2);
    make_target("exit 127"); // As POSIX tells where posix_spawn() does not see it in time.
    run_tool("fuzz-repro %s %s", path_of("target"), path_of("input"));
    expect_one_complaint(2);
}
END_TEST

// Any client tells of exits by the environment alone.
START_TEST(the_environment_makes_any_client_tell) {
    char line[1024];
    snprintf(line, sizeof line, "ZIRCONIA_TRACE=exits '%s' '%s'", ZIRCONIA_REPLAY, SEED);
    run_command(line);
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert(says("zirconia-exit triple_fault vcpu=0 mode="));
    ck_assert(says("zirconia-return status=-2 "));
    ck_assert(says("zirconia-registers vcpu=0 rax=0x"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fuzz-repro");
    TCase *tcase = tcase_create("targets");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_target_without_fault_is_told_exit_by_exit);
    tcase_add_test(tcase, json_is_one_object_a_line_and_the_same_each_time);
    tcase_add_test(tcase, how_a_target_ended_is_told);
    tcase_add_test(tcase, what_is_no_line_of_the_librarys_is_passed_on);
    tcase_add_test(tcase, what_cannot_be_run_is_named);
    tcase_add_test(tcase, the_environment_makes_any_client_tell);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
