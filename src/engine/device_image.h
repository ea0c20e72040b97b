// SPDX-License-Identifier: MIT
//
// What a client's devices are, copied and put back by callbacks of the client's
// (zirconia_guest_set_devices()).

#ifndef ENGINE_DEVICE_IMAGE_H
#define ENGINE_DEVICE_IMAGE_H

#include <stddef.h>
#include <zircon/types.h>
#include <zirconia/snapshot.h>

// The devices of a guest, guarded by its turn. All fields are 0 if it has none.
struct devices {
    zirconia_devices_save_t save;
    zirconia_devices_restore_t restore;
    void *context;
    size_t size;
};

struct device_image {
    void *bytes;
    size_t size;
};

// CANCELED when the client refuses, NO_MEMORY; with an image to destroy all the same. The guest's
// turn is held, here and below.
zx_status_t device_image_take(struct device_image *image, const struct devices *devices);

// The devices can be given this image: they take as many bytes.
bool device_image_fits(const struct device_image *image, const struct devices *devices);

void device_image_restore(const struct device_image *image, const struct devices *devices);

void device_image_destroy(struct device_image *image);

#endif // ENGINE_DEVICE_IMAGE_H
