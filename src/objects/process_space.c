// SPDX-License-Identifier: MIT
//
// The process's mappings as mappings of the host. Addresses are claimed by reserving them, which
// fails where the program has anything of its own, and a VMO is then mapped over the reservation.
//
// Where the host's page is larger than the ABI's 4096, addresses and VMO offsets must be multiples
// of the host's; lengths are rounded up.

#include "objects/process_space.h"

#include "objects/log.h"
#include "objects/refusal.h"
#include "objects/unmapped.h"
#include "objects/vmo_clone.h"

#include <inttypes.h>
#include <zircon/types.h>

// objects ABI 5.7. The end is the host's.
enum { PROCESS_BASE = 0x1000000 };

static bool host_aligned(uint64_t value, const char *what) {
    if (value % platform_page_size() == 0) {
        return true;
    }
    log_line(ZIRCONIA_LOG_ERROR, "%s %#" PRIx64 " is not a multiple of the host's page", what,
             value);
    return false;
}

static uint64_t host_round_up(uint64_t value) {
    const uint64_t page = platform_page_size();
    return (value + page - 1) / page * page;
}

static void *pointer(uint64_t address) {
    return (void *)(uintptr_t)address;
}

static zx_status_t process_claim(struct address_space *space, uint64_t base, uint64_t length) {
    (void)space;
    if (!host_aligned(base, "address")) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "address % is not a multiple of the host's page",
                            base);
    }
    bool taken = false;
    if (unmapped_reserve_at(pointer(base), (size_t)host_round_up(length), &taken)) {
        return ZX_OK;
    }
    return taken ? ZX_ERR_ALREADY_EXISTS : ZX_ERR_NO_MEMORY;
}

// Gives back the host pages of which nothing is mapped any more.
static void process_unclaim(struct address_space *space, uint64_t base, uint64_t length) {
    const uint64_t page = platform_page_size();
    uint64_t first = base / page * page;
    uint64_t end = host_round_up(base + length);
    if (first != base && address_space_occupied(space, first, page)) {
        first += page;
    }
    if (end != base + length && end > first && address_space_occupied(space, end - page, page)) {
        end -= page;
    }
    if (end <= first) {
        return;
    }
    if (platform_unmap(pointer(first), (size_t)(end - first))) {
        unmapped_note(pointer(first), (size_t)(end - first));
    } else {
        log_line(ZIRCONIA_LOG_WARNING,
                 "the host keeps addresses %#" PRIx64 " to %#" PRIx64 " after their unmapping",
                 first, end);
    }
}

static zx_status_t process_choose(struct address_space *space, const struct address_wish *wish,
                                  uint64_t *base) {
    if (wish->limit != UINT64_MAX) {
        log_line(ZIRCONIA_LOG_ERROR, "no upper limit can be given for the process's addresses");
        return refuse(ZX_ERR_NOT_SUPPORTED,
                      "no upper limit can be given for the process's addresses");
    }
    const uint64_t page = platform_page_size();
    const uint64_t alignment = wish->alignment > page ? wish->alignment : page;
    const uint64_t length = host_round_up(wish->length);
    const uint64_t slack = alignment - page; // Enough for an aligned start in the reservation.
    void *reserved = length > SIZE_MAX - slack ? NULL : platform_reserve((size_t)(length + slack));
    if (reserved == NULL) { // The host is short of memory or of addresses. It does not say which.
        return ZX_ERR_NO_MEMORY;
    }
    const uint64_t start = (uint64_t)(uintptr_t)reserved;
    *base = (start + alignment - 1) & ~(alignment - 1);
    if (*base > start) {
        platform_unmap(reserved, (size_t)(*base - start));
    }
    const uint64_t tail = start + slack - *base;
    if (tail > 0) {
        platform_unmap(pointer(*base + length), (size_t)tail);
    }
    unmapped_forget(pointer(*base), (size_t)length);
    if (*base < space->base || *base + length > space->base + space->size) {
        platform_unmap(pointer(*base), (size_t)length);
        return refuse_value(ZX_ERR_NO_RESOURCES, "the process has no room for size %", length);
    }
    return ZX_OK;
}

static unsigned host_protection(uint32_t permissions) {
    return ((permissions & ZX_VM_PERM_READ) != 0 ? PLATFORM_READ : 0u) |
           ((permissions & ZX_VM_PERM_WRITE) != 0 ? PLATFORM_WRITE : 0u) |
           ((permissions & ZX_VM_PERM_EXECUTE) != 0 ? PLATFORM_EXECUTE : 0u);
}

static void process_vacate(struct address_space *space, uint64_t base, uint64_t length) {
    (void)space;
    if (!platform_reset(pointer(base), (size_t)host_round_up(length))) {
        log_line(ZIRCONIA_LOG_WARNING, "the host keeps what is mapped at %#" PRIx64, base);
    }
}

// A clone's own pages may be written to, and the others are those of whoever owns them.
static bool show_clone(const struct mapping_view *view, uint64_t length) {
    const unsigned protection = host_protection(view->permissions);
    bool done = true;
    vmo_families_lock();
    for (uint64_t at = 0; at < length && done;) {
        const struct vmo_run run = vmo_clone_run(view->vmo, view->vmo_offset + at, length - at);
        const unsigned allowed = run.own ? protection : protection & ~(unsigned)PLATFORM_WRITE;
        done = platform_memory_map(run.memory, run.offset, (size_t)run.length, allowed,
                                   pointer(view->base + at)) != NULL;
        at += run.length;
    }
    vmo_families_unlock();
    return done;
}

static bool show(const struct mapping_view *view, uint64_t length) {
    if (length == 0) {
        return true;
    }
    return view->vmo->clone != NULL ? show_clone(view, length)
                                    : platform_protect(pointer(view->base), (size_t)length,
                                                       host_protection(view->permissions));
}

// Reserves the part of a mapping that the VMO does not back any more, where the host would go on
// showing what the VMO has lost or may yet get.
static bool process_changed(struct address_space *space, const struct mapping_view *view) {
    (void)space;
    const uint64_t length = host_round_up(view->length);
    const uint64_t backed = host_round_up(mapping_view_backed(view));
    return show(view, backed) &&
           (backed == length ||
            platform_protect(pointer(view->base + backed), (size_t)(length - backed), 0));
}

static zx_status_t process_map(struct address_space *space, const struct mapping_view *view) {
    if (!host_aligned(view->base, "address") || !host_aligned(view->vmo_offset, "VMO offset")) {
        return refuse_values(ZX_ERR_NOT_SUPPORTED,
                             "address % or vmo_offset % is not a multiple of the host's page",
                             view->base, view->vmo_offset);
    }
    if (!vmo_clone_prepare(view->vmo)) {
        return ZX_ERR_NO_MEMORY;
    }
    // No VMO ever has anything so far out. What may be mapped there goes.
    if (view->vmo_offset > INT64_MAX - host_round_up(view->length)) {
        return platform_reset(pointer(view->base), (size_t)host_round_up(view->length))
                   ? ZX_OK
                   : ZX_ERR_NO_MEMORY;
    }
    const void *mapped = platform_memory_map(
        view->vmo->memory, view->vmo_offset, (size_t)host_round_up(view->length),
        host_protection(view->permissions), pointer(view->base));
    return mapped != NULL && process_changed(space, view) ? ZX_OK : ZX_ERR_NO_MEMORY;
}

// The space's lock alone guards these mappings, and an unmapping needs no step of its own: what
// follows it replaces the host's mapping or takes it away.
static const struct address_space_ops process_ops = {
    .shows_clones = true,
    .claim = process_claim,
    .unclaim = process_unclaim,
    .choose = process_choose,
    .map = process_map,
    .vacate = process_vacate,
    .changed = process_changed,
};

static struct vmar *make_root(void) {
    const uint64_t size = platform_address_limit() - PROCESS_BASE;
    struct address_space *space = address_space_create(&process_ops, NULL, PROCESS_BASE, size);
    struct vmar *root = NULL;
    if (space == NULL) {
        return NULL;
    }
    if (vmar_create_root(space, &root) != ZX_OK) {
        address_space_retire(space);
        return NULL;
    }
    address_space_unref(space); // The root keeps it, and the root is kept for good.
    return root;
}

static _Atomic(struct vmar *) kept;

// Where memory is short, a later call makes it.
struct vmar *process_root_vmar(void) {
    struct vmar *root = atomic_load(&kept);
    if (root != NULL) {
        return root;
    }
    struct vmar *own = make_root();
    if (own == NULL || atomic_compare_exchange_strong(&kept, &root, own)) {
        return own;
    }
    object_unref(&own->object); // Another thread was first.
    return root;
}

void process_each_mapping(void (*function)(const struct mapping_view *view, void *argument),
                          void *argument) {
    const struct vmar *root = atomic_load(&kept);
    if (root == NULL || !address_space_lock(root->space)) {
        return;
    }
    for (size_t i = 0; i < root->space->count; i++) {
        function(&root->space->mappings[i], argument);
    }
    address_space_unlock(root->space);
}

void process_walk(void (*function)(const struct space_entry *entry, void *argument),
                  void *argument) {
    const struct vmar *root = process_root_vmar();
    if (root != NULL && address_space_lock(root->space)) {
        if (root->region->alive) {
            region_walk(root->space, function, argument);
        }
        address_space_unlock(root->space);
    }
}

bool process_space_vmo_changed(const struct vmo *vmo, uint64_t from, uint64_t to) {
    const struct vmar *root = atomic_load(&kept);
    return root == NULL || address_space_vmo_changed(root->space, vmo, from, to);
}

// --- Stores to clones ---

// A handler reads it, so it must be there without an allocation at the first use.
#if defined(__ELF__)
#define THREAD_STORAGE __attribute__((tls_model("initial-exec")))
#else
#define THREAD_STORAGE
#endif

// The clone that is mapped at an address and may be stored to there, with a reference.
static struct vmo *find_clone(struct address_space *space, uint64_t address, uint64_t *offset) {
    struct vmo *vmo = NULL;
    struct mapping_view view;
    if (!address_space_lock(space)) {
        return NULL;
    }
    if (address_space_find(space, address, &view) && view.vmo->clone != NULL &&
        (view.permissions & ZX_VM_PERM_WRITE) != 0 &&
        address - view.base < mapping_view_backed(&view)) {
        vmo = vmo_ref(view.vmo);
        *offset = view.vmo_offset + (address - view.base);
    }
    address_space_unlock(space);
    return vmo;
}

// Where this thread last met with a page that was the clone's already.
static _Thread_local uintptr_t tried THREAD_STORAGE;

// A page that the clone owns already is another thread's doing, whose mapping may not have followed
// yet. It is worth one more try, and not another: this is no store then.
bool process_space_take_page(uintptr_t address) {
    const struct vmar *root = atomic_load(&kept);
    uint64_t offset = 0;
    struct vmo *vmo = root != NULL ? find_clone(root->space, address, &offset) : NULL;
    if (vmo == NULL) {
        return false;
    }
    const bool owned = vmo_clone_owns(vmo, offset);
    const bool again = owned && tried == address;
    tried = owned ? address : 0;
    const bool taken = !again && vmo_clone_own(vmo, offset, 1) == ZX_OK;
    vmo_unref(vmo);
    return taken;
}

void process_space_become_child(void) {
    atomic_store(&kept, NULL);
}

bool process_copy(void *destination, const void *source, size_t size, uintptr_t *fault_address) {
    while (!platform_copy_or_fault(destination, source, size, fault_address)) {
        const uintptr_t at = *fault_address - (uintptr_t)destination;
        if (*fault_address == 0 || at >= size || !process_space_take_page(*fault_address)) {
            return false;
        }
    }
    return true;
}

bool process_space_denies(uintptr_t fault_address) {
    const struct vmar *root = atomic_load(&kept);
    struct mapping_view view;
    bool denies = false;
    if (root != NULL && address_space_lock(root->space)) {
        denies = address_space_find(root->space, fault_address, &view) &&
                 fault_address - view.base < mapping_view_backed(&view);
        address_space_unlock(root->space);
    }
    return denies;
}
