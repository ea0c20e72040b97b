// SPDX-License-Identifier: MIT
//
// The client of consumer.c in C++. It makes a guest, for which the engine must be found and loaded.

#include <cstdio>
#include <string_view>

#include <zircon/syscalls.h>
#include <zirconia/zirconia.h>

int main() {
    const std::string_view version = zx_system_get_version_string();
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t memory = ZX_HANDLE_INVALID;
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_status_t status = zirconia_hypervisor_resource(&resource);
    if (status == ZX_OK) {
        status = zx_guest_create(resource, 0, &guest, &memory);
    }
    if (status == ZX_OK) {
        status = zx_vcpu_create(guest, 0, 0, &vcpu);
    }
    std::printf("Zirconia %s on Unicorn %s: %d\n", version.data(), zirconia_engine_version(),
                status);
    return status != ZX_OK;
}
