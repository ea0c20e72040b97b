// SPDX-License-Identifier: MIT
//
// The table of options, and how the values are read that are not stored as they are.

#include "cli/option_table.h"

#include <string.h>

#include <zircon/syscalls/hypervisor.h>

#include "cli/numbers.h"

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

enum {
    RUN = SUBCOMMAND_RUN,
    STAT = SUBCOMMAND_STAT,
    STEP = SUBCOMMAND_STEP,
    REPRO = SUBCOMMAND_REPRO,
    DISASM = SUBCOMMAND_DISASM,
    LINUX = SUBCOMMAND_LINUX,
    ZIRCON = SUBCOMMAND_ZIRCON,
    ALL = RUN | STAT | STEP | REPRO | DISASM | LINUX | ZIRCON,
};

#define STORED(member) NULL, offsetof(struct options, member)
#define READ(function) function, 0

const struct option_spec option_table[] = {
    {STAT, "--interval", "SECONDS", "between two tables (default 1)", READ(apply_interval)},
    {LINUX, "--kernel", "FILE", "a bzImage, instead of the distribution's", STORED(kernel)},
    {LINUX, "--initrd", "FILE", "its initramfs; without --kernel, instead of a shell",
     STORED(initrd)},
    {LINUX | ZIRCON, "--append", "WORDS", "add to the kernel's command line", STORED(append)},
    {LINUX | ZIRCON, "--cpus", "N", "processors, 1 to 8 (default 1)", READ(apply_cpus)},
    {LINUX | ZIRCON, "--mem", "SIZE", "memory (default 256M)", READ(apply_memory)},
    {RUN | STAT | STEP, "--mem", "SIZE", "guest memory from address 0 on (default 64M)",
     READ(apply_memory)},
    {RUN | STAT, "--cpus", "N", "processors, 1 to 8; the guest starts others (default 1)",
     READ(apply_cpus)},
    {LINUX | ZIRCON, "--disk", "FILE", "the image of a disk, Linux's /dev/vda", STORED(disk)},
    {LINUX, "--console", "NAME", "ttyS0 (a serial port, the default) or hvc0 (virtio)",
     READ(apply_console)},
    {DISASM, "--base", "ADDR", "where a flat binary lies (default 0x100000)", READ(apply_base)},
    {RUN | STAT | STEP, "--base", "ADDR", "where a flat binary is loaded (default 0x100000)",
     READ(apply_base)},
    {DISASM, "--mode", "BITS", "code of 16, 32 or 64 bits (default 64)", READ(apply_mode)},
    {RUN | STAT | STEP, "--entry", "ADDR",
     "where it starts (default: the image's own, or the base)", READ(apply_entry)},
    {RUN | STAT, "--serial", "PORT", "print what the guest writes to a 16550 UART at PORT",
     READ(apply_serial)},
    {STEP, "--serial", "PORT", "a 16550 UART at PORT, whose output is a pane", READ(apply_serial)},
    {RUN | STAT | STEP, "--trap-mem", "ADDR[:LEN]", "memory trap, reads give 0 (LEN 0x1000)",
     READ(apply_trap_mem)},
    {RUN | STAT | STEP, "--trap-io", "PORT[:N]", "trap on N I/O ports, reads give 0 (N 1)",
     READ(apply_trap_io)},
    {RUN | STAT | STEP, "--bell", "ADDR[:LEN]", "bell trap (LEN 0x1000)", READ(apply_bell)},
    {RUN | STAT, "--max-exits", "N", "stop after N VM exits", READ(apply_max_exits)},
    {RUN | STAT, "--timeout", "SECONDS", "stop after a time", READ(apply_timeout)},
    {REPRO, "--timeout", "SECONDS", "kill the target after a time", READ(apply_timeout)},
    {STEP, "--script", "FILE", "carry out these commands first (-s)", STORED(script)},
    {STEP, "--no-tui", NULL, "no screen; commands from standard input or the script",
     STORED(no_tui)},
    {RUN, "--virtual-time", NULL, "the guest's work drives its clocks: runs repeat exactly",
     STORED(virtual_time)},
    {RUN | LINUX | ZIRCON, "--gdb", "[HOST:PORT]",
     "listen for gdb (default: this machine's port 1234)", READ(apply_gdb)},
    {RUN | LINUX | ZIRCON, "--wait", NULL, "do not run the guest before gdb says so", STORED(wait)},
    {RUN | REPRO, "--trace", NULL, "one line an exit, on standard error", STORED(trace)},
    {RUN, "--only", "WORDS", "trace kinds, packets, port=N[:N], addr=A[:LEN], vcpu=N",
     READ(apply_only)},
    {RUN, "--output", "FILE", "trace into a file (-o)", READ(apply_output)},
    {RUN, "--times", NULL, "trace with seconds of the guest's time (-T)", READ(apply_times)},
    {RUN, "--relative", NULL, "trace with seconds since the line before (-r)",
     READ(apply_relative)},
    {RUN | LINUX | ZIRCON, "--trace-fxt", "FILE",
     "a timeline in Fuchsia's trace format, for Perfetto", STORED(timeline)},
    {RUN | REPRO, "--json", NULL, "JSON on standard output, one object a line", STORED(json)},
    {RUN, "--html", "FILE", "a page of the run: timeline, exits, packets, registers", STORED(html)},
    {RUN, "--registers", NULL, "the registers at the end, on standard error", STORED(registers)},
    {RUN, "--stats", NULL, "exits by kind at the end, on standard error", STORED(stats)},
    {LINUX | ZIRCON, "--exits", NULL, "a live table of exits on standard error", STORED(exits)},
    {ALL, "--help", NULL, "this text", STORED(help)},
    {.name = NULL},
};
