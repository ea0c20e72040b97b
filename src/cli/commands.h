// SPDX-License-Identifier: MIT
//
// The subcommands. Each gets the words after its name and returns the tool's exit code.

#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int command_run(int count, char **words);
int command_stat(int count, char **words);
int command_fuzz_repro(int count, char **words);
int command_disasm(int count, char **words);
int command_step(int count, char **words);
int command_lesson(int count, char **words);
int command_linux(int count, char **words);
int command_zircon(int count, char **words);

#endif // CLI_COMMANDS_H
