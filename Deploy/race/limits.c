/* SPDX-License-Identifier: Apache-2.0
 * Copyright 2026 the Wici authors
 *
 * What the machine allows whoever wants the same: one fdatasync, SQLite's group commit with
 * synchronous=FULL, one Ed25519 signature or verification, and libzmq's ROUTER with CURVE. Each is
 * measured alone, with one thread of its own.
 */
#include "race.h"
#include <fcntl.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <zmq.h>

/* ---- Disk ---------------------------------------------------------------------------------- */

static void time_syncs(void) {
    char path[512], page[4096] = {1};
    static int64_t times[ARRIVALS_MOST];
    long count = 0;
    snprintf(path, sizeof path, "%s/race-limit-sync", options.folder);
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0) fail("%s: %s", path, strerror(errno));
    int64_t end = seconds_from(now(), options.seconds);
    while (count < options.count && count < ARRIVALS_MOST && now() < end) {
        int64_t begin = now();
        if (write(file, page, sizeof page) != sizeof page || fdatasync(file)) fail("sync");
        times[count++] = now() - begin;
    }
    close(file);
    unlink(path);
    result_percentiles(times, count);
}

static void run_sql(sqlite3 *database, const char *text) {
    if (sqlite3_exec(database, text, NULL, NULL, NULL)) fail("SQLite: %s", sqlite3_errmsg(database));
}

static void time_commits(void) {
    char path[512], other[520];
    sqlite3 *database;
    sqlite3_stmt *insert;
    snprintf(path, sizeof path, "%s/race-limit.sqlite", options.folder);
    unlink(path);
    if (sqlite3_open(path, &database)) fail("SQLite: %s", sqlite3_errmsg(database));
    run_sql(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE message(place INTEGER PRIMARY KEY, body BLOB)");
    if (sqlite3_prepare_v2(database, "INSERT INTO message(body) VALUES (?)", -1, &insert, NULL))
        fail("SQLite: %s", sqlite3_errmsg(database));
    char *body = make_body();
    long count = 0;
    int64_t begin = now(), end = seconds_from(begin, options.seconds);
    while (count < options.count && now() < end) {
        run_sql(database, "BEGIN");
        for (int row = 0; row < options.window; row++, count++) {
            sqlite3_bind_blob(insert, 1, body, options.bytes, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) fail("SQLite: %s", sqlite3_errmsg(database));
            sqlite3_reset(insert);
        }
        run_sql(database, "COMMIT");
    }
    result("rate", count / ((now() - begin) / 1e9));
    sqlite3_finalize(insert);
    sqlite3_close(database);
    const char *endings[] = {"", "-wal", "-shm"};
    for (int place = 0; place < 3; place++) {
        snprintf(other, sizeof other, "%s%s", path, endings[place]);
        unlink(other);
    }
}

/* ---- Signatures ---------------------------------------------------------------------------- */

static void time_signatures(bool verifies) {
    unsigned char message[64] = {1}, signature[64];
    size_t length = sizeof signature;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    long count = 0;
    if (!key || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &length, message, sizeof message) != 1)
        fail("sign");
    int64_t begin = now(), end = seconds_from(begin, options.seconds);
    for (; count < options.count && now() < end; count++) {
        EVP_MD_CTX_reset(context);
        int status = verifies
            ? EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                  EVP_DigestVerify(context, signature, length, message, sizeof message) == 1
            : EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                  EVP_DigestSign(context, signature, &length, message, sizeof message) == 1;
        if (!status) fail("signature");
    }
    result("rate", count / ((now() - begin) / 1e9));
}

/* ---- libzmq -------------------------------------------------------------------------------- */

struct zmq_keys { char public[41], secret[41]; };
static struct zmq_keys server_keys, client_keys;
static char endpoint[128];

static void *open_socket(void *context, int kind, bool serves) {
    void *socket = zmq_socket(context, kind);
    int one = 1, zero = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &zero, sizeof zero);
    struct zmq_keys *keys = serves ? &server_keys : &client_keys;
    if (serves) zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
    else zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_keys.public, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, 40);
    return socket;
}

static void *echo(void *context) {
    void *socket = open_socket(context, ZMQ_DEALER, false);
    static char body[1 << 20];
    if (zmq_connect(socket, endpoint)) fail("connect");
    zmq_send(socket, "", 0, 0);
    for (;;) {
        int length = zmq_recv(socket, body, sizeof body, 0);
        if (length < 0) return NULL;
        zmq_send(socket, body, length, 0);
    }
}

static void *count_frames(void *context) {
    void **sockets = calloc(options.receivers, sizeof *sockets);
    zmq_pollitem_t *ready = calloc(options.receivers, sizeof *ready);
    char *body = malloc(options.bytes);
    for (int place = 0; place < options.receivers; place++) {
        ready[place] = (zmq_pollitem_t){sockets[place] = open_socket(context, ZMQ_DEALER, false), 0, ZMQ_POLLIN, 0};
        if (zmq_connect(sockets[place], endpoint)) fail("connect");
        zmq_send(sockets[place], "", 0, 0);
    }
    while (zmq_poll(ready, options.receivers, -1) >= 0)
        for (int place = 0; place < options.receivers; place++)
            for (int length; (length = zmq_recv(sockets[place], body, options.bytes, ZMQ_DONTWAIT)) >= 0;)
                note_delivery(body, length);
    return NULL;
}

static void *router;
static char (*identities)[5];

/* Binds, starts the other side, and learns its connections from their first frames. */
static void meet(void *(*other)(void *)) {
    void *near = zmq_ctx_new(), *far = zmq_ctx_new();
    zmq_ctx_set(far, ZMQ_MAX_SOCKETS, 5200);
    zmq_curve_keypair(server_keys.public, server_keys.secret);
    zmq_curve_keypair(client_keys.public, client_keys.secret);
    router = open_socket(near, ZMQ_ROUTER, true);
    size_t length = sizeof endpoint;
    if (zmq_bind(router, "tcp://127.0.0.1:*") ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &length))
        fail("bind");
    pthread_t thread;
    if (pthread_create(&thread, NULL, other, far)) fail("no thread");
    identities = calloc(options.receivers, sizeof *identities);
    for (int place = 0; place < options.receivers; place++) {
        char rest[8];
        if (zmq_recv(router, identities[place], 5, 0) != 5) fail("identity");
        zmq_recv(router, rest, sizeof rest, 0);
    }
}

static void time_echoes(void) {
    char *body = make_body(), identity[8];
    static int64_t times[ARRIVALS_MOST];
    long count = 0;
    meet(echo);
    int64_t end = seconds_from(now(), options.seconds);
    while (count < options.count && count < ARRIVALS_MOST && now() < end) {
        int64_t begin = now();
        zmq_send(router, identities[0], 5, ZMQ_SNDMORE);
        zmq_send(router, body, options.bytes, 0);
        zmq_recv(router, identity, sizeof identity, 0);
        zmq_recv(router, body, options.bytes, 0);
        times[count++] = now() - begin;
    }
    result_percentiles(times, count);
}

/* One buffer for all recipients, as a broker with one encoding would. */
static void publish(char *body) {
    zmq_msg_t message, copy;
    zmq_msg_init_size(&message, options.bytes);
    memcpy(zmq_msg_data(&message), body, options.bytes);
    for (int place = 0; place < options.receivers; place++) {
        zmq_msg_init(&copy);
        zmq_msg_copy(&copy, &message);
        zmq_send(router, identities[place], 5, ZMQ_SNDMORE);
        zmq_msg_send(&copy, router, 0);
    }
    zmq_msg_close(&message);
}

int main(int count, char **words) {
    read_options(count, words);
    if (workload_is("fdatasync")) time_syncs();
    else if (workload_is("sqlite")) time_commits();
    else if (workload_is("sign")) time_signatures(false);
    else if (workload_is("verify")) time_signatures(true);
    else if (workload_is("zmq-echo")) time_echoes();
    else if (workload_is("zmq-fanout")) {
        meet(count_frames);
        run_fan_out(publish, sleep_until);
    } else fail("no workload %s", options.workload);
    end_result();
    _exit(0);
}
