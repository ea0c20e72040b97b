// SPDX-License-Identifier: MIT
//
// Doubly linked lists whose nodes are members of what is listed, as Zircon's clients use them. A
// list is a node of its own: it is empty when it is its own neighbour. A node in no list is
// cleared. Whoever uses a list from several threads holds a lock of their own.

#ifndef ZIRCON_LISTNODE_H_
#define ZIRCON_LISTNODE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zircon/compiler.h>

__BEGIN_CDECLS

typedef struct list_node list_node_t;

struct list_node {
    list_node_t *prev;
    list_node_t *next;
};

// The structure that has *node as that member.
#define containerof(node, type, member) ((type *)((uintptr_t)(node)-offsetof(type, member)))

// As containerof(), and NULL for no node.
static inline void *zirconia_list_entry(list_node_t *node, size_t offset) {
    return node == NULL ? NULL : (void *)((uintptr_t)node - offset);
}
#define ZIRCONIA_LIST_ENTRY(node, type, member)                                                    \
    ((type *)zirconia_list_entry(node, offsetof(type, member)))

// ---- Lists and nodes ----

#define LIST_INITIAL_VALUE(list)                                                                   \
    { &(list), &(list) }
#define LIST_INITIAL_CLEARED_VALUE                                                                 \
    { NULL, NULL }

static inline void list_initialize(list_node_t *list) {
    list->prev = list->next = list;
}

static inline void list_clear_node(list_node_t *node) {
    node->prev = node->next = NULL;
}

static inline bool list_in_list(const list_node_t *node) {
    return node->prev != NULL || node->next != NULL;
}

static inline bool list_is_empty(const list_node_t *list) {
    return list->next == list;
}

// ---- Adding and removing ----

// At the beginning of a list, or after a node.
static inline void list_add_head(list_node_t *list, list_node_t *node) {
    node->prev = list;
    node->next = list->next;
    list->next->prev = node;
    list->next = node;
}
#define list_add_after(place, node) list_add_head(place, node)

// At the end of a list, or before a node.
static inline void list_add_tail(list_node_t *list, list_node_t *node) {
    list_add_head(list->prev, node);
}
#define list_add_before(place, node) list_add_tail(place, node)

static inline void list_delete(list_node_t *node) {
    node->next->prev = node->prev;
    node->prev->next = node->next;
    list_clear_node(node);
}

static inline void list_replace_node(list_node_t *old_node, list_node_t *new_node) {
    list_add_after(old_node, new_node);
    list_delete(old_node);
}

// ---- Looking ----
//
// NULL stands for the end of the list. The forms with _type return the structure that the node is a
// member of.

static inline list_node_t *list_peek_head(const list_node_t *list) {
    return list_is_empty(list) ? NULL : list->next;
}
#define list_peek_head_type(list, type, member)                                                    \
    ZIRCONIA_LIST_ENTRY(list_peek_head(list), type, member)

static inline list_node_t *list_peek_tail(const list_node_t *list) {
    return list_is_empty(list) ? NULL : list->prev;
}
#define list_peek_tail_type(list, type, member)                                                    \
    ZIRCONIA_LIST_ENTRY(list_peek_tail(list), type, member)

static inline list_node_t *list_remove_head(list_node_t *list) {
    list_node_t *node = list_peek_head(list);
    if (node != NULL) {
        list_delete(node);
    }
    return node;
}
#define list_remove_head_type(list, type, member)                                                  \
    ZIRCONIA_LIST_ENTRY(list_remove_head(list), type, member)

static inline list_node_t *list_remove_tail(list_node_t *list) {
    list_node_t *node = list_peek_tail(list);
    if (node != NULL) {
        list_delete(node);
    }
    return node;
}
#define list_remove_tail_type(list, type, member)                                                  \
    ZIRCONIA_LIST_ENTRY(list_remove_tail(list), type, member)

static inline list_node_t *list_next(list_node_t *list, list_node_t *node) {
    return node->next == list ? NULL : node->next;
}
#define list_next_type(list, node, type, member)                                                   \
    ZIRCONIA_LIST_ENTRY(list_next(list, node), type, member)

static inline list_node_t *list_prev(list_node_t *list, list_node_t *node) {
    return node->prev == list ? NULL : node->prev;
}
#define list_prev_type(list, node, type, member)                                                   \
    ZIRCONIA_LIST_ENTRY(list_prev(list, node), type, member)

// The neighbours, going on at the other end of the list: NULL only for an empty list.
static inline list_node_t *list_next_wrap(list_node_t *list, list_node_t *node) {
    return node->next == list ? list_peek_head(list) : node->next;
}
#define list_next_wrap_type(list, node, type, member)                                              \
    ZIRCONIA_LIST_ENTRY(list_next_wrap(list, node), type, member)

static inline list_node_t *list_prev_wrap(list_node_t *list, list_node_t *node) {
    return node->prev == list ? list_peek_tail(list) : node->prev;
}
#define list_prev_wrap_type(list, node, type, member)                                              \
    ZIRCONIA_LIST_ENTRY(list_prev_wrap(list, node), type, member)

// Loops over all nodes, or all that they are members of. With _safe the loop may remove the one
// that it is at.
#define list_for_every(list, node)                                                                 \
    for ((node) = (list)->next; (node) != (list); (node) = (node)->next)

#define list_for_every_safe(list, node, after)                                                     \
    for ((node) = (list)->next, (after) = (node)->next; (node) != (list);                          \
         (node) = (after), (after) = (node)->next)

#define list_for_every_entry(list, entry, type, member)                                            \
    for ((entry) = containerof((list)->next, type, member); &(entry)->member != (list);            \
         (entry) = containerof((entry)->member.next, type, member))

#define list_for_every_entry_safe(list, entry, after, type, member)                                \
    for ((entry) = containerof((list)->next, type, member),                                        \
        (after) = containerof((entry)->member.next, type, member);                                 \
         &(entry)->member != (list);                                                               \
         (entry) = (after), (after) = containerof((after)->member.next, type, member))

static inline size_t list_length(const list_node_t *list) {
    size_t length = 0;
    const list_node_t *node;
    list_for_every(list, node) {
        length++;
    }
    return length;
}

// ---- Whole lists ----

// Takes all nodes of `list`, which is empty then, and puts them after `place`.
static inline void list_splice_after(list_node_t *list, list_node_t *place) {
    if (!list_is_empty(list)) {
        list->next->prev = place;
        list->prev->next = place->next;
        place->next->prev = list->prev;
        place->next = list->next;
        list_initialize(list);
    }
}

// Leaves the nodes up to `place` in `list`; the rest becomes all of `rest`.
static inline void list_split_after(list_node_t *list, list_node_t *place, list_node_t *rest) {
    list_initialize(rest);
    if (place->next != list) {
        rest->next = place->next;
        rest->prev = list->prev;
        rest->next->prev = rest;
        rest->prev->next = rest;
        place->next = list;
        list->prev = place;
    }
}

static inline void list_move(list_node_t *old_list, list_node_t *new_list) {
    list_initialize(new_list);
    list_splice_after(old_list, new_list);
}

__END_CDECLS

#endif // ZIRCON_LISTNODE_H_
