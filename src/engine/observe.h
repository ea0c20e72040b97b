// SPDX-License-Identifier: MIT
//
// Telling the observer of a guest about exits, and counting them (zirconia/observe.h).
//
// Lock: `lock` guards the observers and their contexts. The figures are written by the holder of
// the guest's turn and read by anybody.

#ifndef ENGINE_OBSERVE_H
#define ENGINE_OBSERVE_H

#include "engine/cpu/cpu.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <zirconia/observe.h>

struct vcpu;

struct exit_figures {
    atomic_ullong count;
    atomic_ullong nanoseconds;
};

struct observation {
    struct platform_mutex lock;
    zirconia_exit_observer_t observer;
    void *context;
    zirconia_entry_observer_t entry_observer;
    void *entry_context;
    atomic_bool observed; // There is an observer, or a trace.
    struct exit_figures figures[ZIRCONIA_EXIT_KIND_COUNT];
    struct observation *next; // In the list of the guests that live.
};

// Begins and ends the observation of a guest. What was counted stays in the counts of all guests.
void observation_open(struct observation *observation);
void observation_close(struct observation *observation);

// The counts of all guests that there are and were, by kind. Any thread.
void observe_count_all(uint64_t counts[ZIRCONIA_EXIT_KIND_COUNT]);

// An exit that the VCPU made just now, before anything is done about it.
void observe_exit(struct vcpu *vcpu, const struct cpu_exit *exit);

// Counts an exit that the engine answered without leaving the guest. False, and nothing is counted,
// when an observer must be told of the exit.
bool observe_unwatched(struct vcpu *vcpu, enum exit_reason reason);
bool observe_is_watched(const struct vcpu *vcpu);

// No exits, but the observer is told: the guest took an exception; the VCPU injected a vector.
void observe_exception(struct vcpu *vcpu, const struct cpu_exit *exit);
void observe_injection(struct vcpu *vcpu, uint8_t vector);

// The VCPU is about to run again: the time of its last exit ends.
void observe_entry(struct vcpu *vcpu);

// Sets the observer of a guest's exits; NULL for none. Any thread.
void observe_with(struct observation *observation, zirconia_exit_observer_t observer,
                  void *context);

// Sets the observer of what follows each exit; NULL for none. Any thread.
void observe_entries_with(struct observation *observation, zirconia_entry_observer_t observer,
                          void *context);

// What was counted of a kind. Any thread.
void observe_count(const struct observation *observation, zirconia_exit_kind_t kind,
                   zirconia_exit_statistics_t *out);

#endif // ENGINE_OBSERVE_H
