// SPDX-License-Identifier: MIT
//
// Telling the observer of a guest about exits, and counting them (zirconia/observe.h).
//
// Lock: `lock` guards the observer and the counts.

#ifndef ENGINE_OBSERVE_H
#define ENGINE_OBSERVE_H

#include "platform/platform.h"

#include <zirconia/observe.h>

struct vcpu;
struct cpu_exit;

struct observation {
    struct platform_mutex lock;
    zirconia_exit_observer_t observer;
    void *context;
    zirconia_exit_statistics_t counts[ZIRCONIA_EXIT_KIND_COUNT];
};

// An exit that the VCPU made just now, before anything is done about it.
void observe_exit(struct vcpu *vcpu, const struct cpu_exit *exit);

// The VCPU is about to run again: the time of its last exit ends.
void observe_entry(struct vcpu *vcpu);

#endif // ENGINE_OBSERVE_H
