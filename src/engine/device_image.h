// SPDX-License-Identifier: MIT
//
// The state of a client's devices, copied and put back by the client's callbacks
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

// Returns CANCELED when the client refuses, or NO_MEMORY; then, too, the image must be destroyed.
// The caller has the guest's turn, here and below.
zx_status_t device_image_take(struct device_image *image, const struct devices *devices);

// Whether the devices take as many bytes as the image has.
bool device_image_fits(const struct device_image *image, const struct devices *devices);

void device_image_restore(const struct device_image *image, const struct devices *devices);

void device_image_destroy(struct device_image *image);

#endif // ENGINE_DEVICE_IMAGE_H
