// SPDX-License-Identifier: MIT
//
// `zirconia step`: makes the guest, and hands it to a script or to somebody at a terminal.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/step/commands.h"
#include "cli/step/session.h"
#include "cli/step/tui.h"

static const uint64_t default_memory_size = (uint64_t)64 << 20;

static struct session session;

static void interrupt(void) {
    debuggee_interrupt(&session.debuggee);
}

// Carries out the lines of a stream. A wrong one is the last.
static enum exit_code run_script(FILE *stream, const char *name) {
    char line[VIEW_LINE_SIZE];
    for (unsigned number = 1; !session.over && fgets(line, sizeof(line), stream); number++) {
        host_on_interruption(interrupt);
        const bool right = commands_run(&session, line);
        host_on_interruption(NULL);
        fflush(session.out);
        if (!right) {
            talk("%s:%u: %s", name, number, session.view.message);
            return EXIT_CODE_USAGE;
        }
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_script_file(const char *name) {
    FILE *file = fopen(name, "r");
    if (!file) {
        talk("%s: %s", name, strerror(errno));
        return EXIT_CODE_USAGE;
    }
    const enum exit_code code = run_script(file, name);
    fclose(file);
    return code;
}

static enum exit_code run_session(const struct options *options, const struct image *image) {
    enum exit_code code = EXIT_CODE_OK;
    session.out = stdout;
    session.view = (struct view){.rows = 24, .columns = 80, .sight = {.memory = image->entry}};
    if (!options->no_tui && !(host_is_terminal(stdin) && host_is_terminal(stdout))) {
        talk("there is no terminal to step at; see --no-tui");
        return EXIT_CODE_USAGE;
    }
    if (options->script)
        code = run_script_file(options->script);
    else if (options->no_tui)
        code = run_script(stdin, "standard input");
    if (code != EXIT_CODE_OK || options->no_tui || session.over)
        return code;
    session.out = NULL;
    return tui_run(&session) ? EXIT_CODE_OK : EXIT_CODE_TOOL_FAILED;
}

static void print_help(void) {
    help_print(SUBCOMMAND_STEP,
               "  zirconia step hello.elf --serial 0x3f8\n"
               "  echo 'exit cpuid' | zirconia step demo.bin --no-tui\n",
               "Shows a guest as it runs, instruction by instruction and exit by exit, forward\n"
               "and backward. The guest is that of zirconia run, in virtual time. The key ?\n"
               "lists the commands and their keys.\n");
}

int command_step(int count, char **words) {
    struct options options = {.memory_size = default_memory_size, .virtual_time = true};
    if (!options_parse(SUBCOMMAND_STEP, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_help();
        return EXIT_CODE_OK;
    }
    struct image image;
    if (!image_open(&options, &image))
        return EXIT_CODE_USAGE;
    struct symbols symbols = symbols_read(&image);
    enum exit_code code = debuggee_open(&session.debuggee, &options, &image, &symbols);
    if (code == EXIT_CODE_OK)
        code = run_session(&options, &image);
    debuggee_close(&session.debuggee);
    symbols_free(&symbols);
    image_close(&image);
    return (int)code;
}
