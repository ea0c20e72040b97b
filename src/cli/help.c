// SPDX-License-Identifier: MIT
//
// Help in the order in which it is looked for: examples, usage, options, exit codes.

#include "cli/help.h"

#include <string.h>

#include "cli/option_table.h"
#include "cli/table_sets.h"
#include "cli/talk.h"

#define COMMAND(name, set, function, words, what) {set, name, words},

static const struct {
    unsigned subcommand;
    const char *name;
    const char *words;
} commands[] = {
#include "cli/commands.inc"
};

#define ENDS_WITH(set, code, when) {set, EXIT_CODE_##code, when},

static const struct {
    unsigned subcommands;
    enum exit_code code;
    const char *when;
} ends[] = {
#include "cli/exit_codes.inc"
};

static void print_options(enum subcommand subcommand) {
    for (const struct option_spec *spec = option_table; spec->name; spec++) {
        if (!(spec->subcommands & subcommand))
            continue;
        char name[40];
        snprintf(name, sizeof(name), "%s %s", spec->name, spec->argument ? spec->argument : "");
        printf("  %-22s %s", name, spec->help);
        if (spec->short_name)
            printf(" (%s)", spec->short_name);
        printf("\n");
    }
}

static void print_exit_codes(enum subcommand subcommand) {
    printf("\nExit code:\n");
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends[i].subcommands & subcommand)
            printf("  %-3d  %s\n", (int)ends[i].code, ends[i].when);
}

void help_print(enum subcommand subcommand, const char *examples, const char *description) {
    printf("Examples:\n%s\nUsage: zirconia ", examples);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].subcommand == subcommand)
            printf("%s %s\n", commands[i].name, commands[i].words);
    printf("%s", description);
    if (subcommand != SUBCOMMAND_LESSON) {
        printf("\n");
        print_options(subcommand);
    }
    print_exit_codes(subcommand);
}

void help_print_usages(FILE *stream, const char *before) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(stream, "%*s zirconia %s %s\n", (int)strlen(before), i == 0 ? before : "",
                commands[i].name, commands[i].words);
}
