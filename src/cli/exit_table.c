// SPDX-License-Identifier: MIT
//
// The VCPUs count, and a thread draws what they have counted. On a terminal the guest scrolls in
// the rows below the table only (DECSTBM), and the cursor is put back where the guest had it.

#include "cli/exit_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/host.h"
#include "cli/talk.h"
#include "cli/tally.h"
#include "cli/text.h"

enum { TABLE_ROWS = 8, WIDTH = 79 };

struct exit_table {
    struct host_lock *lock; // Guards the tally and the count.
    struct tally tally;
    uint64_t count;
    uint64_t drawn_count;
    unsigned screen_rows; // 0: no terminal that is large enough
    zx_handle_t port;     // receives the word to end
    struct host_thread *thread;
};

void exit_table_count(struct exit_table *table, const zirconia_exit_t *exit) {
    host_lock(table->lock);
    tally_add(&table->tally, exit);
    table->count++;
    host_unlock(table->lock);
}

static void draw_line(const struct exit_table *table, const char *line) {
    if (table->screen_rows != 0)
        fprintf(stderr, "\033[7m%-*.*s\033[0m\r\n", WIDTH, WIDTH, line);
    else
        fprintf(stderr, "%s\n", line);
}

static void draw(struct exit_table *table) {
    static struct tally copy; // Sorted, which the one that is counted in must not be.
    char line[WIDTH + 1];
    host_lock(table->lock);
    copy = table->tally;
    const uint64_t count = table->count;
    host_unlock(table->lock);
    snprintf(line, sizeof(line),
             "%12" PRIu64 "  exits and deliveries, %" PRIu64 " of them since the last table", count,
             count - table->drawn_count);
    table->drawn_count = count;
    tally_sort(&copy);
    fputs(table->screen_rows != 0 ? "\0337\033[H" : "", stderr);
    draw_line(table, line);
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        struct text row = {0};
        if (copy.rows[i].count != 0)
            tally_row_text(&copy.rows[i], &row);
        if (copy.rows[i].count != 0 || table->screen_rows != 0)
            draw_line(table, row.bytes);
    }
    fputs(table->screen_rows != 0 ? "\0338" : "", stderr);
    fflush(stderr);
}

static void draw_each_second(void *context) {
    struct exit_table *table = context;
    zx_port_packet_t end;
    while (zx_port_wait(table->port, zx_deadline_after(ZX_SEC(1)), &end) == ZX_ERR_TIMED_OUT)
        draw(table);
}

static void divide_screen(struct exit_table *table) {
    const unsigned rows = host_is_terminal(stderr) ? host_terminal_rows(stderr) : 0;
    if (rows < 2 * (TABLE_ROWS + 1))
        return;
    table->screen_rows = rows;
    fprintf(stderr, "\033[2J\033[%d;%ur\033[%d;1H", TABLE_ROWS + 2, rows, TABLE_ROWS + 2);
}

static void destroy(struct exit_table *table) {
    if (table->lock)
        host_lock_destroy(table->lock);
    zx_handle_close(table->port);
    free(table);
}

struct exit_table *exit_table_start(void) {
    struct exit_table *table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    table->lock = host_lock_create();
    if (table->lock && zx_port_create(0, &table->port) == ZX_OK) {
        divide_screen(table);
        table->thread = host_thread_start(draw_each_second, table);
    }
    if (!table->thread) {
        talk("--exits: the host has too little of something");
        destroy(table);
        return NULL;
    }
    return table;
}

void exit_table_stop(struct exit_table *table) {
    const zx_port_packet_t end = {.type = ZX_PKT_TYPE_USER};
    // Out of memory for a moment; the thread has to end before its context does.
    while (zx_port_queue(table->port, &end) == ZX_ERR_NO_MEMORY)
        (void)zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
    host_thread_join(table->thread);
    draw(table);
    if (table->screen_rows != 0)
        fprintf(stderr, "\033[r\033[%u;1H\n", table->screen_rows);
    destroy(table);
}
