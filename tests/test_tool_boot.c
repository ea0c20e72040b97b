// SPDX-License-Identifier: MIT
//
// `zirconia linux` and `zirconia zircon` on kernels of a few lines: a bzImage without a 64-bit
// entry, and Zircon boot images, of which damaged ones are refused with a reason.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "terminal_process.h"
#include "tool_process.h"

static char kernel_32[] = ZIRCONIA_GUEST_DIR "/kernel_32.bin";
static char tool[] = ZIRCONIA_TOOL;

// --- A bzImage ---

START_TEST(a_32_bit_kernel_boots_and_has_an_xapic) {
    run_tool("linux --kernel '%s' --append 'last words' <<'END'\nxto\nEND\n", kernel_32);
    ck_assert_msg(result.exit_code == 0, "exit code %d: %s", result.exit_code, result.err);
    ck_assert_str_eq(result.out,
                     "lapic=notscdeadline console=ttyS0 reboot=acpi nowatchdog tsc=nowatchdog "
                     "rcupdate.rcu_cpu_stall_suppress=1 last words\n"
                     "paged\npaged\nxinterrupted\n");
}
END_TEST

// Three kernels: the first has more than its port holds when it resets the VM.
START_TEST(what_comes_with_a_reset_is_for_the_next_kernel) {
    char line[1024];
    snprintf(line, sizeof line, "printf 'r%%04000dr%%04000do' 0 0 | '%s' linux --kernel '%s'", tool,
             kernel_32);
    run_command(line);
    ck_assert_int_eq(result.exit_code, 0);
    size_t zeros = 0;
    for (const char *at = result.out; *at != '\0'; at++) {
        zeros += *at == '0';
    }
    ck_assert_uint_eq(zeros, 2 * 4000 + 3); // Each command line has one.
}
END_TEST

START_TEST(another_console_is_told_to_the_kernel) {
    static struct terminal terminal;
    char *words[] = {tool, "linux", "--kernel", kernel_32, "--console", "hvc0", NULL};
    const int slave = terminal_start(&terminal, words);
    terminal_expect(&terminal, "rcu_cpu_stall_suppress=1 console=hvc0\n");
    terminal_expect(&terminal, "paged\npaged\n");
    terminal_type(&terminal, "o"); // It has no driver: keys go to the serial port.
    ck_assert_int_eq(terminal_end(&terminal, slave), 0);
}
END_TEST

START_TEST(keys_reach_the_guest_raw_and_a_reset_boots_again) {
    static struct terminal terminal;
    char *words[] = {tool, "linux", "--kernel", kernel_32, NULL};
    struct termios settings;
    const int slave = terminal_start(&terminal, words);
    terminal_expect(&terminal, "paged\npaged\n");
    ck_assert_int_eq(tcgetattr(slave, &settings), 0);
    ck_assert_uint_eq(settings.c_lflag & (ECHO | ICANON | ISIG), 0);
    terminal_type(&terminal, "a\x03\x1a");
    terminal_expect(&terminal, "a\x03\x1a");
    terminal_type(&terminal, "r");
    terminal_expect(&terminal, "paged\npaged\n");
    terminal_type(&terminal, "bo");
    terminal_expect(&terminal, "b");
    ck_assert_int_eq(terminal_end(&terminal, slave), 0);
}
END_TEST

START_TEST(the_escape_key_ends_the_vm_and_gives_the_terminal_back) {
    static struct terminal terminal;
    char *words[] = {tool, "linux", "--kernel", kernel_32, NULL};
    struct termios settings;
    int status = 0;
    const int slave = terminal_start(&terminal, words);
    terminal_expect(&terminal, "paged\npaged\n");
    terminal_type(&terminal, "c");
    terminal_expect(&terminal, "c");
    terminal_type(&terminal, "\x1d");
    terminal_expect(&terminal, "zirconia: stopped: Ctrl-]");
    ck_assert_int_eq(waitpid(terminal.child, &status, 0), terminal.child);
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    ck_assert_int_eq(tcgetattr(slave, &settings), 0);
    ck_assert_uint_eq(settings.c_lflag & (ECHO | ICANON | ISIG), ECHO | ICANON | ISIG);
    close(slave);
    close(terminal.fd);
}
END_TEST

START_TEST(a_table_of_exits_is_shown) {
    run_tool("linux --kernel '%s' --exits <<'END'\no\nEND\n", kernel_32);
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(result.err, "exits and deliveries"));
    ck_assert_ptr_nonnull(strstr(result.err, "2  ept_violation addr 0xfec00010 read\n"));
    ck_assert_ptr_null(strchr(result.err, '\033'));
}
END_TEST

// The guest's rows are the lower ones, until the end.
START_TEST(on_a_terminal_the_table_of_exits_stays_above_the_guest) {
    static struct terminal terminal;
    char *words[] = {tool, "linux", "--kernel", kernel_32, "--exits", NULL};
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    const int slave = terminal_start_sized(&terminal, words, &size);
    terminal_expect(&terminal, "\033[10;24r\033[10;1H");
    terminal_expect(&terminal, "\0337\033[H\033[7m");
    terminal_expect(&terminal, "io_instruction port 0x3fd in ");
    terminal_expect(&terminal, "\0338");
    terminal_type(&terminal, "o");
    terminal_expect(&terminal, "\033[r\033[24;1H");
    ck_assert_int_eq(terminal_end(&terminal, slave), 0);
}
END_TEST

START_TEST(what_cannot_be_booted_is_told) {
    run_tool("linux --kernel /dev/null </dev/null");
    expect_one_complaint(2);
    run_tool("linux --kernel '%s' --mem 1M </dev/null", kernel_32);
    expect_one_complaint(2);
    run_tool("linux --kernel '%s' --mem 4G </dev/null", kernel_32);
    expect_one_complaint(2);
    run_tool("linux --kernel '%s' --cpus 9 </dev/null", kernel_32);
    expect_one_complaint(2);
    run_tool("linux --kernel '%s' --disk /nowhere </dev/null", kernel_32);
    expect_one_complaint(2);
    run_tool("linux '%s' </dev/null", kernel_32);
    expect_one_complaint(2);
}
END_TEST

// --- Zircon boot images ---

#define IMAGE_MAX 4096
#define HEADER_SIZE 32

static uint8_t image[IMAGE_MAX];
static size_t image_size;

static void put_word(size_t offset, uint32_t word) {
    memcpy(image + offset, &word, 4);
}

static void read_image(void) {
    FILE *file = fopen(ZIRCONIA_GUEST_DIR "/zircon_kernel.bin", "rb");
    ck_assert_ptr_nonnull(file);
    image_size = fread(image, 1, sizeof image, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void add_item(const char *type, const char *payload, uint32_t flags, uint32_t checksum) {
    const size_t length = strlen(payload) + 1;
    memset(image + image_size, 0, HEADER_SIZE + length + 8);
    memcpy(image + image_size, type, 4);
    put_word(image_size + 4, (uint32_t)length);
    put_word(image_size + 12, 0x00010000 | flags);
    put_word(image_size + 24, 0xb5781729);
    put_word(image_size + 28, checksum);
    memcpy(image + image_size + HEADER_SIZE, payload, length);
    image_size += HEADER_SIZE + (length + 7) / 8 * 8;
    put_word(4, (uint32_t)(image_size - HEADER_SIZE));
}

static int boot_image(const char *options) {
    const char *path = make_file("image.zbi", image, image_size);
    return run_tool("zircon '%s' %s </dev/null", path, options);
}

static void expect_refusal(const char *reason) {
    boot_image("");
    expect_one_complaint(2);
    ck_assert_msg(strstr(result.err, reason) != NULL, "not '%s': %s", reason, result.err);
}

START_TEST(a_zircon_kernel_gets_its_items_and_those_of_the_vm) {
    read_image();
    add_item("CMDL", "from the image", 0x00020000, 0x728aa616);
    add_item("BFSB", "files", 0, 0x4a87e8d6);
    ck_assert_msg(boot_image("--append 'from the user' --cpus 3") == 0, "%d: %s", result.exit_code,
                  result.err);
    ck_assert_str_eq(result.out, "CMDL 0000000f from the image\n"
                                 "BFSB 00000006\n"
                                 "CMDL 0000000e from the user\n"
                                 "MEMC 00000048\n"
                                 "CPUC 00000020\n"
                                 "RSDP 00000008\n"
                                 "UART 00000010\n");
}
END_TEST

START_TEST(a_damaged_image_is_refused_with_a_reason) {
    const struct {
        size_t offset;
        uint32_t word;
        const char *reason;
    } damages[] = {
        {0, 0, "not a Zircon boot image"},
        {8, 0, "not a Zircon boot image"},
        {24, 0, "the container's header"},
        {4, 0x10000, "shorter than its header says"},
        {4, 0x44, "no multiple of 8"},
        {4, 0, "without a kernel"},
        {4, 16, "the header of an item"},
        {32, 0x384e524b, "for arm64"},
        {32, 0x4c444d43, "first item is no kernel"},
        {36, 0xfffffff0, "longer than what contains it"},
        {44, 0x00030000, "checksum"},
        {56, 0, "the header of an item"},
        {64, 0, "entry is outside"},
        {64, 0x200000, "entry is outside"},
        {76, 1, "too little memory"},
        {72, 0xffff0000, "too little memory"},
        {72, 0x10000000 - 0x100000 - 0x1000, "too little memory"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        read_image();
        put_word(damages[i].offset, damages[i].word);
        expect_refusal(damages[i].reason);
    }
}
END_TEST

START_TEST(an_image_that_ends_early_is_refused) {
    read_image();
    const size_t whole = image_size;
    for (image_size = 1; image_size < whole; image_size += 37) {
        boot_image("");
        expect_one_complaint(2);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool boot");
    TCase *linux_kernels = tcase_create("linux");
    TCase *zircon = tcase_create("zircon");
    tcase_add_unchecked_fixture(linux_kernels, make_folder, remove_folder);
    tcase_add_unchecked_fixture(zircon, make_folder, remove_folder);
    tcase_set_timeout(linux_kernels, 120);
    tcase_set_timeout(zircon, 120);
    tcase_add_test(linux_kernels, a_32_bit_kernel_boots_and_has_an_xapic);
    tcase_add_test(linux_kernels, what_comes_with_a_reset_is_for_the_next_kernel);
    tcase_add_test(linux_kernels, another_console_is_told_to_the_kernel);
    tcase_add_test(linux_kernels, keys_reach_the_guest_raw_and_a_reset_boots_again);
    tcase_add_test(linux_kernels, the_escape_key_ends_the_vm_and_gives_the_terminal_back);
    tcase_add_test(linux_kernels, a_table_of_exits_is_shown);
    tcase_add_test(linux_kernels, on_a_terminal_the_table_of_exits_stays_above_the_guest);
    tcase_add_test(linux_kernels, what_cannot_be_booted_is_told);
    tcase_add_test(zircon, a_zircon_kernel_gets_its_items_and_those_of_the_vm);
    tcase_add_test(zircon, a_damaged_image_is_refused_with_a_reason);
    tcase_add_test(zircon, an_image_that_ends_early_is_refused);
    suite_add_tcase(suite, linux_kernels);
    suite_add_tcase(suite, zircon);
    return run_suite(suite);
}
