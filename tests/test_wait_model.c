// SPDX-License-Identifier: MIT
//
// Random sequences of signals, waits and port calls, run against the library and against a model
// (wait_model.h). A sequence on which they differ is made shorter while they still do, and printed.
// ZIRCONIA_MODEL_SEED picks others.

#include "object_fixture.h"
#include "run_tests.h"
#include "wait_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCES = 100000 };

static const zx_rights_t ALL = ZX_RIGHT_SAME_RIGHTS;

static const char *const kind_names[KINDS] = {
    "signal", "signal_peer", "watch", "watch_edge", "watch_repeating", "queue",     "read",
    "cancel", "cancel_key",  "look",  "look_many",  "close",           "duplicate", "close_port",
};

// --- The library ---

struct library {
    zx_handle_t handles[HANDLES];
    zx_handle_t ports[PORTS];
};

static void library_begin(struct library *library) {
    zx_handle_t *handles = library->handles;
    handles[0] = new_event();
    ck_assert_int_eq(zx_eventpair_create(0, &handles[1], &handles[2]), ZX_OK);
    for (int i = 0; i < OBJECTS; i++) {
        handles[OBJECTS + i] = with_rights(handles[i], ALL);
    }
    for (int i = 0; i < PORTS; i++) {
        library->ports[i] = new_port();
    }
}

static void library_end(struct library *library) {
    for (int i = 0; i < HANDLES; i++) {
        zx_handle_close(library->handles[i]);
    }
    for (int i = 0; i < PORTS; i++) {
        zx_handle_close(library->ports[i]);
    }
}

static zx_status_t library_duplicate(struct library *library, const struct step *step) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_handle_duplicate(library->handles[step->handle], ALL, &out);
    if (status == ZX_OK) {
        zx_handle_close(library->handles[step->other]);
        library->handles[step->other] = out;
    }
    return status;
}

// The signals of items are written only when there was a wait.
static struct result library_look_many(const struct library *library, const struct step *step) {
    zx_wait_item_t items[2] = {
        {.handle = library->handles[step->handle], .waitfor = step->set},
        {.handle = library->handles[step->other], .waitfor = step->clear},
    };
    struct result result = {.status = zx_object_wait_many(items, 2, 0)};
    if (result.status != ZX_ERR_BAD_HANDLE) {
        result.observed = items[0].pending;
        result.observed_other = items[1].pending;
    }
    return result;
}

static struct result library_step(struct library *library, const struct step *step) {
    const zx_handle_t handle = library->handles[step->handle];
    const zx_handle_t port = library->ports[step->port];
    struct result result = {0};
    zx_port_packet_t packet = {.key = step->key};
    switch (step->kind) {
    case SIGNAL:
        result.status = zx_object_signal(handle, step->clear, step->set);
        break;
    case SIGNAL_PEER:
        result.status = zx_object_signal_peer(handle, step->clear, step->set);
        break;
    case WATCH:
        result.status = zx_object_wait_async(handle, port, step->key, step->set, 0);
        break;
    case WATCH_EDGE:
        result.status =
            zx_object_wait_async(handle, port, step->key, step->set, ZX_WAIT_ASYNC_EDGE);
        break;
    case WATCH_REPEATING:
        result.status = zirconia_2018_object_wait_async(handle, port, step->key, step->set,
                                                        ZIRCONIA_2018_WAIT_ASYNC_REPEATING);
        break;
    case QUEUE:
        result.status = zx_port_queue(port, &packet);
        break;
    case READ:
        result.status = zx_port_wait(port, 0, &result.packet);
        break;
    case CANCEL:
        result.status = zx_port_cancel(port, handle, step->key);
        break;
    case CANCEL_KEY:
        result.status = zx_port_cancel_key(port, 0, step->key);
        break;
    case LOOK:
        result.status = zx_object_wait_one(handle, step->set, 0, &result.observed);
        break;
    case LOOK_MANY:
        return library_look_many(library, step);
    case CLOSE:
        result.status = zx_handle_close(handle);
        break;
    case DUPLICATE:
        result.status = library_duplicate(library, step);
        break;
    case CLOSE_PORT:
    case KINDS:
        result.status = zx_handle_close(port);
        break;
    }
    return result;
}

// --- Running both ---

static bool same(const struct result *a, const struct result *b) {
    return a->status == b->status && a->observed == b->observed &&
           a->observed_other == b->observed_other &&
           memcmp(&a->packet, &b->packet, sizeof(a->packet)) == 0; // NOLINT: zeroed as a whole
}

// The first step with different results, or `count`.
static int first_difference(const struct step *steps, int count, struct result *got,
                            struct result *expected) {
    struct library library;
    static struct model model;
    library_begin(&library);
    model_begin(&model);
    int i = 0;
    for (; i < count; i++) {
        *got = library_step(&library, &steps[i]);
        *expected = model_step(&model, &steps[i]);
        if (!same(got, expected)) {
            break;
        }
    }
    library_end(&library);
    return i;
}

static uint64_t random_state;

static unsigned random_below(unsigned limit) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % limit;
}

static zx_signals_t random_signals(void) {
    return random_below(4) * ZX_USER_SIGNAL_0;
}

static void make_steps(struct step *steps) {
    for (int i = 0; i < LENGTH; i++) {
        steps[i] = (struct step){
            .kind = (enum kind)random_below(KINDS),
            .handle = random_below(HANDLES),
            .other = random_below(HANDLES),
            .port = random_below(PORTS),
            .key = random_below(3),
            .clear = random_signals(),
            .set = random_signals(),
        };
        if (steps[i].kind == CLOSE_PORT && random_below(4) != 0) {
            steps[i].kind = SIGNAL; // Most sequences would soon have no port left.
        }
        if (steps[i].set != 0 && random_below(8) == 0 && uses_port(steps[i].kind)) {
            steps[i].set |= ZX_EVENTPAIR_PEER_CLOSED;
        }
    }
}

// Leaves out steps for as long as the rest still differs.
static int shrink(struct step *steps, int count) {
    struct result got;
    struct result expected;
    for (int i = count - 1; i >= 0; i--) {
        struct step shorter[LENGTH];
        memcpy(shorter, steps, (size_t)i * sizeof(steps[0]));
        memcpy(shorter + i, steps + i + 1, (size_t)(count - i - 1) * sizeof(steps[0]));
        if (first_difference(shorter, count - 1, &got, &expected) < count - 1) {
            memcpy(steps, shorter, sizeof(shorter));
            count--;
        }
    }
    return count;
}

static void report(struct step *steps, int count) {
    struct result got = {0};
    struct result expected = {0};
    count = shrink(steps, count);
    for (int i = 0; i < count; i++) {
        printf("%s handle %u other %u port %u key %u clear %x set %x\n", kind_names[steps[i].kind],
               steps[i].handle, steps[i].other, steps[i].port, (unsigned)steps[i].key,
               steps[i].clear, steps[i].set);
    }
    fflush(stdout);
    first_difference(steps, count, &got, &expected);
    ck_abort_msg("status %d, not %d; observed %x, not %x; packet key %u type %u observed %x, not "
                 "key %u type %u observed %x",
                 got.status, expected.status, got.observed, expected.observed,
                 (unsigned)got.packet.key, got.packet.type, got.packet.signal.observed,
                 (unsigned)expected.packet.key, expected.packet.type,
                 expected.packet.signal.observed);
}

START_TEST(library_does_what_the_model_does) {
    const char *seed = getenv("ZIRCONIA_MODEL_SEED");
    random_state = seed != NULL ? strtoull(seed, NULL, 0) : 1;
    const uint64_t objects = objects_so_far();
    for (int i = 0; i < SEQUENCES; i++) {
        struct step steps[LENGTH];
        struct result got;
        struct result expected;
        make_steps(steps);
        const int same_steps = first_difference(steps, LENGTH, &got, &expected);
        if (same_steps < LENGTH) {
            report(steps, same_steps + 1);
        }
        ck_assert_uint_eq(object_count(), objects);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        library_does_what_the_model_does,
    };
    return run_tests("wait_model", tests, sizeof tests / sizeof tests[0]);
}
