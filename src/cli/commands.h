// SPDX-License-Identifier: MIT
//
// The subcommands. Each gets the words after its name and returns the tool's exit code.

#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#define COMMAND(name, set, function, words, what) int function(int count, char **words_after);
#include "cli/commands.inc"
#undef COMMAND

#endif // CLI_COMMANDS_H
