// SPDX-License-Identifier: MIT
//
// The exported calls: each passes the gate, does its work, and does it again when a thread that was
// blocked has been stopped meanwhile (objects ABI 7.6). Arguments stay as they were, an absolute
// deadline among them.

#include "objects/log.h"
#include "syscalls/calls.h"
#include "tasks/gate.h"

#include <zircon/process.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define CALL(name, body, parameters, arguments)                                                    \
    zx_status_t name parameters {                                                                  \
        zx_status_t status = ZX_OK;                                                                \
        do {                                                                                       \
            gate_enter();                                                                          \
            status = body arguments;                                                               \
            gate_leave();                                                                          \
        } while (status == ZX_ERR_INTERNAL_INTR_RETRY);                                            \
        return status;                                                                             \
    }
#include "syscalls/calls.inc"
#undef CALL

zx_handle_t zx_vmar_root_self(void) {
    gate_enter();
    const zx_handle_t handle = sys_vmar_root_self();
    gate_leave();
    return handle;
}

void zirconia_set_log(zirconia_log_callback_t callback, void *context,
                      zirconia_log_level_t minimum) {
    gate_enter();
    log_set_sink(callback, context, minimum);
    gate_leave();
}
