// SPDX-License-Identifier: MIT
//
// The eras in their order, as macros. Made from src/objects/era.inc: change that, and build the
// target `generate`.

// clang-format off

#ifndef OBJECTS_ERA_LIST_H
#define OBJECTS_ERA_LIST_H

// of(prefix, era, ...) for each era; for those from one on; for those before one.
#define ERAS_ALL(one, of, ...) \
    of(zirconia_201807_, 201807, __VA_ARGS__) \
    of(zirconia_2018_, 2018, __VA_ARGS__) \
    of(zirconia_201812_, 201812, __VA_ARGS__) \
    of(zirconia_202104_, 202104, __VA_ARGS__) \
    of(zx_, 202209, __VA_ARGS__)
#define ERAS_FROM_2018(one, of, ...) \
    of(zirconia_2018_, 2018, __VA_ARGS__) \
    of(zirconia_201812_, 201812, __VA_ARGS__) \
    of(zirconia_202104_, 202104, __VA_ARGS__) \
    of(zx_, 202209, __VA_ARGS__)
#define ERAS_BEFORE_2018(one, of, ...) \
    of(zirconia_201807_, 201807, __VA_ARGS__)
#define ERAS_FROM_201812(one, of, ...) \
    of(zirconia_201812_, 201812, __VA_ARGS__) \
    of(zirconia_202104_, 202104, __VA_ARGS__) \
    of(zx_, 202209, __VA_ARGS__)
#define ERAS_BEFORE_201812(one, of, ...) \
    of(zirconia_201807_, 201807, __VA_ARGS__) \
    of(zirconia_2018_, 2018, __VA_ARGS__)
#define ERAS_FROM_202104(one, of, ...) \
    of(zirconia_202104_, 202104, __VA_ARGS__) \
    of(zx_, 202209, __VA_ARGS__)
#define ERAS_BEFORE_202104(one, of, ...) \
    of(zirconia_201807_, 201807, __VA_ARGS__) \
    of(zirconia_2018_, 2018, __VA_ARGS__) \
    of(zirconia_201812_, 201812, __VA_ARGS__)
#define ERAS_FROM_202209(one, of, ...) \
    of(zx_, 202209, __VA_ARGS__)
#define ERAS_BEFORE_202209(one, of, ...) \
    of(zirconia_201807_, 201807, __VA_ARGS__) \
    of(zirconia_2018_, 2018, __VA_ARGS__) \
    of(zirconia_201812_, 201812, __VA_ARGS__) \
    of(zirconia_202104_, 202104, __VA_ARGS__)

// differs(...): the calls of these eras have symbols of their own.
#define IF_SAME_ALL(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_FROM_2018(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_BEFORE_2018(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_FROM_201812(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_BEFORE_201812(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_FROM_202104(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_BEFORE_202104(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_FROM_202209(same, differs, ...) differs(__VA_ARGS__)
#define IF_SAME_BEFORE_202209(same, differs, ...) differs(__VA_ARGS__)

// f(...) for the default era alone, and for all others alone.
#define IF_NEWEST_201807(...)
#define IF_OLDER_201807(f, ...) f(__VA_ARGS__)
#define IF_NEWEST_2018(...)
#define IF_OLDER_2018(f, ...) f(__VA_ARGS__)
#define IF_NEWEST_201812(...)
#define IF_OLDER_201812(f, ...) f(__VA_ARGS__)
#define IF_NEWEST_202104(...)
#define IF_OLDER_202104(f, ...) f(__VA_ARGS__)
#define IF_NEWEST_202209(f, ...) f(__VA_ARGS__)
#define IF_OLDER_202209(...)

// When a public header has what is said of such eras.
#define WHEN_FROM_201812 ZIRCONIA_ERA >= 201812
#define WHEN_BEFORE_201812 ZIRCONIA_ERA < 201812
#define WHEN_FROM_202104 ZIRCONIA_ERA >= 202104
#define WHEN_BEFORE_202104 ZIRCONIA_ERA < 202104
#define WHEN_FROM_202209 ZIRCONIA_ERA >= 202209
#define WHEN_BEFORE_202209 ZIRCONIA_ERA < 202209

#endif // OBJECTS_ERA_LIST_H
