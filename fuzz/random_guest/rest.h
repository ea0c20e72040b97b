// SPDX-License-Identifier: MIT
//
// A VCPU that is done, and kept for later, is to the others of its guest as one that is closed.

#ifndef RANDOM_GUEST_REST_H
#define RANDOM_GUEST_REST_H

#include <zircon/types.h>

// The turn passes the VCPU over from now on, and its timer is off. On its thread, outside of a run
// call.
void rest_begin(zx_handle_t handle);

// Its turn may come again. No VCPU of the guest is in a run call.
void rest_end(zx_handle_t handle);

// Forgets what is only kept for the next time: instructions that were decoded, and walks of page
// tables. What is found there counts as less coverage.
void rest_forget(zx_handle_t handle);

#endif // RANDOM_GUEST_REST_H
