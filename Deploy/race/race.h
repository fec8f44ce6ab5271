/* SPDX-License-Identifier: Apache-2.0
 * Copyright 2026 the Wici authors
 *
 * What the race's drivers share: options, a clock, arrivals at receivers, percentiles, and a result
 * as one line of JSON. A driver is a program that plays one workload against one peer:
 *
 *     race-PEER WORKLOAD --port 4222 --ca ca.pem --seconds 1 --bytes 1024 ...
 *
 * Bodies begin with the message's number (8 bytes), so that a receiver knows what has arrived.
 * Everything ends by itself: a workload lasts --seconds, or --count messages where that is less, and
 * then waits at most WAIT_SECONDS for what is under way.
 */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 10
#define NANOSECONDS 1000000000LL
/* Most messages of a workload whose arrivals are noted one by one. */
#define ARRIVALS_MOST 100000

static void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "race: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

/* ---- Options ------------------------------------------------------------------------------- */

struct options {
    const char *workload;
    int port;
    const char *ca;     /* certificate file that signed the peer's */
    const char *folder; /* where files may be written */
    int pid;            /* the peer's process, whose memory is weighed */
    int senders;
    int receivers;
    int window; /* messages of one sender that are under way at a time */
    int bytes;  /* of one body */
    int rate;   /* messages a second where the rate is fixed */
    long count; /* most messages of one sender */
    double seconds;
};

static struct options options = {
    .folder = ".", .senders = 1, .receivers = 1, .window = 1000, .bytes = 1024, .rate = 500,
    .count = 1000000, .seconds = 1};

static long option_number(const char *name, const char *text, long most) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > most) fail("%s: from 1 to %ld", name, most);
    return value;
}

static void read_options(int count, char **words) {
    if (count < 2 || count % 2) fail("usage: %s WORKLOAD [--NAME VALUE]...", words[0]);
    options.workload = words[1];
    for (int place = 2; place < count; place += 2) {
        const char *name = words[place], *value = words[place + 1];
        if (!strcmp(name, "--port")) options.port = option_number(name, value, 65535);
        else if (!strcmp(name, "--ca")) options.ca = value;
        else if (!strcmp(name, "--folder")) options.folder = value;
        else if (!strcmp(name, "--pid")) options.pid = option_number(name, value, 1 << 30);
        else if (!strcmp(name, "--senders")) options.senders = option_number(name, value, 256);
        else if (!strcmp(name, "--receivers")) options.receivers = option_number(name, value, 5000);
        else if (!strcmp(name, "--window")) options.window = option_number(name, value, 100000);
        else if (!strcmp(name, "--bytes")) options.bytes = option_number(name, value, 1 << 20);
        else if (!strcmp(name, "--rate")) options.rate = option_number(name, value, 100000);
        else if (!strcmp(name, "--count")) options.count = option_number(name, value, 100000000);
        else if (!strcmp(name, "--seconds")) options.seconds = atof(value);
        else fail("unknown option %s", name);
    }
    if (options.bytes < 16) options.bytes = 16;
    if (!(options.seconds > 0 && options.seconds <= 60)) fail("--seconds: more than 0, at most 60");
}

static bool workload_is(const char *name) { return !strcmp(options.workload, name); }

/* ---- Time ---------------------------------------------------------------------------------- */

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static void sleep_until(int64_t moment) {
    struct timespec time = {moment / NANOSECONDS, moment % NANOSECONDS};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
}

static int64_t seconds_from(int64_t begin, double seconds) {
    return begin + (int64_t)(seconds * NANOSECONDS);
}

/* ---- Senders ------------------------------------------------------------------------------- */

static pthread_barrier_t start_line;
static _Atomic long sent_total;

/* Runs one thread for each sender. Each connects, waits at the start line, publishes and adds what
 * was acknowledged to sent_total. Gives the seconds from the start to the last one's end. */
static double run_senders(void *(*sender)(void *)) {
    pthread_t threads[256];
    pthread_barrier_init(&start_line, NULL, options.senders + 1);
    for (long place = 0; place < options.senders; place++)
        if (pthread_create(&threads[place], NULL, sender, (void *)place)) fail("no thread");
    pthread_barrier_wait(&start_line);
    int64_t begin = now();
    for (int place = 0; place < options.senders; place++) pthread_join(threads[place], NULL);
    return (now() - begin) / 1e9;
}

static char *make_body(void) {
    char *body = malloc(options.bytes);
    memset(body, 'x', options.bytes);
    return body;
}

static void number_body(char *body, uint64_t number) { memcpy(body, &number, sizeof number); }

/* ---- Receivers ----------------------------------------------------------------------------- */

static _Atomic long deliveries;
static _Atomic int *arrived;     /* receivers that a message has reached */
static _Atomic int64_t *last_at; /* when it reached the latest of them */

static void note_arrivals(void) {
    arrived = calloc(ARRIVALS_MOST, sizeof *arrived);
    last_at = calloc(ARRIVALS_MOST, sizeof *last_at);
}

static void note_delivery(const char *body, int length) {
    atomic_fetch_add_explicit(&deliveries, 1, memory_order_relaxed);
    uint64_t number;
    if (!arrived || length < (int)sizeof number) return;
    memcpy(&number, body, sizeof number);
    if (number >= ARRIVALS_MOST) return;
    int64_t moment = now(), before = atomic_load(&last_at[number]);
    while (before < moment && !atomic_compare_exchange_weak(&last_at[number], &before, moment)) {
    }
    atomic_fetch_add(&arrived[number], 1);
}

/* Waits until so many deliveries were made; false when they were not in time. */
static bool await_deliveries(long expected) {
    int64_t limit = seconds_from(now(), WAIT_SECONDS);
    while (atomic_load(&deliveries) < expected) {
        if (now() > limit) return false;
        usleep(200);
    }
    return true;
}

/* ---- Results ------------------------------------------------------------------------------- */

static bool result_begun;

static void result(const char *name, double value) {
    printf("%s\"%s\": %.6g", result_begun ? ", " : "{", name, value);
    result_begun = true;
}

static void end_result(void) {
    printf("}\n");
    fflush(stdout);
}

static int compare_times(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static double percentile(int64_t *sorted, long count, double share) {
    long rank = (long)(share * count + 0.999999);
    return sorted[rank < 1 ? 0 : rank - 1] / 1e6;
}

/* Notes p50, p99 and p99.9 of times (nanoseconds) in milliseconds. */
static void result_percentiles(int64_t *times, long count) {
    if (count == 0) return;
    qsort(times, count, sizeof *times, compare_times);
    result("p50", percentile(times, count, 0.5));
    result("p99", percentile(times, count, 0.99));
    result("p999", percentile(times, count, 0.999));
}

/* Publishes at the fixed rate and notes the time from when each message was due, whether or not it
 * could be sent then, to its arrival at the last receiver. */
static void run_at_rate(void (*publish)(char *body), void (*between)(int64_t until)) {
    long count = options.rate * options.seconds;
    if (count > options.count) count = options.count;
    if (count > ARRIVALS_MOST) count = ARRIVALS_MOST;
    char *body = make_body();
    int64_t *times = calloc(count, sizeof *times);
    int64_t begin = now() + NANOSECONDS / 100;
    for (long number = 0; number < count; number++) {
        between(begin + number * NANOSECONDS / options.rate);
        number_body(body, number);
        publish(body);
    }
    int64_t limit = seconds_from(now(), WAIT_SECONDS / 2);
    while (atomic_load(&deliveries) < count * options.receivers && now() < limit)
        between(now() + NANOSECONDS / 1000);
    long complete = 0;
    for (long number = 0; number < count; number++)
        if (atomic_load(&arrived[number]) >= options.receivers)
            times[complete++] = atomic_load(&last_at[number]) -
                                (begin + number * NANOSECONDS / options.rate);
    result_percentiles(times, complete);
    result("missing", count - complete);
}

/* Publishes as fast as the receivers take it, with at most a window under way to them. */
static void run_fan_out(void (*publish)(char *body), void (*between)(int64_t until)) {
    char *body = make_body();
    int64_t begin = now(), end = seconds_from(begin, options.seconds);
    long sent = 0;
    while (sent < options.count && now() < end) {
        while (sent * options.receivers - atomic_load(&deliveries) >=
                   (long)options.window * options.receivers &&
               now() < seconds_from(end, WAIT_SECONDS))
            between(now() + NANOSECONDS / 10000);
        number_body(body, sent++);
        publish(body);
    }
    int64_t limit = seconds_from(now(), WAIT_SECONDS);
    while (atomic_load(&deliveries) < sent * options.receivers && now() < limit)
        between(now() + NANOSECONDS / 10000);
    double time = (now() - begin) / 1e9;
    result("rate", atomic_load(&deliveries) / time);
    result("missing", sent * options.receivers - atomic_load(&deliveries));
}

/* ---- The peer's process -------------------------------------------------------------------- */

/* Resident memory in KiB (VmRSS of proc(5)). */
static double resident(int pid) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail("process %d is not there", pid);
    long kibibytes = 0;
    while (fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kibibytes);
    fclose(file);
    return kibibytes;
}

/* Many connections at a time: how long until all are there, and what each costs the peer. */
static void run_crowd(void (*connect_all)(void)) {
    sleep(1);
    double before = resident(options.pid);
    int64_t begin = now();
    connect_all();
    result("connect", (now() - begin) / 1e9);
    sleep(2);
    result("kib", (resident(options.pid) - before) / options.receivers);
}
