// SPDX-License-Identifier: MIT
//
// The zirconia tool: picks the subcommand, and reports output that could not be written. It is a
// client of the public headers like any other. Standard output carries data, standard error what is
// said to a person.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/zirconia.h>

#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/nearest.h"
#include "cli/talk.h"

static int print_help(FILE *stream) {
    fprintf(stream,
            "Examples:\n"
            "  zirconia run hello.elf --serial 0x3f8    run a guest and print what it says\n"
            "  zirconia run hello.elf --trace           see each VM exit as it happens\n"
            "  zirconia run hello.elf --stats           count them\n"
            "  zirconia stat hello.elf                  count them while it runs\n"
            "  zirconia step hello.elf                  go through it, forward and backward\n"
            "  zirconia disasm hello.elf                see its instructions\n"
            "  zirconia fuzz-repro fuzzer crash --trace see what an input of a fuzzer did\n"
            "  zirconia lesson                          learn to write a guest\n"
            "  zirconia linux                           boot Linux to a shell\n"
            "\n");
    help_print_usages(stream, "Usage:");
    fprintf(stream, "       zirconia help [COMMAND]\n"
                    "       zirconia --version | -V | --help | -h\n"
                    "\n"
                    "zirconia help COMMAND lists a command's options.\n");
    return EXIT_CODE_OK;
}

// The library looks at the engine, for what is to be known of it, when the first guest is made.
static void make_guest(void) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    if (zirconia_hypervisor_resource(&resource) == ZX_OK) {
        zx_guest_create(resource, 0, &guest, &vmar);
    }
    zx_handle_close(vmar);
    zx_handle_close(guest);
    zx_handle_close(resource);
}

static int print_version(void) {
    make_guest();
    const char *note = zirconia_engine_note();
    printf("zirconia %s (Unicorn %s)\n", zirconia_version(), zirconia_engine_version());
    if (note[0] != '\0') {
        printf("With this Unicorn %s.\n", note);
    }
    return EXIT_CODE_OK;
}

#define COMMAND(name, set, function, words, what) {name, function},

static const struct {
    const char *name;
    int (*run)(int count, char **words);
} commands[] = {
#include "cli/commands.inc"
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

// NULL when there is none of that name.
static int (*find_command(const char *name))(int count, char **words) {
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run;
    return NULL;
}

static int unknown_command(const char *name) {
    struct nearest nearest = nearest_to(name, strlen(name));
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_look_at(&nearest, commands[i].name);
    static const char *const others[] = {"help", "--help", "--version"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        nearest_look_at(&nearest, others[i]);
    if (nearest.word)
        talk("unknown command '%s'; did you mean %s?", name, nearest.word);
    else
        talk("unknown command '%s'; see zirconia --help", name);
    return EXIT_CODE_USAGE;
}

// zirconia help [COMMAND]
static int help_with(int count, char **words) {
    static char option[] = "--help";
    char *ask[] = {option, NULL};
    if (count > 1) {
        talk("one command is enough: '%s'", words[1]);
        return EXIT_CODE_USAGE;
    }
    if (count == 0 || strcmp(words[0], "help") == 0)
        return print_help(stdout);
    int (*const command)(int, char **) = find_command(words[0]);
    return command ? command(1, ask) : unknown_command(words[0]);
}

static bool is_one_of(const char *name, const char *one, const char *other) {
    return strcmp(name, one) == 0 || strcmp(name, other) == 0;
}

static int run_command(int count, char **words) {
    const char *name = count > 1 ? words[1] : "";
    int (*const command)(int, char **) = find_command(name);
    if (command)
        return command(count - 2, words + 2);
    if (strcmp(name, "help") == 0)
        return help_with(count - 2, words + 2);
    const bool help = is_one_of(name, "--help", "-h");
    const bool version = is_one_of(name, "--version", "-V");
    if ((help || version) && count > 2) {
        talk("unexpected word '%s' after %s; see zirconia --help", words[2], name);
        return EXIT_CODE_USAGE;
    }
    if (help)
        return print_help(stdout);
    if (version)
        return print_version();
    if (count > 1)
        return unknown_command(name);
    print_help(stderr);
    return EXIT_CODE_USAGE;
}

// Which --version tells.
static bool is_engine_note(const char *line) {
    const char *note = zirconia_engine_note();
    return note[0] != '\0' && strstr(line, note) != NULL;
}

// From which severity on lines are said, however little they matter to the run. The library looks
// there itself only where the program does not ask for its log.
static zirconia_log_level_t level_of_environment(void) {
    const char *wish = getenv("ZIRCONIA_LOG");
    if (wish && strcmp(wish, "debug") == 0)
        return ZIRCONIA_LOG_DEBUG;
    return wish && strcmp(wish, "info") == 0 ? ZIRCONIA_LOG_INFO : ZIRCONIA_LOG_WARNING;
}

// The context is the severity from which on lines are said.
static void print_log(void *context, zirconia_log_level_t level, const char *line) {
    if (level == ZIRCONIA_LOG_INFO)
        ending_note(line);
    if (level >= *(const zirconia_log_level_t *)context && !is_engine_note(line))
        talk("%s", line);
}

int main(int count, char **words) {
    static zirconia_log_level_t said;
    said = level_of_environment();
    host_set_binary(stdout);
    zirconia_set_log(print_log, &said, said < ZIRCONIA_LOG_INFO ? said : ZIRCONIA_LOG_INFO);
    int code = run_command(count, words);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        talk("cannot write to standard output");
        return EXIT_CODE_TOOL_FAILED;
    }
    return code;
}
