// SPDX-License-Identifier: MIT
//
// The library's log has the reason; here it gets the instruction, the function and a hint.

#include "cli/ending.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/fields.h"

// By VCPU, whose thread is inside the run call when the log is called.
static char noted[OPTIONS_MAX_CPUS][640];

static char said[1024]; // What was said of an error that ended the run.

void ending_note(const char *line) {
    const char *reason = strstr(line, ": ");
    uint64_t vcpu;
    if (sscanf(line, "vcpu %" SCNu64, &vcpu) == 1 && vcpu < OPTIONS_MAX_CPUS && reason)
        snprintf(noted[vcpu], sizeof(noted[vcpu]), "%s", reason + 2);
}

const char *ending_noted(uint64_t vcpu) {
    return noted[vcpu];
}

const char *ending_said(void) {
    return said;
}

static const char *hint(zirconia_exit_kind_t kind, zx_status_t status) {
    if (status != ZX_ERR_NOT_FOUND)
        return "";
    return kind == ZIRCONIA_EXIT_IO_INSTRUCTION ? "; see --trap-io and --serial"
                                                : "; see --mem and --trap-mem";
}

struct ending ending_by_error(const struct exit_log *log, uint64_t vcpu,
                              const struct symbols *symbols, zx_status_t status) {
    const zirconia_exit_t *last = &log->of[vcpu].last;
    const struct ending fault = {EXIT_CODE_GUEST_FAULT, "guest_fault"};
    if (status == ZX_ERR_INTERNAL || status == ZX_ERR_NO_MEMORY) {
        talk("the guest cannot run on: %s", zx_status_get_string(status));
        return (struct ending){EXIT_CODE_TOOL_FAILED, "tool_failed"};
    }
    if (log->count == 0) {
        talk("the guest cannot start: %s", zx_status_get_string(status));
        return fault;
    }
    char symbol[SYMBOL_TEXT_SIZE];
    char instruction[96];
    char who[32] = "the guest";
    if (log->options->cpus > 1)
        snprintf(who, sizeof(who), "VCPU %" PRIu64, vcpu);
    symbols_text(symbols, last->rip, symbol, sizeof(symbol));
    instruction_text(last, instruction, sizeof(instruction));
    snprintf(said, sizeof(said), "%s stopped at 0x%" PRIx64 "%s%s%s%s%s: %s%s (%s)", who, last->rip,
             symbol[0] ? " in " : "", symbol, instruction[0] ? ", '" : "", instruction,
             instruction[0] ? "'" : "",
             noted[vcpu][0] ? noted[vcpu] : zirconia_exit_kind_name(last->kind),
             hint(last->kind, status), zx_status_get_string(status));
    talk("%s", said);
    return fault;
}
