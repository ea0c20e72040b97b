// SPDX-License-Identifier: MIT
//
// The walk over a snapshot that writes a file or reads one.

#include "engine/snapshot_file.h"

#include "engine/instruments/cpu_image.h"
#include "engine/instruments/machine_image.h"
#include "objects/refusal.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC 0x504e5341434f525aull // "ZROCASNP"
#define VERSION 3u
#define HASH_START 14695981039346656037ull
#define HASH_FACTOR 1099511628211ull
#define PAGE_SIZE 0x1000u

// How long a timer can have to go, so that nothing overflows: some seventy years.
#define MOST_TIME (1ll << 61)

// --- Pieces ---

static void move_bytes(struct snapshot_file *file, void *bytes, size_t size) {
    if (file->status == ZX_OK) {
        file->status = file->move(file->context, bytes, size);
    }
    if (file->status != ZX_OK) {
        if (!file->saves) {
            memset(bytes, 0, size);
        }
        return;
    }
    for (size_t i = 0; i < size; i++) {
        file->hash = (file->hash ^ ((const uint8_t *)bytes)[i]) * HASH_FACTOR;
    }
}

static void move_word(struct snapshot_file *file, uint64_t *word) {
    move_bytes(file, word, sizeof *word);
}

static void require(struct snapshot_file *file, bool holds, zx_status_t otherwise,
                    const char *cause) {
    if (file->status == ZX_OK && !holds) {
        file->status = refuse(otherwise, cause);
    }
}

static void require_sound(struct snapshot_file *file, bool holds) {
    require(file, holds, ZX_ERR_IO_DATA_INTEGRITY,
            file->saves ? "the guest has a time that is decades ahead"
                        : "the file has state that no guest can have");
}

static void move_same(struct snapshot_file *file, uint64_t expected, zx_status_t otherwise,
                      const char *cause) {
    uint64_t word = expected;
    move_word(file, &word);
    require(file, word == expected, otherwise, cause);
}

static void move_bool(struct snapshot_file *file, bool *value) {
    uint64_t word = *value;
    move_word(file, &word);
    require_sound(file, word <= 1);
    *value = word != 0;
}

static void move_unsigned(struct snapshot_file *file, unsigned *value, uint64_t end) {
    uint64_t word = *value;
    move_word(file, &word);
    require_sound(file, word < end);
    *value = file->status == ZX_OK ? (unsigned)word : 0;
}

static void move_time(struct snapshot_file *file, int64_t *value) {
    uint64_t word = (uint64_t)*value;
    move_word(file, &word);
    *value = (int64_t)word;
}

// --- The guest's shape ---

#define OTHER(parts) "the file is of a guest with other " parts

static void shape(struct snapshot_file *file, uint64_t value, const char *cause) {
    move_same(file, value, ZX_ERR_BAD_STATE, cause);
}

static void move_traps(struct snapshot_file *file, const struct trap_map *traps) {
    shape(file, traps->count, OTHER("traps"));
    for (size_t i = 0; i < traps->count; i++) {
        shape(file, traps->traps[i].kind, OTHER("traps"));
        shape(file, traps->traps[i].base, OTHER("traps"));
        shape(file, traps->traps[i].size, OTHER("traps"));
        shape(file, traps->traps[i].key, OTHER("traps"));
    }
}

struct named_vmo {
    const struct vmo *vmo;
    size_t mapping;
    size_t first; // The first mapping that shows the VMO.
};

static int by_vmo(const void *left, const void *right) {
    const struct named_vmo *a = left;
    const struct named_vmo *b = right;
    if (a->vmo != b->vmo) {
        return (uintptr_t)a->vmo < (uintptr_t)b->vmo ? -1 : 1;
    }
    return (a->mapping > b->mapping) - (a->mapping < b->mapping);
}

static int by_mapping(const void *left, const void *right) {
    const struct named_vmo *a = left;
    const struct named_vmo *b = right;
    return (a->mapping > b->mapping) - (a->mapping < b->mapping);
}

// For each mapping its VMO, which goes by the first mapping that shows it. NULL without memory.
static struct named_vmo *name_vmos(const struct memory_image *memory) {
    const size_t count = memory->mapping_count;
    struct named_vmo *names = calloc(count + 1, sizeof *names);
    if (names == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct named_vmo){.vmo = memory->mappings[i].vmo, .mapping = i};
    }
    qsort(names, count, sizeof *names, by_vmo);
    for (size_t i = 0; i < count; i++) {
        const bool again = i > 0 && names[i].vmo == names[i - 1].vmo;
        names[i].first = again ? names[i - 1].first : names[i].mapping;
    }
    qsort(names, count, sizeof *names, by_mapping);
    return names;
}

static void move_mappings(struct snapshot_file *file, const struct memory_image *memory) {
    struct named_vmo *names = name_vmos(memory);
    if (names == NULL) {
        require(file, false, ZX_ERR_NO_MEMORY, "memory is short");
        return;
    }
    shape(file, memory->mapping_count, OTHER("mappings"));
    for (size_t i = 0; i < memory->mapping_count; i++) {
        const struct mapping_view *view = &memory->mappings[i];
        shape(file, view->base, OTHER("mappings"));
        shape(file, view->length, OTHER("mappings"));
        shape(file, names[i].first, OTHER("mappings"));
        shape(file, view->vmo_offset, OTHER("mappings"));
        shape(file, view->vmo_end, OTHER("mappings"));
        shape(file, view->permissions, OTHER("mappings"));
    }
    free(names);
}

// The shape of the guest, in which is also what VM entry refuses.
static void move_shape(struct snapshot_file *file, struct snapshot *snapshot,
                       const struct guest *guest) {
    shape(file, guest->clock.is_virtual, OTHER("time"));
    shape(file, snapshot->vpids, OTHER("VCPUs"));
    unsigned i = 0;
    for (const struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        shape(file, i, OTHER("VCPUs"));
        shape(file, vcpu->cr0_owned, OTHER("VCPUs"));
        move_word(file, &snapshot->vcpus[i].cr0_shadow);
        move_bool(file, &snapshot->vcpus[i].invalid_state);
    }
    move_traps(file, &guest->memory_traps);
    move_traps(file, &guest->port_traps);
    move_mappings(file, &snapshot->memory);
    shape(file, guest->devices.size, OTHER("devices"));
}

// --- Time ---

static void move_clock(struct snapshot_file *file, struct guest_clock_image *clock) {
    move_word(file, &clock->work.done);
    move_word(file, &clock->work.idle_exits);
    move_word(file, &clock->work.block);
    move_word(file, &clock->work.block_size);
    move_word(file, &clock->work.resumes_at);
    move_bool(file, &clock->work.resumes);
    move_time(file, &clock->skipped);
    move_time(file, &clock->time_slice_end);
    move_word(file, &clock->budget_end);
    require_sound(file, guest_clock_is_sound(clock));
}

// Only virtual time goes by the rotation.
static void move_rotation(struct snapshot_file *file, struct rotation *rotation,
                          const struct guest *guest) {
    const uint64_t vpids = guest->vpids;
    if (!guest->clock.is_virtual) {
        return;
    }
    move_word(file, &rotation->asleep);
    move_word(file, &rotation->hurried);
    move_unsigned(file, &rotation->current, TURN_SEATS);
    move_unsigned(file, &rotation->slice, TURN_SEATS);
    move_bool(file, &rotation->paused);
    const uint64_t awake = vpids & ~rotation->asleep;
    require_sound(
        file, ((rotation->asleep | rotation->hurried) & ~vpids) == 0 &&
                  (rotation->current == 0 ? awake == 0 : (awake >> rotation->current & 1) != 0));
}

// --- A VCPU ---

static void move_segment(struct snapshot_file *file, struct segment *segment) {
    uint64_t words[] = {segment->selector, segment->base, segment->limit, segment->attributes};
    move_bytes(file, words, sizeof words);
    require_sound(file, words[0] >> 16 == 0 && words[2] >> 32 == 0 && words[3] >> 32 == 0);
    *segment = (struct segment){
        .selector = (uint16_t)words[0],
        .base = words[1],
        .limit = (uint32_t)words[2],
        .attributes = (uint32_t)words[3],
    };
}

static void move_cpu(struct snapshot_file *file, struct vcpu *vcpu, struct cpu_image *image) {
    struct cpu_record record;
    cpu_image_record(vcpu->cpu, image, &record);
    move_bytes(file, record.registers, sizeof record.registers);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        move_segment(file, &record.segments[i]);
    }
    move_bytes(file, record.x87, sizeof record.x87);
    move_bytes(file, record.xmm, sizeof record.xmm);
    move_word(file, &record.nmi);
    move_word(file, &record.nmi_return);
    move_word(file, &record.trap_lost);
    move_word(file, &record.window_exiting);
    if (!file->saves && file->status == ZX_OK) {
        require_sound(file, cpu_image_set(vcpu->cpu, image, &record));
    }
}

static void move_word32(struct snapshot_file *file, uint32_t *value) {
    uint64_t word = *value;
    move_word(file, &word);
    require_sound(file, word >> 32 == 0);
    *value = (uint32_t)word;
}

static void move_local_apic(struct snapshot_file *file, struct local_apic_image *apic) {
    move_word32(file, &apic->lvt_timer);
    move_word32(file, &apic->initial_count);
    move_word32(file, &apic->divide);
    int64_t left = apic->left;
    if (left != INT64_MAX && left >= MOST_TIME) {
        left = MOST_TIME - 1; // Nobody waits that long.
    }
    move_time(file, &left);
    if (!file->saves) {
        apic->left = left;
    }
    require_sound(file, (apic->lvt_timer & LVT_TIMER_MODE) != LVT_TIMER_MODE &&
                            (left == INT64_MAX || (left > -MOST_TIME && left < MOST_TIME)));
}

// The structure lies in guest memory, wherever that is now.
static void move_pvclock(struct snapshot_file *file, const struct vcpu *vcpu,
                         struct pvclock *pvclock) {
    bool on = pvclock->time != NULL;
    move_bool(file, &on);
    move_word(file, &pvclock->address);
    move_word32(file, &pvclock->version);
    if (!file->saves) {
        pvclock->time = NULL;
        require_sound(file, !on || pvclock_find(vcpu->guest, pvclock));
    }
}

static void move_vcpu(struct snapshot_file *file, struct vcpu *vcpu, struct vcpu_image *image,
                      unsigned count) {
    unsigned cr8 = image->cr8;
    move_unsigned(file, &cr8, UINT8_MAX + 1);
    image->cr8 = (uint8_t)cr8;
    move_unsigned(file, &image->timer_place, count);
    move_bytes(file, image->pending.bits, sizeof image->pending.bits);
    move_bool(file, &image->look_due);
    move_unsigned(file, &image->exited, EXITED_COUNT);
    move_local_apic(file, &image->apic);
    move_pvclock(file, vcpu, &image->pvclock);
    move_cpu(file, vcpu, image->cpu);
}

static void move_vcpus(struct snapshot_file *file, struct snapshot *snapshot,
                       const struct guest *guest) {
    const unsigned count = (unsigned)__builtin_popcountll(guest->vpids);
    unsigned i = 0;
    for (struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        move_vcpu(file, vcpu, &snapshot->vcpus[i], count);
    }
}

// --- Bells ---

// A packet is what its trap says, but for the address.
static zx_port_packet_t packet_of(const struct trap *trap, uint64_t address) {
    zx_port_packet_t packet = {.key = trap->key, .type = ZX_PKT_TYPE_GUEST_BELL, .status = ZX_OK};
    packet.guest_bell.addr = address;
    return packet;
}

static void save_bells(struct snapshot_file *file, const struct bell_image *bells) {
    uint64_t count = bells->count;
    move_word(file, &count);
    for (size_t i = 0; i < bells->count; i++) {
        uint64_t words[] = {bells->bells[i].trap, bells->bells[i].body.guest_bell.addr};
        move_bytes(file, words, sizeof words);
    }
}

// `counts` has how many there are of each trap: it has no more packets than its pool.
static void load_bell(struct snapshot_file *file, struct bell_image *bells,
                      const struct trap_map *traps, unsigned *counts) {
    uint64_t words[2] = {0};
    move_bytes(file, words, sizeof words);
    const struct trap *trap = words[0] < traps->count ? &traps->traps[words[0]] : NULL;
    require_sound(file, trap != NULL && trap->pool != NULL && words[1] - trap->base < trap->size &&
                            counts[words[0]]++ < PACKET_POOL_TRAP_COUNT);
    if (file->status == ZX_OK &&
        !bell_image_add(bells, words[0], packet_of(&traps->traps[words[0]], words[1]))) {
        file->status = ZX_ERR_NO_MEMORY;
    }
}

static void load_bells(struct snapshot_file *file, struct bell_image *bells,
                       const struct trap_map *traps) {
    unsigned *counts = calloc(traps->count + 1, sizeof *counts);
    uint64_t count = 0;
    bells->count = 0;
    if (counts == NULL) {
        require(file, false, ZX_ERR_NO_MEMORY, "memory is short");
        return;
    }
    move_word(file, &count);
    for (uint64_t i = 0; i < count && file->status == ZX_OK; i++) {
        load_bell(file, bells, traps, counts);
    }
    free(counts);
}

// --- Devices ---

static void move_devices(struct snapshot_file *file, struct device_image *devices, size_t size) {
    if (!file->saves && size > 0) {
        devices->bytes = calloc(1, size);
        devices->size = size;
        require(file, devices->bytes != NULL, ZX_ERR_NO_MEMORY, "memory is short");
    }
    if (file->status == ZX_OK && size > 0) {
        move_bytes(file, devices->bytes, size);
    }
}

// --- Memory ---

// A page goes by one more than its address, and 0 ends them.
static void save_pages(struct snapshot_file *file, const struct memory_image *memory,
                       const struct mapping_view *view) {
    const uint64_t end = mapping_view_backed(view);
    for (uint64_t at = 0; at < end && file->status == ZX_OK; at += PAGE_SIZE) {
        uint8_t *page = NULL;
        uint64_t place = view->base + at + 1;
        const zx_status_t status =
            machine_image_page(memory->pages, view->vmo, view->vmo_offset + at, false, &page);
        if (status == ZX_OK && page != NULL) {
            move_word(file, &place);
            move_bytes(file, page, PAGE_SIZE);
        }
    }
}

static void save_memory(struct snapshot_file *file, const struct memory_image *memory) {
    uint64_t end = 0;
    for (size_t i = 0; i < memory->mapping_count; i++) {
        save_pages(file, memory, &memory->mappings[i]);
    }
    move_word(file, &end);
}

static const struct mapping_view *find_mapping(const struct memory_image *memory,
                                               uint64_t address) {
    for (size_t i = 0; i < memory->mapping_count; i++) {
        if (address - memory->mappings[i].base < memory->mappings[i].length) {
            return &memory->mappings[i];
        }
    }
    return NULL;
}

static void load_page(struct snapshot_file *file, const struct memory_image *memory,
                      uint64_t address) {
    const struct mapping_view *view = find_mapping(memory, address);
    require_sound(file, view != NULL && address % PAGE_SIZE == 0);
    if (file->status != ZX_OK) {
        return;
    }
    uint8_t *page = NULL;
    const zx_status_t status = machine_image_page(
        memory->pages, view->vmo, view->vmo_offset + (address - view->base), true, &page);
    require_sound(file, status != ZX_ERR_OUT_OF_RANGE);
    require(file, status == ZX_OK, status, "memory is short");
    if (status == ZX_OK) {
        move_bytes(file, page, PAGE_SIZE);
    }
}

static void load_memory(struct snapshot_file *file, const struct memory_image *memory) {
    uint64_t last = 0;
    for (;;) {
        uint64_t place = 0;
        move_word(file, &place);
        if (place == 0 || file->status != ZX_OK) {
            return;
        }
        require_sound(file, place > last);
        last = place;
        load_page(file, memory, place - 1);
    }
}

// --- The whole ---
//
// The state is moved with the guest's turn. Pages are the snapshot's own, so that the guest need
// not wait for them and for their hash.

static void move_state(struct snapshot_file *file, struct snapshot *snapshot,
                       const struct guest *guest) {
    file->hash = HASH_START;
    file->status = ZX_OK;
    move_same(file, MAGIC, ZX_ERR_IO_DATA_INTEGRITY, "bytes are no snapshot's file");
    move_same(file, VERSION, ZX_ERR_NOT_SUPPORTED, "the file is of another version");
    move_shape(file, snapshot, guest);
    move_clock(file, &snapshot->clock);
    move_rotation(file, &snapshot->rotation, guest);
    move_vcpus(file, snapshot, guest);
    if (file->saves) {
        save_bells(file, &snapshot->bells);
    } else {
        load_bells(file, &snapshot->bells, &guest->memory_traps);
    }
    move_devices(file, &snapshot->devices, guest->devices.size);
}

static void move_end(struct snapshot_file *file) {
    move_same(file, file->hash, ZX_ERR_IO_DATA_INTEGRITY, "the file is damaged");
}

zx_status_t snapshot_save(const struct snapshot *snapshot, struct guest *guest,
                          struct snapshot_file *file) {
    turn_take_call(&guest->turn);
    file->status = snapshot_check(snapshot, guest);
    if (file->status == ZX_OK) {
        move_state(file, (struct snapshot *)snapshot, guest); // Which only looks at it.
    }
    turn_give_call(&guest->turn);
    if (file->status == ZX_OK) {
        save_memory(file, &snapshot->memory);
        move_end(file);
    }
    return file->status;
}

// What only this process knows is that of the guest as it is.
zx_status_t snapshot_load(struct guest *guest, struct image_options options,
                          struct snapshot_file *file, struct snapshot **out) {
    struct snapshot *snapshot = snapshot_new();
    if (snapshot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    turn_take_call(&guest->turn);
    file->status = snapshot_begin(snapshot, guest, options);
    if (file->status == ZX_OK) {
        move_state(file, snapshot, guest);
    }
    turn_give_call(&guest->turn);
    if (file->status == ZX_OK) {
        load_memory(file, &snapshot->memory);
        move_end(file);
    }
    if (file->status == ZX_OK) {
        *out = snapshot;
    } else {
        object_unref(&snapshot->object);
    }
    return file->status;
}
