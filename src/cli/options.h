// SPDX-License-Identifier: MIT
//
// The options of the subcommands, read from the command line. Nothing is checked here that needs
// the guest.

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zirconia/decode.h>

#include "cli/trace_filter.h"

enum { OPTIONS_MAX_TRAPS = 64, OPTIONS_MAX_CPUS = 8 };

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

// A set of them is their sum.
enum subcommand {
    SUBCOMMAND_RUN = 1,
    SUBCOMMAND_STAT = 2,
    SUBCOMMAND_STEP = 4,
    SUBCOMMAND_REPRO = 8,
    SUBCOMMAND_DISASM = 16,
    SUBCOMMAND_LINUX = 32,
    SUBCOMMAND_ZIRCON = 64,
    SUBCOMMAND_LESSON = 128, // It has no options.
};

// Reads the words after the subcommand's name: an image, or for SUBCOMMAND_REPRO a target and an
// input, or for SUBCOMMAND_LINUX neither. False when one is wrong, which has been said.
bool options_parse(enum subcommand subcommand, int count, char **words, struct options *options);

#endif // CLI_OPTIONS_H
