// SPDX-License-Identifier: MIT
//
// The sets of commands by the names that the rows of the tables have for them. For the files that
// read a table.

#ifndef CLI_TABLE_SETS_H
#define CLI_TABLE_SETS_H

#include "cli/options.h"

enum {
    RUN = SUBCOMMAND_RUN,
    STAT = SUBCOMMAND_STAT,
    STEP = SUBCOMMAND_STEP,
    REPRO = SUBCOMMAND_REPRO,
    DISASM = SUBCOMMAND_DISASM,
    LINUX = SUBCOMMAND_LINUX,
    ZIRCON = SUBCOMMAND_ZIRCON,
    LESSON = SUBCOMMAND_LESSON,
    ALL = RUN | STAT | STEP | REPRO | DISASM | LINUX | ZIRCON | LESSON,
};

#endif // CLI_TABLE_SETS_H
