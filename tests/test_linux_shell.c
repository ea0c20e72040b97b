// SPDX-License-Identifier: MIT
//
// Drives the shell of `zirconia linux`, as a person at a terminal would: it computes, reads and
// writes the disk, is interrupted, and turns the VM off. Skipped, by the exit status 77, without
// the files that scripts/fetch-linux fetches.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "terminal_process.h"
#include "tool_process.h"

#include <stdbool.h>

#define SKIPPED 77
#define SECTOR 512
#define DISK_PATH 512

static char tool[] = ZIRCONIA_TOOL;

// A prompt, whatever the shell asks of the terminal behind it.
static void expect_prompt(struct terminal *terminal) {
    terminal_expect(terminal, "/ # ");
}

static void compute(struct terminal *terminal) {
    terminal_type(terminal, "echo =$((6*7))=\r");
    terminal_expect(terminal, "\n=42=\r\n");
    expect_prompt(terminal);
}

// Keys that a terminal would have kept go to the guest, and end what the shell waits for.
static void interrupt(struct terminal *terminal) {
    terminal_type(terminal, "sh -c 'echo =waiting=; sleep 1000'\r");
    terminal_expect(terminal, "\n=waiting=\r\n");
    terminal_type(terminal, "\x03");
    expect_prompt(terminal);
    compute(terminal);
}

static void end(struct terminal *terminal, int slave) {
    terminal_type(terminal, "poweroff -f\r");
    terminal_expect(terminal, "Power down");
    ck_assert_int_eq(terminal_end(terminal, slave), 0);
}

START_TEST(the_serial_console_has_a_shell) {
    static struct terminal terminal;
    char *words[] = {tool, "linux", NULL};
    const int slave = terminal_start(&terminal, words);
    terminal_expect(&terminal, "Linux version");
    expect_prompt(&terminal);
    compute(&terminal);
    interrupt(&terminal);
    terminal_type(&terminal, "grep -c ttyS0 /proc/interrupts; hwclock | wc -l\r");
    terminal_expect(&terminal, "\n1\r\n1\r\n");
    terminal_type(&terminal, "reboot\r");
    terminal_expect(&terminal, "Linux version");
    expect_prompt(&terminal);
    end(&terminal, slave);
}
END_TEST

// Nothing is lost of what comes before there is anyone to read it, whichever console it is for.
START_TEST(commands_may_be_piped_in) {
    static const char *const consoles[] = {"ttyS0", "hvc0"};
    for (unsigned i = 0; i < 2; i++) {
        char tty[32];
        run_tool("linux --console %s <<'END'\necho =$((6*7))=\ntty\npoweroff\nEND\n", consoles[i]);
        ck_assert_int_eq(result.exit_code, 0);
        ck_assert_ptr_nonnull(strstr(result.out, "\n=42=\r\n"));
        snprintf(tty, sizeof tty, "\n/dev/%s\r\n", consoles[i]);
        ck_assert_ptr_nonnull(strstr(result.out, tty));
    }
}
END_TEST

// A guest of two processors whose console and disk are virtio's, once it computes.
static int start_with_disk(struct terminal *terminal, char disk[DISK_PATH]) {
    char sectors[64 * SECTOR] = "from the host\n";
    memset(sectors + 32 * SECTOR, 'x', SECTOR);
    make_file("disk", sectors, sizeof sectors);
    snprintf(disk, DISK_PATH, "%s", path_of("disk"));
    char *words[] = {tool, "linux", "--disk", disk, "--console", "hvc0", "--cpus", "2", NULL};
    const int slave = terminal_start(terminal, words);
    expect_prompt(terminal);
    compute(terminal);
    return slave;
}

START_TEST(the_console_and_the_disk_of_virtio_work) {
    static struct terminal terminal;
    char disk[DISK_PATH];
    char written[64];
    const int slave = start_with_disk(&terminal, disk);
    terminal_type(&terminal, "tty; head -n 1 /dev/vda; cat /sys/block/vda/size\r");
    terminal_expect(&terminal, "\n/dev/hvc0\r\nfrom the host\r\n64\r\n");
    terminal_type(&terminal, "dd if=/dev/vda bs=512 skip=32 2>/dev/null | tr -cd x | wc -c\r");
    terminal_expect(&terminal, "\n512\r\n");
    terminal_type(&terminal, "echo from the guest >/dev/vda; sync; echo =done=\r");
    terminal_expect(&terminal, "\n=done=\r\n");
    end(&terminal, slave);
    FILE *file = fopen(disk, "rb");
    ck_assert_ptr_nonnull(fgets(written, sizeof written, file));
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(written, "from the guest\n");
}
END_TEST

// Debian's for 32 bits has no x2APIC driver: its interrupts and timers are those of the VMM's
// xAPIC.
START_TEST(a_32_bit_kernel_has_its_processors_and_devices) {
    static struct terminal terminal;
    char disk[DISK_PATH];
    setenv("ZIRCONIA_LINUX", ZIRCONIA_LINUX_32_DIR, 1);
    const int slave = start_with_disk(&terminal, disk);
    terminal_type(&terminal, "uname -m; nproc; head -n 1 /dev/vda; sleep 1; echo =slept=\r");
    terminal_expect(&terminal, "\ni686\r\n2\r\nfrom the host\r\n=slept=\r\n");
    end(&terminal, slave);
}
END_TEST

static bool has_kernel(const char *order) {
    return access(order, R_OK) == 0;
}

int main(void) {
    if (!has_kernel(ZIRCONIA_LINUX_DIR "/modules/order")) {
        printf("skipped: scripts/test fetches a kernel on Debian\n");
        return SKIPPED;
    }
    setenv("ZIRCONIA_LINUX", ZIRCONIA_LINUX_DIR, 1);
    Suite *suite = suite_create("linux shell");
    TCase *tcase = tcase_create("shell");
    tcase_set_timeout(tcase, 100);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, the_serial_console_has_a_shell);
    tcase_add_test(tcase, commands_may_be_piped_in);
    tcase_add_test(tcase, the_console_and_the_disk_of_virtio_work);
    if (has_kernel(ZIRCONIA_LINUX_32_DIR "/modules/order")) {
        tcase_add_test(tcase, a_32_bit_kernel_has_its_processors_and_devices);
    }
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
