// SPDX-License-Identifier: MIT
//
// The table of options, and how the values are read that are not stored as they are.

#include "cli/option_table.h"

#include <string.h>

#include <zircon/syscalls/hypervisor.h>

#include "cli/numbers.h"
#include "cli/table_sets.h"

static const char *const not_a_number = "is not a number (decimal, or hexadecimal after 0x)";
static const char *const not_a_size = "is not a size (a number, then K, M, G or T if you like)";

static const char *apply_base(struct options *options, const char *value) {
    options->has_base = true;
    return parse_number(value, &options->base) ? NULL : not_a_number;
}

static const char *apply_entry(struct options *options, const char *value) {
    options->has_entry = true;
    return parse_number(value, &options->entry) ? NULL : not_a_number;
}

static const char *apply_mode(struct options *options, const char *value) {
    uint64_t mode;
    if (!parse_number(value, &mode) || (mode != 16 && mode != 32 && mode != 64))
        return "is none of 16, 32 and 64";
    options->mode = (zirconia_code_mode_t)mode;
    return NULL;
}

static const char *apply_memory(struct options *options, const char *value) {
    return parse_size(value, &options->memory_size) ? NULL : not_a_size;
}

static const char *add_trap(struct options *options, uint32_t kind, uint64_t size,
                            const char *value) {
    if (options->trap_count == OPTIONS_MAX_TRAPS)
        return "is one trap too many: 64 is the most";
    struct trap_option *trap = &options->traps[options->trap_count++];
    *trap = (struct trap_option){.text = value, .kind = kind, .size = size};
    if (!parse_range(value, &trap->address, &trap->size))
        return "is not a number or NUMBER:SIZE";
    return NULL;
}

static const char *apply_trap_mem(struct options *options, const char *value) {
    return add_trap(options, ZX_GUEST_TRAP_MEM, 4096, value);
}

static const char *apply_bell(struct options *options, const char *value) {
    return add_trap(options, ZX_GUEST_TRAP_BELL, 4096, value);
}

static const char *apply_trap_io(struct options *options, const char *value) {
    return add_trap(options, ZX_GUEST_TRAP_IO, 1, value);
}

static const char *apply_serial(struct options *options, const char *value) {
    options->has_serial = true;
    return parse_number(value, &options->serial_port) ? NULL : not_a_number;
}

static const char *apply_max_exits(struct options *options, const char *value) {
    if (!parse_number(value, &options->max_exits) || options->max_exits == 0)
        return "is not a number above 0";
    return NULL;
}

static const char *apply_timeout(struct options *options, const char *value) {
    return parse_seconds(value, &options->timeout) ? NULL : "is not a number of seconds above 0";
}

static const char *apply_interval(struct options *options, const char *value) {
    return parse_seconds(value, &options->interval) ? NULL : "is not a number of seconds above 0";
}

static const char *apply_output(struct options *options, const char *value) {
    options->trace = true;
    options->output = value;
    return NULL;
}

static const char *apply_only(struct options *options, const char *value) {
    options->trace = true;
    return trace_filter_parse(&options->only, value);
}

static const char *apply_times(struct options *options, const char *value) {
    (void)value;
    options->trace = true;
    options->times = true;
    return NULL;
}

static const char *apply_relative(struct options *options, const char *value) {
    (void)value;
    options->trace = true;
    options->relative = true;
    return NULL;
}

static const char *apply_console(struct options *options, const char *value) {
    options->console = value;
    return strcmp(value, "ttyS0") == 0 || strcmp(value, "hvc0") == 0 ? NULL
                                                                     : "is neither ttyS0 nor hvc0";
}

static const char *apply_cpus(struct options *options, const char *value) {
    if (!parse_number(value, &options->cpus) || options->cpus < 1 ||
        options->cpus > OPTIONS_MAX_CPUS)
        return "is not a number from 1 to 8";
    return NULL;
}

static const char *apply_gdb(struct options *options, const char *value) {
    options->gdb = value ? value : "1234";
    return NULL;
}

#define STORED(member) NULL, offsetof(struct options, member)
#define READ(function) function, 0

#define OPTION(commands, name, short_name, argument, help, how)                                    \
    {commands, name, short_name, argument, help, how},

const struct option_spec option_table[] = {
#include "cli/options.inc"
    {.name = NULL},
};
