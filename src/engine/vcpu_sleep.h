// SPDX-License-Identifier: MIT
//
// The sleep of a halted VCPU's thread.

#ifndef ENGINE_VCPU_SLEEP_H
#define ENGINE_VCPU_SLEEP_H

#include "engine/exits/exits.h"

// The VCPU, which has the turn, is asleep for those that look for who may run. False: there is
// something to wake for already.
bool vcpu_fall_asleep(struct vcpu *vcpu);

// Without the turn: sleeps until a vector is pending or the VCPU is kicked. Where the thread is
// stopped meanwhile the status is vcpu_stop_in_wait()'s.
zx_status_t vcpu_sleep(struct exit_context *context);

#endif // ENGINE_VCPU_SLEEP_H
