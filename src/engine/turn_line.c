// SPDX-License-Identifier: MIT
//
// Two lists, of which each entry is on the stack of the thread that waits.

#include "engine/turn_line.h"

#include "platform/check.h"

static bool comes_before(const struct turn_seat *one, const struct turn_seat *other) {
    return one->hurried != other->hurried ? one->hurried : one->place < other->place;
}

// Where a new waiter is put: a call behind all calls.
static struct turn_waiter **find_link(struct turn_line *line, const struct turn_waiter *waiter) {
    struct turn_waiter **link = waiter->seat != NULL ? &line->vcpus : &line->calls;
    while (*link != NULL && (waiter->seat == NULL || comes_before((*link)->seat, waiter->seat))) {
        link = &(*link)->next;
    }
    return link;
}

void turn_line_add(struct turn_line *line, struct turn_waiter *waiter) {
    struct turn_waiter **link = find_link(line, waiter);
    waiter->next = *link;
    *link = waiter;
    atomic_fetch_add(&line->count, 1);
}

void turn_line_remove(struct turn_line *line, struct turn_waiter *waiter) {
    struct turn_waiter **link = waiter->seat != NULL ? &line->vcpus : &line->calls;
    while (*link != waiter) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = waiter->next;
    atomic_fetch_sub(&line->count, 1);
}

struct turn_waiter *turn_line_find(const struct turn_line *line, unsigned vpid) {
    struct turn_waiter *waiter = line->vcpus;
    while (waiter != NULL && waiter->seat->vpid != vpid) {
        waiter = waiter->next;
    }
    return waiter;
}
