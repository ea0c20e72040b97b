// SPDX-License-Identifier: MIT
//
// Binding and unbinding.

#include "tasks/exception_binding.h"

#include "objects/refusal.h"
#include "platform/check.h"
#include "tasks/process.h"

static atomic_uint bound_count;

static struct {
    struct platform_mutex lock;
    struct exception_binding *bound;
    struct exception_binding *unused; // Bindings without references, which the next call frees.
} bindings = {.lock = PLATFORM_MUTEX_INIT(LOCK_EXCEPTION_BINDINGS)};

// The analysis of others knows nothing of a lock that has no name there.
void exception_bindings_lock(void) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_lock(&bindings.lock);
}

void exception_bindings_unlock(void) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_unlock(&bindings.lock);
}

bool exception_any_bound(void) {
    return atomic_load(&bound_count) > 0;
}

// --- Inside the lock ---

static void drop_reference(struct exception_binding *binding) REQUIRES(bindings.lock) {
    ASSERT_HELD(&bindings.lock);
    CHECK(binding->references > 0);
    if (--binding->references == 0) {
        binding->next = bindings.unused;
        bindings.unused = binding;
    }
}

static void link_bound(struct exception_binding *binding) REQUIRES(bindings.lock) {
    ASSERT_HELD(&bindings.lock);
    binding->previous = NULL;
    binding->next = bindings.bound;
    if (binding->next != NULL) {
        binding->next->previous = binding;
    }
    bindings.bound = binding;
}

static void unlink_bound(struct exception_binding *binding) REQUIRES(bindings.lock) {
    ASSERT_HELD(&bindings.lock);
    *(binding->previous != NULL ? &binding->previous->next : &bindings.bound) = binding->next;
    if (binding->next != NULL) {
        binding->next->previous = binding->previous;
    }
}

// Called for each thread. A thread that waits on the binding goes on as if the handler had passed.
static void pass_on(struct thread *thread, void *binding) {
    platform_mutex_lock(&thread->blocking.lock);
    struct thread_exception *exception = &thread->exception;
    if (exception->asked != HANDLER_NONE && exception->asked_for == binding) {
        exception->answer = ANSWER_TRY_NEXT;
        exception->asked = HANDLER_NONE;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
}

static void take_out(struct exception_binding *binding, bool quietly) REQUIRES(bindings.lock) {
    CHECK(*binding->slot == binding && exception_any_bound());
    *binding->slot = NULL;
    binding->slot = NULL;
    unlink_bound(binding);
    atomic_fetch_sub(&bound_count, 1);
    if (!quietly) {
        process_each_thread(pass_on, binding);
    }
    drop_reference(binding);
}

// --- Calls ---

static void free_unused(void) {
    platform_mutex_lock(&bindings.lock);
    struct exception_binding *binding = bindings.unused;
    bindings.unused = NULL;
    platform_mutex_unlock(&bindings.lock);
    while (binding != NULL) {
        struct exception_binding *next = binding->next;
        CHECK(lock_order_holds_none());
        binding->ops->destroy(binding);
        binding = next;
    }
}

void exception_binding_release(struct exception_binding *binding) {
    platform_mutex_lock(&bindings.lock);
    drop_reference(binding);
    platform_mutex_unlock(&bindings.lock);
}

zx_status_t exception_bind(struct exception_binding **slot, struct exception_binding *binding) {
    platform_mutex_lock(&bindings.lock);
    const bool is_free = *slot == NULL;
    if (is_free) {
        *slot = binding;
        binding->slot = slot;
        link_bound(binding);
        atomic_fetch_add(&bound_count, 1);
    }
    platform_mutex_unlock(&bindings.lock);
    free_unused();
    return is_free ? ZX_OK : refuse(ZX_ERR_BAD_STATE, "the task has such a handler already");
}

zx_status_t exception_unbind(struct exception_binding **slot, bool quietly) {
    platform_mutex_lock(&bindings.lock);
    const bool was_bound = *slot != NULL;
    if (was_bound) {
        take_out(*slot, quietly);
    }
    platform_mutex_unlock(&bindings.lock);
    free_unused();
    return was_bound ? ZX_OK : ZX_ERR_BAD_STATE;
}

void exception_unbind_matching(binding_matches_fn *matches, const void *argument, bool quietly) {
    platform_mutex_lock(&bindings.lock);
    struct exception_binding *next = NULL;
    for (struct exception_binding *binding = bindings.bound; binding != NULL; binding = next) {
        next = binding->next;
        if (matches(binding, argument)) {
            take_out(binding, quietly);
        }
    }
    platform_mutex_unlock(&bindings.lock);
    free_unused();
}

void exception_slots_died(struct exception_slots *slots) {
    platform_mutex_lock(&bindings.lock);
    struct exception_binding *binding = slots->normal;
    if (binding != NULL) {
        binding->references++;
    }
    platform_mutex_unlock(&bindings.lock);
    if (binding != NULL) {
        if (binding->ops->task_died != NULL) {
            binding->ops->task_died(binding);
        }
        exception_binding_release(binding);
    }
}

void exception_slots_close(struct exception_slots *slots) {
    exception_unbind(&slots->normal, false);
    exception_unbind(&slots->debugger, false);
}
