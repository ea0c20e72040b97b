// SPDX-License-Identifier: MIT
//
// The calls of the client's callbacks. They run with cancellation off, because the thread has the
// turn.

#include "engine/device_image.h"

#include "objects/refusal.h"
#include "platform/threads.h"

#include <stdlib.h>

zx_status_t device_image_take(struct device_image *image, const struct devices *devices) {
    *image = (struct device_image){.size = devices->size};
    if (devices->size == 0) {
        return ZX_OK;
    }
    image->bytes = calloc(1, devices->size);
    if (image->bytes == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    const int cancel_state = platform_cancel_off();
    const bool saved = devices->save(devices->context, image->bytes, devices->size);
    platform_cancel_restore(cancel_state);
    return saved ? ZX_OK
                 : refuse(ZX_ERR_CANCELED, "the client's callback did not save its devices");
}

bool device_image_fits(const struct device_image *image, const struct devices *devices) {
    return image->size == devices->size;
}

void device_image_restore(const struct device_image *image, const struct devices *devices) {
    if (devices->size == 0) {
        return;
    }
    const int cancel_state = platform_cancel_off();
    devices->restore(devices->context, image->bytes, image->size);
    platform_cancel_restore(cancel_state);
}

void device_image_destroy(struct device_image *image) {
    free(image->bytes);
}
