// SPDX-License-Identifier: MIT
//
// Each option, for all subcommands that have it.

#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include <stddef.h>

#include "cli/options.h"

// `apply` returns NULL, or what is wrong with the value. Where it is NULL, the member at that
// offset gets the value, or true if the option has none.
struct option_spec {
    unsigned subcommands; // SUBCOMMAND_
    const char *name;
    const char *short_name; // as "-h"; NULL when there is none
    const char *argument;   // how the help calls it; NULL when there is none
    const char *help;
    const char *(*apply)(struct options *options, const char *value);
    size_t member;
};

// In the order of the help. It ends with a NULL name.
extern const struct option_spec option_table[];

#endif // CLI_OPTION_TABLE_H
