// SPDX-License-Identifier: MIT
//
// Suspend tokens (objects ABI 7.7): a thread stays suspended while one of its tokens has a handle.

#include "tasks/stop.h"

#include <stdlib.h>

struct suspend_token {
    struct object object;
    struct thread *thread; // A reference.
};

static struct suspend_token *token_from_object(struct object *object) {
    return (struct suspend_token *)object;
}

static void token_on_zero_handles(struct object *object) {
    thread_remove_suspend(token_from_object(object)->thread);
}

static void token_destroy(struct object *object) {
    struct suspend_token *token = token_from_object(object);
    object_unref(&token->thread->object);
    free(token);
}

static const struct object_ops token_ops = {
    .type = ZX_OBJ_TYPE_SUSPEND_TOKEN,
    .default_rights = ZX_DEFAULT_SUSPEND_TOKEN_RIGHTS,
    .on_zero_handles = token_on_zero_handles,
    .destroy = token_destroy,
};

zx_status_t suspend_token_create(struct thread *thread, bool may_be_new, struct object **out) {
    struct suspend_token *token = malloc(sizeof(*token));
    if (token == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status = thread_add_suspend(thread, may_be_new);
    if (status != ZX_OK) {
        free(token);
        return status;
    }
    object_init(&token->object, &token_ops, 0);
    object_ref(&thread->object);
    token->thread = thread;
    *out = &token->object;
    return ZX_OK;
}
