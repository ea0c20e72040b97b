// SPDX-License-Identifier: MIT
//
// One wait serves all three: a bell is a packet, the end of the run is a packet too, queued behind
// the last bell, and the timeout is the wait's deadline.

#include "cli/attendant.h"

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

#include "cli/talk.h"

static void attend(void *context) {
    struct attendant *attendant = context;
    zx_time_t deadline = attendant->deadline;
    for (;;) {
        zx_port_packet_t packet;
        zx_status_t status = zx_port_wait(attendant->port, deadline, &packet);
        if (status == ZX_ERR_TIMED_OUT) {
            atomic_store(&attendant->time_is_up, true);
            (void)zx_vcpu_kick(attendant->vcpu);
            deadline = ZX_TIME_INFINITE;
            continue;
        }
        if (status != ZX_OK) {
            talk("cannot wait for bells: %s", zx_status_get_string(status));
            break;
        }
        if (packet.type == ZX_PKT_TYPE_USER)
            break;
        if (attendant->bells)
            bells_put(attendant->bells, &packet);
    }
    if (attendant->bells)
        bells_close(attendant->bells);
}

bool attendant_start(struct attendant *attendant) {
    atomic_init(&attendant->time_is_up, false);
    attendant->thread = host_thread_start(attend, attendant);
    return attendant->thread != NULL;
}

void attendant_stop(struct attendant *attendant) {
    const zx_port_packet_t end = {.type = ZX_PKT_TYPE_USER};
    // Out of memory for a moment; the thread has to end before its context does.
    while (zx_port_queue(attendant->port, &end) == ZX_ERR_NO_MEMORY)
        (void)zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
    host_thread_join(attendant->thread);
}
