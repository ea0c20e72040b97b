// SPDX-License-Identifier: MIT
//
// Running the tool as a person does, with files of a test's own. It has ended when run_tool()
// returns: its standard output was read to the end, and its status was waited for. The file that
// includes this defines _XOPEN_SOURCE as 700 first.

#ifndef TESTS_TOOL_PROCESS_H
#define TESTS_TOOL_PROCESS_H

#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tool_result {
    int exit_code; // -1: ended by a signal.
    char out[0x40000];
    char err[0x10000];
};

static struct tool_result result;
static char folder[256]; // In TMPDIR, or else /tmp; no character of it is special to a shell.

// The set-up and the tear-down of an unchecked fixture. A sanitizer in the tool must not add to the
// tool's output unless it found something.
static inline void make_folder(void) {
    char options[512];
    const char *present = getenv("LSAN_OPTIONS");
    snprintf(options, sizeof options, "%s:print_suppressions=0", present != NULL ? present : "");
    ck_assert_int_eq(setenv("LSAN_OPTIONS", options, 1), 0);
    const char *parent = getenv("TMPDIR");
    ck_assert_int_lt(snprintf(folder, sizeof folder, "%s/zirconia-test-XXXXXX",
                              parent != NULL && parent[0] != '\0' ? parent : "/tmp"),
                     (int)sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void remove_folder(void) {
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

// The name of a file in the folder; valid until the next call but three.
static inline const char *path_of(const char *name) {
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline const char *make_file(const char *name, const void *bytes, size_t size) {
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline void read_stream(FILE *stream, char *text, size_t size) {
    const size_t length = fread(text, 1, size - 1, stream);
    ck_assert_uint_lt(length, size - 1);
    text[length] = '\0';
}

static inline void read_text_file(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    read_stream(file, text, size);
    ck_assert_int_eq(fclose(file), 0);
}

// Runs a command line of the shell.
static inline void run_command(const char *line) {
    char command[2048];
    const char *err = path_of("standard-error");
    ck_assert_int_lt(snprintf(command, sizeof command, "{ %s\n} 2>%s", line, err),
                     (int)sizeof command);
    FILE *stream = popen(command, "r");
    ck_assert_ptr_nonnull(stream);
    read_stream(stream, result.out, sizeof result.out);
    const int status = pclose(stream);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_text_file(err, result.err, sizeof result.err);
}

// Runs the tool; the words are the shell's.
__attribute__((format(printf, 1, 2))) static inline int run_tool(const char *format, ...) {
    char words[1024];
    char line[1536];
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_lt(vsnprintf(words, sizeof words, format, arguments), (int)sizeof words);
    va_end(arguments);
    snprintf(line, sizeof line, "'%s' %s", ZIRCONIA_TOOL, words);
    run_command(line);
    return result.exit_code;
}

// Runs the tool with its standard error at a terminal, to its end with 0, and puts into `text` what
// the terminal got, at most one read(). `environment` has words of env(1).
static inline void run_tool_at_terminal(const char *environment, const char *words, char *text,
                                        size_t size) {
    char line[1536];
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    const char *name = ptsname(terminal);
    // What was printed would be lost when nobody has the terminal open any more.
    const int kept = open(name, O_RDWR | O_NOCTTY);
    ck_assert_int_ge(kept, 0);
    snprintf(line, sizeof line, "env %s '%s' %s 2>%s", environment, ZIRCONIA_TOOL, words, name);
    run_command(line);
    ck_assert_int_eq(result.exit_code, 0);
    const ssize_t length = read(terminal, text, size - 1);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    close(kept);
    close(terminal);
}

static inline size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

// Fails unless standard error is one line that begins with the tool's name, and there is no data.
static inline void expect_one_complaint(int exit_code) {
    ck_assert_msg(result.exit_code == exit_code, "exit code %d: %s", result.exit_code, result.err);
    ck_assert_msg(count_lines(result.err) == 1 && strncmp(result.err, "zirconia: ", 10) == 0,
                  "not one line of complaint: '%s'", result.err);
    ck_assert_str_eq(result.out, "");
}

#endif // TESTS_TOOL_PROCESS_H
