// SPDX-License-Identifier: MIT
//
// `zirconia run`: makes the guest, runs it until it ends, and tells why it did.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zirconia/observe.h>

#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/exit_log.h"
#include "cli/fields.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/html.h"
#include "cli/json.h"
#include "cli/live_stats.h"
#include "cli/stats.h"
#include "cli/vcpus.h"

static const uint64_t default_memory_size = (uint64_t)64 << 20;

static zx_handle_t interrupted_vcpu;
static atomic_bool interrupted;

static void interrupt_run(void) {
    atomic_store(&interrupted, true);
    (void)zx_vcpu_kick(interrupted_vcpu);
}

static const struct ending tool_failed = {EXIT_CODE_TOOL_FAILED, "tool_failed"};

// With the thread that serves gdb, if that is wanted.
static struct ending run_debugged(struct vcpus *vcpus) {
    struct debugger debugger;
    if (!debugger_start(&debugger, vcpus->options, vcpus->vm->guest)) {
        talk("%s", debugger.problem);
        return tool_failed;
    }
    vcpus->debugger = &debugger;
    const struct ending ending = vcpus_run(vcpus);
    debugger_stop(&debugger, (int)ending.code);
    return ending;
}

// With the thread that prints tables meanwhile, if that is wanted.
static struct ending run_counted(struct vcpus *vcpus) {
    const int64_t interval = vcpus->options->interval;
    struct live_stats *live = interval ? live_stats_start(vcpus->vm->guest, interval) : NULL;
    if (interval && !live)
        return tool_failed;
    const struct ending ending = run_debugged(vcpus);
    if (live)
        live_stats_stop(live);
    return ending;
}

// With the thread that takes bells and watches the clock.
static struct ending run_attended(struct vcpus *vcpus) {
    const struct options *options = vcpus->options;
    const struct vm *vm = vcpus->vm;
    struct attendant attendant = {
        .port = vm->port,
        .vcpu = vm->vcpu,
        .deadline = options->timeout ? zx_deadline_after(options->timeout) : ZX_TIME_INFINITE,
        .bells = vcpus->log->bells,
    };
    zx_status_t status = zirconia_guest_observe(vm->guest, exit_log_observe, vcpus->log);
    if (status == ZX_OK && options->html)
        status = zirconia_guest_observe_entries(vm->guest, exit_log_observe_entry, vcpus->log);
    if (status != ZX_OK) {
        talk("cannot observe the guest: %s", zx_status_get_string(status));
        return tool_failed;
    }
    if (!attendant_start(&attendant)) {
        talk("cannot start a thread");
        return tool_failed;
    }
    vcpus->attendant = &attendant;
    interrupted_vcpu = vm->vcpu;
    host_on_interruption(interrupt_run);
    const struct ending ending = run_counted(vcpus);
    host_on_interruption(NULL);
    attendant_stop(&attendant);
    (void)zirconia_guest_observe(vm->guest, NULL, NULL);
    (void)zirconia_guest_observe_entries(vm->guest, NULL, NULL);
    return ending;
}

static void print_end(const struct vcpus *vcpus, const struct ending *ending) {
    const struct options *options = vcpus->options;
    const struct exit_log *log = vcpus->log;
    const bool fault = ending->code == EXIT_CODE_GUEST_FAULT;
    if (options->registers || (fault && !options->json))
        registers_print(vcpus->registers, REGISTER_COUNT);
    if (options->stats)
        stats_print(log->stats, vcpus->vm->guest, options->json);
    if (options->stats && !options->json)
        tally_print(log->tally);
    if (options->json)
        json_end(ending->reason, (int)ending->code, ending_said(), vcpus->registers,
                 REGISTER_COUNT);
}

// Runs a guest that is ready, and closes what tells of it.
static struct ending run_told(struct vcpus *vcpus) {
    const struct exit_log *log = vcpus->log;
    struct ending ending = run_attended(vcpus);
    trace_end(log->trace, ending_said());
    const bool traced = trace_close(log->trace);
    const struct html_end end = {ending.reason, (int)ending.code, ending_noted(vcpus->ended_by)};
    const bool shown = html_close(log->html, vcpus->vm->guest, &end);
    if (!timeline_close(log->timeline) || !traced || !shown)
        ending = tool_failed;
    return ending;
}

static enum exit_code run_vcpus(struct vcpus *vcpus) {
    const struct options *options = vcpus->options;
    const bool tells = options->trace || options->json || options->timeline || options->html;
    struct trace trace;
    struct bells bells;
    static struct timeline timeline;
    static struct html html;
    static struct tally tally;
    static struct stats stats;
    static struct exit_log log;
    html = (struct html){.options = options, .symbols = vcpus->symbols, .vcpus = vcpus->handles};
    if (!trace_open(&trace, options) || !timeline_open(&timeline, options->timeline) ||
        !html_open(&html))
        return EXIT_CODE_USAGE;
    if (!bells_open(&bells)) {
        talk("no memory");
        return EXIT_CODE_TOOL_FAILED;
    }
    log = (struct exit_log){
        .options = options,
        .tally = &tally,
        .stats = &stats,
        .trace = &trace,
        .timeline = &timeline,
        .html = &html,
        .bells = tells ? &bells : NULL,
        .vcpus = vcpus->handles,
        .max_exits = options->max_exits,
        .lock = vcpus->lock,
    };
    vcpus->log = &log;
    vcpus->serial = (struct serial){
        .by_line = options->trace || options->json || options->html || !host_is_terminal(stdout),
        .json = options->json,
        .trace = &trace,
        .html = &html,
    };
    const struct ending ending = run_told(vcpus);
    bells_free(&bells);
    print_end(vcpus, &ending);
    return ending.code;
}

static enum exit_code run_vm(const struct options *options, const struct vm *vm,
                             const struct symbols *symbols) {
    static struct vcpus vcpus;
    vcpus = (struct vcpus){
        .vm = vm,
        .options = options,
        .symbols = symbols,
        .interrupted = &interrupted,
        .lock = host_lock_create(),
        .handles = {vm->vcpu},
    };
    if (!vcpus.lock) {
        talk("no memory");
        return EXIT_CODE_TOOL_FAILED;
    }
    const enum exit_code code = run_vcpus(&vcpus);
    vcpus_close(&vcpus);
    host_lock_destroy(vcpus.lock);
    return code;
}

static void print_help(void) {
    help_print(SUBCOMMAND_RUN,
               "  zirconia run hello.elf --serial 0x3f8\n"
               "  zirconia run kernel.bin --base 0x100000 --trace --timeout 5\n"
               "  zirconia run hello.elf --serial 0x3f8 --html hello.html\n"
               "  zirconia run guest.bin --trap-mem 0xfee00000 --trap-io 0x70:2 --json >a.json\n",
               "Runs an ELF64 executable or a flat binary as the guest of a machine with one\n"
               "processor, or with --cpus of others that it may start. It starts in 64-bit mode\n"
               "with the low 4 GiB mapped to themselves, and ends by a write to I/O port 0xf4:\n"
               "0 for success, anything else for failure.\n");
}

static int run_image(const struct options *options) {
    struct image image;
    if (!image_open(options, &image))
        return EXIT_CODE_USAGE;
    struct vm vm;
    enum exit_code code = vm_create(options, &image, &vm);
    if (code == EXIT_CODE_OK) {
        struct symbols symbols = symbols_read(&image);
        code = run_vm(options, &vm, &symbols);
        symbols_free(&symbols);
    }
    vm_destroy(&vm);
    image_close(&image);
    return (int)code;
}

int command_run(int count, char **words) {
    struct options options = {.memory_size = default_memory_size, .cpus = 1};
    if (!options_parse(SUBCOMMAND_RUN, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_help();
        return EXIT_CODE_OK;
    }
    return run_image(&options);
}

static void print_stat_help(void) {
    help_print(SUBCOMMAND_STAT,
               "  zirconia stat kernel.bin --base 0x100000\n"
               "  zirconia stat hello.elf --serial 0x3f8 --interval 0.1\n",
               "Runs a guest as 'zirconia run' does, and counts its VM exits. Each second a\n"
               "table on standard error has those of that second by kind; one at the end, or at\n"
               "Ctrl-C, has all, and the ports, addresses and MSRs that they were for.\n");
}

int command_stat(int count, char **words) {
    struct options options = {
        .memory_size = default_memory_size, .cpus = 1, .stats = true, .interval = ZX_SEC(1)};
    if (!options_parse(SUBCOMMAND_STAT, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_stat_help();
        return EXIT_CODE_OK;
    }
    return run_image(&options);
}
