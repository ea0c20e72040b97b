// SPDX-License-Identifier: MIT
//
// The tables of options, and the one loop that reads them. An option's value follows as the next
// word or after "="; "--" ends the options.

#include "cli/options.h"

#include <string.h>

#include <zircon/syscalls/hypervisor.h>

#include "cli/nearest.h"
#include "cli/numbers.h"
#include "cli/talk.h"

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

static const char *apply_trace(struct options *options, const char *value) {
    (void)value;
    options->trace = true;
    return NULL;
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

static const char *apply_trace_fxt(struct options *options, const char *value) {
    options->timeline = value;
    return NULL;
}

static const char *apply_json(struct options *options, const char *value) {
    (void)value;
    options->json = true;
    return NULL;
}

static const char *apply_html(struct options *options, const char *value) {
    options->html = value;
    return NULL;
}

static const char *apply_kernel(struct options *options, const char *value) {
    options->kernel = value;
    return NULL;
}

static const char *apply_initrd(struct options *options, const char *value) {
    options->initrd = value;
    return NULL;
}

static const char *apply_append(struct options *options, const char *value) {
    options->append = value;
    return NULL;
}

static const char *apply_disk(struct options *options, const char *value) {
    options->disk = value;
    return NULL;
}

static const char *apply_exits(struct options *options, const char *value) {
    (void)value;
    options->exits = true;
    return NULL;
}

static const char *apply_console(struct options *options, const char *value) {
    options->console = value;
    return strcmp(value, "ttyS0") == 0 || strcmp(value, "hvc0") == 0 ? NULL
                                                                     : "is neither ttyS0 nor hvc0";
}

static const char *apply_cpus(struct options *options, const char *value) {
    if (!parse_number(value, &options->cpus) || options->cpus < 1 || options->cpus > 8)
        return "is not a number from 1 to 8";
    return NULL;
}

static const char *apply_script(struct options *options, const char *value) {
    options->script = value;
    return NULL;
}

static const char *apply_no_tui(struct options *options, const char *value) {
    (void)value;
    options->no_tui = true;
    return NULL;
}

static const char *apply_virtual_time(struct options *options, const char *value) {
    (void)value;
    options->virtual_time = true;
    return NULL;
}

static const char *apply_gdb(struct options *options, const char *value) {
    options->gdb = value ? value : "1234";
    return NULL;
}

static const char *apply_wait(struct options *options, const char *value) {
    (void)value;
    options->wait = true;
    return NULL;
}

static const char *apply_registers(struct options *options, const char *value) {
    (void)value;
    options->registers = true;
    return NULL;
}

static const char *apply_stats(struct options *options, const char *value) {
    (void)value;
    options->stats = true;
    return NULL;
}

static const char *apply_help(struct options *options, const char *value) {
    (void)value;
    options->help = true;
    return NULL;
}

const struct option_spec run_options[] = {
    {"--mem", "SIZE", "guest memory from address 0 on (default 64M)", apply_memory},
    {"--base", "ADDR", "where a flat binary is loaded (default 0x100000)", apply_base},
    {"--entry", "ADDR", "where the guest starts (default: the image's own, or the base)",
     apply_entry},
    {"--serial", "PORT", "print what the guest writes to the 16550 UART at PORT", apply_serial},
    {"--trap-mem", "ADDR[:LEN]", "memory trap, reads give 0 (LEN 0x1000)", apply_trap_mem},
    {"--trap-io", "PORT[:N]", "trap on N I/O ports, reads give 0 (N 1)", apply_trap_io},
    {"--bell", "ADDR[:LEN]", "bell trap (LEN 0x1000)", apply_bell},
    {"--max-exits", "N", "stop after N VM exits", apply_max_exits},
    {"--timeout", "SECONDS", "stop after a time", apply_timeout},
    {"--virtual-time", NULL, "drive the guest's clocks by its own work: runs repeat exactly",
     apply_virtual_time},
    {"--gdb", "[HOST:PORT]", "listen for gdb (default: this machine's port 1234)", apply_gdb},
    {"--wait", NULL, "do not run the guest before gdb says so", apply_wait},
    {"--trace", NULL, "one line an exit, on standard error", apply_trace},
    {"--only", "WORDS", "trace these: kinds of exits, packets, port=N[:N], addr=A[:LEN]",
     apply_only},
    {"--output", "FILE", "trace into a file (-o)", apply_output},
    {"--times", NULL, "trace with seconds since the start, of the guest's time (-T)", apply_times},
    {"--relative", NULL, "trace with seconds since the line before (-r)", apply_relative},
    {"--trace-fxt", "FILE", "a timeline in Fuchsia's trace format, for Perfetto", apply_trace_fxt},
    {"--json", NULL, "everything as JSON, one object a line, on standard output", apply_json},
    {"--html", "FILE", "a page to look at the run: timeline, exits, packets, registers",
     apply_html},
    {"--registers", NULL, "the registers at the end, on standard error", apply_registers},
    {"--stats", NULL, "exits by kind at the end, on standard error", apply_stats},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec stat_options[] = {
    {"--interval", "SECONDS", "between two tables (default 1)", apply_interval},
    {"--mem", "SIZE", "guest memory from address 0 on (default 64M)", apply_memory},
    {"--base", "ADDR", "where a flat binary is loaded (default 0x100000)", apply_base},
    {"--entry", "ADDR", "where the guest starts (default: the image's own, or the base)",
     apply_entry},
    {"--serial", "PORT", "print what the guest writes to the 16550 UART at PORT", apply_serial},
    {"--trap-mem", "ADDR[:LEN]", "memory trap, reads give 0 (LEN 0x1000)", apply_trap_mem},
    {"--trap-io", "PORT[:N]", "trap on N I/O ports, reads give 0 (N 1)", apply_trap_io},
    {"--bell", "ADDR[:LEN]", "bell trap (LEN 0x1000)", apply_bell},
    {"--max-exits", "N", "stop after N VM exits", apply_max_exits},
    {"--timeout", "SECONDS", "stop after a time", apply_timeout},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec step_options[] = {
    {"--mem", "SIZE", "guest memory from address 0 on (default 64M)", apply_memory},
    {"--base", "ADDR", "where a flat binary is loaded (default 0x100000)", apply_base},
    {"--entry", "ADDR", "where the guest starts (default: the image's own, or the base)",
     apply_entry},
    {"--serial", "PORT", "a 16550 UART at PORT, whose output is a pane", apply_serial},
    {"--trap-mem", "ADDR[:LEN]", "memory trap, reads give 0 (LEN 0x1000)", apply_trap_mem},
    {"--trap-io", "PORT[:N]", "trap on N I/O ports, reads give 0 (N 1)", apply_trap_io},
    {"--bell", "ADDR[:LEN]", "bell trap (LEN 0x1000)", apply_bell},
    {"--script", "FILE", "carry out these commands first (-s)", apply_script},
    {"--no-tui", NULL, "no screen: commands from standard input, or those of the script",
     apply_no_tui},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec linux_options[] = {
    {"--kernel", "FILE", "a bzImage, instead of the distribution's", apply_kernel},
    {"--initrd", "FILE", "its initramfs; without --kernel, instead of a shell", apply_initrd},
    {"--append", "WORDS", "add to its command line", apply_append},
    {"--cpus", "N", "processors, 1 to 8 (default 1)", apply_cpus},
    {"--mem", "SIZE", "memory (default 256M)", apply_memory},
    {"--disk", "FILE", "the image of a disk, /dev/vda", apply_disk},
    {"--exits", NULL, "a live table of exits on standard error", apply_exits},
    {"--trace-fxt", "FILE", "a timeline in Fuchsia's trace format, for Perfetto", apply_trace_fxt},
    {"--console", "NAME", "ttyS0, the serial port, or hvc0, of virtio (default ttyS0)",
     apply_console},
    {"--gdb", "[HOST:PORT]", "listen for gdb (default: this machine's port 1234)", apply_gdb},
    {"--wait", NULL, "do not run the guest before gdb says so", apply_wait},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec zircon_options[] = {
    {"--append", "WORDS", "add to the kernel's command line", apply_append},
    {"--cpus", "N", "processors, 1 to 8 (default 1)", apply_cpus},
    {"--mem", "SIZE", "memory (default 256M)", apply_memory},
    {"--disk", "FILE", "the image of a disk", apply_disk},
    {"--exits", NULL, "a live table of exits on standard error", apply_exits},
    {"--trace-fxt", "FILE", "a timeline in Fuchsia's trace format, for Perfetto", apply_trace_fxt},
    {"--gdb", "[HOST:PORT]", "listen for gdb (default: this machine's port 1234)", apply_gdb},
    {"--wait", NULL, "do not run the guest before gdb says so", apply_wait},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec repro_options[] = {
    {"--trace", NULL, "one line an exit, on standard error", apply_trace},
    {"--json", NULL, "everything as JSON, one object a line, on standard output", apply_json},
    {"--timeout", "SECONDS", "kill the target after a time", apply_timeout},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

const struct option_spec disasm_options[] = {
    {"--base", "ADDR", "where a flat binary lies (default 0x100000)", apply_base},
    {"--mode", "BITS", "code of 16, 32 or 64 bits (default 64)", apply_mode},
    {"--help", NULL, "this text", apply_help},
    {NULL, NULL, NULL, NULL},
};

// The long name of a short one, or the word itself.
static const char *long_name(const char *word) {
    static const char *const names[][2] = {{"-h", "--help"},
                                           {"-o", "--output"},
                                           {"-r", "--relative"},
                                           {"-s", "--script"},
                                           {"-T", "--times"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(word, names[i][0]) == 0)
            return names[i][1];
    return word;
}

// The option that a word names, "=VALUE" aside.
static const struct option_spec *find_option(const struct option_spec *specs, const char *word) {
    word = long_name(word);
    const size_t length = strcspn(word, "=");
    for (const struct option_spec *spec = specs; spec->name; spec++)
        if (strlen(spec->name) == length && memcmp(spec->name, word, length) == 0)
            return spec;
    return NULL;
}

static void complain_of_option(const struct option_spec *specs, const char *word) {
    struct nearest nearest = nearest_to(word, strcspn(word, "="));
    for (const struct option_spec *spec = specs; spec->name; spec++)
        nearest_look_at(&nearest, spec->name);
    if (nearest.word)
        talk("unknown option '%s'; did you mean %s?", word, nearest.word);
    else
        talk("unknown option '%s'; see zirconia --help", word);
}

// Such an option may stand alone; only what looks like an address behind it is its argument.
static bool is_optional(const struct option_spec *spec) {
    return spec->argument && spec->argument[0] == '[';
}

static bool is_address(const char *word) {
    const char *colon = strrchr(word, ':');
    const char *port = colon ? colon + 1 : word;
    return port[0] && strspn(port, "0123456789") == strlen(port);
}

static bool apply_option(const struct option_spec *spec, const char *value,
                         struct options *options) {
    if (spec->argument && !value && !is_optional(spec)) {
        talk("%s needs %s", spec->name, spec->argument);
        return false;
    }
    if (!spec->argument && value) {
        talk("%s takes no value", spec->name);
        return false;
    }
    const char *problem = spec->apply(options, value);
    if (problem)
        talk("%s: '%s' %s", spec->name, value, problem);
    return !problem;
}

static bool take_image(const struct option_spec *specs, const char *word, struct options *options) {
    if (specs == linux_options) {
        talk("unexpected word '%s'; --kernel names a kernel", word);
        return false;
    }
    if (options->image && specs == repro_options && !options->input) {
        options->input = word;
        return true;
    }
    if (options->image) {
        talk("one %s is enough: '%s'", specs == repro_options ? "file" : "image", word);
        return false;
    }
    options->image = word;
    return true;
}

bool options_parse(const struct option_spec *specs, int count, char **words,
                   struct options *options) {
    bool only_images = false;
    for (int i = 0; i < count; i++) {
        char *word = words[i];
        if (only_images || word[0] != '-' || word[1] == '\0') {
            if (!take_image(specs, word, options))
                return false;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_images = true;
            continue;
        }
        const struct option_spec *spec = find_option(specs, word);
        if (!spec) {
            complain_of_option(specs, word);
            return false;
        }
        const char *equals = strchr(word, '=');
        const char *value = equals ? equals + 1 : NULL;
        if (spec->argument && !value && i + 1 < count &&
            (!is_optional(spec) || is_address(words[i + 1])))
            value = words[++i];
        if (!apply_option(spec, value, options))
            return false;
    }
    if (!options->image && !options->help && specs != linux_options) {
        talk("no %s given; see zirconia --help", specs == repro_options ? "target" : "image");
        return false;
    }
    if (specs == repro_options && !options->input && !options->help) {
        talk("no file for '%s' given; see zirconia --help", options->image);
        return false;
    }
    return true;
}

void options_print(const struct option_spec *specs, FILE *stream) {
    for (const struct option_spec *spec = specs; spec->name; spec++) {
        char name[40];
        snprintf(name, sizeof(name), "%s %s", spec->name, spec->argument ? spec->argument : "");
        fprintf(stream, "  %-22s %s\n", name, spec->help);
    }
}
