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
#include "cli/host.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/talk.h"
#include "cli/text.h"

struct repro {
    const struct options *options;
    struct exit_log log;
    uint64_t returns; // Of run calls.
    zx_status_t status;
    char registers[1024]; // After the last one.
    char summary[512];    // A sanitizer's last word.
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
    exit_log_returned(&repro->log, status, &packet);
    repro->returns++;
    repro->status = status;
    return true;
}

static bool take_registers(struct repro *repro, const char *text) {
    static const char start[] = "zirconia-registers ";
    if (strncmp(text, start, sizeof(start) - 1) != 0)
        return false;
    snprintf(repro->registers, sizeof(repro->registers), "%s", text + sizeof(start) - 1);
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

// Four to a line. Whose they are stands before them.
static void print_registers(const char *registers) {
    struct text line = {0};
    unsigned count = 0;
    for (const char *at = registers + strspn(registers, " "); *at != '\0'; count++) {
        const size_t name = strcspn(at, "=");
        const char *value = at + name + (at[name] == '=');
        const size_t size = strcspn(value, " ");
        if (count > 0 && count % 4 == 0) {
            text_write_line(&line, stderr);
            line.length = 0;
        }
        text_pad(&line, count % 4 * 27);
        text_append(&line, "%6.*s %.*s", (int)name, at, (int)size, value);
        at = value + size + (value[size] == ' ');
    }
    text_write_line(&line, stderr);
}

static void report_guest(const struct repro *repro) {
    if (repro->returns == 0) {
        talk("no run call of a guest has returned");
        return;
    }
    talk("%" PRIu64 " exits, %" PRIu64 " returns of run calls, the last with %s", repro->log.count,
         repro->returns, zx_status_get_string(repro->status));
    if (repro->options->json)
        json_registers(repro->registers);
    else
        print_registers(repro->registers + strcspn(repro->registers, " "));
}

static int report_end(const struct repro *repro, const struct host_ending *ending) {
    const char *separator = repro->summary[0] != '\0' ? ": " : "";
    int code = EXIT_CODE_OK;
    const char *reason = "done";
    if (ending->timed_out) {
        code = EXIT_CODE_LIMIT;
        reason = "timeout";
        talk("%s was killed at its time-out", repro->options->image);
    } else if (ending->signaled) {
        code = EXIT_CODE_GUEST_FAILED;
        reason = "signal";
        talk("%s ended by signal %d%s%s", repro->options->image, ending->code, separator,
             repro->summary);
    } else if (ending->code != 0) {
        code = EXIT_CODE_GUEST_FAILED;
        reason = "failed";
        talk("%s ended with exit code %d%s%s", repro->options->image, ending->code, separator,
             repro->summary);
    } else {
        talk("%s found nothing wrong", repro->options->image);
    }
    if (repro->options->json)
        json_end(reason, code, ZX_HANDLE_INVALID);
    return code;
}

static int run_target(const struct options *options) {
    struct repro repro = {.options = options};
    struct host_ending ending;
    const char *reason = "";
    char *words[] = {(char *)options->image, (char *)options->input, NULL};
    struct trace trace;
    if (!trace_open(&trace, options))
        return EXIT_CODE_USAGE;
    repro.log.options = options;
    repro.log.trace = &trace;
    if (!host_set_variable("ZIRCONIA_TRACE", "exits") ||
        !host_run(words, options->timeout, take_line, &repro, &ending, &reason)) {
        talk("cannot run %s: %s", options->image, reason);
        return EXIT_CODE_USAGE;
    }
    exit_log_returned(&repro.log, ZX_OK, NULL);
    trace_close(&trace);
    report_guest(&repro);
    return report_end(&repro, &ending);
}

static void print_help(void) {
    printf("Examples:\n"
           "  zirconia fuzz-repro build/guest_fuzzer crash-1234\n"
           "  zirconia fuzz-repro build/device_replay seeds/message --trace\n"
           "\n"
           "Usage: zirconia fuzz-repro TARGET FILE [OPTION...]\n"
           "Runs a fuzz target, a program that takes a file, and tells what its guests did with\n"
           "it, their registers at the end, and how it ended.\n"
           "\n");
    options_print(repro_options, stdout);
}

int command_fuzz_repro(int count, char **words) {
    struct options options = {0};
    if (!options_parse(repro_options, count, words, &options))
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
    return run_target(&options);
}
