// SPDX-License-Identifier: MIT
//
// The guest's time, from the host's clock or from the work that the guest did.

#include "engine/guest_clock.h"

#include "engine/cpu/cpu.h"
#include "engine/guest.h"
#include "objects/refusal.h"
#include "platform/check.h"

#define WORK_TIME 4       // ns of virtual time: a block, an exit or an exception
#define TIME_SLICE 100000 // ns of virtual time
#define NEVER INT64_MAX
#define NO_BUDGET UINT64_MAX

// A guest may set a timer for any moment, and the clock jumps there. It goes no further than this,
// in some 146 years, so that what is added to a time never overflows.
#define LAST_TIMER (INT64_MAX / 2)

_Static_assert(GUEST_TSC_FREQUENCY == 1000000000u, "a tick is a nanosecond");

void guest_clock_init(struct guest_clock *clock) {
    platform_mutex_init(&clock->lock, LOCK_GUEST_CLOCK);
    clock->budget_end = NO_BUDGET;
}

void guest_clock_destroy(struct guest_clock *clock) {
    platform_mutex_destroy(&clock->lock);
}

zx_status_t guest_clock_use_virtual_time(struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    if (guest->vpids != 0 || guest->next_vpid != 1) {
        return refuse(ZX_ERR_BAD_STATE, "the guest has had a VCPU already");
    }
    const zx_status_t status = machine_count_work(guest->machine);
    guest->clock.is_virtual = status == ZX_OK;
    guest->turn.by_vpid = guest->clock.is_virtual;
    guest->clock.time_slice_end = TIME_SLICE;
    return status;
}

static int64_t virtual_now(const struct guest *guest) {
    const uint64_t work = machine_work(guest->machine);
    return atomic_load(&guest->clock.skipped) + (int64_t)(work * WORK_TIME);
}

int64_t guest_clock_now(const struct guest *guest) {
    return guest->clock.is_virtual ? virtual_now(guest) : platform_monotonic();
}

int64_t guest_clock_at(const struct guest *guest, int64_t host) {
    return guest->clock.is_virtual ? virtual_now(guest) : host;
}

int64_t guest_clock_beginning(const struct guest *guest, int64_t host) {
    const int64_t now = guest_clock_at(guest, host);
    return guest->clock.is_virtual && now > WORK_TIME ? now - WORK_TIME : now;
}

uint64_t guest_clock_tsc(const struct guest *guest) {
    return (uint64_t)guest_clock_now(guest);
}

int64_t guest_clock_deadline(const struct guest *guest, uint64_t tsc) {
    (void)guest;
    return (int64_t)tsc;
}

int64_t guest_clock_duration(uint32_t ticks) {
    return ticks;
}

// --- Timers of virtual time ---

static void unlink_timer(struct timer_entry *entry) {
    if (entry->back == NULL) {
        return;
    }
    CHECK(*entry->back == entry);
    *entry->back = entry->sibling;
    if (entry->sibling != NULL) {
        entry->sibling->back = entry->back;
    }
    entry->back = NULL;
}

// In the order of their deadlines, and of arming among equals.
static void link_timer(struct guest_clock *clock, struct timer_entry *entry, int64_t deadline)
    REQUIRES(clock->lock) {
    ASSERT_HELD(&clock->lock);
    CHECK(entry->back == NULL);
    struct timer_entry **link = &clock->timers;
    while (*link != NULL && (*link)->deadline <= deadline) {
        link = &(*link)->sibling;
    }
    entry->deadline = deadline;
    entry->sibling = *link;
    entry->back = link;
    if (*link != NULL) {
        (*link)->back = &entry->sibling;
    }
    *link = entry;
    CHECK(entry->sibling == NULL || entry->deadline < entry->sibling->deadline);
}

static void stop_by(struct guest *guest, int64_t time) {
    const int64_t left = time - guest_clock_now(guest);
    const uint64_t work = left > 0 ? ((uint64_t)left + WORK_TIME - 1) / WORK_TIME : 0;
    machine_stop_at(guest->machine, machine_work(guest->machine) + work, guest->clock.budget_end);
}

// Has the run stop when the time slice ends, the next timer is due, or the budget is spent.
static void set_stop(struct guest *guest) {
    const struct guest_clock *clock = &guest->clock;
    ASSERT_HELD(&clock->lock);
    const bool timer_first =
        clock->timers != NULL && clock->timers->deadline < clock->time_slice_end;
    stop_by(guest, timer_first ? clock->timers->deadline : clock->time_slice_end);
}

// ---

void guest_clock_arm(struct guest *guest, struct timer_entry *entry, int64_t deadline) {
    struct guest_clock *clock = &guest->clock;
    if (!clock->is_virtual) {
        timer_queue_arm(entry, deadline);
        return;
    }
    platform_mutex_lock(&clock->lock);
    unlink_timer(entry);
    if (deadline <= LAST_TIMER) {
        link_timer(clock, entry, deadline);
    }
    set_stop(guest);
    platform_mutex_unlock(&clock->lock);
}

void guest_clock_cancel(struct guest *guest, struct timer_entry *entry) {
    if (guest->clock.is_virtual) {
        guest_clock_arm(guest, entry, NEVER);
    } else {
        timer_queue_cancel(entry);
    }
}

// --- Snapshots ---

void guest_clock_take(const struct guest *guest, struct guest_clock_image *image) {
    ASSERT_TURN(&guest->turn);
    *image = (struct guest_clock_image){
        .skipped = atomic_load(&guest->clock.skipped),
        .time_slice_end = guest->clock.time_slice_end,
        .budget_end = guest->clock.budget_end,
    };
    machine_take_work(guest->machine, &image->work);
}

void guest_clock_restore(struct guest *guest, const struct guest_clock_image *image) {
    ASSERT_TURN(&guest->turn);
    if (guest->clock.is_virtual) {
        machine_restore_work(guest->machine, &image->work);
        atomic_store(&guest->clock.skipped, image->skipped);
        guest->clock.time_slice_end = image->time_slice_end;
        guest->clock.budget_end = image->budget_end;
    }
}

// Checks that neither time nor work can overflow, and that the time slice ends.
bool guest_clock_is_sound(const struct guest_clock_image *image) {
    const int64_t most = 1ll << 61;
    const uint64_t work = image->work.done;
    if (work >= (uint64_t)most / WORK_TIME || image->skipped < 0 || image->skipped >= most) {
        return false;
    }
    const int64_t now = image->skipped + (int64_t)(work * WORK_TIME);
    return work_image_is_sound(&image->work) && image->time_slice_end >= 0 &&
           image->time_slice_end <= now + TIME_SLICE;
}

unsigned guest_clock_place(struct guest *guest, const struct timer_entry *entry) {
    struct guest_clock *clock = &guest->clock;
    unsigned place = 0;
    platform_mutex_lock(&clock->lock);
    const bool armed = clock->is_virtual && entry->back != NULL;
    for (const struct timer_entry *timer = clock->timers; armed && timer != entry;
         timer = timer->sibling) {
        place++;
    }
    platform_mutex_unlock(&clock->lock);
    return place;
}

// --- Firing ---

static struct timer_entry *take_due(struct guest *guest) {
    struct guest_clock *clock = &guest->clock;
    platform_mutex_lock(&clock->lock);
    struct timer_entry *entry = clock->timers;
    if (entry != NULL && entry->deadline > guest_clock_now(guest)) {
        entry = NULL;
    }
    if (entry != NULL) {
        unlink_timer(entry);
    }
    platform_mutex_unlock(&clock->lock);
    return entry;
}

static void fire_due(struct guest *guest) {
    for (struct timer_entry *entry; (entry = take_due(guest)) != NULL;) {
        entry->fire(entry);
    }
}

bool guest_clock_is_due(struct guest *guest) {
    struct guest_clock *clock = &guest->clock;
    ASSERT_TURN(&guest->turn);
    const int64_t now = guest_clock_now(guest);
    platform_mutex_lock(&clock->lock);
    const bool fires = clock->timers != NULL && clock->timers->deadline <= now;
    platform_mutex_unlock(&clock->lock);
    return fires || now >= clock->time_slice_end;
}

bool guest_clock_tick(struct guest *guest) {
    struct guest_clock *clock = &guest->clock;
    ASSERT_TURN(&guest->turn);
    if (!clock->is_virtual) {
        return false;
    }
    fire_due(guest);
    const int64_t now = guest_clock_now(guest);
    const bool over = now >= clock->time_slice_end;
    if (over) {
        clock->time_slice_end = now + TIME_SLICE;
    }
    platform_mutex_lock(&clock->lock);
    set_stop(guest);
    platform_mutex_unlock(&clock->lock);
    return over;
}

// --- Budgets ---

zx_status_t guest_clock_set_budget(struct guest *guest, uint64_t work) {
    struct guest_clock *clock = &guest->clock;
    ASSERT_TURN(&guest->turn);
    if (!clock->is_virtual) {
        return refuse(ZX_ERR_BAD_STATE, "the guest is not in virtual time");
    }
    const uint64_t done = machine_work(guest->machine);
    clock->budget_end = work < NO_BUDGET - done ? done + work : NO_BUDGET;
    platform_mutex_lock(&clock->lock);
    set_stop(guest);
    platform_mutex_unlock(&clock->lock);
    return ZX_OK;
}

bool guest_clock_budget_is_spent(const struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    return guest->clock.is_virtual && machine_work(guest->machine) >= guest->clock.budget_end;
}

bool guest_clock_sleeps_for_ever(struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    return guest->clock.budget_end != NO_BUDGET && turn_all_asleep(&guest->turn);
}

// ---

void guest_clock_end_time_slice(struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    guest->clock.time_slice_end = guest_clock_now(guest);
    machine_request_exit(guest->machine);
}

static bool skip(struct guest *guest) {
    struct guest_clock *clock = &guest->clock;
    platform_mutex_lock(&clock->lock);
    const bool any = clock->timers != NULL;
    const int64_t left = any ? clock->timers->deadline - guest_clock_now(guest) : 0;
    if (left > 0) {
        atomic_fetch_add(&clock->skipped, left);
    }
    platform_mutex_unlock(&clock->lock);
    return any;
}

void guest_clock_skip_sleep(struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    while (turn_all_asleep(&guest->turn) && skip(guest)) {
        fire_due(guest);
    }
}
