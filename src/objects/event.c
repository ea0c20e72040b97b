// SPDX-License-Identifier: MIT
//
// Event objects.

#include "objects/event.h"

#include <stdlib.h>

static void event_destroy(struct object *object) {
    free(object);
}

static const struct object_ops event_ops = {
    .type = ZX_OBJ_TYPE_EVENT,
    .default_rights = ZX_DEFAULT_EVENT_RIGHTS,
    .settable_signals = ZX_EVENT_SIGNALED,
    .destroy = event_destroy,
};

zx_status_t event_create(struct object **out) {
    struct object *event = malloc(sizeof(*event));
    if (event == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(event, &event_ops, 0);
    *out = event;
    return ZX_OK;
}
