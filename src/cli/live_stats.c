// SPDX-License-Identifier: MIT
//
// What the library has counted, less what it had counted an interval ago.

#include "cli/live_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/host.h"
#include "cli/stats.h"
#include "cli/talk.h"

struct live_stats {
    zx_handle_t guest;
    int64_t interval;
    zx_time_t begun;
    zirconia_exit_statistics_t before[ZIRCONIA_EXIT_KIND_COUNT];
    zx_handle_t port; // receives the word to end
    struct host_thread *thread;
};

static void print(struct live_stats *live) {
    zirconia_exit_statistics_t now[ZIRCONIA_EXIT_KIND_COUNT];
    zirconia_exit_statistics_t since[ZIRCONIA_EXIT_KIND_COUNT];
    if (zirconia_guest_statistics(live->guest, now, ZIRCONIA_EXIT_KIND_COUNT) != ZX_OK)
        return;
    for (size_t i = 0; i < ZIRCONIA_EXIT_KIND_COUNT; i++) {
        since[i].count = now[i].count - live->before[i].count;
        since[i].nanoseconds = now[i].nanoseconds - live->before[i].nanoseconds;
        live->before[i] = now[i];
    }
    fprintf(stderr, "%.3f s\n", (double)(zx_clock_get_monotonic() - live->begun) / 1e9);
    stats_print_figures(since);
    fprintf(stderr, "\n");
}

static void print_each_interval(void *context) {
    struct live_stats *live = context;
    zx_port_packet_t end;
    while (zx_port_wait(live->port, zx_deadline_after(live->interval), &end) == ZX_ERR_TIMED_OUT)
        print(live);
}

static void destroy(struct live_stats *live) {
    zx_handle_close(live->port);
    free(live);
}

struct live_stats *live_stats_start(zx_handle_t guest, int64_t interval) {
    struct live_stats *live = calloc(1, sizeof(*live));
    if (live) {
        live->guest = guest;
        live->interval = interval;
        live->begun = zx_clock_get_monotonic();
    }
    if (live && zx_port_create(0, &live->port) == ZX_OK)
        live->thread = host_thread_start(print_each_interval, live);
    if (!live || !live->thread) {
        talk("the host has too little of something for statistics");
        if (live)
            destroy(live);
        return NULL;
    }
    return live;
}

void live_stats_stop(struct live_stats *live) {
    const zx_port_packet_t end = {.type = ZX_PKT_TYPE_USER};
    // Out of memory for a moment; the thread has to end before its context does.
    while (zx_port_queue(live->port, &end) == ZX_ERR_NO_MEMORY)
        (void)zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
    host_thread_join(live->thread);
    destroy(live);
}
