// SPDX-License-Identifier: MIT
//
// How a run ended, said to a person: what the guest did, where, and why nothing answered it.

#ifndef CLI_ENDING_H
#define CLI_ENDING_H

#include "cli/exit_log.h"
#include "cli/symbols.h"
#include "cli/talk.h"

// For the exit code, and for the last JSON line.
struct ending {
    enum exit_code code;
    const char *reason;
};

// Keeps what the library's log says of the end of a run, until it is told.
void ending_note(const char *line);

// What was kept last of a VCPU; "" when there is nothing.
const char *ending_noted(uint64_t vcpu);

// What was said of an error that ended the run; "" when none did.
const char *ending_said(void);

// A VCPU's run call returned an error that is no kick.
struct ending ending_by_error(const struct exit_log *log, uint64_t vcpu,
                              const struct symbols *symbols, zx_status_t status);

#endif // CLI_ENDING_H
