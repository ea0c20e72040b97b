// SPDX-License-Identifier: MIT
//
// The options of the subcommands, read from the command line. Nothing is checked here that needs
// the guest; zirconia.1 describes the same options for people.

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <zirconia/decode.h>

#include "cli/trace_filter.h"

enum { OPTIONS_MAX_TRAPS = 64 };

// One --trap-mem, --trap-io or --bell.
struct trap_option {
    const char *text; // as it was given, for error lines
    uint32_t kind;    // ZX_GUEST_TRAP_
    uint64_t address; // or I/O port
    uint64_t size;
};

struct options {
    const char *image; // The image, or a fuzz target.
    const char *input; // The input of a fuzz target.
    uint64_t base;
    uint64_t entry;
    bool has_base;
    bool has_entry;
    zirconia_code_mode_t mode;
    uint64_t memory_size;
    struct trap_option traps[OPTIONS_MAX_TRAPS];
    size_t trap_count;
    uint64_t serial_port;
    bool has_serial;
    uint64_t max_exits; // 0: no limit
    int64_t timeout;    // nanoseconds, 0: no limit
    bool virtual_time;
    const char *gdb; // where to listen for gdb; NULL: not at all
    bool wait;
    bool trace;
    const char *output; // of the trace; NULL: standard error
    bool times;
    bool relative;
    const char *timeline; // a file in Fuchsia's trace format; NULL: none
    struct trace_filter only;
    bool json;
    const char *html; // The file of the page; NULL: none.
    bool registers;
    bool stats;
    int64_t interval; // between live tables, nanoseconds; 0: none
    const char *kernel;
    const char *initrd;
    const char *append; // to the kernel's command line
    uint64_t cpus;
    const char *disk;
    bool exits;
    const char *console; // of the shell
    const char *script;  // of commands; NULL: none
    bool no_tui;
    bool help;
};

// One option of a subcommand. `apply` returns NULL, or what is wrong with the value.
struct option_spec {
    const char *name;
    const char *argument; // how the help calls it; NULL when there is none
    const char *help;
    const char *(*apply)(struct options *options, const char *value);
};

// All end with a NULL name.
extern const struct option_spec run_options[];
extern const struct option_spec stat_options[];
extern const struct option_spec step_options[];
extern const struct option_spec repro_options[];
extern const struct option_spec disasm_options[];
extern const struct option_spec linux_options[];
extern const struct option_spec zircon_options[];

// Reads the words after the subcommand's name: an image, or with repro_options a target and an
// input, or with linux_options neither. False when one is wrong, which has been said.
bool options_parse(const struct option_spec *specs, int count, char **words,
                   struct options *options);

void options_print(const struct option_spec *specs, FILE *stream);

#endif // CLI_OPTIONS_H
