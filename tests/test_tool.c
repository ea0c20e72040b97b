// SPDX-License-Identifier: MIT
//
// The tool with good input: its exit codes, what it prints where, and that its help, its man page,
// its README and its description of JSON say what it does. test_tool_input.c has bad input.

#define _XOPEN_SOURCE 700

#include "json_line.h"
#include "run_tests.h"
#include "tool_process.h"

#include <sys/socket.h>

// Guests: flat binaries, loaded at 0x100000.
struct program {
    const char *name;
    const char *bytes;
    size_t size;
};

#define PROGRAM(name, bytes) static const struct program name = {#name, bytes, sizeof bytes - 1}

PROGRAM(ends_with_0, "\x31\xc0\xe6\xf4");                   // xor eax, eax; out 0xf4, al
PROGRAM(ends_with_1, "\xb0\x01\xe6\xf4");                   // mov al, 1; out 0xf4, al
PROGRAM(spins, "\xeb\xfe");                                 // jmp $
PROGRAM(halts, "\xf4");                                     // hlt
PROGRAM(asks, "\x0f\xa2\xeb\xfc");                          // cpuid; jmp
PROGRAM(outputs, "\xe6\x80\xeb\xfc");                       // out 0x80, al; jmp
PROGRAM(touches, "\xa0\0\0\0\xe0\0\0\0\0\x31\xc0\xe6\xf4"); // mov al, [0xe0000000]; end
PROGRAM(stores, "\xa2\0\0\0\xe0\0\0\0\0\x31\xc0\xe6\xf4");  // mov [0xe0000000], al; end
PROGRAM(faults, "\x0f\x0b");                                // ud2, without an IDT
PROGRAM(says, "\x66\xba\xf8\x03\xb0H\xee\xb0\x0a\xee"       // mov dx, 0x3f8; 'H', newline
              "\x31\xc0\xe6\xf4");
PROGRAM(tells_time, "\xb9\x88\x13\0\0\xff\xc9\x75\xfc"     // mov ecx, 5000; dec ecx; jnz
                    "\x0f\x31\xe7\x80\xff\xc5\x83\xfd\x10" // rdtsc; out 0x80, eax; inc; cmp 16
                    "\x75\xec\x31\xc0\xe6\xf4");           // jne; end

static const char *image(const struct program *program) {
    return make_file(program->name, program->bytes, program->size);
}

START_TEST(each_exit_code_has_its_cause) {
    const struct {
        const struct program *program;
        const char *options;
        int exit_code;
    } cases[] = {
        {&ends_with_0, "", 0},
        {&ends_with_1, "", 1},
        {&says, "--serial 0x3f8", 0},
        {&outputs, "", 3},
        {&touches, "", 3},
        {&faults, "", 3},
        {&touches, "--trap-mem 0xe0000000", 0},
        {&stores, "--bell 0xe0000000:0x2000", 0},
        {&spins, "--timeout 0.1", 124},
        {&halts, "--timeout .1", 124},
        {&asks, "--timeout 0.1", 124},
        {&outputs, "--trap-io 0x7f:2 --timeout 0.1", 124},
        {&asks, "--max-exits 1", 124},
        {&outputs, "--trap-io 128 --max-exits=1000", 124},
        {&ends_with_0, "--max-exits 2", 0},
        {&ends_with_0, "--timeout 60", 0},
        {&ends_with_0, "--base 0x7000 --mem 32K", 0},
        {&ends_with_0, "--base 0x200000 --entry 0x200002", 0},
        {&ends_with_0, "--json >/dev/full", 125},
        {&says, "--serial 0x3f8 >/dev/full", 125},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int code = run_tool("run %s %s", image(cases[i].program), cases[i].options);
        ck_assert_msg(code == cases[i].exit_code, "case %zu: %d, %s", i, code, result.err);
        // Success is quiet. A guest that did what nothing answers is told with its registers.
        ck_assert_uint_eq(count_lines(result.err), code == 3 ? 7 : code != 0 ? 1 : 0);
    }
}
END_TEST

START_TEST(standard_output_has_what_the_guest_says_and_nothing_else) {
    ck_assert_int_eq(run_tool("run %s --serial 0x3f8 --trace --stats", image(&says)), 0);
    ck_assert_str_eq(result.out, "H\n");
    ck_assert_int_eq(run_tool("run %s --serial 0x3f8", image(&says)), 0);
    ck_assert_str_eq(result.out, "H\n");
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(a_trace_has_a_line_for_each_exit) {
    ck_assert_int_eq(run_tool("run %s --trace --max-exits 7", image(&asks)), 124);
    ck_assert_uint_eq(count_lines(result.err), 8); // The last line says why the run stopped.
    ck_assert_int_eq(strncmp(result.err, "0x100000 ", 9), 0);
    ck_assert_ptr_nonnull(strstr(result.err, "cpuid(leaf="));
    ck_assert_int_eq(run_tool("run %s --trace", image(&outputs)), 3);
    ck_assert_ptr_nonnull(strstr(result.err, "out 0x80, al"));
    ck_assert_ptr_nonnull(strstr(result.err, "= ZX_ERR_NOT_FOUND"));
    ck_assert_ptr_null(strchr(result.err, '\033')); // No terminal, no colours.
}
END_TEST

// What a trace prints on a terminal.
static void trace_on_terminal(const char *environment, char *text, size_t size) {
    char words[1024];
    snprintf(words, sizeof words, "run %s --trace", image(&ends_with_0));
    run_tool_at_terminal(environment, words, text, size);
}

START_TEST(a_trace_on_a_terminal_has_colours_unless_no_color_is_set) {
    char text[4096];
    trace_on_terminal("-u NO_COLOR", text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "\033[36mio_instruction\033[0m("));
    ck_assert_ptr_nonnull(strstr(text, " \033[1mGUEST_IO\033[0m {"));
    trace_on_terminal("NO_COLOR=", text, sizeof text);
    ck_assert_ptr_nonnull(strchr(text, '\033'));
    trace_on_terminal("NO_COLOR=1", text, sizeof text);
    ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

// Fails unless every line is one object whose members docs/json.md names.
static void check_json_lines(void) {
    static char description[0x10000];
    read_text_file(ZIRCONIA_SOURCE_DIR "/docs/json.md", description, sizeof description);
    const char *line = result.out;
    for (; *line != '\0'; line = strchr(line, '\n') + 1) {
        ck_assert_msg(json_is_object_line(line), "no JSON: %s", line);
        const char *at = line;
        while ((at = strstr(at, "\":")) != NULL && at < strchr(line, '\n')) {
            const char *name = at;
            char quoted[64];
            while (name[-1] != '"') {
                name--;
            }
            snprintf(quoted, sizeof quoted, "`%.*s`", (int)(at - name), name);
            ck_assert_msg(strstr(description, quoted) != NULL, "%s is not described", quoted);
            at++;
        }
    }
}

// The first line of that event, or that kind of exit.
static const char *find_line(const char *member, const char *value) {
    for (const char *line = result.out; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (json_member_is(line, member, value)) {
            return line;
        }
    }
    ck_abort_msg("no line with %s %s", member, value);
}

static void expect_end(const char *reason, const char *exit_code) {
    const char *end = find_line("event", "\"end\"");
    ck_assert_str_eq(strchr(end, '\n'), "\n"); // The last line.
    ck_assert(json_member_is(end, "reason", reason));
    ck_assert(json_member_is(end, "exit_code", exit_code));
}

START_TEST(json_lines_have_the_members_that_are_described) {
    static const char *const members[] = {"kind", "vcpu",  "rip",         "cr3",
                                          "mode", "bytes", "instruction", "qualification"};
    ck_assert_int_eq(run_tool("run %s --trap-mem 0xe0000000 --json", image(&touches)), 0);
    check_json_lines();
    ck_assert_str_eq(result.err, "");
    const char *line = find_line("kind", "\"ept_violation\"");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        ck_assert_msg(json_member(line, members[i]) != NULL, "no %s", members[i]);
    }
    ck_assert(json_member_is(line, "rip", "\"0x100000\""));
    ck_assert(json_member_is(line, "mode", "64"));
    ck_assert(json_member_is(line, "qualification",
                             "{\"addr\":\"0xe0000000\",\"access\":1,\"access_name\":\"read\"}"));
    const char *packet = json_member(line, "packet");
    ck_assert_ptr_nonnull(packet);
    ck_assert(json_member_is(packet, "type", "\"GUEST_MEM\""));
    ck_assert(json_member_is(packet, "key", "16"));
    ck_assert(json_member_is(packet, "addr", "\"0xe0000000\""));
    ck_assert(json_member_is(packet, "rip", "\"0x100000\""));
    ck_assert(json_member_is(packet, "instruction_size", "9"));
    ck_assert(json_member_is(packet, "default_operand_size", "4"));
    line = find_line("kind", "\"io_instruction\"");
    ck_assert(json_member_is(json_member(line, "packet"), "key", "1"));
    ck_assert(json_member_is(json_member(line, "packet"), "data", "\"0x0\""));
    expect_end("\"guest_ok\"", "0");
}
END_TEST

START_TEST(json_tells_of_bells_serial_output_and_errors) {
    ck_assert_int_eq(run_tool("run %s --bell 0xe0000000 --json", image(&stores)), 0);
    check_json_lines();
    const char *line = find_line("event", "\"port\"");
    ck_assert(json_member_is(json_member(line, "packet"), "type", "\"GUEST_BELL\""));
    ck_assert(json_member_is(json_member(line, "packet"), "addr", "\"0xe0000000\""));
    ck_assert_int_eq(run_tool("run %s --serial 0x3f8 --json", image(&says)), 0);
    check_json_lines();
    ck_assert(json_member_is(find_line("event", "\"serial\""), "text", "\"H\\n\""));
    ck_assert_int_eq(run_tool("run %s --json", image(&outputs)), 3);
    check_json_lines();
    line = find_line("event", "\"exit\"");
    ck_assert(json_member_is(line, "status", "\"ZX_ERR_NOT_FOUND\""));
    ck_assert_ptr_null(json_member(line, "packet"));
    expect_end("\"guest_fault\"", "3");
    ck_assert_int_eq(run_tool("run %s --json", image(&faults)), 3);
    check_json_lines();
    find_line("kind", "\"triple_fault\"");
    ck_assert_int_eq(run_tool("run %s --json", image(&ends_with_1)), 1);
    expect_end("\"guest_failed\"", "1");
    ck_assert_int_eq(run_tool("run %s --json --timeout 0.05", image(&spins)), 124);
    expect_end("\"timeout\"", "124");
}
END_TEST

START_TEST(max_exits_and_stats_count_exactly) {
    ck_assert_int_eq(run_tool("run %s --max-exits 37 --json --stats", image(&asks)), 124);
    check_json_lines();
    const char *line = find_line("event", "\"statistics\"");
    ck_assert(json_member_is(line, "kind", "\"cpuid\""));
    ck_assert(json_member_is(line, "count", "37"));
    const double whole = strtod(json_member(line, "nanoseconds"), NULL);
    const double shortest = strtod(json_member(line, "shortest"), NULL);
    const double longest = strtod(json_member(line, "longest"), NULL);
    ck_assert(shortest > 0 && shortest <= longest && longest <= whole);
    ck_assert_uint_eq(count_lines(result.out), 37 + 2);
    expect_end("\"max_exits\"", "124");
    ck_assert_int_eq(
        run_tool("run %s --trap-io 0x80 --max-exits 37 --json --stats", image(&outputs)), 124);
    ck_assert(json_member_is(find_line("event", "\"statistics\""), "count", "37"));
    ck_assert_uint_eq(count_lines(result.out), 37 + 2);
    ck_assert_int_eq(run_tool("run %s --max-exits 37 --stats", image(&asks)), 124);
    unsigned count = 0;
    const char *table = strstr(result.err, "\ncpuid ");
    ck_assert_ptr_nonnull(table);
    double figures[5];
    ck_assert_int_eq(sscanf(table, " cpuid %u %lf%% %*f %lf%% %lf %lf %lf", &count, &figures[0],
                            &figures[1], &figures[2], &figures[3], &figures[4]),
                     6);
    ck_assert_uint_eq(count, 37);
    ck_assert(figures[0] == 100 && figures[1] == 100);
    ck_assert(figures[2] <= figures[4] && figures[3] <= figures[4]);
    ck_assert_int_eq(run_tool("run %s --max-exits 37 --stats --virtual-time", image(&asks)), 124);
    ck_assert_ptr_nonnull(strstr(result.err, "average\n"));
}
END_TEST

#define TWO ZIRCONIA_GUEST_DIR "/two_processors.bin"

// Starts the second processor, which does: in al, 0x77.
PROGRAM(second_fails, "\xbe\x26\x00\x10\x00\xbf\x00\x80\x00\x00\xb9\x02\x00\x00"
                      "\x00\xf3\xa4\xb9\x30\x08\x00\x00\xba\x01\x00\x00\x00\xb8"
                      "\x08\x46\x00\x00\x0f\x30\xf3\x90\xeb\xfc\xe4\x77");

START_TEST(the_processor_that_cannot_go_on_is_told) {
    ck_assert_int_eq(run_tool("run %s --cpus 2", image(&second_fails)), 3);
    ck_assert_ptr_nonnull(
        strstr(result.err, "VCPU 1 stopped at 0x0, 'in al, 0x77': IN from port 0x77"));
}
END_TEST

// Each packet of the socket is a write of the tool's.
static int count_writes(char *const *words) {
    int ends[2];
    char bytes[256];
    int writes = 0;
    int status;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    const pid_t child = fork();
    ck_assert_int_ne(child, -1);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(words[0], words);
        _exit(127);
    }
    close(ends[1]);
    while (recv(ends[0], bytes, sizeof bytes, 0) > 0) {
        writes++;
    }
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    return writes;
}

START_TEST(what_a_guest_says_is_written_by_lines_unless_at_a_terminal) {
    static char tool[] = ZIRCONIA_TOOL;
    static char guest[] = TWO;
    char *words[] = {tool, "run", guest, "--serial", "0x3f8", "--cpus", "2", NULL};
    ck_assert_int_eq(count_writes(words), 2);
}
END_TEST

// The ninth exit is the second processor's CPUID, and the registers at the end are of that one.
START_TEST(a_guest_starts_its_other_processors) {
    const char *line;
    ck_assert_int_eq(run_tool("run " TWO " --serial 0x3f8 --cpus 2 --virtual-time --trace"), 0);
    ck_assert_str_eq(result.out, "a\nb\n");
    ck_assert_ptr_nonnull(strstr(result.err, "\n1:0xf   "));
    ck_assert_int_eq(
        run_tool("run " TWO " --serial 0x3f8 --cpus 2 --virtual-time --max-exits 9 --json"), 124);
    line = find_line("event", "\"end\"");
    ck_assert(json_member_is(json_member(line, "registers"), "rax", "\"0x40000001\""));
    ck_assert_int_eq(run_tool("run " TWO " --serial 0x3f8 --virtual-time --max-exits 9"), 124);
    ck_assert_ptr_nonnull(
        strstr(result.err, "the guest starts processor 1, but there is 1 (--cpus)\n"));
}
END_TEST

START_TEST(virtual_time_repeats_a_run_exactly) {
    static char first[sizeof result.out];
    const char *command = "run %s --trap-io 0x80 --json --virtual-time";
    ck_assert_int_eq(run_tool(command, image(&tells_time)), 0);
    ck_assert_uint_eq(count_lines(result.out), 16 + 1 + 1);
    memcpy(first, result.out, sizeof first);
    ck_assert_int_eq(run_tool(command, image(&tells_time)), 0);
    ck_assert_str_eq(result.out, first);
}
END_TEST

START_TEST(disasm_prints_address_bytes_and_text) {
    ck_assert_int_eq(run_tool("disasm %s --base 0x7c00", image(&outputs)), 0);
    ck_assert_uint_eq(count_lines(result.out), 2);
    ck_assert_ptr_nonnull(strstr(result.out, "0x7c00  e6 80 "));
    ck_assert_ptr_nonnull(strstr(result.out, "out"));
    ck_assert_int_eq(run_tool("disasm %s --mode 16", make_file("pop", "\x58", 1)), 0);
    ck_assert_ptr_nonnull(strstr(result.out, "pop"));
    ck_assert_ptr_nonnull(strstr(result.out, " ax"));
}
END_TEST

START_TEST(help_fits_on_a_terminal) {
    static const char *const commands[] = {"",     "run",    "stat",  "disasm", "fuzz-repro",
                                           "step", "lesson", "linux", "zircon"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        ck_assert_int_eq(run_tool("help %s", commands[i]), 0);
        for (const char *line = result.out; *line; line += strcspn(line, "\n") + 1) {
            const size_t width = strcspn(line, "\n");
            ck_assert_msg(width <= 80, "%.*s", (int)width, line);
        }
    }
}
END_TEST

START_TEST(help_and_version_are_data) {
    ck_assert_int_eq(run_tool("--help"), 0);
    ck_assert_int_eq(strncmp(result.out, "Examples:\n", 10), 0);
    ck_assert_str_eq(result.err, "");
    ck_assert_int_eq(run_tool("-h"), 0);
    ck_assert_int_eq(run_tool("help"), 0);
    ck_assert_int_eq(run_tool("help help"), 0);
    ck_assert_int_eq(run_tool("help disasm"), 0);
    ck_assert_ptr_nonnull(strstr(result.out, "Usage: zirconia disasm"));
    ck_assert_int_eq(run_tool("-V"), 0);
    ck_assert_int_eq(run_tool("--version"), 0);
    ck_assert_int_eq(strncmp(result.out, "zirconia 0.", 11), 0);
    const char *second = strchr(result.out, '\n') + 1;
    ck_assert(*second == '\0' || strncmp(second, "With this Unicorn ", 18) == 0);
    ck_assert_uint_le(count_lines(result.out), 2);
    ck_assert_int_eq(run_tool("--version >/dev/full"), 125);
}
END_TEST

#ifdef __x86_64__
START_TEST(the_c_example_is_built_by_the_readme_and_runs) {
    static char readme[0x10000];
    char line[1024];
    read_text_file(ZIRCONIA_SOURCE_DIR "/README.md", readme, sizeof readme);
    char *command = strstr(readme, "\ngcc ");
    ck_assert_ptr_nonnull(command);
    command += strlen("\ngcc ");
    *strchr(command, '\n') = '\0';
    const char *output = path_of("hello.elf");
    char *name = strstr(command, "hello.elf");
    ck_assert_ptr_nonnull(name);
    snprintf(line, sizeof line, "cd '%s' && cc %.*s%s%s", ZIRCONIA_SOURCE_DIR,
             (int)(name - command), command, output, name + strlen("hello.elf"));
    run_command(line);
    ck_assert_msg(result.exit_code == 0, "%s: %s", line, result.err);
    ck_assert_int_eq(run_tool("run %s --serial 0x3f8", output), 0);
    ck_assert_str_eq(result.out, "Hello from C. The numbers from 1 to 1000 add up to 500500.\n");
    ck_assert_str_eq(result.err, "");
    ck_assert_int_eq(run_tool("disasm %s", output), 0);
    ck_assert_ptr_nonnull(strstr(result.out, "hlt"));
}
END_TEST
#endif

int main(void) {
    Suite *suite = suite_create("tool");
    TCase *tcase = tcase_create("tool");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, each_exit_code_has_its_cause);
    tcase_add_test(tcase, standard_output_has_what_the_guest_says_and_nothing_else);
    tcase_add_test(tcase, a_trace_has_a_line_for_each_exit);
    tcase_add_test(tcase, a_trace_on_a_terminal_has_colours_unless_no_color_is_set);
    tcase_add_test(tcase, json_lines_have_the_members_that_are_described);
    tcase_add_test(tcase, json_tells_of_bells_serial_output_and_errors);
    tcase_add_test(tcase, max_exits_and_stats_count_exactly);
    tcase_add_test(tcase, what_a_guest_says_is_written_by_lines_unless_at_a_terminal);
    tcase_add_test(tcase, a_guest_starts_its_other_processors);
    tcase_add_test(tcase, the_processor_that_cannot_go_on_is_told);
    tcase_add_test(tcase, virtual_time_repeats_a_run_exactly);
    tcase_add_test(tcase, disasm_prints_address_bytes_and_text);
    tcase_add_test(tcase, help_fits_on_a_terminal);
    tcase_add_test(tcase, help_and_version_are_data);
#ifdef __x86_64__
    tcase_add_test(tcase, the_c_example_is_built_by_the_readme_and_runs);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
