// SPDX-License-Identifier: MIT
//
// Feeds any bytes to zirconia_snapshot_load(). It looks for faults, for a guest that a refused file
// has changed or a restore has left half changed, and for what a guest in a made-up state does as
// it runs. The guest is made once and goes back to a snapshot for each input.
// An input is a file. Where its last word is 0, that is put right first: no input could get by the
// hash otherwise.

#include "fuzz_trace.h"
#include "snapshot_guest.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

#define REQUIRE_OK(call) snapshot_require((call) == ZX_OK, #call)

// Each packet of a bell is a unit of work, so no bell gets the 256 at which a VCPU waits.
enum { WORK_OF_A_RUN = 200 };

static struct snapshot_guest guest;
static zx_handle_t beginning; // The snapshot that each input starts from.

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Whether the guest is what the bytes say, in all that a file has.
static bool guest_is(const struct snapshot_bytes *expected) {
    static struct snapshot_bytes found;
    const zx_handle_t snapshot = snapshot_guest_take(&guest);
    snapshot_guest_save(&guest, snapshot, &found);
    REQUIRE_OK(zx_handle_close(snapshot));
    return found.size == expected->size && memcmp(found.bytes, expected->bytes, found.size) == 0;
}

static zx_status_t load(const uint8_t *bytes, size_t size, zx_handle_t *out) {
    const zx_status_t status = zirconia_snapshot_load(guest.guest, 0, bytes, size, out);
    snapshot_require(status == ZX_OK || status == ZX_ERR_IO_DATA_INTEGRITY ||
                         status == ZX_ERR_NOT_SUPPORTED || status == ZX_ERR_BAD_STATE,
                     "a load with a status that it does not have");
    return status;
}

static void restore(zx_handle_t snapshot) {
    REQUIRE_OK(zirconia_guest_restore(guest.guest, snapshot));
}

// To the end of the budget, or to what a VMM would not go on after.
static void run(void) {
    zx_port_packet_t packet;
    zx_status_t status = ZX_OK;
    snapshot_guest_empty_port(&guest);
    REQUIRE_OK(zirconia_guest_set_budget(guest.guest, WORK_OF_A_RUN));
    while (status == ZX_OK) {
        memset(&packet, 0, sizeof packet);
        status = zx_vcpu_enter(guest.vcpu, &packet);
        snapshot_require(status != ZX_ERR_INTERNAL, "a run gives ZX_ERR_INTERNAL");
        fuzz_trace_word((uint64_t)(int64_t)status);
        fuzz_trace_bytes(&packet, sizeof packet);
    }
}

// What was loaded is written as the same bytes again and again, whatever the guest does between.
static void use(zx_handle_t loaded) {
    static struct snapshot_bytes written;
    zx_handle_t again = ZX_HANDLE_INVALID;
    snapshot_guest_save(&guest, loaded, &written);
    fuzz_trace_bytes(written.bytes, written.size);
    restore(loaded);
    snapshot_require(guest_is(&written), "a restore has not made the guest what was loaded");
    run();
    snapshot_require(load(written.bytes, written.size, &again) == ZX_OK,
                     "a file that the library wrote is refused");
    restore(again);
    snapshot_require(guest_is(&written), "a guest that has run is not restored");
    REQUIRE_OK(zx_handle_close(again));
}

static void begin(struct snapshot_bytes *file) {
    snapshot_guest_make(&guest);
    beginning = snapshot_guest_take(&guest);
    snapshot_guest_save(&guest, beginning, file);
}

// The copy is as long as the input, so that a sanitizer sees what is read behind it.
static const uint8_t *put_hash_right(const uint8_t *data, size_t size) {
    static uint8_t bytes[SNAPSHOT_FILE_MOST];
    const uint64_t none = 0;
    if (size < sizeof none || size > sizeof bytes ||
        memcmp(data + size - sizeof none, &none, sizeof none) != 0) {
        return data;
    }
    uint8_t *copy = bytes + (sizeof bytes - size);
    const uint64_t hash = snapshot_hash(data, size - sizeof hash);
    memcpy(copy, data, size - sizeof hash);
    memcpy(copy + size - sizeof hash, &hash, sizeof hash);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct snapshot_bytes first;
    zx_handle_t loaded = ZX_HANDLE_INVALID;
    fuzz_trace = 0;
    if (beginning == ZX_HANDLE_INVALID) {
        begin(&first);
    }
    const zx_status_t status = load(put_hash_right(data, size), size, &loaded);
    fuzz_trace_word((uint64_t)(int64_t)status);
    if (status == ZX_OK) {
        use(loaded);
        REQUIRE_OK(zx_handle_close(loaded));
        restore(beginning);
    }
    snapshot_require(guest_is(&first), "the guest is not what it was at the beginning");
    restore(beginning); // The next snapshot would stand on the last one.
    return 0;
}
