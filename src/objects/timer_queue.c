// SPDX-License-Identifier: MIT
//
// The timer thread, and a pairing heap of armed entries: arming takes constant time, the earliest
// entry is at the root.

#include "objects/timer_queue.h"

#include "objects/unmapped.h"
#include "platform/check.h"
#include "platform/platform.h"

#include <stddef.h>

static struct {
    struct platform_mutex lock;
    struct platform_semaphore changed; // There is an earlier deadline.
    struct platform_condition fired;
    _Atomic(struct timer_entry *) urgent; // To be armed, by the thread.
    struct timer_entry *root;
    struct timer_entry *firing;
    bool started;
} queue = {.lock = PLATFORM_MUTEX_INIT(LOCK_TIMER_QUEUE)};

static struct platform_once once = PLATFORM_ONCE_INIT;
static _Thread_local bool is_timer_thread;

// --- The heap ---

static void set_link(struct timer_entry **link, struct timer_entry *entry) {
    *link = entry;
    if (entry != NULL) {
        entry->back = link;
    }
}

// Makes one tree of two that have no siblings.
static struct timer_entry *meld(struct timer_entry *a, struct timer_entry *b) {
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    if (b->deadline < a->deadline) {
        struct timer_entry *earlier = b;
        b = a;
        a = earlier;
    }
    CHECK(a->deadline <= b->deadline && a->sibling == NULL && b->sibling == NULL);
    set_link(&b->sibling, a->child);
    set_link(&a->child, b);
    return a;
}

static struct timer_entry *pop_sibling(struct timer_entry **list) {
    struct timer_entry *first = *list;
    if (first != NULL) {
        *list = first->sibling;
        first->sibling = NULL;
    }
    return first;
}

// Neighbours in pairs, then the pairs from the last to the first: this is what bounds the cost.
static struct timer_entry *meld_siblings(struct timer_entry *list) {
    struct timer_entry *pairs = NULL;
    while (list != NULL) {
        struct timer_entry *a = pop_sibling(&list);
        struct timer_entry *pair = meld(a, pop_sibling(&list));
        pair->sibling = pairs;
        pairs = pair;
    }
    struct timer_entry *tree = NULL;
    while (pairs != NULL) {
        tree = meld(tree, pop_sibling(&pairs));
    }
    return tree;
}

static void insert(struct timer_entry *entry) REQUIRES(queue.lock) {
    ASSERT_HELD(&queue.lock);
    set_link(&queue.root, meld(queue.root, entry));
}

static void remove_if_armed(struct timer_entry *entry) REQUIRES(queue.lock) {
    ASSERT_HELD(&queue.lock);
    if (entry->back == NULL) {
        return;
    }
    struct timer_entry *children = meld_siblings(entry->child);
    set_link(entry->back, entry->sibling);
    entry->child = NULL;
    entry->sibling = NULL;
    entry->back = NULL;
    set_link(&queue.root, meld(queue.root, children));
    CHECK(queue.root == NULL || (queue.root->back == &queue.root && queue.root->sibling == NULL));
}

// --- The thread ---

static void fire_first(void) REQUIRES(queue.lock) {
    struct timer_entry *entry = queue.root;
    remove_if_armed(entry);
    queue.firing = entry;
    platform_mutex_unlock(&queue.lock);
    CHECK(lock_order_holds_none());
    entry->fire(entry);
    platform_mutex_lock(&queue.lock);
    queue.firing = NULL;
    platform_condition_broadcast(&queue.fired);
}

static void arm(struct timer_entry *entry, int64_t deadline) REQUIRES(queue.lock) {
    remove_if_armed(entry);
    entry->deadline = deadline;
    insert(entry);
}

static void arm_urgent(void) REQUIRES(queue.lock) {
    struct timer_entry *entry = atomic_exchange(&queue.urgent, NULL);
    if (entry != NULL) {
        arm(entry, 0);
    }
}

static void serve(void *argument) {
    (void)argument;
    is_timer_thread = true;
    platform_mutex_lock(&queue.lock);
    for (;;) {
        arm_urgent();
        const int64_t deadline = queue.root != NULL ? queue.root->deadline : INT64_MAX;
        if (deadline <= platform_monotonic()) {
            fire_first();
        } else {
            platform_mutex_unlock(&queue.lock);
            platform_semaphore_wait_until(&queue.changed, deadline);
            platform_mutex_lock(&queue.lock);
        }
    }
}

static void make_conditions(void) {
    platform_semaphore_init(&queue.changed);
    platform_condition_init(&queue.fired);
}

// --- For users ---

static bool is_started(void) {
    platform_mutex_lock(&queue.lock);
    const bool started = queue.started;
    platform_mutex_unlock(&queue.lock);
    return started;
}

static void start(void) {
    unmapped_cover();
    platform_mutex_lock(&queue.lock);
    if (!queue.started) {
        queue.started = platform_thread_start("zirconia-timer", serve, NULL);
    }
    platform_mutex_unlock(&queue.lock);
    unmapped_uncover();
}

bool timer_queue_prepare(void) {
    platform_call_once(&once, make_conditions);
    if (!is_started()) {
        start();
    }
    return is_started();
}

void timer_queue_arm(struct timer_entry *entry, int64_t deadline) {
    platform_mutex_lock(&queue.lock);
    CHECK(queue.started);
    arm(entry, deadline);
    const bool is_first = queue.root == entry;
    platform_mutex_unlock(&queue.lock);
    if (is_first) {
        platform_semaphore_post(&queue.changed);
    }
}

void timer_queue_arm_at_once(struct timer_entry *entry) {
    atomic_store(&queue.urgent, entry);
    platform_semaphore_post(&queue.changed);
}

void timer_queue_cancel(struct timer_entry *entry) {
    platform_call_once(&once, make_conditions);
    platform_mutex_lock(&queue.lock);
    while (queue.firing == entry && !is_timer_thread) {
        platform_condition_wait(&queue.fired, &queue.lock);
    }
    remove_if_armed(entry);
    platform_mutex_unlock(&queue.lock);
}
