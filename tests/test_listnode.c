// SPDX-License-Identifier: MIT
//
// The lists of zircon/listnode.h.

#include "run_tests.h"

#include <check.h>
#include <zircon/listnode.h>

struct item {
    char name;
    list_node_t node;
};

static struct item items[] = {{'a', {0}}, {'b', {0}}, {'c', {0}}, {'d', {0}}};
static list_node_t list;

// A list of the first `count` items, in their order.
static void fill(size_t count) {
    list_initialize(&list);
    for (size_t i = 0; i < count; i++) {
        list_add_tail(&list, &items[i].node);
    }
}

// The names of a list's items, after a look at the links in both directions.
static const char *names(list_node_t *of) {
    static char text[sizeof items / sizeof items[0] + 1];
    size_t length = 0;
    struct item *item;
    list_for_every_entry(of, item, struct item, node) {
        ck_assert_ptr_eq(item->node.next->prev, &item->node);
        text[length++] = item->name;
    }
    text[length] = 0;
    ck_assert_uint_eq(list_length(of), length);
    return text;
}

START_TEST(an_empty_list_is_its_own_neighbour) {
    list_node_t other = LIST_INITIAL_VALUE(other);
    list_initialize(&list);
    ck_assert(list_is_empty(&list) && list_is_empty(&other));
    ck_assert_ptr_null(list_peek_head(&list));
    ck_assert_ptr_null(list_remove_tail(&list));
    ck_assert_ptr_null(list_remove_head_type(&list, struct item, node));
    ck_assert_uint_eq(list_length(&list), 0);
}
END_TEST

START_TEST(nodes_are_added_where_it_says) {
    fill(2);
    list_add_head(&list, &items[2].node);
    ck_assert_str_eq(names(&list), "cab");
    list_add_before(&items[1].node, &items[3].node);
    ck_assert_str_eq(names(&list), "cadb");
    list_delete(&items[0].node);
    list_add_after(&items[1].node, &items[0].node);
    ck_assert_str_eq(names(&list), "cdba");
}
END_TEST

START_TEST(a_node_that_is_removed_is_in_no_list) {
    const list_node_t cleared = LIST_INITIAL_CLEARED_VALUE;
    ck_assert(!list_in_list(&cleared));
    fill(4);
    ck_assert(list_in_list(&items[0].node));
    ck_assert_ptr_eq(list_remove_head_type(&list, struct item, node), &items[0]);
    ck_assert_ptr_eq(list_remove_tail_type(&list, struct item, node), &items[3]);
    list_delete(&items[1].node);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(list_in_list(&items[i].node), i == 2);
    }
    list_replace_node(&items[2].node, &items[3].node);
    ck_assert(!list_in_list(&items[2].node));
    ck_assert_str_eq(names(&list), "d");
}
END_TEST

START_TEST(neighbours_end_or_wrap) {
    fill(3);
    ck_assert_ptr_eq(list_peek_head_type(&list, struct item, node), &items[0]);
    ck_assert_ptr_eq(list_peek_tail_type(&list, struct item, node), &items[2]);
    ck_assert_ptr_eq(list_next_type(&list, &items[0].node, struct item, node), &items[1]);
    ck_assert_ptr_null(list_next_type(&list, &items[2].node, struct item, node));
    ck_assert_ptr_eq(list_next_wrap_type(&list, &items[2].node, struct item, node), &items[0]);
    ck_assert_ptr_eq(list_prev_type(&list, &items[1].node, struct item, node), &items[0]);
    ck_assert_ptr_null(list_prev_type(&list, &items[0].node, struct item, node));
    ck_assert_ptr_eq(list_prev_wrap_type(&list, &items[0].node, struct item, node), &items[2]);
    list_initialize(&list);
    ck_assert_ptr_null(list_next_wrap(&list, &list));
}
END_TEST

START_TEST(a_safe_loop_may_remove_its_node) {
    struct item *item;
    struct item *after_item;
    list_node_t *node;
    list_node_t *after;
    fill(4);
    list_for_every_entry_safe(&list, item, after_item, struct item, node) {
        if (item->name != 'b') {
            list_delete(&item->node);
        }
    }
    ck_assert_str_eq(names(&list), "b");
    list_for_every_safe(&list, node, after) {
        list_delete(node);
    }
    ck_assert(list_is_empty(&list));
}
END_TEST

START_TEST(lists_are_split_spliced_and_moved) {
    list_node_t other;
    fill(4);
    list_split_after(&list, &items[1].node, &other);
    ck_assert_str_eq(names(&list), "ab");
    ck_assert_str_eq(names(&other), "cd");
    list_splice_after(&other, &items[0].node);
    ck_assert_str_eq(names(&list), "acdb");
    ck_assert(list_is_empty(&other));
    list_splice_after(&other, &items[0].node);
    list_split_after(&list, &items[1].node, &other);
    ck_assert(list_is_empty(&other));
    list_move(&list, &other);
    ck_assert(list_is_empty(&list));
    ck_assert_str_eq(names(&other), "acdb");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_empty_list_is_its_own_neighbour,   nodes_are_added_where_it_says,
        a_node_that_is_removed_is_in_no_list, neighbours_end_or_wrap,
        a_safe_loop_may_remove_its_node,      lists_are_split_spliced_and_moved,
    };
    return run_tests("listnode", tests, sizeof tests / sizeof tests[0]);
}
