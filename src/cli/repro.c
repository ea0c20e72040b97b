// SPDX-License-Identifier: MIT
//
// `zirconia fuzz-repro`: runs a fuzz target on one input, and tells what its guests did, what was
// in the registers at the end, and how the target ended. The target is any program that takes a
// file and uses the library, which tells of exits by the environment (engine/exit_trace.h).

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/commands.h"
#include "cli/exit_log.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/json.h"
#include "cli/registers.h"
#include "cli/talk.h"

enum { MOST_REGISTERS = 32 };

struct repro {
    const struct options *options;
    struct exit_log log;
    uint64_t returns; // How many run calls have returned.
    zx_status_t status;
    uint64_t last;  // The VCPU of the last exit.
    uint64_t vcpu;  // The VCPU of the last run call.
    unsigned count; // How many registers of that VCPU are known.
    struct register_value registers[MOST_REGISTERS];
    char names[MOST_REGISTERS][8];
    char summary[512]; // A sanitizer's last word.
};

// --- The library's lines ---

static zirconia_exit_kind_t kind_named(const char *name) {
    int kind = 0;
    while (kind < ZIRCONIA_EXIT_KIND_COUNT &&
           strcmp(zirconia_exit_kind_name((zirconia_exit_kind_t)kind), name) != 0)
        kind++;
    return (zirconia_exit_kind_t)kind;
}

static void read_code(const char *digits, zirconia_exit_t *exit) {
    unsigned byte;
    while (exit->instruction_size < sizeof(exit->instruction) &&
           sscanf(digits + 2 * exit->instruction_size, "%2x", &byte) == 1)
        exit->instruction[exit->instruction_size++] = (uint8_t)byte;
}

static bool take_exit(struct repro *repro, const char *text) {
    zirconia_exit_t exit = {0};
    char kind[32];
    char code[32] = "";
    int mode;
    if (sscanf(text,
               "zirconia-exit %31s vcpu=%" SCNu64 " mode=%d rip=0x%" SCNx64 " cr3=0x%" SCNx64
               " qualification=0x%" SCNx64 ",0x%" SCNx64 ",0x%" SCNx64 " code=0x%31s",
               kind, &exit.vcpu, &mode, &exit.rip, &exit.cr3, &exit.qualification[0],
               &exit.qualification[1], &exit.qualification[2], code) < 8)
        return false;
    exit.kind = kind_named(kind);
    exit.mode = (zirconia_code_mode_t)mode;
    read_code(code, &exit);
    if (exit.vcpu != repro->last)
        exit_log_returned(&repro->log, repro->last, ZX_OK, NULL);
    repro->last = exit.vcpu;
    exit_log_observe(&repro->log, &exit);
    return true;
}

static bool take_return(struct repro *repro, const char *text) {
    zx_port_packet_t packet = {0};
    uint64_t words[4];
    int status;
    if (sscanf(text,
               "zirconia-return status=%d key=0x%" SCNx64 " type=%" SCNu32 " packet=0x%" SCNx64
               ",0x%" SCNx64 ",0x%" SCNx64 ",0x%" SCNx64,
               &status, &packet.key, &packet.type, &words[0], &words[1], &words[2], &words[3]) != 7)
        return false;
    memcpy(&packet.user, words, sizeof(words));
    exit_log_returned(&repro->log, repro->last, status, &packet);
    repro->returns++;
    repro->status = status;
    return true;
}

static bool take_registers(struct repro *repro, const char *text) {
    int length = 0;
    if (sscanf(text, "zirconia-registers vcpu=%" SCNu64 "%n", &repro->vcpu, &length) != 1 ||
        length == 0)
        return false;
    repro->count = 0;
    for (const char *at = text + length; repro->count < MOST_REGISTERS; at += length) {
        struct register_value *value = &repro->registers[repro->count];
        char *name = repro->names[repro->count];
        if (sscanf(at, " %7[a-z0-9]=0x%" SCNx64 "%n", name, &value->value, &length) != 2)
            break;
        value->name = name;
        repro->count++;
    }
    return true;
}

static void take_line(void *context, const char *text) {
    struct repro *repro = context;
    if (take_exit(repro, text) || take_return(repro, text) || take_registers(repro, text))
        return;
    if (strncmp(text, "SUMMARY: ", 9) == 0)
        snprintf(repro->summary, sizeof(repro->summary), "%s", text + 9);
    if (repro->options->json)
        json_output(text);
    else
        fprintf(stderr, "%s\n", text);
}

// --- The report ---

static void report_guest(const struct repro *repro) {
    if (repro->returns == 0) {
        talk("no run call of a guest has returned");
        return;
    }
    talk("%" PRIu64 " exits, %" PRIu64 " returns of run calls, the last of VCPU %" PRIu64
         " with %s",
         repro->log.count, repro->returns, repro->vcpu, zx_status_get_string(repro->status));
    registers_print(repro->registers, repro->count);
}

// What to say of it, "" where nothing was wrong.
static void describe_end(const struct repro *repro, const struct host_ending *ending, char *out,
                         size_t size) {
    const char *image = repro->options->image;
    const char *separator = repro->summary[0] != '\0' ? ": " : "";
    out[0] = '\0';
    if (ending->timed_out)
        snprintf(out, size, "%s was killed at its time-out", image);
    else if (ending->signaled)
        snprintf(out, size, "%s ended by signal %d%s%s", image, ending->code, separator,
                 repro->summary);
    else if (ending->code != 0)
        snprintf(out, size, "%s ended with exit code %d%s%s", image, ending->code, separator,
                 repro->summary);
}

static int report_end(const struct repro *repro, const struct host_ending *ending) {
    char message[1024];
    int code = EXIT_CODE_OK;
    const char *reason = "done";
    describe_end(repro, ending, message, sizeof message);
    if (message[0] == '\0') {
        talk("%s found nothing wrong", repro->options->image);
    } else {
        talk("%s", message);
        code = ending->timed_out ? EXIT_CODE_LIMIT : EXIT_CODE_GUEST_FAILED;
        reason = ending->timed_out ? "timeout" : ending->signaled ? "signal" : "failed";
    }
    if (repro->options->json)
        json_end(reason, code, message, repro->registers, repro->count);
    return code;
}

static int run_target(const struct options *options, struct host_lock *lock) {
    struct trace trace;
    struct repro repro = {.options = options,
                          .log = {.options = options, .trace = &trace, .lock = lock}};
    struct host_ending ending;
    const char *reason = "";
    char *words[] = {(char *)options->image, (char *)options->input, NULL};
    if (!trace_open(&trace, options))
        return EXIT_CODE_USAGE;
    if (!host_set_variable("ZIRCONIA_TRACE", "exits") ||
        !host_run(words, options->timeout, take_line, &repro, &ending, &reason)) {
        talk("cannot run %s: %s", options->image, reason);
        return EXIT_CODE_USAGE;
    }
    exit_log_returned(&repro.log, repro.last, ZX_OK, NULL);
    if (!trace_close(&trace))
        return EXIT_CODE_TOOL_FAILED;
    report_guest(&repro);
    return report_end(&repro, &ending);
}

static void print_help(void) {
    help_print(SUBCOMMAND_REPRO,
               "  zirconia fuzz-repro build/guest_fuzzer crash-1234\n"
               "  zirconia fuzz-repro build/device_replay seeds/message --trace\n",
               "Runs a fuzz target, a program that takes a file, and tells what its guests did\n"
               "with it, their registers at the end, and how it ended.\n");
}

int command_fuzz_repro(int count, char **words) {
    struct options options = {0};
    if (!options_parse(SUBCOMMAND_REPRO, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_help();
        return EXIT_CODE_OK;
    }
    FILE *file = fopen(options.input, "rb");
    if (!file) {
        talk("cannot read %s", options.input);
        return EXIT_CODE_USAGE;
    }
    fclose(file);
    struct host_lock *lock = host_lock_create();
    if (!lock) {
        talk("no memory");
        return EXIT_CODE_TOOL_FAILED;
    }
    const int code = run_target(&options, lock);
    host_lock_destroy(lock);
    return code;
}
