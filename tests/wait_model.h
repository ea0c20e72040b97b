// SPDX-License-Identifier: MIT
//
// A model of signals, waits for packets and ports in a few arrays: what objects ABI 2.5, 3.2, 3.3
// and 4.5 to 4.7 say, without a thought for speed or threads. test_wait_model.c runs it beside the
// library.

#ifndef TESTS_WAIT_MODEL_H
#define TESTS_WAIT_MODEL_H

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

enum {
    LENGTH = 24,
    OBJECTS = 3, // An event, and both ends of an eventpair.
    HANDLES = 6, // Two places for handles to each.
    PORTS = 2,
    WAITS = LENGTH,
};

enum kind {
    SIGNAL,
    SIGNAL_PEER,
    WATCH,
    WATCH_EDGE,
    WATCH_REPEATING,
    QUEUE,
    READ,
    CANCEL,
    CANCEL_KEY,
    LOOK,
    LOOK_MANY, // At `handle` for `set` and at `other` for `clear`.
    CLOSE,
    DUPLICATE,
    CLOSE_PORT,
    KINDS,
};

struct step {
    enum kind kind;
    unsigned handle;
    unsigned other;
    unsigned port;
    uint64_t key;
    zx_signals_t clear;
    zx_signals_t set; // For waits: the signals that are waited for.
};

// What a step gives back. Fields without a meaning for it are 0.
struct result {
    zx_status_t status;
    zx_signals_t observed;
    zx_signals_t observed_other;
    zx_port_packet_t packet;
};

struct model_wait {
    bool armed;
    bool repeating;
    bool edge;
    unsigned object;
    unsigned port;
    unsigned source; // The handle's number.
    uint64_t key;
    zx_signals_t trigger;
};

struct model_packet {
    zx_port_packet_t body;
    unsigned source;
    int wait; // Index, or -1 for a user packet.
};

struct model {
    unsigned object_of[HANDLES];
    unsigned number_of[HANDLES]; // Counts up, never the same for two handles; 0 when closed.
    unsigned numbers;
    zx_signals_t signals[OBJECTS];
    struct model_wait waits[WAITS]; // Oldest first.
    int wait_count;
    struct model_packet packets[PORTS][2 * LENGTH];
    int packet_count[PORTS];
    bool port_closed[PORTS];
};

static inline void model_begin(struct model *model) {
    *model = (struct model){0};
    for (unsigned i = 0; i < HANDLES; i++) {
        model->object_of[i] = i % OBJECTS;
        model->number_of[i] = ++model->numbers;
    }
}

static bool model_alive(const struct model *model, unsigned object) {
    for (int i = 0; i < HANDLES; i++) {
        if (model->number_of[i] != 0 && model->object_of[i] == object) {
            return true;
        }
    }
    return false;
}

static void model_match(struct model *model, int index, zx_signals_t signals) {
    struct model_wait *wait = &model->waits[index];
    struct model_packet *packets = model->packets[wait->port];
    int *count = &model->packet_count[wait->port];
    for (int i = 0; i < *count; i++) {
        if (packets[i].wait == index) {
            packets[i].body.signal.observed |= signals;
            return;
        }
    }
    packets[(*count)++] = (struct model_packet){
        .body = {.key = wait->key,
                 .type =
                     wait->repeating ? ZIRCONIA_2018_PKT_TYPE_SIGNAL_REP : ZX_PKT_TYPE_SIGNAL_ONE,
                 .signal = {.trigger = wait->trigger, .observed = signals, .count = 1}},
        .source = wait->source,
        .wait = index,
    };
    wait->armed = wait->repeating;
}

static void model_change(struct model *model, unsigned object, zx_signals_t clear,
                         zx_signals_t set) {
    const zx_signals_t before = model->signals[object];
    const zx_signals_t now = (before & ~clear) | set;
    model->signals[object] = now;
    for (int i = model->wait_count - 1; i >= 0 && now != before; i--) {
        const struct model_wait *wait = &model->waits[i];
        const zx_signals_t counting = wait->edge ? now & ~before : now;
        if (wait->armed && wait->object == object && (counting & wait->trigger) != 0) {
            model_match(model, i, now);
        }
    }
}

// Ends waits and, if asked, removes packets; `source` 0 is any handle.
static bool model_cancel(struct model *model, unsigned port, unsigned source, uint64_t key) {
    bool any = false;
    for (int i = 0; i < model->wait_count; i++) {
        struct model_wait *wait = &model->waits[i];
        if (wait->armed && wait->port == port && wait->key == key &&
            (source == 0 || wait->source == source)) {
            wait->armed = false;
            any = true;
        }
    }
    int kept = 0;
    for (int i = 0; i < model->packet_count[port]; i++) {
        const struct model_packet *packet = &model->packets[port][i];
        if (packet->wait >= 0 && packet->body.key == key &&
            (source == 0 || packet->source == source)) {
            any = true;
        } else {
            model->packets[port][kept++] = *packet;
        }
    }
    model->packet_count[port] = kept;
    return any;
}

static void model_watch(struct model *model, const struct step *step) {
    const int index = model->wait_count++;
    const unsigned object = model->object_of[step->handle];
    model->waits[index] = (struct model_wait){
        .armed = true,
        .repeating = step->kind == WATCH_REPEATING,
        .edge = step->kind == WATCH_EDGE,
        .object = object,
        .port = step->port,
        .source = model->number_of[step->handle],
        .key = step->key,
        .trigger = step->set,
    };
    if (step->kind != WATCH_EDGE && (model->signals[object] & step->set) != 0) {
        model_match(model, index, model->signals[object]);
    }
}

// The end of a handle that is in no place any more.
static void model_end(struct model *model, unsigned number, unsigned object) {
    for (int i = 0; i < model->wait_count; i++) {
        model->waits[i].armed &= model->waits[i].source != number;
    }
    if (object != 0 && !model_alive(model, object)) {
        model_change(model, 3 - object, 0, ZX_EVENTPAIR_PEER_CLOSED);
    }
}

static void model_close(struct model *model, unsigned handle) {
    const unsigned number = model->number_of[handle];
    model->number_of[handle] = 0;
    model_end(model, number, model->object_of[handle]);
}

static zx_status_t model_signal_peer(struct model *model, const struct step *step) {
    const unsigned object = model->object_of[step->handle];
    if (object == 0) {
        return ZX_ERR_ACCESS_DENIED; // An event's handle has no SIGNAL_PEER.
    }
    if (!model_alive(model, 3 - object)) {
        return ZX_ERR_PEER_CLOSED;
    }
    model_change(model, 3 - object, step->clear, step->set);
    return ZX_OK;
}

static zx_status_t model_duplicate(struct model *model, const struct step *step) {
    const unsigned old_number = model->number_of[step->other];
    const unsigned old_object = model->object_of[step->other];
    model->object_of[step->other] = model->object_of[step->handle];
    model->number_of[step->other] = ++model->numbers;
    if (old_number != 0) {
        model_end(model, old_number, old_object);
    }
    return ZX_OK;
}

static struct result model_read(struct model *model, unsigned port) {
    struct result result = {.status = ZX_ERR_TIMED_OUT};
    struct model_packet *packets = model->packets[port];
    if (model->packet_count[port] > 0) {
        result.status = ZX_OK;
        result.packet = packets[0].body;
        model->packet_count[port]--;
        memmove(packets, packets + 1, (size_t)model->packet_count[port] * sizeof(packets[0]));
    }
    return result;
}

static struct result model_look_many(const struct model *model, const struct step *step) {
    if (model->number_of[step->other] == 0) {
        return (struct result){.status = ZX_ERR_BAD_HANDLE};
    }
    struct result result = {
        .observed = model->signals[model->object_of[step->handle]],
        .observed_other = model->signals[model->object_of[step->other]],
    };
    const bool any =
        (result.observed & step->set) != 0 || (result.observed_other & step->clear) != 0;
    result.status = any ? ZX_OK : ZX_ERR_TIMED_OUT;
    return result;
}

static void model_close_port(struct model *model, unsigned port) {
    for (int i = 0; i < model->wait_count; i++) {
        model->waits[i].armed &= model->waits[i].port != port;
    }
    model->packet_count[port] = 0;
    model->port_closed[port] = true;
}

static bool uses_port(enum kind kind) {
    return (kind >= WATCH && kind <= CANCEL_KEY) || kind == CLOSE_PORT;
}

static bool uses_handle(enum kind kind) {
    return kind <= WATCH_REPEATING || kind == CANCEL || (kind >= LOOK && kind <= DUPLICATE);
}

static inline struct result model_step(struct model *model, const struct step *step) {
    struct result result = {.status = ZX_OK};
    const unsigned object = model->object_of[step->handle];
    const unsigned number = model->number_of[step->handle];
    if ((uses_port(step->kind) && model->port_closed[step->port]) ||
        (uses_handle(step->kind) && number == 0)) {
        result.status = ZX_ERR_BAD_HANDLE;
        return result;
    }
    switch (step->kind) {
    case SIGNAL:
        model_change(model, object, step->clear, step->set);
        break;
    case SIGNAL_PEER:
        result.status = model_signal_peer(model, step);
        break;
    case WATCH:
    case WATCH_EDGE:
    case WATCH_REPEATING:
        model_watch(model, step);
        break;
    case QUEUE:
        model->packets[step->port][model->packet_count[step->port]++] =
            (struct model_packet){.body = {.key = step->key}, .wait = -1};
        break;
    case READ:
        return model_read(model, step->port);
    case CANCEL:
        result.status =
            model_cancel(model, step->port, number, step->key) ? ZX_OK : ZX_ERR_NOT_FOUND;
        break;
    case CANCEL_KEY:
        result.status = model_cancel(model, step->port, 0, step->key) ? ZX_OK : ZX_ERR_NOT_FOUND;
        break;
    case LOOK:
        result.observed = model->signals[object];
        result.status = (result.observed & step->set) != 0 ? ZX_OK : ZX_ERR_TIMED_OUT;
        break;
    case LOOK_MANY:
        return model_look_many(model, step);
    case CLOSE:
        model_close(model, step->handle);
        break;
    case DUPLICATE:
        result.status = model_duplicate(model, step);
        break;
    case CLOSE_PORT:
    case KINDS:
        model_close_port(model, step->port);
        break;
    }
    return result;
}

#endif // TESTS_WAIT_MODEL_H
