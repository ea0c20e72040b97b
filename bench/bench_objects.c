// SPDX-License-Identifier: MIT
//
// `bench_objects [--short]` prints what the calls on handles, ports, waits and VMOs cost, and a
// round trip of two threads through ports beside one through a bare mutex and condition. The sides
// take turns for several rounds and each figure is the median. A missed target is printed and is no
// failure; a call that does not do its work is.

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

enum { ROUNDS = 7, CALLS = 1000000, TRIPS = 20000, SHORT_DIVISOR = 100 };

#define TARGET_NULL_CALL 50.0
#define TARGET_QUEUE_AND_WAIT 300.0
#define TARGET_TRIP_RATIO 1.5

static zx_handle_t event;
static zx_handle_t vmo;
static zx_handle_t ports[2];

static void check(bool right, const char *what) {
    if (!right) {
        fprintf(stderr, "bench_objects: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static double nanoseconds_each(zx_time_t start, int count) {
    return (double)(zx_clock_get_monotonic() - start) / count;
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

// Sorts the values.
static double median(double *values) {
    qsort(values, ROUNDS, sizeof values[0], compare);
    return values[ROUNDS / 2];
}

static const char *verdict(bool reached) {
    return reached ? "PASS" : "miss";
}

// --- Calls of one thread ---

static bool null_call(void) {
    return zx_object_signal(7, 0, 0) == ZX_ERR_BAD_HANDLE;
}

static bool look_up(void) {
    return zx_object_get_info(event, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL) == ZX_OK;
}

static bool queue_and_wait(void) {
    zx_port_packet_t packet = {.key = 1};
    return zx_port_queue(ports[0], &packet) == ZX_OK &&
           zx_port_wait(ports[0], ZX_TIME_INFINITE, &packet) == ZX_OK;
}

static bool wait_signalled(void) {
    return zx_object_wait_one(event, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL) == ZX_OK;
}

static bool wait_async_and_read(void) {
    zx_port_packet_t packet;
    return zx_object_wait_async(event, ports[0], 1, ZX_EVENT_SIGNALED, 0) == ZX_OK &&
           zx_port_wait(ports[0], ZX_TIME_INFINITE, &packet) == ZX_OK;
}

static bool create_and_close(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    return zx_event_create(0, &handle) == ZX_OK && zx_handle_close(handle) == ZX_OK;
}

static bool write_vmo(void) {
    const uint64_t value = 1;
    return zx_vmo_write(vmo, &value, 64, sizeof value) == ZX_OK;
}

static const struct {
    const char *name;
    bool (*call)(void);
    double target; // 0 for none.
} calls[] = {
    {"null call (no such handle)", null_call, TARGET_NULL_CALL},
    {"handle lookup", look_up, 0},
    {"port queue and wait", queue_and_wait, TARGET_QUEUE_AND_WAIT},
    {"wait_one, signalled already", wait_signalled, 0},
    {"wait_async, signalled already, and read", wait_async_and_read, 0},
    {"event create and close", create_and_close, 0},
    {"VMO write of 8 bytes", write_vmo, 0},
};

static void measure_calls(int count) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        double each[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            const zx_time_t start = zx_clock_get_monotonic();
            for (int n = 0; n < count; n++) {
                check(calls[i].call(), calls[i].name);
            }
            each[round] = nanoseconds_each(start, count);
        }
        const double figure = median(each);
        printf("%-42s %8.1f ns", calls[i].name, figure);
        if (calls[i].target > 0) {
            printf("  target < %.0f: %s", calls[i].target, verdict(figure < calls[i].target));
        }
        printf("\n");
    }
}

// --- Round trips of two threads ---

struct trips {
    int count;
    pthread_mutex_t lock;
    pthread_cond_t changed[2];
    bool waiting[2]; // For each side, whether there is something to take.
};

static void post(struct trips *trips, int side) {
    pthread_mutex_lock(&trips->lock);
    trips->waiting[side] = true;
    pthread_cond_signal(&trips->changed[side]);
    pthread_mutex_unlock(&trips->lock);
}

static void take(struct trips *trips, int side) {
    pthread_mutex_lock(&trips->lock);
    while (!trips->waiting[side]) {
        pthread_cond_wait(&trips->changed[side], &trips->lock);
    }
    trips->waiting[side] = false;
    pthread_mutex_unlock(&trips->lock);
}

static void *answer_bare(void *argument) {
    struct trips *trips = argument;
    for (int i = 0; i < trips->count; i++) {
        take(trips, 1);
        post(trips, 0);
    }
    return NULL;
}

static void ask_bare(struct trips *trips) {
    post(trips, 1);
    take(trips, 0);
}

static void queue_packet(int side) {
    const zx_port_packet_t packet = {.key = 1};
    check(zx_port_queue(ports[side], &packet) == ZX_OK, "port_queue");
}

static void wait_for_packet(int side) {
    zx_port_packet_t packet;
    check(zx_port_wait(ports[side], ZX_TIME_INFINITE, &packet) == ZX_OK, "port_wait");
}

static void *answer_port(void *argument) {
    const struct trips *trips = argument;
    for (int i = 0; i < trips->count; i++) {
        wait_for_packet(1);
        queue_packet(0);
    }
    return NULL;
}

static void ask_port(struct trips *trips) {
    (void)trips;
    queue_packet(1);
    wait_for_packet(0);
}

static double time_trips(struct trips *trips, void *answer(void *), void ask(struct trips *)) {
    pthread_t thread;
    check(pthread_create(&thread, NULL, answer, trips) == 0, "pthread_create");
    const zx_time_t start = zx_clock_get_monotonic();
    for (int i = 0; i < trips->count; i++) {
        ask(trips);
    }
    const double each = nanoseconds_each(start, trips->count);
    pthread_join(thread, NULL);
    return each;
}

static void measure_trips(int count) {
    struct trips trips = {.count = count,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER}};
    double bare[ROUNDS];
    double own[ROUNDS];
    double ratio[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        bare[round] = time_trips(&trips, answer_bare, ask_bare);
        own[round] = time_trips(&trips, answer_port, ask_port);
        ratio[round] = own[round] / bare[round];
    }
    const double figure = median(ratio);
    printf("%-42s %8.1f ns\n", "round trip, bare mutex and condition", median(bare));
    printf("%-42s %8.1f ns\n", "round trip, two ports", median(own));
    printf("%-42s %8.2f     target <= %.1f: %s\n", "round trip, ratio", figure, TARGET_TRIP_RATIO,
           verdict(figure <= TARGET_TRIP_RATIO));
}

int main(int argc, char **argv) {
    const bool quick = argc == 2 && strcmp(argv[1], "--short") == 0;
    check(argc == 1 || quick, "usage: bench_objects [--short]");
    const int divisor = quick ? SHORT_DIVISOR : 1;
    check(zx_event_create(0, &event) == ZX_OK, "event_create");
    check(zx_object_signal(event, 0, ZX_EVENT_SIGNALED) == ZX_OK, "object_signal");
    check(zx_vmo_create(4096, 0, &vmo) == ZX_OK, "vmo_create");
    check(zx_port_create(0, &ports[0]) == ZX_OK, "port_create");
    check(zx_port_create(0, &ports[1]) == ZX_OK, "port_create");
    measure_calls(CALLS / divisor);
    measure_trips(TRIPS / divisor);
    const zx_handle_t all[] = {event, vmo, ports[0], ports[1]};
    check(zx_handle_close_many(all, 4) == ZX_OK, "handle_close_many");
    return EXIT_SUCCESS;
}
