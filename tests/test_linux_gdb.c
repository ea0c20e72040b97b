// SPDX-License-Identifier: MIT
//
// A Linux kernel that gdb stops at start_kernel. Debian's package has no symbols of it, so a first
// boot tells where it is (/proc/kallsyms), and without address randomisation it is there in the
// second one, too. Skipped, by the exit status 77, without the files that scripts/fetch-linux
// fetches, and without gdb.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "terminal_process.h"
#include "tool_process.h"

#define SKIPPED 77

static char tool[] = ZIRCONIA_TOOL;
static char in_place[] = "nokaslr";

// The address of a symbol, which the shell of a kernel prints.
static unsigned long long look_up(struct terminal *terminal, const char *symbol) {
    char line[128];
    snprintf(line, sizeof line, "echo =$(sed -n 's/ [a-zA-Z] %s$//p' /proc/kallsyms)=\r", symbol);
    terminal_type(terminal, line);
    terminal_expect(terminal, "\n=");
    const size_t begin = terminal->seen;
    terminal_expect(terminal, "=\r\n");
    const unsigned long long address = strtoull(terminal->text + begin, NULL, 16);
    ck_assert_uint_gt(address, 0xffffffff00000000);
    terminal_expect(terminal, "/ # ");
    return address;
}

static unsigned port_of(struct terminal *terminal) {
    terminal_expect(terminal, "target remote :");
    const size_t begin = terminal->seen;
    terminal_expect(terminal, "\n");
    return (unsigned)strtoul(terminal->text + begin, NULL, 10);
}

START_TEST(a_kernel_stops_at_start_kernel) {
    static struct terminal first;
    static struct terminal second;
    char line[1024];
    char *words[] = {tool, "linux", "--append", in_place, NULL};
    char *debugged[] = {tool, "linux", "--append", in_place, "--gdb", ":0", "--wait", NULL};
    int slave = terminal_start(&first, words);
    terminal_expect(&first, "/ # ");
    const unsigned long long start_kernel = look_up(&first, "start_kernel");
    const unsigned long long banner = look_up(&first, "linux_banner");
    const unsigned long long rest_init = look_up(&first, "rest_init");
    terminal_type(&first, "poweroff -f\r");
    ck_assert_int_eq(terminal_end(&first, slave), 0);
    slave = terminal_start(&second, debugged);
    snprintf(line, sizeof line,
             "gdb -q -nx -batch -ex 'set pagination off' -ex 'target remote :%u' "
             "-ex 'hbreak *0x%llx' -ex continue -ex 'x/s 0x%llx' -ex 'info registers cr3' "
             "-ex 'stepi' -ex 'hbreak *0x%llx' -ex continue -ex 'info registers cr4' -ex detach",
             port_of(&second), start_kernel, banner, rest_init);
    run_command(line);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "Breakpoint 1, 0x%llx", start_kernel);
    ck_assert_msg(strstr(result.out, wanted) != NULL, "%s\n%s", result.out, result.err);
    snprintf(wanted, sizeof wanted, "Breakpoint 2, 0x%llx", rest_init);
    ck_assert_msg(strstr(result.out, wanted) != NULL, "%s\n%s", result.out, result.err);
    ck_assert_ptr_nonnull(strstr(result.out, "\"Linux version "));
    terminal_expect(&second, "/ # ");
    terminal_type(&second, "poweroff -f\r");
    ck_assert_int_eq(terminal_end(&second, slave), 0);
}
END_TEST

int main(void) {
    if (access(ZIRCONIA_LINUX_DIR "/modules/order", R_OK) != 0) {
        printf("skipped: scripts/test fetches a kernel on Debian\n");
        return SKIPPED;
    }
    if (system("command -v gdb >/dev/null") != 0) {
        printf("skipped: there is no gdb\n");
        return SKIPPED;
    }
    setenv("ZIRCONIA_LINUX", ZIRCONIA_LINUX_DIR, 1);
    Suite *suite = suite_create("linux gdb");
    TCase *tcase = tcase_create("gdb");
    tcase_set_timeout(tcase, 600);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_kernel_stops_at_start_kernel);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
