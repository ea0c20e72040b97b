// SPDX-License-Identifier: MIT
//
// The server's lock. The calls that a thread makes with it held are calls from inside of the
// library.

#include "gdb/server.h"

#include "platform/threads.h"
#include "tasks/door.h"

#define LOOK_AGAIN 50000000 // ns

void gdb_lock(struct zirconia_gdb *gdb) {
    door_enter();
    platform_mutex_lock(&gdb->lock);
}

void gdb_unlock(struct zirconia_gdb *gdb) {
    platform_mutex_unlock(&gdb->lock);
    door_leave();
}

void gdb_wait(struct zirconia_gdb *gdb) {
    platform_condition_wait_until(&gdb->changed, &gdb->lock, platform_monotonic() + LOOK_AGAIN);
    gdb_unlock(gdb);
    platform_cancel_point();
    gdb_lock(gdb);
    gdb_look_for_ended(gdb);
}
