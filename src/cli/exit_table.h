// SPDX-License-Identifier: MIT
//
// A table of a guest's exits while it runs, on standard error, drawn anew each second: at the top
// of a terminal, above what the guest prints, or else one below the other.

#ifndef CLI_EXIT_TABLE_H
#define CLI_EXIT_TABLE_H

#include <stdbool.h>

#include <zircon/types.h>

struct exit_table;

// NULL, and that has been said, when the host or the library refuses.
struct exit_table *exit_table_start(zx_handle_t guest);
// Draws the last one, and frees the table.
void exit_table_stop(struct exit_table *table, zx_handle_t guest);

#endif // CLI_EXIT_TABLE_H
