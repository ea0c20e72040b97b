// SPDX-License-Identifier: MIT
//
// A table of a guest's exits while it runs, on standard error, drawn anew each second: at the top
// of a terminal, above what the guest prints, or else one below the other.

#ifndef CLI_EXIT_TABLE_H
#define CLI_EXIT_TABLE_H

#include <stdbool.h>

#include <zirconia/observe.h>

struct exit_table;

// NULL, and that has been said, when the host or the library refuses.
struct exit_table *exit_table_start(void);
// Any thread.
void exit_table_count(struct exit_table *table, const zirconia_exit_t *exit);
// Draws the last one, and frees the table. Nothing is counted any more.
void exit_table_stop(struct exit_table *table);

#endif // CLI_EXIT_TABLE_H
