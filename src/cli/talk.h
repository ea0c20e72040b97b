// SPDX-License-Identifier: MIT
//
// What the tool says to a person, all of it on standard error, and how it ends.

#ifndef CLI_TALK_H
#define CLI_TALK_H

#include <stddef.h>
#include <zircon/compiler.h>

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_GUEST_FAILED = 1,  // the guest said so itself
    EXIT_CODE_USAGE = 2,         // options, or an image that cannot be run
    EXIT_CODE_GUEST_FAULT = 3,   // the guest did what nothing answers
    EXIT_CODE_LIMIT = 124,       // --timeout or --max-exits
    EXIT_CODE_TOOL_FAILED = 125, // the host or the library failed
    EXIT_CODE_INTERRUPTED = 130, // by Ctrl-C, as a shell says it
};

// One line, after "zirconia: ".
#ifdef __GNUC__
__PRINTFLIKE(1, 2)
#endif
void talk(const char *format, ...);

// From now on the last line goes there, without "zirconia: ", and not to standard error; NULL ends
// it.
void talk_into(char *line, size_t size);

#endif // CLI_TALK_H
