// SPDX-License-Identifier: MIT
//
// The help of a command: the texts of its own, and what the tables say of it.

#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/options.h"

// Both texts are whole lines.
void help_print(enum subcommand subcommand, const char *examples, const char *description);

// Where `before` is what the first of the lines begins with.
void help_print_usages(FILE *stream, const char *before);

#endif // CLI_HELP_H
