// SPDX-License-Identifier: MIT
//
// A VCPU whose thread is to stop or to end (hypervisor ABI 1.3, 5.2, 6.4, 8). In the 2022 era the
// thread stops in the middle of the run call, wherever the VCPU holds no turn, and goes on there as
// if nothing had been. In 2018 only a wait is cut short, and the call returns.

#ifndef ENGINE_VCPU_STOP_H
#define ENGINE_VCPU_STOP_H

#include "engine/exits/exits.h"

// Each keeps context->has_turn up to date. Without the turn the VCPU cannot go on, and they return
// why: ZX_ERR_INTERNAL_INTR_KILLED if the thread is to end, ZX_ERR_CANCELED if the VCPU was kicked
// as it waited.

// Take the turn, give it back, or let others have it first. Return ZX_OK with the turn, or the
// reason why the VCPU does not have it.
zx_status_t vcpu_take_turn(struct exit_context *context);
void vcpu_give_turn(struct exit_context *context, enum turn_end end);
zx_status_t vcpu_pass_turn(struct exit_context *context, enum turn_end end);

// At the top of the loop, with the turn: lets the thread stop if it is to. Returns ZX_OK with the
// turn, or the reason why the VCPU does not have it.
zx_status_t vcpu_stop_if_wanted(struct exit_context *context);

// Called after a wait without the turn that was cut short. Returns ZX_OK when the VCPU is to wait
// on; in 2018 takes the turn and returns `cut_short`.
zx_status_t vcpu_stop_in_wait(struct exit_context *context, zx_status_t cut_short);

// What wakes the VCPU's thread (objects/blocking.h).
void vcpu_wake_thread(void *argument);

#endif // ENGINE_VCPU_STOP_H
